"""What is read of the store comes in an order that does not depend on how it was written."""

import random

import pytest

from engine.curve import Point
from engine.study.store import CandidateRow, NewCurve, Store

CURVES = ("m second", "z first", "a third")  # as announced: neither sorted nor the reverse
GROUPS = ("on 30", "on 4", "on 200")


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "study.db") as opened:
        yield opened


def shuffled(things, seed):
    things = list(things)
    random.Random(seed).shuffle(things)
    return things


def study_of(store, points=(), candidates=(), key="k"):
    study = store.create_study(
        key=key,
        name=key,
        settings={},
        plan={},
        shards=[("30", 1.0)],
        curves=[NewCurve(name, None, "", "0", "here") for name in CURVES] if points else [],
        workers=1,
        device="CPU",
        device_reason="",
        version="0",
    )
    store.add_groups(study, [(group, "30", {}, 1.0) for group in GROUPS])
    store.end_group(
        study,
        GROUPS[0],
        seconds=1.0,
        reason="",
        candidates=candidates,
        decides=None,
        points=[(point, {"scores": {"bleu": point.error}}) for point in points],
    )
    return study


POINTS = [Point(name, m, m + s, seed=s) for name in CURVES for m in (5.0, 7.0) for s in (0, 1, 2)]


@pytest.mark.parametrize("seed", range(3))
def test_points_come_curve_by_curve_as_announced_by_size_and_by_seed(store, seed):
    study = study_of(store, shuffled(POINTS, seed))
    assert [point for curve in store.curves(study) for point in curve.points] == POINTS
    assert [point for curve in store.curves() for point in curve.points] == POINTS
    assert [point for point, _ in store.point_records(study)] == POINTS
    scores = [(point.curve, point.size, {"bleu": point.error}) for point in POINTS]
    assert store.scores(study) == scores
    assert tuple(store.stamps(study)) == CURVES
    assert tuple(curve.name for curve in store.study_curves(study)) == CURVES
    assert tuple(store.curve_names(study)) == CURVES


def test_trainings_come_by_shard_capacity_learning_rate_and_seed(store):
    # as groups are named, theirs would be another order
    rows = [
        CandidateRow(GROUPS[1 - seed], shard, "cnn", capacity, rate, seed, {})
        for shard in ("x / 10", "x / 20")
        for capacity in ((9, 80) if shard == "x / 10" else (10, 81))
        for rate in (1e-3, 1e-2)
        for seed in (0, 1)
    ]
    study = study_of(store, candidates=shuffled(rows, 1))
    assert store.candidates(study) == rows


def test_groups_come_as_they_were_planned_and_studies_newest_first(store):
    first, second = study_of(store), study_of(store, key="k2")
    assert tuple(row.name for row in store.work(first)) == GROUPS
    assert [row.id for row in store.studies()] == [second, first]
    store.bin_study(first)
    store.bin_study(second)
    assert [row.id for row in store.binned()] == [second, first]


def test_the_stamp_of_a_curve_is_how_many_points_it_has_and_which_came_last(store):
    study = study_of(store, POINTS[:4])
    (n, last, written), *_ = store.stamps(study).values()
    newest = store._tuples("SELECT id, written FROM point ORDER BY id DESC LIMIT 1")
    assert n == 4
    assert newest == [(last, written)]
