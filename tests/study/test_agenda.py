"""The agenda of a study, with trainings that cost nothing and lose what a formula says."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from engine.study.agenda import Agenda, more_seeds
from engine.study.plan import Extent, Plan, Recipe, make_plan
from engine.study.search import Search
from engine.study.subject import Settings, Subject, shard_name
from engine.training.spec import Pace, Schedule, Speed
from tests import budgets

RECIPE = Recipe(
    minutes=None,
    seeds=2,
    ladder=(10, 20, 40, 80),
    rates=(1e-4, 1e-2),
    search=Search(),
    schedule=Schedule(),
    pace=Pace(500, 1000, 0.3),
)
SUBJECTS = (Subject("images", "icons", "cnn"), Subject("images", "icons", "mlp"))
SPEEDS = {10: Speed(9e3, 9e4, 9e4), 80: Speed(3e3, 3e4, 3e4)}


train = partial(budgets.train, best=lambda size: size / 10)


@pytest.fixture
def plan() -> Plan:
    settings = Settings(SUBJECTS, "quick", sizes=(100, 200, 400))
    extent = Extent(1_000, 1_000, 200, 200, "images")
    return make_plan(settings, [RECIPE] * 2, [extent] * 2, [SPEEDS] * 2, workers=2)


def follow(agenda, queue, stop_after=10**6):
    """Train what the agenda asks for, the last asked first; returns what was trained."""
    done = []
    queue += agenda.fresh()
    while queue and len(done) < stop_after:
        group = queue.pop()
        agenda.end(group, train(group))
        done.append(group)
        queue += agenda.fresh()
    return done


def test_every_shard_of_every_subject_is_decided(plan):
    agenda = Agenda(plan)
    follow(agenda, [])
    for index, part in enumerate(plan.subjects):
        for size in part.sizes:
            decision = agenda.decision(shard_name(part.subject, size))
            assert (decision.subject, decision.size) == (index, size)
            assert decision.choice.capacity == size // 10


def test_no_group_is_asked_for_twice_and_no_two_share_a_name(plan):
    done = follow(Agenda(plan), [])
    names = [group.spec.name for group in done]
    assert len(names) == len(set(names))


def test_a_larger_shard_waits_for_the_decision_of_the_smaller(plan):
    first = Agenda(plan).fresh()
    assert {group.spec.size for group in first} == {100}
    assert {group.spec.model for group in first} == {"cnn", "mlp"}
    order = [g.spec.size for g in follow(Agenda(plan), []) if g.spec.model == "cnn"]
    assert order == sorted(order)


def test_a_study_taken_up_in_the_middle_asks_for_what_it_would_have_asked_for(plan):
    whole = follow(Agenda(plan), [])
    before = Agenda(plan)
    queue: list = []
    half = follow(before, queue, stop_after=len(whole) // 2)
    after = Agenda(plan)
    after.restore([*half, *queue], {group.spec.name: train(group) for group in half})
    rest = follow(after, list(queue))
    assert {g.spec.name for g in half + rest} == {g.spec.name for g in whole}
    assert len(half + rest) == len(whole)


def test_a_shard_whose_trainings_all_failed_is_decided_without_a_choice(plan):
    agenda = Agenda(plan)
    queue = agenda.fresh()
    while queue:
        agenda.end(queue.pop(), [])
        queue += agenda.fresh()
    decision = agenda.decision(shard_name(plan.subjects[0].subject, 400))
    assert decision is not None
    assert decision.choice is None


def test_a_long_trial_is_cut_into_its_seeds_where_workers_could_share_it(plan):
    slow = {capacity: Speed(9, 9e4, 9e4) for capacity in RECIPE.ladder}
    part = replace(plan.subjects[0], speeds=slow)
    shared = follow(Agenda(replace(plan, subjects=(part,))), [])
    assert {group.spec.seeds for group in shared if group.spec.stage == "search"} == {(0,), (1,)}
    alone = follow(Agenda(replace(plan, subjects=(part,), workers=1)), [])
    assert {group.spec.seeds for group in alone if group.spec.stage == "search"} == {(0, 1)}
    names = [group.spec.name for group in shared]
    assert len(names) == len(set(names))


def test_seeds_apart_occupy_all_workers_with_the_only_shard_that_is_due(plan):
    thin = Search(below=0, above=0, rates=1, widenings=0, apart=True)
    part = replace(plan.subjects[0], recipe=replace(RECIPE, search=thin))
    due = Agenda(Plan((part,), 2, 0.0)).fresh()
    assert [group.spec.seeds for group in due] == [(0,), (1,)]
    assert len({group.shard for group in due}) == 1


def test_costly_scores_are_asked_for_at_the_largest_size_only(plan):
    scored = {(g.spec.size, g.spec.stage) for g in follow(Agenda(plan), []) if g.spec.scored}
    assert scored == {(400, stage) for stage in ("fit", "search", "widen")}


def test_a_thin_search_gives_a_point_for_every_seed(plan):
    thin = replace(RECIPE, search=Search(below=0, above=0, rates=1, widenings=0))
    part = replace(plan.subjects[0], recipe=thin)
    agenda = Agenda(replace(plan, subjects=(part,)))
    done = follow(agenda, [])
    choice = agenda.decision(shard_name(part.subject, 400)).choice
    assert [run.seed for run in choice.runs] == [0, 1]
    assert not choice.cut
    assert len(done) == 2 * len(part.sizes) + 2  # a fit and the other seed; 2 rungs climbed


# -- more seeds ------------------------------------------------------------------------------------

MORE = (100, 200, 400, 800, 1600)


def lossy(group, scatter=0.05):
    """The same trainings with a power law as their test error, and seeds that scatter."""
    return [
        replace(run, test={**run.test, "top-1": 3 * run.size**-0.3 * noise(run, scatter)})
        for run in train(group)
    ]


def noise(run, scatter):
    rng = np.random.default_rng([run.size, run.seed, len(run.model)])
    return float(np.exp(scatter * rng.standard_normal()))


@pytest.fixture
def longer(plan) -> Plan:
    parts = [replace(part, sizes=MORE, minutes=3.0) for part in plan.subjects]
    return replace(plan, subjects=tuple(parts))


def trained(agenda, queue, stop_after=10**6, first=-1):
    """Train what the agenda asks for; which of the due is trained next is `first`."""
    done = []
    queue += agenda.fresh()
    while queue and len(done) < stop_after:
        group = queue.pop(first)
        agenda.end(group, lossy(group))
        done.append(group)
        queue += agenda.fresh()
    return done


def repeats_of(groups):
    return [group for group in groups if group.spec.stage == "repeat"]


def test_without_a_width_no_seed_is_added(longer):
    agenda = Agenda(longer)
    assert repeats_of(trained(agenda, [])) == []
    assert agenda.endings() == {}


def test_more_seeds_follow_once_every_size_of_a_subject_is_decided(longer):
    agenda = Agenda(longer, 0.05)
    done = trained(agenda, [], first=0)
    more = repeats_of(done)
    assert more
    for part in longer.subjects:
        own = [g for g in done if g.spec.model == part.subject.model]
        stages = [g.spec.stage == "repeat" for g in own]
        assert stages == sorted(stages)
    assert {group.shard for group in more} == set(map(more_seeds, longer.subjects))


def test_a_repeat_adds_a_point_to_the_winner_and_is_not_looked_at_in_choosing(longer):
    plain, agenda = Agenda(longer), Agenda(longer, 0.05)
    trained(plain, [])
    more = repeats_of(trained(agenda, []))
    for part in longer.subjects:
        for size in MORE[:3]:  # what the minutes hold of both
            before, after = (
                each.decision(shard_name(part.subject, size)).choice for each in (plain, agenda)
            )
            assert replace(after, runs=before.runs) == before
            new = after.runs[len(before.runs) :]
            asked = [g for g in more if (g.spec.size, g.shard) == (size, more_seeds(part))]
            assert [run.seed for run in new] == sorted(g.spec.seeds[0] for g in asked)
            assert {run.seed for run in new}.isdisjoint({run.seed for run in before.runs})


@pytest.mark.parametrize("first", [0, -1])
@pytest.mark.parametrize("taken_up", [1, 3])
def test_more_seeds_are_the_same_in_any_order_and_however_often_taken_up(longer, first, taken_up):
    whole = trained(Agenda(longer, 0.05), [])
    assert len(repeats_of(whole)) > 8  # several rounds
    done, queue = [], []
    for _ in range(taken_up):
        agenda = Agenda(longer, 0.05)
        agenda.restore([*done, *queue], {group.spec.name: lossy(group) for group in done})
        done += trained(agenda, queue, len(whole) // taken_up - 1, first)
    agenda = Agenda(longer, 0.05)
    agenda.restore([*done, *queue], {group.spec.name: lossy(group) for group in done})
    done += trained(agenda, queue, first=first)
    assert sorted(g.spec.name for g in done) == sorted(g.spec.name for g in whole)


def test_more_seeds_take_no_longer_than_the_study_was_planned_for(longer):
    agenda = Agenda(longer, 1e-6)
    more = repeats_of(trained(agenda, []))
    for part in longer.subjects:
        own = [group.seconds for group in more if group.shard == more_seeds(part)]
        assert own
        assert sum(own) / longer.workers <= 60 * part.minutes
        assert "the time for more seeds is used up" in agenda.endings()[part.subject.label]


def test_a_finished_study_goes_on_with_a_width_and_then_with_a_smaller_one(longer):
    done = trained(Agenda(longer), [])
    known = len(done)
    for width in (0.1, 0.05):
        agenda = Agenda(longer, width)
        agenda.restore(done, {group.spec.name: lossy(group) for group in done})
        done += trained(agenda, [])
    names = [group.spec.name for group in done]
    assert len(names) == len(set(names))
    direct = trained(Agenda(longer, 0.05), [])
    assert {g.spec.name for g in direct} <= set(names)
    assert len(done) > known


def test_every_repeat_is_a_group_of_one_seed_however_many_workers(longer):
    for workers in (1, 2):
        more = repeats_of(trained(Agenda(replace(longer, workers=workers), 0.05), []))
        assert {len(group.spec.seeds) for group in more} == {1}
        assert not any(group.spec.scored for group in more)
