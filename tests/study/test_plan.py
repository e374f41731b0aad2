from dataclasses import replace
from itertools import pairwise

import pytest

from engine.study.plan import PlanError, Recipe, Settings, make_plan
from engine.training.group import Schedule
from engine.training.probe import Speed

SETTINGS = Settings(domain="images", data="icons", model="cnn", preset="quick")
RECIPE = Recipe(4.0, 3, (10_000, 40_000), (3e-4, 1e-3, 3e-3), Schedule())
SPEEDS = {10_000: Speed(8_000, 40_000), 40_000: Speed(4_000, 20_000)}


def planned(settings=SETTINGS, recipe=RECIPE, full=20_000, workers=2):
    return make_plan(settings, recipe, full, evaluated=3_000, speeds=SPEEDS, workers=workers)


def test_sizes_go_up_in_steps_of_two_from_a_thousandth_of_the_data():
    sizes = planned(recipe=replace(RECIPE, minutes=None)).sizes
    assert 0.001 <= sizes[0] / 20_000 < 0.002
    assert sizes[-1] == 20_000
    assert all(1.9 < b / a < 2.1 for a, b in pairwise(sizes))


def test_more_minutes_hold_a_wider_search_or_more_sizes_and_never_more_than_the_minutes():
    plans = [planned(replace(SETTINGS, minutes=minutes)) for minutes in (3, 6, 12, 60)]
    worth = [(plan.candidates, len(plan.sizes)) for plan in plans]
    assert worth == sorted(worth)
    assert worth[0] < worth[-1]
    for plan, minutes in zip(plans, (3, 6, 12, 60), strict=True):
        assert plan.seconds <= 60 * minutes


def test_every_shard_gets_the_same_budget():
    plan = planned()
    for size in plan.sizes:
        groups = [group.spec for group in plan.groups if group.spec.size == size]
        trainings = sum(len(spec.seeds) * len(spec.learning_rates) for spec in groups)
        assert trainings == plan.candidates * plan.seeds
        assert {spec.capacity for spec in groups} == set(plan.capacities)


def test_a_short_time_gives_up_candidates_before_sizes():
    rich, poor = (planned(replace(SETTINGS, minutes=minutes)) for minutes in (60, 6))
    assert (rich.capacities, len(rich.learning_rates)) == (RECIPE.capacities, 3)
    assert poor.candidates < rich.candidates
    assert len(poor.sizes) >= 8
    assert poor.capacities[-1] == RECIPE.capacities[-1]  # the largest is what large shards need


def test_a_long_group_is_cut_into_its_seeds_where_workers_could_share_it():
    shared = planned(replace(SETTINGS, sizes=(200, 20_000)))
    largest = [group.spec for group in shared.groups if group.spec.size == 20_000]
    assert {spec.seeds for spec in largest} == {(0,), (1,), (2,)}
    alone = planned(replace(SETTINGS, sizes=(200, 20_000)), workers=1)
    assert {group.spec.seeds for group in alone.groups} == {(0, 1, 2)}


def test_no_two_groups_of_a_plan_share_a_name():
    names = [group.spec.name for group in planned().groups]
    assert len(names) == len(set(names))


def test_sizes_given_are_the_sizes_trained():
    assert planned(replace(SETTINGS, sizes=(500, 100, 2_000))).sizes == (100, 500, 2_000)


def test_a_size_beyond_the_data_is_refused_with_both_numbers():
    with pytest.raises(PlanError, match=r"size 30,000 is more than the 20,000"):
        planned(replace(SETTINGS, sizes=(100, 30_000)))


def test_minutes_that_hold_no_curve_are_refused_with_the_way_out():
    with pytest.raises(PlanError, match="give more minutes or fewer seeds"):
        planned(replace(SETTINGS, minutes=0.05))


def test_equal_settings_are_the_same_study_and_others_are_not():
    assert SETTINGS.key == replace(SETTINGS).key
    others = [replace(SETTINGS, minutes=5.0), replace(SETTINGS, model="mlp"), SETTINGS]
    assert len({settings.key for settings in others}) == 3
