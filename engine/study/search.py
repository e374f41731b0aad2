"""The search of one shard: from the smallest model that overfits it to the best model there is.

After Hestness et al. 2017, section 3, in three stages, each a deterministic answer to the results
of the one before, so that a resumed study asks for the very same trainings:

fit      up the ladder of capacities, one training each, from where the next smaller shard began,
         to the first that overfits this shard, or to the top: there the search starts; or below
         the first whose training fails, as where memory runs out, which larger ones would too;
         (where one rate is searched these trainings count in the search, and may train all seeds);
search   the rungs around the start, at learning rates drawn around the next smaller shard's winner;
widen    again and again: where the winner sits on the outermost rung that was searched, the next
         rung beyond it; else further rates at the winner's rung.

A larger shard begins at the start of the next smaller one, or at its winner's rung where that is
clearly better: a thin search climbs with the data, and is not held at the first rung that overfits.
(Speech at 1,754 seconds, two candidates: held there, 30k won with a character error of 0.245;
climbing, 240k with 0.099.) Its learning rates are drawn from a range as wide, around that winner's
rate: what many words want is a fifth of what few want, and one range wide enough for all would be
searched thinly everywhere. (Words at 447,824: 0.0126 came 4 % above 0.007, a floor that was none.)
Weights are never carried: a warm start bends the curve (notes: performance, section 3).

Every shard gets the same number of trainings from `search` and `widen`, because a minimum over
more candidates is lower by luck alone. Selection looks at validation only; the points report test.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from engine.training.spec import Candidate

INFINITE = float("inf")
# Training loss "well under" validation loss (Hestness 2017, section 3, gives no number). At 0.8 a
# model of 20k parameters still passed on 76,000 characters, where 80k is 5 % better on twice that.
OVERFITS = 0.7
# By how much a winner's validation loss has to lie below the start's: three seeds scatter by less.
CLEARLY = 0.02
RATE_STEP = 2.0  # between the winner's rate and the further ones on either side

Stage = Literal["fit", "search", "widen", "repeat"]  # the last: see engine.study.rounds
Results = Callable[["Trial"], Sequence[Candidate] | None]  # of a trial; None while it has not ended


@dataclass(frozen=True, slots=True)
class Search:
    """How thoroughly a shard is searched; the same for every shard of a study."""

    below: int = 1  # rungs searched below the start
    above: int = 1  # and above
    rates: int = 2  # learning rates at each rung
    widenings: int = 1
    apart: bool = False  # whether each seed is a group of its own, and a fit trains all that count

    @property
    def candidates(self) -> int:
        """Candidates of a shard, those that only look for the start not counted."""
        return self.rates * (self.below + 1 + self.above + self.widenings)


@dataclass(frozen=True, slots=True)
class Trial:
    """Trainings of one shard that belong together: one capacity at some rates, on all seeds."""

    stage: Stage
    capacity: int
    rates: tuple[float, ...]
    seeds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """How far the search of a shard is determined by what has ended."""

    trials: tuple[Trial, ...]  # those to train, in order, ended ones included
    start: int | None  # index of the rung where the search starts; None: not known yet
    whole: bool  # no trial follows once these have ended
    counted: tuple[Trial, ...] = ()  # those whose candidates the shard's point is chosen from


def course(
    search: Search,
    ladder: Sequence[int],
    rates: tuple[float, float],
    seeds: int,
    begin: int,
    results: Results,
) -> Course:
    """The trials of one shard, as far as the results so far determine them.

    Args:
        search: how thoroughly.
        ladder: capacities, small to large.
        rates: lowest and highest learning rate to draw from.
        seeds: how many.
        begin: index of the rung to look for the start from, see `next_begin`.
        results: candidates of a trial, empty where it failed; None while it has not ended.
    """
    every = tuple(range(seeds))
    drawn = draw_rates(rates, search.rates)
    fits: list[Trial] = []
    fitted = every if search.apart and search.rates == 1 else (0,)
    start = begin
    while start < len(ladder) - 1:  # at the top of the ladder there is nothing to find out
        fits.append(Trial("fit", ladder[start], draw_rates(rates, 1), fitted))
        runs = results(fits[-1])
        if runs is None:
            return Course(tuple(fits), None, whole=False)
        if not runs:  # climbing on, the whole search would fail, and models that were trained count
            start = max(start - 1, 0)
            break
        if any(map(overfits, runs)):
            break
        start += 1

    def untrained(trial: Trial) -> Trial:
        """Without the seeds that a fit has trained already: where one rate is searched, it has."""
        known = any((f.capacity, f.rates) == (trial.capacity, trial.rates) for f in fits)
        return replace(trial, seeds=every[len(fitted) :]) if known else trial

    # The same number of rungs for every shard: at either end of the ladder the window is pushed in.
    count = min(search.below + 1 + search.above, len(ladder))
    low = min(max(start - search.below, 0), len(ladder) - count)
    searched = [Trial("search", ladder[k], drawn, every) for k in range(low, low + count)]
    for left in range(search.widenings, -1, -1):
        at = {(trial.capacity, trial.rates) for trial in searched}
        asked = [trial for each in searched if (trial := untrained(each)).seeds]
        counted = [fit for fit in fits if (fit.capacity, fit.rates) in at] + asked
        found = [results(trial) for trial in counted]
        if left == 0 or any(each is None for each in found):
            return Course((*fits, *asked), start, left == 0, tuple(counted))
        winner = choose([run for each in found for run in each or ()], 0)
        searched.append(_wider(search, ladder, searched, winner))
    raise AssertionError("the last turn returns")


def next_begin(start: int, ladder: Sequence[int], candidates: Sequence[Candidate]) -> int:
    """Index of the rung from which the next larger shard looks for its start.

    Args:
        start: where this shard's search started.
        ladder: capacities, small to large.
        candidates: those that this shard's point was chosen from.
    """
    by_rival: dict[tuple[int, float], list[Candidate]] = {}
    for run in candidates:
        by_rival.setdefault((run.capacity, run.learning_rate), []).append(run)
    best: dict[int, float] = {}
    for (capacity, _), runs in by_rival.items():
        best[capacity] = min(best.get(capacity, INFINITE), _score(runs))
    here = best.get(ladder[start], INFINITE)
    above = [c for c, score in best.items() if c > ladder[start] and score < (1 - CLEARLY) * here]
    return ladder.index(min(above, key=lambda c: best[c])) if above else start


def next_rates(rates: tuple[float, float], candidates: Sequence[Candidate]) -> tuple[float, float]:
    """Lowest and highest learning rate for the next larger shard.

    Args:
        rates: those of this shard.
        candidates: those that this shard's point was chosen from.
    """
    winner = choose(candidates, 0)
    if winner is None:
        return rates
    reach = (rates[1] / rates[0]) ** 0.5
    return winner.learning_rate / reach, winner.learning_rate * reach


def overfits(run: Candidate) -> bool:
    """Whether a training ended with its training loss well under its validation loss."""
    if run.last_train_loss is None or run.last_loss is None:
        return False
    return run.last_train_loss <= OVERFITS * run.last_loss


def draw_rates(rates: tuple[float, float], count: int) -> tuple[float, ...]:
    """Learning rates, low to high: one drawn at random in each of `count` equal parts in logs.

    Always at the same places of the range: what differs between two studies is then the data.
    """
    low, high = np.log(rates)
    within = np.random.default_rng(count).uniform(0.25, 0.75, count)  # no two nearly equal
    if count == 1:
        within[0] = 0.5  # a single one stands in the middle
    drawn = np.exp(low + (high - low) * (np.arange(count) + within) / count)
    return tuple(map(_rounded, drawn))


def _rounded(rate: float) -> float:
    """To three digits, as the rate is shown and written."""
    return float(f"{rate:.3g}")


def _wider(
    search: Search, ladder: Sequence[int], searched: Sequence[Trial], winner: "Choice | None"
) -> Trial:
    """The next rung beyond a winner at the edge, else other rates where the winner is."""
    first, every = searched[0].rates, searched[0].seeds
    rungs = sorted({ladder.index(trial.capacity) for trial in searched})
    rung = ladder.index(winner.capacity) if winner else rungs[len(rungs) // 2]
    if rung == rungs[-1] and rung < len(ladder) - 1:
        return Trial("widen", ladder[rung + 1], first, every)
    if rung == rungs[0] and rung > 0:
        return Trial("widen", ladder[rung - 1], first, every)
    tried = sorted(r for t in searched if t.capacity == ladder[rung] for r in t.rates)
    best = winner.learning_rate if winner else tried[len(tried) // 2]
    return Trial("widen", ladder[rung], _other_rates(best, tried, search.rates), every)


def _other_rates(best: float, tried: Sequence[float], count: int) -> tuple[float, ...]:
    """`count` rates near the best one that were not tried: beyond it first, where it is outermost.

    They lie RATE_STEP apart, going out on both sides of the best rate, or on its open side alone.
    """
    sides = [1, -1] if best == tried[-1] else [-1, 1]
    found: list[float] = []
    step = 1
    while len(found) < count:
        for side in sides:
            rate = _rounded(best * RATE_STEP ** (side * step))
            crowded = any(abs(np.log(rate / other)) < np.log(RATE_STEP) / 2 for other in tried)
            if len(found) < count and not crowded:
                found.append(rate)
        step += 1
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class Choice:
    """The winner of a shard and what a reader should know about how it won."""

    capacity: int
    learning_rate: float
    score: float  # median over seeds of the minimum validation loss
    runs: tuple[Candidate, ...]  # the winner's trainings, one a seed
    capacity_at_edge: bool  # it won at the largest capacity searched: a larger might do better
    rate_at_edge: bool  # likewise at either end of the learning rates tried at its capacity
    cut: bool  # some of the shard's trainings failed, so its budget was smaller


def choose(candidates: Sequence[Candidate], planned: int) -> Choice | None:
    """The best candidate of one shard; None where every training failed.

    Args:
        candidates: all trainings of the shard: capacities x learning rates x seeds.
        planned: how many the search asked for.
    """
    rivals: dict[tuple[int, float], list[Candidate]] = {}
    for run in candidates:
        rivals.setdefault((run.capacity, run.learning_rate), []).append(run)
    # Fewest pruned seeds first: a pruned training's error is that of an unfinished one.
    ranked = sorted(
        ((_pruned(runs), _score(runs), key) for key, runs in rivals.items()),
    )
    usable = [entry for entry in ranked if entry[1] < INFINITE]
    if not usable:
        return None
    _, score, (capacity, rate) = usable[0]
    capacities = sorted({capacity for capacity, _ in rivals})
    rates = sorted({other for tried, other in rivals if tried == capacity})
    return Choice(
        capacity=capacity,
        learning_rate=rate,
        score=score,
        runs=tuple(sorted(rivals[capacity, rate], key=lambda run: run.seed)),
        capacity_at_edge=len(capacities) > 1 and capacity == capacities[-1],
        rate_at_edge=len(rates) > 1 and rate in (rates[0], rates[-1]),
        cut=len(candidates) < planned or any(run.status == "failed" for run in candidates),
    )


def _pruned(runs: Sequence[Candidate]) -> int:
    return sum(run.status == "pruned" for run in runs)


def _score(runs: Sequence[Candidate]) -> float:
    losses = [INFINITE if run.validation_loss is None else run.validation_loss for run in runs]
    return statistics.median(losses)
