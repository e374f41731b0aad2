"""Do two curves share an exponent, a floor, and how far is one shifted against the other?

The ratio of two power laws is a power law: e_b / e_a = (alpha_b / alpha_a) * m^(beta_b - beta_a).
So the difference of two exponents is the exponent of the ratio, fitted as any curve is, and its
interval comes with it. Pairing each size and seed takes out what both curves share: the shard, the
initial weights, the order of the batches. Holds between plateau and floor, where both curves are
straight; a window that reaches beyond shows as lack of fit of the ratio.

Floors have no such ratio: each is read from its own curve, whichever zones it has, and the interval
of the difference is put together from both (MOVER: Zou & Donner 2008, Stat. Med. 27, eq. 2-3; the
curves count as independent, so with shared seeds it is too wide rather than too narrow).
"""

from dataclasses import dataclass
from itertools import compress

import numpy as np

from engine.curve import Curve, Point
from engine.laws.fit import Fit, fit
from engine.laws.interval import Interval
from engine.laws.repeats import measured, repeats
from engine.laws.window import Window
from engine.laws.zones import SLIGHT, zones
from engine.numbers import with_interval


@dataclass(frozen=True, slots=True)
class Difference:
    """How curve `b` differs from curve `a` inside a window; intervals are 90 %."""

    a: Curve
    b: Curve
    ratio: Fit  # of e_b / e_a: its notes are the doubts
    exponent: Interval | None  # beta_b - beta_a; None where the ratio could not be fitted
    level: Interval | None  # e_b / e_a at the middle of the sizes in logs: 1 is no shift

    @property
    def sentence(self) -> str:
        """What the difference means, for a reader."""
        if self.exponent is None or self.level is None:
            return f"cannot be compared: {self.ratio.notes[0].message}"
        shown = with_interval(self.exponent.value, self.exponent.low, self.exponent.high)
        level = with_interval(self.level.value, self.level.low, self.level.high)
        if not self.exponent.holds(0.0):
            steeper = "steeper" if self.exponent.value < 0 else "flatter"
            return f"{steeper}: the exponent differs by {shown}; error x {level} in the middle"
        if not self.level.holds(1.0):
            side = "up" if self.level.value > 1 else "down"
            return f"shifts {side}: error x {level}; no change of exponent seen ({shown})"
        return f"no difference seen: error x {level}, exponent {shown}"


def compare(a: Curve, b: Curve, window: Window = Window()) -> Difference:  # noqa: B008 - frozen
    """Compare two curves at the sizes that both have inside `window`.

    Where both have the same seeds at a size each pair is one ratio; else the size's means are.
    Never raises on data: where nothing can be compared, `sentence` says why.

    Args:
        a: what is compared with.
        b: what is compared, in the same metric.
        window: past both plateaus and short of both floors, where the ratio is a power law.
    """
    pairs = tuple(_ratios(a, b))
    curve = Curve(f"{b.name} / {a.name}", pairs)
    found = fit(curve, window, "power")
    if found.exponent is None or found.coefficient is None:
        return Difference(a, b, found, None, None)
    held = repeats(curve)
    inside = held.rows(window.holds(held.size))
    x, w = inside.log_size, inside.weight
    centre = float(w @ x / w.sum())
    level = np.log(found.coefficient) + found.exponent.value * centre
    # both halves are t * sigma * unit error, and the unit errors are known
    unit = np.sqrt(w @ (x - centre) ** 2 / w.sum())
    half = (found.exponent.high - found.exponent.value) * unit
    ends = (level, level - half, level + half)
    return Difference(a, b, found, found.exponent, Interval(*(float(np.exp(v)) for v in ends)))


@dataclass(frozen=True, slots=True)
class FloorDifference:
    """How far the floor of curve `b` lies above that of curve `a`, in the errors' unit; 90 %."""

    interval: Interval | None  # None where a curve has no answer
    sentence: str


def compare_floors(
    a: Curve,
    b: Curve,
    window: Window = Window(),  # noqa: B008 - frozen
) -> FloorDifference:
    """Compare the floors of two curves of one metric, read from their sizes inside `window`."""
    for curve in (a, b):
        if doubt := zones(curve, window).doubt:
            return FloorDifference(None, f"floors cannot be compared: {curve.name}: {doubt}")
    first, second = zones(a, window), zones(b, window)
    assert first.floor is not None
    assert second.floor is not None
    if max(first.floor_chance, second.floor_chance) < SLIGHT:
        return FloorDifference(Interval(0.0, 0.0, 0.0), "neither curve has a floor in sight")
    value = second.floor.value - first.floor.value
    down = np.hypot(second.floor.value - second.floor.low, first.floor.high - first.floor.value)
    up = np.hypot(second.floor.high - second.floor.value, first.floor.value - first.floor.low)
    found = Interval(value, value - float(down), value + float(up))
    shown = with_interval(found.value, found.low, found.high)
    if found.holds(0.0):
        return FloorDifference(found, f"no difference of floors seen: {shown}")
    side = "higher" if value > 0 else "lower"
    return FloorDifference(found, f"{side} floor: the floors differ by {shown}")


def _ratios(a: Curve, b: Curve) -> list[Point]:
    """e_b / e_a, a point for each size and seed that both have, or for each size."""
    mine, theirs = _cells(a), _cells(b)
    found = []
    for size in sorted(mine.keys() & theirs.keys()):
        seeds = [s for s in mine[size] if s is not None and s in theirs[size]]
        if seeds:
            found += [
                Point("ratio", size, theirs[size][seed] / mine[size][seed], seed=seed)
                for seed in seeds
            ]
        else:
            means = [float(np.exp(np.mean(np.log([*c[size].values()])))) for c in (mine, theirs)]
            found.append(Point("ratio", size, means[1] / means[0]))
    return found


def _cells(curve: Curve) -> dict[float, dict[int | None, float]]:
    """Errors by size and seed; repeats without a seed are put together as their mean in logs.

    What is no positive finite number is left out, as in every fit.
    """
    cells: dict[float, dict[int | None, list[float]]] = {}
    usable = measured(curve.sizes) & measured(curve.errors)
    for point in compress(curve.points, usable.tolist()):
        cells.setdefault(point.size, {}).setdefault(point.seed, []).append(point.error)
    return {
        size: {seed: float(np.exp(np.mean(np.log(errors)))) for seed, errors in row.items()}
        for size, row in cells.items()
    }
