"""Models that memory does not hold while speeds are measured: the plan is made, or says why not.

`fit` of a user's own file meets the end of memory for real: the kernel's kill, or an allocation
that the system refuses. Where that would be in this process the file refuses.
"""

import os
import sys
from dataclasses import replace
from types import ModuleType

import pytest
import torch

from engine import Study, estimate, measure
from engine.cli import main
from engine.study.plan import interpolated
from engine.study.run import RunError
from engine.study.store import Store
from engine.training import probe
from engine.training.spec import Speed
from tests.drivers import forked, measure_at_once, noise
from tests.own import MEANS

# Too many columns of means end as memory does.
TASK = f"""{MEANS}
import os, resource, signal

DOMAIN = Domain(name="means", title="Means", unit="rows", models=("table",), rates=(1.0, 1.0),
                metrics=(Metric("mae", "mean absolute error", "kWh"),), ladder=(4, 8, 64),
                capacity="columns")

def killed():
    os.kill(os.getpid(), signal.SIGKILL)

def refused():
    resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))
    np.ones(2**33)

class Table(Means):
    def fit(self, inputs, target):
        assert os.getpid() != DRIVER, "a model is tried in the driver"
        if TOO_MUCH:
            END()
        return super().fit(inputs, target)

def load_task(source, path, cache, device):
    return means_task(600, Table)
"""
FOR_SIXTY_FOUR = "self.columns > 8"
FOR_ALL = "len(inputs) > 16"  # but for the first look
AT_ONCE = "True"


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))

    def asked(too_much: str, end: str = "killed") -> Study:
        text = TASK.replace("TOO_MUCH", too_much).replace("END", end)
        path = tmp_path / "means.py"
        path.write_text(text.replace("DRIVER", str(os.getpid())))
        return Study(str(path), sizes=(20, 60, 400), seeds=2, workers=1, device="cpu")

    return asked


@forked
@pytest.mark.slow
@pytest.mark.parametrize("end", ["killed", "refused"])
def test_a_model_that_memory_does_not_hold_is_planned_as_its_size_lets_expect(study, end):
    made = estimate(study(FOR_SIXTY_FOUR, end))
    (part,) = made.plan.subjects
    assert part.held == 8
    assert part.speeds[64].train == pytest.approx(part.speeds[8].train / 8)
    assert made.sentence.endswith(
        "; the speed of means own table could not be measured beyond 8 columns, as where memory"
        " ends: that of larger ones is reckoned from it, and they may fail"
    )


@forked
@pytest.mark.slow
def test_its_groups_are_tried_in_the_run_and_fail_and_the_others_go_on(study, tmp_path):
    found = measure(study(FOR_SIXTY_FOUR), tmp_path / "study.db")
    with Store.open(tmp_path / "study.db", "read") as store:
        failed = [row for row in store.work(1) if row.state == "failed"]
    assert found.state == "failed"
    assert {row.spec["capacity"] for row in failed} == {64}
    assert all("died, at the second try (SIGKILL)" in row.reason for row in failed)
    assert {point.size for curve in found.curves for point in curve.points} == {20, 60, 400}


@forked
@pytest.mark.slow
@pytest.mark.parametrize(
    ("too_much", "end", "preset", "why", "way_out"),
    [
        (
            *(FOR_ALL, "killed", "quick", "its process died (SIGKILL), as where memory ends ("),
            "at its smallest model, of 8 columns: end other programs or give --preset standard,"
            " whose smallest has 4 columns.",
        ),
        (
            *(FOR_ALL, "refused", "standard", "there was not enough memory ("),
            "at its smallest model, of 4 columns: end other programs or give means a ladder that"
            " begins with a smaller one.",
        ),
        (
            *(AT_ONCE, "killed", "quick", "its process died (SIGKILL), as where memory ends ("),
            "as its data were loaded and a model of 4 columns tried: end other programs or give"
            " fewer data or a ladder that ends earlier.",
        ),
    ],
)
def test_where_memory_holds_no_model_at_all_one_sentence_says_which_and_the_way_out(
    study, too_much, end, preset, why, way_out
):
    with pytest.raises(RunError) as refused:
        estimate(replace(study(too_much, end), preset=preset))
    words = str(refused.value)
    assert words.startswith(f"means own table: {why}")
    assert " MB in all)" in words
    assert words.endswith(way_out)


def test_where_a_smaller_model_of_ours_can_be_asked_for_the_option_is_named(
    tmp_path, monkeypatch, capsys
):
    measure_at_once(monkeypatch)
    monkeypatch.setattr(probe, "measure", lambda *about: torch.empty(2**60))
    order = ["run", "images", "--data", "cifar10", "--data-path", str(noise(tmp_path))]
    assert main([*order, "--estimate"]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert "at its smallest model, of 40,000 parameters: end other programs or give" in said
    assert "--preset standard, whose smallest has 10,000 parameters." in said


def test_beyond_the_largest_that_was_measured_a_model_is_as_much_slower_as_it_is_larger():
    speeds = {10: Speed(900, 90, 9), 20: Speed(800, 80, 8, way="half")}
    found = interpolated(speeds, 80)
    assert (found.train, found.evaluate, found.test) == pytest.approx((200, 20, 2))
    assert found.way == "half"
