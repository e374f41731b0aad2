"""Where further seeds go: held against trying every size, and against the words of the study."""

from dataclasses import replace

import numpy as np
import pytest

from engine.bench.made_up import made_up
from engine.curve import Curve, Point
from engine.laws.fit import fit
from engine.laws.gain import HIDDEN
from engine.laws.propose import propose_window
from engine.laws.repeats import repeats
from engine.study.rounds import ROUND, Rounds, worth_most
from engine.study.search import Choice

SIZES = (100, 200, 400, 800, 1600, 3200, 6400)
SECONDS = {size: size**0.6 for size in SIZES}


def error(size, seed, noise=0.05, own=0.0):
    """The truth: a power law; with `own`, sizes that lie off it by themselves."""
    off = np.random.default_rng([size]).normal(0, own) if own else 0.0
    return float(
        3 * size**-0.3 * np.exp(off + np.random.default_rng([size, seed]).normal(0, noise))
    )


def curve_of(seeds, **truth):
    """The seeds of each size, from 0 up."""
    points = (Point("c", m, error(m, k, **truth), seed=k) for m in seeds for k in range(seeds[m]))
    return Curve("c", tuple(points))


def slope_error(seeds, lack, one_seed):
    """The standard error of a line's slope, from a row for every seed: no formula of ours."""
    sizes = np.repeat(list(seeds), list(seeds.values())).astype(float)
    same = sizes[:, None] == sizes
    covariance = np.where(same, lack, 0.0) + np.diag([one_seed[size] for size in sizes])
    design = np.column_stack([np.log(sizes), np.ones(sizes.size)])
    return np.linalg.inv(design.T @ np.linalg.inv(covariance) @ design)[0, 0] ** 0.5


def brute_force(seeds, seconds, rounds):
    """Try one more seed at every size, keep the one that gains most a second, and again."""
    held = repeats(curve_of(seeds))
    one_seed = dict(zip(held.size.tolist(), held.one_seed.tolist(), strict=True))
    lack = HIDDEN * held.one_seed.mean()
    chosen = []
    for _ in range(rounds):
        before = slope_error(seeds, lack, one_seed)
        more = {m: slope_error({**seeds, m: seeds[m] + 1}, lack, one_seed) for m in seeds}
        best = max(seeds, key=lambda m: (before - more[m]) / seconds[m])
        seeds = {**seeds, best: seeds[best] + 1}
        chosen.append(best)
    return tuple(chosen)


@pytest.mark.parametrize("growth", [0.0, 0.3, 0.6])
def test_seeds_go_where_trying_every_size_finds_them_worth_most(growth):
    seeds = dict.fromkeys(SIZES, 2) | {100: 12}
    seconds = {size: size**growth for size in SIZES}
    found = fit(curve_of(seeds), law="power")
    chosen = worth_most(found, seconds, 0.0, lambda sizes: True)
    assert chosen == brute_force(seeds, seconds, ROUND)
    assert len(set(chosen)) > 1


def test_costly_sizes_get_fewer_seeds_than_at_one_price():
    found = fit(curve_of(dict.fromkeys(SIZES, 2)), law="power")
    dear, even = (
        worth_most(found, {m: m**growth for m in SIZES}, 0.0, lambda sizes: True)
        for growth in (1.0, 0.0)
    )
    assert dear.count(6400) < even.count(6400)


def test_a_round_is_no_longer_than_the_width_takes():
    found = fit(curve_of(dict.fromkeys(SIZES, 2)), law="power")
    near = worth_most(found, SECONDS, 0.99 * found.exponent.width, lambda sizes: True)
    assert len(near) == 1
    assert worth_most(found, SECONDS, found.exponent.width, lambda sizes: True) == ()


def test_a_round_holds_what_the_time_holds():
    found = fit(curve_of(dict.fromkeys(SIZES, 2)), law="power")
    left = 3 * SECONDS[100]
    chosen = worth_most(found, SECONDS, 0.0, lambda m: sum(SECONDS[k] for k in m) <= left)
    assert 0 < sum(SECONDS[size] for size in chosen) <= left
    assert worth_most(found, SECONDS, 0.0, lambda sizes: False) == ()


def test_a_size_that_has_no_winner_gets_no_seed():
    found = fit(curve_of(dict.fromkeys(SIZES, 2)), law="power")
    priced = {size: 1.0 for size in SIZES if size not in (100, 6400)}
    assert set(worth_most(found, priced, 0.0, lambda sizes: True)) <= set(priced)


HOSTILE = {
    "flat": [0.5] * 7,
    "rising": [0.1 * 1.3**k for k in range(7)],
    "a cliff onto a floor": [0.9, 0.9, 0.5, 0.1, 0.1, 0.1, 0.1],
    "one size far off": [0.9, 0.7, 0.5, 50.0, 0.3, 0.2, 0.1],
    "nearly nothing": [1e-90 * 0.5**k for k in range(7)],
}


@pytest.mark.parametrize("errors", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("seeds", [1, 3])
def test_whatever_was_measured_a_round_follows_or_words_why_not(errors, seeds):
    choices = {
        size: Choice(
            *(10, 1e-3, 1.0),
            tuple(
                replace(trained(size, seed), test={"top-1": e * (1 + seed / 100)})
                for seed in range(seeds)
            ),
            *(False, False, False),
        )
        for size, e in zip(SIZES, errors, strict=True)
    }
    rounds = Rounds(choices, SECONDS, seeds, "top-1", None, 0.001, 1e9, sum)
    assert bool(rounds.due(lambda size, trial: None)) != bool(rounds.said)


def trained(size, seed, **truth):
    return made_up(size, 10, 1e-3, seed, test={"top-1": error(size, seed, **truth)})


def begun(width, left=1e9, sizes=SIZES, seeds=2, **truth):
    choices = {
        size: Choice(
            *(10, 1e-3, 1.0, tuple(trained(size, seed, **truth) for seed in range(seeds))),
            *(False, False, False),
        )
        for size in sizes
    }
    return Rounds(choices, SECONDS, seeds, "top-1", None, width, left, sum)


def stepped(rounds, steps, **truth):
    """The rounds that are due, one after the other, at most `steps`."""
    found = []
    while (due := rounds.due(lambda size, trial: None)) and len(found) < steps:
        found.append(due)
        ended = set(due)
        rounds.due(
            lambda size, trial, ended=ended: (
                [trained(size, trial.seeds[0], **truth)] if (size, trial) in ended else None
            )
        )
    return found


def test_repeats_are_the_winner_with_seeds_that_it_has_not_had():
    rounds = stepped(begun(0.01), 3)
    assert len(rounds) == 3
    repeats_ = [repeat for each in rounds for repeat in each]
    assert {(t.stage, t.capacity, t.rates) for _, t in repeats_} == {("repeat", 10, (1e-3,))}
    for size in SIZES:
        seeds = [trial.seeds[0] for m, trial in repeats_ if m == size]
        assert seeds == list(range(2, 2 + len(seeds)))


def test_rounds_end_at_the_width_that_was_asked_for_and_say_so():
    rounds = begun(0.08)
    taken = stepped(rounds, 100)
    assert 0 < len(taken) < 100
    seeds = dict.fromkeys(SIZES, 2)
    for size, _ in (repeat for each in taken for repeat in each):
        seeds[size] += 1
    whole = curve_of(seeds)
    truth = fit(whole, propose_window(whole)).exponent.width
    assert truth <= 0.08
    assert rounds.said == f"the top-1 exponent's interval is {truth:.3g} wide, no wider than 0.08"


def test_a_width_that_is_there_already_takes_no_seed():
    rounds = begun(10.0)
    assert stepped(rounds, 1) == []
    assert "wide, no wider than 10" in rounds.said


def test_rounds_end_with_the_time_and_say_so():
    rounds = begun(0.001, left=500.0)
    taken = stepped(rounds, 100)
    used = sum(SECONDS[size] for each in taken for size, _ in each)
    assert 500.0 - min(SECONDS.values()) < used <= 500.0
    assert "not yet 0.001: the time for more seeds is used up" in rounds.said


def test_rounds_end_where_the_sizes_scatter_by_themselves_and_say_so():
    rounds = begun(0.01, own=0.2, noise=0.02)
    assert len(stepped(rounds, 100, own=0.2, noise=0.02)) < 5
    assert "more seeds would not narrow it to 0.01: the sizes lie off the law" in rounds.said


def test_where_there_is_no_exponent_no_seed_is_added():
    rounds = begun(0.01, sizes=SIZES[:2])
    assert stepped(rounds, 1) == []
    assert rounds.said == "no seeds were added: top-1 has no exponent, too few sizes"


def test_repeats_that_fail_are_not_asked_for_again():
    rounds = begun(0.001, left=500.0)
    seen = []
    while due := rounds.due(lambda size, trial: None):
        seen += due
        ended = set(due)
        rounds.due(lambda size, trial, ended=ended: [] if (size, trial) in ended else None)
    assert len(seen) == len(set(seen)) > 0
    assert "used up" in rounds.said
