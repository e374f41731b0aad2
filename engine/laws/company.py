"""Curves measured side by side: a forecast is drawn a little towards how the others fall.

Curves of one data set, other models or settings on it, fall alike. What a forecast expects from
the largest size on is drawn to the mean of the others' rates of fall by a share of

    PULL (n - 1) / n * v / (v + t^2),

v the variance of the forecast itself, t^2 that of the n rates over the distance: the partial
pooling of random effects (DerSimonian & Laird 1986), and a fraction of it, because curves measured
side by side share their luck as well. Curves that do not fall alike hardly move each other.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# .2, .3, .4 gave IC .0249, .0246, .0245 and LCDB .0992, .0988, .0985, kept out; LM loses from .4
PULL = 0.3
REACHES = np.geomspace(0.05, 9.2, 24)  # of log size, where rates are compared: up to 10,000 times


@dataclass(frozen=True, slots=True)
class Company:
    """How the other curves fall: what each expects, over the log of the distance, at REACHES."""

    mean: Array  # (24,) of the others' rates of log error over log size
    spread: Array  # (24,) variance of all rates, the curve's own with them
    others: int

    def pull(self, x: Array, fall: Array, variance: Array) -> Array:
        """What a forecast's log error changes by; (h,).

        Args:
            x: log size less that of the largest, (h,), >= 0.
            fall: log error expected there less that at the largest size, (h,).
            variance: of it, (h,).
        """
        spread = np.interp(x, REACHES, self.spread) * x**2
        share = PULL * self.others / (self.others + 1) * variance / (variance + spread + 1e-12)
        return np.asarray(share * (np.interp(x, REACHES, self.mean) * x - fall))


def companies(rates: Array) -> list[Company]:
    """Of n >= 2 curves, whose rates of fall at REACHES are the rows of (n, 24)."""
    others = len(rates) - 1
    mean = (rates.sum(axis=0) - rates) / others
    spread = rates.var(axis=0)
    return [Company(row, spread, others) for row in mean]
