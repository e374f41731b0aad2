"""What a law leaves over, size by size: the local slope and the residual, each with its interval.

A power law shows as a constant local slope, equal to the exponent; a plateau or a floor as a slope
that tends to 0. Residuals without a pattern are what a law that fits leaves.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from engine.curve import Curve
from engine.laws.fit import Fit, Interval
from engine.laws.repeats import Repeats, repeats


@dataclass(frozen=True, slots=True)
class Local:
    """A quantity at one size, with its 90 % interval from the spread of the seeds."""

    size: float
    value: Interval


def local_slopes(curve: Curve) -> tuple[Local, ...]:
    """The slope, d log e by d log m, between neighbouring sizes, at their geometric mean."""
    held = repeats(curve)
    x, y = held.log_size, held.log_mean
    reach = _reach(held)
    steps = np.diff(x)
    slopes = np.diff(y) / steps
    half = np.hypot(reach[1:], reach[:-1]) / steps
    middle = np.exp((x[1:] + x[:-1]) / 2)
    return _locals(middle, slopes, half)


def residuals(fit: Fit) -> tuple[Local, ...]:
    """Log of error over law at every size of the curve, those outside the window too."""
    if fit.exponent is None:
        return ()
    held = repeats(fit.curve)
    return _locals(held.size, held.log_mean - np.log(fit.predict(held.size)), _reach(held))


def _reach(held: Repeats) -> np.ndarray:
    """Half the 90 % interval of each size's mean log error; 0 where no spread is known."""
    dof = held.pure_dof.sum()
    t = float(stdtrit(dof, 0.95)) if dof > 0 else 0.0
    return np.asarray(t * held.spread / np.sqrt(held.n))


def _locals(sizes: np.ndarray, values: np.ndarray, half: np.ndarray) -> tuple[Local, ...]:
    rows = zip(sizes.tolist(), values.tolist(), half.tolist(), strict=True)
    return tuple(Local(m, Interval(v, v - h, v + h)) for m, v, h in rows)
