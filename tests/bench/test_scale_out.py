"""The simulation of a study on many devices, on costs whose schedule is known beforehand."""

from itertools import pairwise

import pytest

from engine.bench.scale_out import DAY, TOGETHER, Part, measured, planned, simulate

PARTS = (
    Part("images", "cnn", "images", 64_000, 1e-2, 0.5, ""),
    Part("words", "lstm", "words", 1_000_000, 1e-3, 0.5, ""),
)


def in_proportion(spec):
    """A millisecond for each row and training."""
    return 1e-3 * spec.size * len(spec.seeds) * len(spec.learning_rates)


def days(spec):
    """A day for every eight thousand rows: the largest trainings take several."""
    return DAY * 1e3 / 8 * in_proportion(spec) / 1e3


@pytest.fixture(scope="module")
def passed():
    plan = planned(PARTS)
    return {n: simulate(plan, PARTS, in_proportion, n) for n in (1, 4, 32, None)}


def test_one_device_works_all_the_time(passed):
    assert passed[1].seconds == pytest.approx(passed[1].work)


def test_any_number_of_devices_lies_within_the_bounds_of_list_scheduling(passed):
    """Graham 1969: between the longest of work and path, and their sum."""
    path, work = passed[None].seconds, passed[None].work
    for devices in (1, 4, 32):
        assert passed[devices].work == pytest.approx(work)
        assert passed[devices].seconds >= max(path, work / devices) * (1 - 1e-9)
        assert passed[devices].seconds <= work / devices + path * (1 - 1 / devices) + 1e-6


def test_the_path_is_a_chain_that_fills_the_time_of_a_study_without_bounds(passed):
    path = passed[None].path
    assert sum(group.seconds for group in path) == pytest.approx(passed[None].seconds)
    assert {group.spec.domain for group in path} == {"words"}, "the domain that takes longer"
    assert all(a.spec.size <= b.spec.size for a, b in pairwise(path))


def test_splitting_shortens_the_path_and_costs_what_is_lost_by_it():
    plan = planned(PARTS)
    whole = simulate(plan, PARTS, days, None)
    ideal = simulate(plan, PARTS, days, None, efficiency=1.0)
    half = simulate(plan, PARTS, days, None, efficiency=0.5)
    assert ideal.work == pytest.approx(whole.work)
    assert ideal.seconds < half.seconds < whole.seconds
    assert whole.seconds / TOGETHER <= ideal.seconds
    assert whole.work < half.work <= 2 * whole.work


def test_fewer_devices_than_share_a_training_split_none():
    plan = planned(PARTS)
    few = TOGETHER - 1
    assert simulate(plan, PARTS, days, few, efficiency=0.5) == simulate(plan, PARTS, days, few)


def test_the_cost_of_a_recorded_study_is_that_of_its_trainings():
    cost = measured("stores/words_lstm.db.gz")
    assert cost.device == "NVIDIA H100 80GB HBM3"
    assert cost.seconds(223_912).low < 37 < cost.seconds(223_912).high  # of its winner there
