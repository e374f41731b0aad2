"""The pages show a study of a user's own domain from its store alone, and run none of its code."""

import numpy as np
import pytest

from dashboard import planning
from dashboard.figures import draw
from engine.curve import Point
from engine.laws.cost import fit_cost
from engine.laws.fit import fit
from engine.laws.growth import fit_growth
from engine.laws.ladder import ladder_sentence
from engine.study.store import NewCurve, Store
from tests.dashboard.test_pages import PAGES, said, visit

METRICS = (("mae", "mean absolute error, kWh"), ("mse", "mean squared error, kWh2"))
SIZES = (31, 62, 125, 250, 500, 1000)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A study that was stopped, of a file that is on no machine any more."""
    path = tmp_path / "study.db"
    monkeypatch.setenv("STEEPNESS_STORE", str(path))
    subject = {"domain": "lines", "data": "own", "model": "mlp", "treatment": ""}
    asked = dict.fromkeys(("minutes", "sizes", "seeds"))
    with Store.open(path) as opened:
        study = opened.create_study(
            key="own",
            name="lines own mlp",
            settings={
                **asked,
                "subjects": [subject],
                "preset": "quick",
                "device": "cpu",
                "paths": [],
                "code": [["lines", "0" * 64]],
            },
            plan={
                "subjects": [{"sizes": list(SIZES)}],
                "domains": [{"name": "lines", "task": "/gone/lines.py", "capacity": "leaves"}],
            },
            shards=[(f"lines own mlp / {size}", 10.0) for size in SIZES],
            curves=[
                NewCurve(f"lines own mlp {name}", None, "abc", "0.1.0", "measured here", 0, name)
                for name, _ in METRICS
            ],
            workers=1,
            device="2 CPU cores",
            device_reason="no GPU was found",
            version="0.1.0",
        )
        rng = np.random.default_rng(0)
        for size in SIZES[:-1]:
            opened.add_groups(study, [(f"on {size}", f"lines own mlp / {size}", {}, 10.0)])
            opened.end_group(
                study,
                f"on {size}",
                seconds=9.0,
                reason="",
                candidates=[],
                decides=f"lines own mlp / {size}",
                points=[
                    (
                        Point(
                            f"lines own mlp {name}",
                            size,
                            float(30 * size**-0.3 * np.exp(rng.normal(0, 0.02))),
                            unit="houses",
                            metric=metric,
                            domain="lines",
                            model="mlp",
                            seed=seed,
                            parameters=500,
                        ),
                        {},
                    )
                    for name, metric in METRICS
                    for seed in (0, 1)
                ],
            )
        opened.set_study(study, "stopped", "stopped; run it again to go on")
    return path


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_on_a_domain_whose_file_is_gone(store, page):
    at = visit(page)
    assert not at.exception
    assert "lines own mlp" in said(at) or page == "views/plan.py"


def test_its_axes_say_metric_and_unit_and_show_no_percent(store):
    with Store.open(store, "read") as opened:
        curve = opened.curves()[0]
    layout = draw([fit(curve)])["layout"]
    assert "houses" in str(layout["xaxis"]["title"])
    assert "mean absolute error, kWh" in str(layout["yaxis"]["title"])
    assert "%" not in str(layout["yaxis"].get("tickformat", ""))


def test_its_models_are_as_large_as_it_counts_them(store):
    with Store.open(store, "read") as opened:
        curve = opened.curves()[0]
    assert curve.capacity == "leaves"
    found = planning.price(2000, fit_growth(curve), fit_cost(curve))
    assert planning.priced(found, "here") == "That takes a model of about 500 leaves."
    assert "one capacity, 500 leaves, at the 5 largest sizes" in ladder_sentence(curve)
    headings = [name for table in visit().table for name in table.value.columns]
    assert "Leaves" in headings
    assert "Parameters" not in headings


def test_its_errors_are_one_family_on_compare(store):
    at = visit("views/compare.py")
    assert "lines own mlp" in [o for box in at.multiselect for o in box.options]


def test_it_is_resumed_by_a_command_that_names_its_file_and_by_no_button(store):
    at = visit("views/run.py")
    assert "Resume" not in [button.label for button in at.button]
    assert [code.value for code in at.code] == [
        "steepness run /gone/lines.py --data own --model mlp --preset quick --device cpu"
        f" --store {store}"
    ]
    assert "runs only where you name its file" in said(at)
