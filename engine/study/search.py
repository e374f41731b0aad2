"""The search: from all candidates of a shard to the one whose errors become its points.

A candidate is a capacity and a learning rate; its score is the median over seeds of the minimum
validation cross-entropy, and the best score wins (Hestness 2017, section 3). Selection looks at
validation only, the points report test. Every shard gets the same budget, because a minimum over
more candidates is lower by luck alone.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from engine.training.group import Candidate

INFINITE = float("inf")


@dataclass(frozen=True, slots=True)
class Choice:
    """The winner of a shard and what a reader should know about how it won."""

    capacity: int
    learning_rate: float
    score: float  # median over seeds of the minimum validation loss
    runs: tuple[Candidate, ...]  # the winner's trainings, one a seed
    capacity_at_edge: bool  # it won at the largest capacity searched: a larger might do better
    rate_at_edge: bool  # likewise at either end of the learning rates
    cut: bool  # some of the shard's trainings failed, so its budget was smaller


def choose(candidates: Sequence[Candidate], planned: int) -> Choice | None:
    """The best candidate of one shard; None where every training failed.

    Args:
        candidates: all trainings of the shard: capacities x learning rates x seeds.
        planned: how many the plan had.
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
    rates = sorted({rate for _, rate in rivals})
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
