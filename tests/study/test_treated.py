from dataclasses import asdict

import pytest

from engine.curve import Curve, Point
from engine.study.store import NewCurve, Store
from engine.study.subject import Settings, Subject
from engine.study.treated import about_curves, treated_pairs

PLAIN = Subject("images", "icons", "cnn")
SGD = Subject("images", "icons", "cnn", "sgd")
OTHER = Subject("images", "icons", "mlp", "augment")  # its untreated curve is not in the study


@pytest.fixture
def about(tmp_path):
    subjects = (PLAIN, SGD, OTHER)
    with Store.open(tmp_path / "study.db") as store:
        study = store.create_study(
            key="k",
            name="three",
            settings=asdict(Settings(subjects, "quick")),
            plan={},
            shards=[],
            curves=[
                NewCurve(f"{s.label} {metric}", None, "", "", "", subject=i, metric=metric)
                for i, s in enumerate(subjects)
                for metric in ("top-1", "top-5")
            ],
            workers=1,
            device="CPU",
            device_reason="",
            version="",
        )
        return about_curves(store, study)


def test_a_treated_curve_stands_behind_its_untreated_one_metric_by_metric(about):
    curves = [Curve(name, (Point(name, 1, 1),)) for name in about]
    assert [(a.name, b.name) for a, b in treated_pairs(curves, about)] == [
        ("images icons cnn top-1", "images icons cnn sgd top-1"),
        ("images icons cnn top-5", "images icons cnn sgd top-5"),
    ]


def test_curves_that_no_study_measured_have_no_pair(about):
    assert treated_pairs([Curve("mine", (Point("mine", 1, 1),))], about) == []
