"""However a search goes, a study stays within its minutes where trainings take what they should."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.study.plan import Extent, Plan, PlanError, Recipe, make_plan
from engine.study.search import Search
from engine.study.subject import Settings, Subject
from engine.training.spec import Pace, Schedule, Speed
from tests.budgets import wall

SUBJECTS = [Subject("images", "icons", "cnn"), Subject("images", "icons", "mlp")]
searches = st.builds(
    Search,
    below=st.integers(0, 1),
    above=st.integers(0, 2),
    rates=st.integers(1, 3),
    widenings=st.integers(0, 2),
)


@pytest.mark.slow
@settings(max_examples=12)
@given(
    minutes=st.floats(1, 300),
    count=st.integers(1, 2),
    workers=st.integers(1, 16),
    rungs=st.integers(1, 7),
    search=searches,
    seeds=st.integers(1, 5),
    pace=st.builds(Pace, st.floats(100, 2000), st.just(1000), st.floats(0, 0.9)),
    full=st.integers(1_000, 300_000),
    speed=st.floats(100, 100_000),
    slope=st.floats(0.1, 1.2),
    best=st.floats(0.01, 1e4),
)
def test_a_study_is_never_over_its_minutes_by_more_than_a_fifth(
    minutes, count, workers, rungs, search, seeds, pace, full, speed, slope, best
):
    ladder = tuple(10_000 * 2**k for k in range(rungs))
    recipe = Recipe(4.0, seeds, ladder, (3e-4, 3e-3), search, Schedule(watched=1024), pace)
    speeds = {c: Speed(v, 4 * v, 3 * v) for c in ladder for v in [speed * (1e4 / c) ** slope]}
    asked = Settings(tuple(SUBJECTS[:count]), None, minutes=minutes)
    extent = Extent(full, full, full // 8, full // 8, "images")
    try:
        plan = make_plan(asked, [recipe] * count, [extent] * count, [speeds] * count, workers)
    except PlanError:
        assume(False)
    assert plan.seconds <= 60 * minutes
    assert wall(plan, best=lambda size: best * size) <= 1.2 * 60 * minutes


def test_a_search_that_climbs_past_its_guess_leaves_out_the_largest_sizes():
    ladder = (10_000, 40_000, 160_000, 640_000)
    pace = Pace(740.0, 1000, 0.28)
    recipe = Recipe(4.0, 2, ladder, (3e-4, 3e-3), Search(0, 1, 1, 0), Schedule(watched=64), pace)
    speeds = {capacity: Speed(*[8e7 / capacity] * 3) for capacity in ladder}
    extent = Extent(20_000, 20_000, 100, 100, "images")
    asked = Settings((SUBJECTS[0],), None, minutes=20)
    plan = make_plan(asked, [recipe], [extent], [speeds], workers=1)
    small = wall(plan, best=lambda size: 1.0)
    large = wall(plan, best=lambda size: 1e9)
    assert small < plan.seconds < 20 * 60
    assert large <= 1.2 * 20 * 60
    assert large == pytest.approx(20 * 60, rel=0.25)  # the minutes are used


@pytest.fixture
def twenty_minutes() -> Plan:
    """One subject, whose models overfit at once."""
    ladder = (10_000, 40_000)
    pace = Pace(740.0, 1000, 0.28)
    recipe = Recipe(4.0, 2, ladder, (3e-4, 3e-3), Search(0, 1, 1, 0), Schedule(watched=64), pace)
    speeds = {capacity: Speed(*[2e7 / capacity] * 3) for capacity in ladder}
    asked = Settings((SUBJECTS[0],), None, minutes=20)
    extent = Extent(20_000, 20_000, 100, 100, "images")
    return make_plan(asked, [recipe], [extent], [speeds], workers=1)


@pytest.mark.parametrize("slower", [2.0, 8.0])
def test_trainings_of_more_steps_than_planned_leave_out_the_largest_sizes(twenty_minutes, slower):
    took = wall(twenty_minutes, best=lambda size: 1.0, slower=slower)
    assert 0.4 * 20 * 60 < took <= 1.2 * 20 * 60


def test_trainings_of_fewer_steps_than_planned_are_all_made(twenty_minutes):
    whole = wall(twenty_minutes, best=lambda size: 1.0)
    half = wall(twenty_minutes, best=lambda size: 1.0, slower=0.5)
    assert half == pytest.approx(whole / 2, rel=0.02)
