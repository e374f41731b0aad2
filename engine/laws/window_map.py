"""The exponent in every window: how much the choice of window decides.

On public translation curves the window alone moved the held-out error sevenfold (notes: method).
All contiguous windows of >= 4 sizes are fitted at once from running sums, each by the very line of
`fit(curve, window, "power")`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from engine.curve import Curve
from engine.laws.fit import LEAST_SPAN, PARAMETERS, TAIL, Status
from engine.laws.repeats import repeats

Array = NDArray[np.float64]

LEAST_SIZES = 4
TINY = 1e-300  # keeps a quotient finite where seeds do not scatter
MOST_ENDS = 64  # of longer curves, windows begin and end at so many sizes only


@dataclass(frozen=True, slots=True)
class WindowMap:
    """One row for each window, by its first size and then its last; arrays are (n_windows,)."""

    sizes: Array  # (n_sizes,) distinct sizes of the curve, ascending
    low: NDArray[np.intp]  # index of the window's first size
    high: NDArray[np.intp]  # and of its last
    exponent: Array  # beta_g; 0 where the sizes lie too close together
    half_width: Array  # of its 90 % interval; infinite there
    status: tuple[Status, ...]  # FITTED, NOT_FALLING or SIZES_TOO_CLOSE


def window_map(curve: Curve) -> WindowMap:
    """Exponents of the power law over every contiguous window of at least four sizes."""
    held = repeats(curve)
    n = held.size.size
    ends = np.unique(np.linspace(0, n - 1, min(n, MOST_ENDS)).round().astype(np.intp))
    low, high = (index.ravel() for index in np.meshgrid(ends, ends, indexing="ij"))
    enough = high - low >= LEAST_SIZES - 1
    low, high = low[enough], high[enough]
    if not low.size:
        none = np.empty(0)
        return WindowMap(held.size, low, high, none, none, ())

    def over(value: Array) -> Array:
        """Sums over the windows."""
        running = np.concatenate([[0.0], np.cumsum(value)])
        return np.asarray(running[high + 1] - running[low])

    # about the middle of the curve, so that the differences of running sums stay exact
    x, y, w = held.log_size, held.log_mean, held.weight
    x, y = x - x.mean(), y - y.mean()
    total, wx, wy = over(w), over(w * x), over(w * y)
    information = np.maximum(over(w * x * x) - wx**2 / total, 0.0)
    product = over(w * x * y) - wx * wy / total
    apart = x[high] - x[low] >= LEAST_SPAN
    safe = np.where(apart & (information > 0), information, np.inf)
    exponent = product / safe
    sse = np.maximum(over(w * y * y) - wy**2 / total - exponent * product, 0.0)

    # as `_Spread` of `engine.laws.fit`: scatter of sizes alone, or pooled with that of seeds
    lack_dof = high - low + 1 - PARAMETERS["power"]
    seeds_dof, mean = over(held.pure_dof), w * held.one_seed / held.n
    by_seeds = np.maximum(over(held.pure_dof * mean), TINY)  # as `Repeats.seeds_sse`
    evenly = seeds_dof * over(mean) / (high - low + 1) / by_seeds
    seeds_sse = over(w * held.pure / held.n) * evenly
    pooled = sse * seeds_dof <= seeds_sse * lack_dof
    dof = lack_dof + np.where(pooled, seeds_dof, 0.0)
    sigma = np.sqrt((sse + np.where(pooled, seeds_sse, 0.0)) / dof)
    half_width = np.where(np.isfinite(safe), stdtrit(dof, TAIL) * sigma / np.sqrt(safe), np.inf)
    status = tuple(
        Status.SIZES_TOO_CLOSE
        if not np.isfinite(room)
        else Status.FITTED
        if slope < 0
        else Status.NOT_FALLING
        for room, slope in zip(safe.tolist(), exponent.tolist(), strict=True)
    )
    return WindowMap(held.size, low, high, exponent, half_width, status)
