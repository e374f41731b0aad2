import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from data.images import ImageSplit
from engine.tasks.images import best_guess
from engine.training.batches import batches
from engine.training.group import RISEN, RISEN_PATIENCE, run_group
from engine.training.spec import Schedule
from tests.training.stripes import SCHEDULE, spec

torch.set_num_threads(1)


def numbers(candidates):
    return [replace(candidate, seconds=0.0) for candidate in candidates]


def test_every_batch_is_full_and_every_pass_holds_each_image_once():
    stream = batches(np.arange(100, 110), batch=4, seed=0)
    taken = [next(stream) for _ in range(5)]
    assert all(len(batch) == 4 for batch in taken)
    assert sorted(np.concatenate(taken)[:10]) == list(range(100, 110))
    assert sorted(np.concatenate(taken)[10:]) == list(range(100, 110))


def test_a_shard_smaller_than_a_batch_is_one_batch():
    assert sorted(next(batches(np.arange(5), batch=64, seed=0))) == [0, 1, 2, 3, 4]


def test_evaluations_lie_at_growing_steps_and_end_at_the_bound():
    steps = list(Schedule(first_evaluation=20, ratio=1.25, max_steps=100).evaluations())
    assert steps == [20, 25, 31, 39, 49, 61, 76, 95, 100]


def test_a_group_gives_one_candidate_for_each_seed_and_rate(task):
    found = run_group(task, spec())
    assert [(c.seed, c.learning_rate) for c in found] == [
        (0, 1e-3),
        (0, 3e-3),
        (1, 1e-3),
        (1, 3e-3),
    ]


def test_training_learns_what_is_in_the_data(task):
    best = min(run_group(task, spec(size=200)), key=lambda c: c.validation_loss)
    assert best.test["top-1"] < 0.3  # a guess misses 0.75, and 0.125 of the labels are wrong
    assert best.test["top-5"] == 0.0  # there are but four classes
    assert best.validation_loss < 0.75 * math.log(4)


def test_the_same_group_gives_the_same_numbers_again(task):
    assert numbers(run_group(task, spec())) == numbers(run_group(task, spec()))


def test_seeds_trained_apart_give_what_they_give_together(task):
    together = numbers(run_group(task, spec()))
    apart = [c for seed in (0, 1) for c in numbers(run_group(task, spec(seeds=(seed,))))]
    assert together == apart


def test_the_reported_errors_are_those_of_the_best_step_not_of_the_last(task):
    # Trained far past its best, the model of the last step would have a much higher test loss.
    (long,) = run_group(
        task, spec(seeds=(0,), learning_rates=(3e-3,), schedule=replace(SCHEDULE, patience=4.0))
    )
    (short,) = run_group(
        task,
        spec(
            seeds=(0,),
            learning_rates=(3e-3,),
            schedule=replace(SCHEDULE, max_steps=long.best_step, floor_steps=long.best_step),
        ),
    )
    assert long.steps > 2 * long.best_step
    assert long.test == short.test


def test_a_hopeless_learning_rate_is_dropped_early(task):
    slow, good = run_group(task, spec(seeds=(0,), learning_rates=(1e-7, 3e-3)))
    assert slow.status == "pruned"
    assert slow.steps < good.steps
    assert "behind a rival" in slow.reason


def test_a_rate_that_would_hardly_pass_a_finished_rival_is_dropped(task):
    schedule = replace(SCHEDULE, floor_steps=200, patience=2.0, max_steps=3_000)
    slow, good = run_group(task, spec(seeds=(0,), learning_rates=(5e-4, 3e-3), schedule=schedule))
    assert (slow.status, good.status) == ("pruned", "finished")
    assert slow.steps > good.steps  # it went on as long as it could still win
    assert slow.reason == f"would hardly pass a rival that has finished, at step {slow.steps}"
    assert slow.validation_loss > good.validation_loss


def test_a_diverged_training_is_marked_and_its_rivals_go_on(task):
    good, wild = run_group(task, spec(seeds=(0,), learning_rates=(1e-3, 1e30)))
    assert wild.status == "failed"
    assert "the loss became" in wild.reason
    assert good.status in ("finished", "capped")
    assert good.test["top-1"] < 0.75


def test_a_training_stopped_by_the_bound_on_steps_says_so(task):
    schedule = replace(SCHEDULE, max_steps=30, floor_steps=30)
    (cut,) = run_group(task, spec(seeds=(0,), learning_rates=(1e-4,), schedule=schedule))
    assert (cut.status, cut.steps) == ("capped", 30)


def test_a_training_whose_loss_has_clearly_risen_ends_before_its_patience(task):
    schedule = replace(SCHEDULE, floor_steps=0, patience=30.0, max_steps=20_000)
    (run,) = run_group(task, spec(seeds=(0,), learning_rates=(3e-3,), schedule=schedule))
    assert run.status == "finished"
    assert run.last_loss > RISEN * run.validation_loss
    assert RISEN_PATIENCE * run.best_step <= run.steps < 30 * run.best_step


def test_nothing_stops_before_the_floor_of_steps(task):
    schedule = replace(SCHEDULE, floor_steps=200, patience=1.0, margin=0)
    (run,) = run_group(task, spec(seeds=(0,), learning_rates=(3e-3,), schedule=schedule))
    assert run.best_step < 100
    assert run.steps >= 200


def test_a_training_that_overfits_beyond_doubt_does_not_wait_for_the_floor(task):
    schedule = replace(SCHEDULE, floor_steps=10_000, max_steps=10_000)
    found = run_group(task, spec(seeds=(0,), learning_rates=(3e-3,), schedule=schedule))[0]
    assert found.status == "finished"
    assert found.steps >= max(1.6 * found.best_step, found.best_step + SCHEDULE.margin)
    assert found.last_loss > 1.1 * found.validation_loss
    assert found.steps < 2_000


def test_sgd_and_weight_decay_are_other_trainings_from_the_same_start(task):
    (plain,), (sgd,), (decayed,) = (
        run_group(task, spec(seeds=(0,), learning_rates=(3e-3,), treatment=treatment))
        for treatment in ("", "sgd", "weight-decay")
    )
    assert len({plain.validation_loss, sgd.validation_loss, decayed.validation_loss}) == 3
    assert plain.shard_hash == sgd.shard_hash == decayed.shard_hash


def test_a_training_says_how_far_it_overfitted_when_it_ended(task):
    (run,) = run_group(task, spec(seeds=(0,), learning_rates=(3e-3,)))
    assert run.last_loss > run.validation_loss
    assert run.last_train_loss < run.train_loss < run.last_loss


def test_the_best_guess_level_is_that_of_the_labels_shares(source):
    split = ImageSplit(
        np.zeros((10, 1, 16, 16), np.uint8), np.array([0, 0, 0, 0, 0, 0, 1, 1, 2, 3])
    )
    guess = best_guess(replace(source, train=split, test=split))
    assert guess["top-1"] == pytest.approx(0.4)  # always saying class 0 is wrong on 4 of 10
    shares = np.array([7, 3, 2, 2]) / 14  # one image added to each class
    by_hand = -(0.6 * np.log(shares[0]) + 0.2 * np.log(shares[1]) + 0.2 * np.log(shares[2]))
    assert guess["cross-entropy"] == pytest.approx(by_hand)


def test_a_part_of_the_validation_set_may_be_watched_while_the_whole_test_set_is_reported(task):
    part = replace(SCHEDULE, watched=40)
    whole = run_group(task, spec(seeds=(0,), learning_rates=(1e-3,)))
    partly = run_group(task, spec(seeds=(0,), learning_rates=(1e-3,), schedule=part))
    assert partly[0].validation_loss != whole[0].validation_loss
    assert partly[0].test["top-1"] * 80 == pytest.approx(round(partly[0].test["top-1"] * 80))
