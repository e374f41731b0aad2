"""How far two fitted exponents lie apart, whatever the two curves count and measure.

Where both laws are plain power laws over the very same sizes, the ratio of the errors is fitted
seed by seed (engine.laws.compare): what the two curves share drops out. Otherwise the two fits are
taken as independent, and the half widths of their intervals add in squares.
"""

import math

from engine.laws.compare import compare
from engine.laws.fit import Fit, Interval


def contrast(a: Fit, b: Fit) -> Interval | None:
    """beta_b - beta_a with its 90 % interval; negative where b is steeper. None without a fit."""
    if a.exponent is None or b.exponent is None:
        return None
    if a.law == b.law == "power" and _sizes(a) == _sizes(b):
        paired = compare(a.curve, b.curve, a.window).exponent
        if paired is not None:
            return paired
    value = b.exponent.value - a.exponent.value
    below = math.hypot(b.exponent.value - b.exponent.low, a.exponent.high - a.exponent.value)
    above = math.hypot(b.exponent.high - b.exponent.value, a.exponent.value - a.exponent.low)
    return Interval(value, value - below, value + above)


def _sizes(fit: Fit) -> tuple[str, tuple[float, ...]]:
    """What is counted, and the sizes inside the window."""
    curve = fit.curve
    return curve.unit, tuple(sorted(set(curve.sizes[fit.window.holds(curve.sizes)].tolist())))
