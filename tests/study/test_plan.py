import json
from dataclasses import asdict, replace
from itertools import pairwise

import pytest

from engine.domains import SCHEDULE, Domain, Metric, Quick
from engine.study.plan import (
    Extent,
    PlanError,
    Recipe,
    interpolated,
    make_plan,
    plan_record,
    stored_domain,
    stored_plan,
)
from engine.study.search import Search
from engine.study.subject import Settings, Subject, stored_settings
from engine.training.spec import Pace, Schedule, Speed

SUBJECT = Subject("images", "icons", "cnn")
SETTINGS = Settings((SUBJECT,), "quick")
RECIPE = Recipe(
    minutes=4.0,
    seeds=3,
    ladder=(10_000, 20_000, 40_000, 80_000),
    rates=(3e-4, 3e-3),
    search=Search(below=1, above=1, rates=2, widenings=1),
    schedule=Schedule(watched=1024),
    pace=Pace(740.0, 1000, 0.28),
)
EXTENT = Extent(full=20_000, rows=20_000, validation=3_000, test=3_000, unit="images")
SPEEDS = {10_000: Speed(8_000, 40_000, 30_000), 80_000: Speed(2_000, 10_000, 8_000)}


def planned(settings=SETTINGS, recipe=RECIPE, extent=EXTENT, workers=2):
    count = len(settings.subjects)
    return make_plan(settings, [recipe] * count, [extent] * count, [SPEEDS] * count, workers)


def only(plan):
    (part,) = plan.subjects
    return part


def test_sizes_go_up_in_steps_of_two_from_a_thousandth_of_the_data():
    sizes = only(planned(recipe=replace(RECIPE, minutes=None))).sizes
    assert 0.001 <= sizes[0] / 20_000 < 0.002
    assert sizes[-1] == 20_000
    assert all(1.9 < b / a < 2.1 for a, b in pairwise(sizes))


def test_more_minutes_hold_a_wider_search_or_more_sizes_and_never_more_than_the_minutes():
    plans = [planned(replace(SETTINGS, minutes=minutes)) for minutes in (5, 10, 20, 60)]
    worth = [(only(p).recipe.search.candidates, len(only(p).sizes)) for p in plans]
    assert worth == sorted(worth)
    assert worth[0] < worth[-1]
    for plan, minutes in zip(plans, (5, 10, 20, 60), strict=True):
        assert plan.seconds <= 60 * minutes


def test_a_short_time_gives_up_candidates_before_sizes():
    rich, poor = (planned(replace(SETTINGS, minutes=minutes)) for minutes in (200, 12))
    assert only(rich).recipe.search == RECIPE.search
    assert only(poor).recipe.search.candidates < RECIPE.search.candidates
    assert len(only(poor).sizes) >= 8


def test_seeds_that_were_asked_for_are_not_cut():
    five = replace(RECIPE, seeds=5)
    preset = planned(replace(SETTINGS, minutes=2.5), recipe=five)
    asked = planned(replace(SETTINGS, minutes=2.5, seeds=5), recipe=five)
    assert (only(preset).recipe.seeds, only(asked).recipe.seeds) == (2, 5)
    assert len(only(asked).sizes) < len(only(preset).sizes)


def test_where_the_fit_is_the_search_a_shard_has_one_stage():
    thin = Search(below=0, above=0, rates=1, widenings=0)
    both = [
        only(planned(recipe=replace(RECIPE, minutes=None, search=replace(thin, apart=apart))))
        for apart in (False, True)
    ]
    stages = sum(
        part.expected(size, part.recipe.ladder[part._start(size)], 1)
        for part in both[1:]
        for size in part.sizes
    )
    assert both[1].chain_seconds == pytest.approx(stages)
    assert both[0].chain_seconds > 1.2 * stages  # a fit before each, but at the top of the ladder


def test_many_workers_do_not_make_the_stages_of_one_shard_shorter():
    whole = replace(RECIPE, minutes=None)
    few, many = (planned(recipe=whole, workers=workers) for workers in (2, 1000))
    assert only(many).chain_seconds < many.seconds < few.seconds / 2
    assert planned(recipe=whole, workers=2000).seconds == many.seconds


def test_subjects_share_the_minutes():
    both = replace(SETTINGS, subjects=(SUBJECT, replace(SUBJECT, model="mlp")), minutes=20)
    alone = planned(replace(SETTINGS, minutes=10))
    plan = planned(both)
    assert [part.sizes for part in plan.subjects] == [only(alone).sizes] * 2
    assert plan.seconds <= 20 * 60
    assert "images icons mlp: " in plan.sentence


def test_a_treatment_that_leaves_data_out_keeps_the_sizes_of_the_untreated_data():
    treated = replace(SUBJECT, treatment="drop-hardest-20")
    settings = replace(SETTINGS, subjects=(SUBJECT, treated))
    recipes, extents = [replace(RECIPE, minutes=None)] * 2, [EXTENT, replace(EXTENT, full=16_000)]
    plain, rest = make_plan(settings, recipes, extents, [SPEEDS] * 2, workers=2).subjects
    assert rest.sizes == plain.sizes[:-1]


def test_sizes_given_are_the_sizes_trained():
    assert only(planned(replace(SETTINGS, sizes=(500, 100, 2_000)))).sizes == (100, 500, 2_000)


def test_a_size_beyond_the_data_is_refused_with_both_numbers():
    with pytest.raises(PlanError, match=r"size 30,000 is more than the 20,000 images"):
        planned(replace(SETTINGS, sizes=(100, 30_000)))


def test_minutes_that_hold_no_curve_are_refused_with_the_way_out():
    with pytest.raises(PlanError, match="give more minutes or fewer seeds"):
        planned(replace(SETTINGS, minutes=0.05))


def test_a_size_in_units_costs_what_its_rows_cost():
    words = replace(EXTENT, full=32 * EXTENT.full, unit="words")
    images = only(planned(replace(SETTINGS, sizes=(100, 200))))
    passages = only(planned(replace(SETTINGS, sizes=(3_200, 6_400)), extent=words))
    pace = replace(RECIPE.pace, size=32 * RECIPE.pace.size)
    passages = replace(passages, recipe=replace(passages.recipe, pace=pace))
    assert passages.expected(3_200, 10_000, 1) == pytest.approx(images.expected(100, 10_000, 1))


def test_a_speed_between_two_measured_ones_lies_on_the_line_between_them_in_logs():
    halfway = interpolated({100: Speed(400, 40, 4), 10_000: Speed(4, 4, 4)}, 1_000)
    assert (halfway.train, halfway.test) == pytest.approx((40, 4))


def test_a_plan_comes_back_from_the_store_equal():
    plan = planned(replace(SETTINGS, minutes=20))
    assert stored_plan(json.loads(json.dumps(plan_record(plan)))) == plan


def test_models_beyond_those_that_were_measured_are_told_by_the_plan_and_its_record():
    measured = {10_000: SPEEDS[10_000]}
    plan = make_plan(SETTINGS, [RECIPE], [EXTENT], [measured], workers=2)
    assert only(plan).held == 10_000
    assert "could not be measured beyond 10,000 parameters" in plan.sentence
    assert stored_plan(json.loads(json.dumps(plan_record(plan)))) == plan


def test_settings_come_back_from_the_store_equal():
    settings = replace(SETTINGS, sizes=(1, 2), paths=(("images", "folder"),))
    record = json.loads(json.dumps(asdict(settings)))
    assert stored_settings(record) == settings


def test_settings_of_an_earlier_version_had_no_width():
    record = {name: value for name, value in asdict(SETTINGS).items() if name != "width"}
    assert stored_settings(record) == SETTINGS


def test_a_width_changes_no_study_into_another():
    narrow = replace(SETTINGS, width=0.04)
    assert narrow.is_same(SETTINGS)
    assert narrow.key == SETTINGS.key == "42023ac1bcb0c365"  # as before there were widths
    assert not narrow.is_same(replace(narrow, seeds=5))


def test_with_a_width_the_search_has_half_of_the_minutes_and_the_seeds_the_other():
    half = planned(replace(SETTINGS, minutes=10))
    both = planned(replace(SETTINGS, minutes=20, width=0.04))
    assert both == half
    assert only(both).more_seconds(2) == 10 * 60


def test_seeds_may_take_as_long_again_as_a_study_without_minutes_was_planned_for():
    plan = planned(replace(SETTINGS, sizes=(500, 1_000), width=0.04))
    assert only(plan).more_seconds(2) == plan.seconds


def test_equal_settings_are_the_same_study_and_others_are_not():
    assert SETTINGS.key == replace(SETTINGS).key
    other = replace(SUBJECT, model="mlp")
    others = [replace(SETTINGS, minutes=5.0), replace(SETTINGS, subjects=(other,)), SETTINGS]
    assert len({settings.key for settings in others}) == 3


OWN = Domain(
    name="lines",
    title="Lines",
    unit="rows",
    models=("mlp",),
    metrics=(Metric("mae", "mean absolute error", "kWh"),),
    schedule=Schedule(batch=8),
    quick=Quick(ladder=(2_000, 4_000), pace=Pace(1.0, 2.0, 0.5)),
)


def test_a_row_of_a_users_own_domain_is_read_back_as_it_was_stored():
    assert stored_domain(json.loads(json.dumps(asdict(OWN)))) == OWN


def test_a_row_that_was_stored_when_it_said_its_batch_alone_has_it_in_its_schedule():
    record = asdict(OWN) | {"batch": 8}
    for later in ("schedule", "pace", "quick", "doublings"):
        del record[later]
    assert stored_domain(record) == replace(OWN, schedule=replace(SCHEDULE, batch=8), quick=Quick())
