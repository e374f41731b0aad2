"""Is a floor the data's, or that of models which are full?

A model of one size goes flat when it is full, whatever the data: a capacity floor (notes: method;
Hestness et al. 2017, arXiv 1712.00409, section 5, grow the model with the data to avoid it). Two
signs tell. A curve of fixed size that grows flatter than the best models' is full. And where the
largest model does no better than the next, more capacity would not help: the floor is the data's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.curve import Curve
from engine.laws.compare import compare
from engine.laws.interval import NORMAL, Interval
from engine.laws.ladder import ladder_sentence
from engine.laws.repeats import repeats
from engine.laws.window import Window
from engine.numbers import number, with_interval

LEAST_SIZES = 4  # of both curves, from which a bend against the best models is looked for
ALIKE = 0.02  # errors this near, as a share, are one: a floor is seldom known better


@dataclass(frozen=True, slots=True)
class CapacityFloor:
    """What fixed-size curves say about the floor of the best models' curve."""

    verdict: Literal["capacity", "data", "undecided"]
    full: tuple[tuple[int, float], ...]  # parameters of each full model, size it is full from
    gain: Interval | None  # error of the largest model over the next one's, at the largest size
    sentence: str


def capacity_floor(best: Curve, fixed: Sequence[Curve]) -> CapacityFloor:
    """Tell a capacity floor from a data floor.

    Args:
        best: the curve of the best model at each size.
        fixed: one curve for each capacity, in any order (`engine.study.fixed_size`).
    """
    ladder = sorted((c for c in fixed if _parameters(c)), key=_parameters)
    full = tuple((_parameters(c), size) for c in ladder if (size := _full_from(best, c)))
    said = []
    if full:
        parameters, size = full[-1]
        said.append(
            f"the model of {parameters:,} {best.capacity} is full from size {number(size)} on,"
            " where the best models go on falling: its floor is its capacity's"
        )
    gain = _gain(*ladder[-2:]) if len(ladder) > 1 else None
    verdict: Literal["capacity", "data", "undecided"] = "undecided"
    if gain is None:
        said.append(ladder_sentence(best) or "two capacities at the largest size would tell")
    else:
        times = f"x {with_interval(gain.value, gain.low, gain.high)} in error"
        largest = f"{_parameters(ladder[-1]):,} {best.capacity}"
        top = f"the largest model, {largest}, against the next: {times}"
        if gain.high < 1 and gain.value < 1 - ALIKE:
            verdict = "capacity"
            said.append(f"{top}; a larger one may do better still: no floor is the data's yet")
        elif gain.low > 1 - ALIKE:
            verdict = "data"
            said.append(f"{top}; more capacity does not help: a floor is the data's")
        else:
            said.append(f"{top}; too close to tell whose a floor is")
    return CapacityFloor(verdict, full, gain, "; ".join(said))


def _parameters(curve: Curve) -> int:
    return max((point.parameters or 0 for point in curve.points), default=0)


def _full_from(best: Curve, fixed: Curve) -> float | None:
    """The size from which a model falls behind the best ones for good; None if it keeps up."""
    ours, theirs = repeats(best), repeats(fixed)
    sizes, mine, its = np.intersect1d(ours.size, theirs.size, return_indices=True)
    if sizes.size < LEAST_SIZES:
        return None
    behind = theirs.log_mean[its] - ours.log_mean[mine]
    keeps_up = np.flatnonzero(behind <= ALIKE)
    first = int(keeps_up[-1]) + 1 if keeps_up.size else 0
    if first >= sizes.size:
        return None
    # the bend itself: against the best models its error rises, over the sizes around that place
    start = min(max(first - 1, 0), sizes.size - LEAST_SIZES)
    bend = compare(best, fixed, Window(low=float(sizes[start]))).exponent
    return float(sizes[first]) if bend is not None and bend.low > 0 else None


def _gain(next_one: Curve, largest: Curve) -> Interval | None:
    """Error of the largest model over the next one's at the largest size that both have."""
    a, b = repeats(next_one), repeats(largest)
    sizes, i, j = np.intersect1d(a.size, b.size, return_indices=True)
    if not sizes.size:
        return None
    i, j = i[-1], j[-1]
    ratio = float(b.log_mean[j] - a.log_mean[i])
    spread = float(np.hypot(a.spread / a.n[i] ** 0.5, b.spread / b.n[j] ** 0.5))
    half = NORMAL * spread  # which is pooled over all sizes of both curves
    low, high = (float(np.exp(np.clip(ratio + h, -690, 690))) for h in (-half, half))
    return Interval(float(np.exp(np.clip(ratio, -690, 690))), low, high)
