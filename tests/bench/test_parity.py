"""Two loops beside each other: what is made of cells whose ratio is known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from engine.bench.cases import Case
from engine.bench.kept import Cell, Wall
from engine.bench.parity import everywhere, pairs, parity, table

CASE = Case("tiny", "images", "icons", "mlp", 5_000, (10, 20, 40, 80), (1e-3,))
PLAIN = Cell(
    case="tiny",
    size=10,
    seed=0,
    loop="plain",
    way="",
    cpu_seconds=60.0,
    clock_seconds=70.0,
    validation_seconds=30.0,
    evaluations=100,
    steps=500,
    validation_loss=1.0,
    test_error=0.5,
    metric="top-1",
    machine="here",
    version="1",
    date="2026-11-26",
)


def cell(size, seed, loop="plain", error=1.0, seconds=60.0):
    """The plain loop's error falls with the size; another's is `error` times that."""
    plain = size**-0.5 * (1 + 0.01 * seed)
    kept = replace(PLAIN, size=size, seed=seed, loop=loop)
    return replace(kept, test_error=plain * error, cpu_seconds=seconds)


def both(error=lambda size, seed: 1.0, sizes=(10, 20, 40)):
    places = [(size, seed) for size in sizes for seed in range(4)]
    plain = [cell(*place) for place in places]
    return plain + [cell(*place, "ours", error(*place), seconds=6.0) for place in places]


def test_equal_errors_are_at_parity():
    same = parity(pairs(both(), "ours"))
    assert (same.pairs, same.mean, same.half) == (12, 0, 0)
    assert same.slope == 0


def test_worse_errors_are_not_at_parity_and_a_steeper_curve_shows_as_a_slope():
    worse = parity(pairs(both(lambda size, seed: 1.1 * size**0.1), "ours"))
    assert worse.slope == pytest.approx(0.1)
    assert worse.mean - worse.half > 0.1


def test_the_interval_of_the_mean_is_that_of_a_t_test():
    places = [(size, seed) for size in (10, 20, 40) for seed in range(4)]
    noise = dict(zip(places, np.linspace(0.9, 1.3, 12), strict=True))
    found = parity(pairs(both(lambda *place: noise[place]), "ours"))
    truth = stats.ttest_1samp(np.log(list(noise.values())), 0).confidence_interval(0.95)
    assert (found.mean - found.half, found.mean + found.half) == pytest.approx(tuple(truth))


def test_one_pair_has_no_interval_and_one_size_no_slope():
    assert parity(pairs(both(sizes=(10,))[::4], "ours")) is None
    assert parity(pairs(both(sizes=(10,)), "ours")).slope is None


def test_a_ratio_is_of_the_sizes_and_seeds_that_both_loops_have():
    lone = [cell(80, 0, seconds=10_000.0), cell(80, 1, "ours", seconds=10_000.0)]
    said = table(CASE, both() + lone)
    assert "3 of 4 sizes, 10 to 40, 4 seeds" in said
    assert "10.0x" in said
    assert "10,000" not in said


def test_a_case_without_a_pair_tells_what_ours_has_measured():
    said = table(CASE, [cell(10, 0), cell(20, 0, "ours", seconds=6.0)])
    assert said.startswith("tiny, size 20, seed 0, ours alone: 6 s")
    assert "x" not in said.split("ours alone")[1]
    assert table(CASE, [cell(10, 0)]) == ""


def test_the_clock_is_compared_with_the_plain_loop_on_the_threads_that_serve_it():
    wall = Wall(
        case="tiny",
        cells=((10, 0), (20, 1)),
        clock_seconds=10.0,
        worker_seconds=18.0,
        peak_mb=300.0,
        two_threads=1.5,
        machine="here",
        version="1",
        date="2026-11-26",
    )
    said = table(CASE, [*both(), wall])
    assert "the plain loop 80 s (8.0x)" in said  # 2 cells of 60 s over 1.5
    assert "10% of their time" in said


def test_pairs_of_several_machines_count_together_and_each_size_and_seed_once():
    here = both(lambda size, seed: 1.1)
    there = [replace(each, machine="there") for each in both(lambda size, seed: 1.2)]
    more = [replace(each, seed=each.seed + 4) for each in there]
    said = everywhere(CASE, [*here, *there, *more])
    assert said.startswith("tiny, 2 machines together: 24 pairs, errors +0.139 ")  # of 1.1 and 1.2
    assert everywhere(CASE, here) == ""
