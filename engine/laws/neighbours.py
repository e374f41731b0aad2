"""How far sizes lie off the straight line between their neighbours: noise, seen without a law.

In log-log coordinates a power law is straight and its ends bend slowly, so a size that lies off
the line between the next smaller and the next larger one shows what it scatters by, whatever law
the whole curve follows.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CHI2_MEDIAN = 0.4549  # median of chi^2 with 1 degree of freedom: turns a median into a variance


def off_the_line(x: Array, y: Array, variance: Array) -> tuple[Array, Array]:
    """How far each inner size lies off the line between its neighbours, and the variance of that.

    Args:
        x: log sizes, ascending, (n,), n >= 3.
        y: log errors, (n,).
        variance: of each log error, (n,), in any unit.

    Returns:
        Both (n - 2,), the second in the unit of `variance`.
    """
    share = (x[1:-1] - x[:-2]) / (x[2:] - x[:-2])
    off = y[1:-1] - (1 - share) * y[:-2] - share * y[2:]
    unit = variance[1:-1] + (1 - share) ** 2 * variance[:-2] + share**2 * variance[2:]
    return off, unit


def typical_variance(off: Array, unit: Array) -> float:
    """The variance of normal `off` in units of `unit`, from a median.

    So neither a bad size nor the bend from plateau to power law, one or two sizes, counts for much.
    """
    return float(np.median(off**2 / unit) / CHI2_MEDIAN)
