"""The curves of one model size: which rate stands for a capacity."""

from engine.bench.made_up import made_up
from engine.study.fixed_size import _at_its_best_rate


def run(rate, seed, loss):
    return made_up(100, 10, rate, seed, validation_loss=loss)


def test_later_seeds_of_a_winner_do_not_unmake_it():
    search = [run(1e-3, seed, 0.50) for seed in (0, 1)] + [run(1e-2, seed, 0.55) for seed in (0, 1)]
    later = [run(1e-3, seed, 0.90) for seed in range(2, 8)]
    found = _at_its_best_rate(search + later, seeds=2)
    assert [(r.learning_rate, r.seed) for r in found] == [(1e-3, seed) for seed in range(8)]


def test_a_rate_that_was_tried_on_one_seed_is_left_out():
    found = _at_its_best_rate([run(1e-3, 0, 0.1), run(1e-2, 0, 0.5), run(1e-2, 1, 0.5)], seeds=2)
    assert {r.learning_rate for r in found} == {1e-2}
