import math
from dataclasses import replace
from itertools import pairwise

import pytest

from engine.bench.made_up import made_up
from engine.study.search import Search, Trial, choose, course, draw_rates, next_begin, overfits
from engine.training.spec import Candidate

LADDER = (10, 20, 40, 80, 160)
RATES = (1e-4, 1e-2)


def trained(capacity, rate, seed, loss, status="finished", left_over=0.5):
    """A training; `left_over` is the share of its validation loss that its training loss kept."""
    return made_up(
        *(100, capacity, rate, seed),
        status=status,
        validation_loss=loss,
        train_loss=None,
        last_loss=loss,
        last_train_loss=None if loss is None else left_over * loss,
    )


def searched(loss_of, smallest_that_overfits=40, search=Search(), begin=0, seeds=2):  # noqa: B008
    """Follow a search to its end, where `loss_of(capacity, rate)` is every validation loss."""
    ended: dict[Trial, list[Candidate]] = {}
    while True:
        found = course(search, LADDER, RATES, seeds, begin, ended.get)
        due = [trial for trial in found.trials if trial not in ended]
        if not due:
            assert found.whole
            return found
        for trial in due:
            left_over = 0.5 if trial.capacity >= smallest_that_overfits else 0.95
            ended[trial] = [
                trained(
                    trial.capacity, rate, seed, loss_of(trial.capacity, rate), "finished", left_over
                )
                for rate in trial.rates
                for seed in trial.seeds
            ]


def best_at(capacity, rate=1e-3):
    """Losses with one lowest place."""
    return lambda c, r: 1 + abs(math.log(c / capacity)) + 0.1 * abs(math.log(r / rate))


def capacities(found, stage):
    return [trial.capacity for trial in found.trials if trial.stage == stage]


def test_the_ladder_is_climbed_to_the_smallest_capacity_that_overfits():
    found = searched(best_at(40), smallest_that_overfits=40)
    assert capacities(found, "fit") == [10, 20, 40]
    assert found.start == 2


def test_a_larger_shard_begins_where_the_smaller_one_started():
    assert capacities(searched(best_at(40), begin=2), "fit") == [40]


def test_a_larger_shard_begins_at_a_winner_that_is_clearly_better_than_the_start():
    losses = {10: 3.0, 20: 2.0, 40: 1.5}
    runs = [trained(c, 1e-3, seed, loss) for c, loss in losses.items() for seed in range(3)]
    assert next_begin(0, LADDER, runs) == 2
    assert next_begin(1, LADDER, runs) == 2


@pytest.mark.parametrize("loss", [1.0, 0.99, 1.2])
def test_a_larger_model_that_is_hardly_better_moves_nothing(loss):
    runs = [trained(10, 1e-3, 0, 1.0), trained(20, 1e-3, 0, loss)]
    assert next_begin(0, LADDER, runs) == 0


def test_a_shard_whose_trainings_all_failed_leaves_the_next_where_it_began():
    assert next_begin(1, LADDER, [trained(20, 1e-3, 0, None, "failed")]) == 1
    assert next_begin(1, LADDER, []) == 1


def test_where_no_capacity_overfits_the_search_starts_at_the_largest():
    found = searched(best_at(160), smallest_that_overfits=1_000)
    assert found.start == len(LADDER) - 1


def test_at_the_top_of_the_ladder_nothing_is_trained_to_find_the_start():
    assert capacities(searched(best_at(160), smallest_that_overfits=1_000, begin=4), "fit") == []


def test_the_search_looks_at_the_neighbours_of_the_start():
    assert capacities(searched(best_at(40)), "search") == [20, 40, 80]


@pytest.mark.parametrize(("winner", "rung"), [(160, 160), (10, 10)])
def test_a_winner_on_the_outermost_rung_widens_the_search_beyond_it(winner, rung):
    assert capacities(searched(best_at(winner)), "widen") == [rung]


def test_a_winner_inside_has_further_rates_tried_at_its_rung():
    found = searched(best_at(40, rate=5e-2))
    (wider,) = [trial for trial in found.trials if trial.stage == "widen"]
    (first,) = [t for t in found.trials if t.stage == "search" and t.capacity == 40]
    assert wider.capacity == 40
    assert max(wider.rates) > max(first.rates)
    assert not set(wider.rates) & set(first.rates)


@pytest.mark.parametrize("search", [Search(1, 1, 2, 2), Search(0, 1, 1, 0), Search(0, 0, 1, 1)])
@pytest.mark.parametrize("overfitting", [1, 20, 40, 160, 1_000])
@pytest.mark.parametrize("winner", [10, 40, 160])
def test_every_shard_is_chosen_from_the_same_number_of_trainings(search, overfitting, winner):
    found = searched(best_at(winner), smallest_that_overfits=overfitting, search=search)
    count = sum(len(t.rates) * len(t.seeds) for t in found.counted)
    assert count == search.candidates * 2


def test_trainings_that_look_for_the_start_use_one_seed_and_the_middle_rate():
    fits = [trial for trial in searched(best_at(40)).trials if trial.stage == "fit"]
    assert {(trial.rates, trial.seeds) for trial in fits} == {((1e-3,), (0,))}


@pytest.mark.parametrize("seeds", [1, 3])
def test_where_one_rate_is_searched_a_fit_is_the_first_seed_of_its_candidate(seeds):
    thin = Search(below=0, above=1, rates=1, widenings=0)
    found = searched(best_at(40), search=thin, seeds=seeds)
    trained = [(t.capacity, seed) for t in found.trials for seed in t.seeds]
    assert len(trained) == len(set(trained))
    counted = [(t.capacity, seed) for t in found.counted for seed in t.seeds]
    assert sorted(counted) == [(c, seed) for c in (40, 80) for seed in range(seeds)]


def test_a_fit_that_counts_trains_every_seed_where_they_are_apart():
    search = Search(below=0, above=0, rates=1, widenings=0, apart=True)
    found = searched(best_at(40), search=search, seeds=3)
    assert [(trial.stage, trial.seeds) for trial in found.trials] == [("fit", (0, 1, 2))] * 3
    assert [trial.capacity for trial in found.counted] == [40]


def test_where_several_rates_are_searched_a_fit_only_finds_the_start():
    found = searched(best_at(40))
    assert {trial.stage for trial in found.counted} == {"search", "widen"}


def test_nothing_is_asked_for_before_what_it_depends_on_has_ended():
    first = course(Search(), LADDER, RATES, 2, 0, {}.get)
    assert [trial.stage for trial in first.trials] == ["fit"]
    assert not first.whole


def test_a_failed_search_trial_does_not_stop_the_search():
    failed: dict[Trial, list[Candidate]] = {}
    found = course(Search(), LADDER, RATES, 2, 3, failed.get)
    while not found.whole:
        failed.update({trial: [] for trial in found.trials})
        found = course(Search(), LADDER, RATES, 2, 3, failed.get)
    assert [trial.stage for trial in found.trials][-1] == "widen"


@pytest.mark.parametrize("below", [0, 1])
@pytest.mark.parametrize("begin", [0, 2, 3])
def test_where_larger_models_fail_a_shard_is_chosen_from_those_below(below, begin):
    search, ended = Search(below=below), {}
    found = course(search, LADDER, RATES, 2, begin, ended.get)
    while due := [trial for trial in found.trials if trial not in ended]:
        for trial in due:  # none overfits, and memory holds none above 40
            seeds = trial.seeds if trial.capacity <= 40 else ()
            runs = [
                trained(trial.capacity, r, s, 10 / trial.capacity, left_over=1.0)
                for r in trial.rates
                for s in seeds
            ]
            ended[trial] = runs
        found = course(search, LADDER, RATES, 2, begin, ended.get)
    assert found.whole
    choice = choose([run for trial in found.counted for run in ended[trial]], planned=99)
    assert choice is not None
    assert (choice.capacity, choice.cut) == (40, True)
    assert [c for c in capacities(found, "fit") if c > 40] == [80]


def test_learning_rates_are_drawn_apart_inside_their_range_and_the_same_every_time():
    drawn = draw_rates(RATES, 4)
    assert drawn == draw_rates(RATES, 4)
    assert RATES[0] < drawn[0] < drawn[-1] < RATES[1]
    assert all(b / a > 1.5 for a, b in pairwise(drawn))


def test_a_training_that_diverged_shows_no_overfitting():
    assert not overfits(trained(10, 0.1, 0, None, "failed"))
    assert overfits(trained(10, 0.1, 0, 2.0, left_over=0.5))
    assert not overfits(replace(trained(10, 0.1, 0, 2.0), last_train_loss=1.9))


def test_the_median_over_seeds_wins_not_the_luckiest_seed():
    lucky = [trained(10, 0.1, seed, loss) for seed, loss in enumerate((0.1, 3.0, 3.0))]
    steady = [trained(20, 0.1, seed, loss) for seed, loss in enumerate((2.0, 2.0, 2.0))]
    choice = choose(lucky + steady, planned=6)
    assert (choice.capacity, choice.score) == (20, 2.0)
    assert [run.seed for run in choice.runs] == [0, 1, 2]


def test_a_pruned_candidate_is_not_chosen_while_a_whole_one_is_there():
    pruned = [trained(10, 0.1, 0, 1.0, "pruned"), trained(10, 0.1, 1, 1.0)]
    whole = [trained(10, 0.3, seed, 1.2) for seed in (0, 1)]
    assert choose(pruned + whole, planned=4).learning_rate == 0.3


def test_a_winner_at_the_largest_capacity_is_marked():
    runs = [trained(10, 0.1, 0, 2.0), trained(20, 0.1, 0, 1.0)]
    assert choose(runs, planned=2).capacity_at_edge
    runs = [trained(10, 0.1, 0, 1.0), trained(20, 0.1, 0, 2.0)]
    assert not choose(runs, planned=2).capacity_at_edge


def test_a_winner_at_either_end_of_the_learning_rates_is_marked():
    runs = [trained(10, rate, 0, loss) for rate, loss in ((0.1, 2.0), (0.3, 1.0), (1.0, 2.0))]
    assert not choose(runs, planned=3).rate_at_edge
    assert choose(runs[:2], planned=2).rate_at_edge


def test_failed_trainings_cut_the_budget_and_never_win():
    runs = [trained(10, 0.1, 0, None, "failed"), trained(10, 0.3, 0, 1.0)]
    choice = choose(runs, planned=2)
    assert choice.learning_rate == 0.3
    assert choice.cut


def test_missing_trainings_cut_the_budget():
    assert choose([trained(10, 0.1, 0, 1.0)], planned=2).cut
    assert not choose([trained(10, 0.1, 0, 1.0)], planned=1).cut


def test_where_everything_failed_there_is_no_choice():
    assert choose([trained(10, 0.1, 0, None, "failed")], planned=1) is None
