"""Propose a fit window: where does the plateau end?

First a change point by BIC over ALL sizes of the curve. Each candidate says: the first k sizes
scatter about one level, the others follow a power law, with or without a floor. Every candidate
answers for every size, so leaving sizes out buys nothing by itself. Then the bend: models leave
the plateau gradually, so the first size goes while it lies below the line through the rest.
(Simulated, 11 sizes x 3 seeds at 2 %, roll-off of sharpness 8: the 90 % interval of the exponent
then holds the truth in 74 to 93 % instead of 36 to 58 %.) The floor needs no upper end, since the
law holds it; so the window stays open there and streamed points join.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from engine.curve import Curve
from engine.laws.repeats import Repeats, repeats
from engine.laws.varpro import floor_fits, power_fits
from engine.laws.window import Window

LEAST_LAW_SIZES = 4  # a proposed window holds at least this many
FLOOR_SIZES = 5  # a floor is considered from here on
PLATEAU_SPREADS = 3.0  # method.md: plateau = within 2-3 seed deviations of the best guess
PLATEAU_SHARE = 0.01  # or within 1 %: collapsed models agree to the last digit, leaving no spread
BEND_LEVEL = 0.95  # one-sided: a straight law loses its first size one time in twenty
ROUNDING = 1e-18  # mean square of log errors below which a fit is exact


def propose_window(curve: Curve) -> Window:
    """The window that leaves the plateau out: its low end, or open where there is no plateau."""
    held = repeats(curve)
    first = _first_law_size(held, curve.guess)
    return Window(low=float(held.size[first])) if first else Window()


def at_plateau(held: Repeats, guess: float | None) -> NDArray[np.bool_]:
    """Which sizes do no better than the best guess, within their spread; (n_sizes,)."""
    if guess is None or not guess > 0:
        return np.zeros(held.size.shape, dtype=bool)
    reach = max(PLATEAU_SPREADS * held.spread, PLATEAU_SHARE)
    return np.asarray(held.log_mean >= np.log(guess) - reach)


def _first_law_size(held: Repeats, guess: float | None) -> int:
    """Index of the first size that the law holds for."""
    n = held.size.size
    if n <= LEAST_LAW_SIZES:
        return 0
    beyond = np.flatnonzero(~at_plateau(held, guess))
    known = min(int(beyond[0]), n - LEAST_LAW_SIZES) if beyond.size else 0
    starts = np.arange(known, n - LEAST_LAW_SIZES + 1)
    x, y, w = held.log_size, held.log_mean[None], held.weight
    law = np.where(np.arange(n) >= starts[:, None], w, 0.0)  # (starts, n)
    flat = w - law
    total = np.maximum(flat.sum(axis=1, keepdims=True), 1e-300)
    level = (flat * y).sum(axis=1, keepdims=True) / total
    flat_sse = (flat * (y - level) ** 2).sum(axis=1)
    split = np.where(starts > 0, 2, 0)  # a plateau's level and where it ends
    scores = [_bic(flat_sse + power_fits(x, y, law).sse, n, 2 + split)]
    room = n - starts >= FLOOR_SIZES
    if room.any():
        floor_score = _bic(flat_sse[room] + floor_fits(x, y, law[room]).sse, n, 3 + split[room])
        scores.append(np.append(floor_score, np.full((~room).sum(), np.inf)))
    first = int(starts[np.min(scores, axis=0).argmin()])
    while n - first > LEAST_LAW_SIZES and _bends_down(held, first):
        first += 1
    return first


def _bends_down(held: Repeats, first: int) -> bool:
    """Whether size `first` lies below the power law through the larger ones: still leaving."""
    x, y, w = held.log_size[first:], held.log_mean[first:], held.weight[first:].copy()
    w0, w[0] = w[0], 0.0
    line = power_fits(x, y[None], w[None])
    gap = y[0] - line.log_coefficient[0] - line.exponent[0] * x[0]
    centre = w @ x / w.sum()
    unit = 1 / w0 + 1 / w.sum() + (x[0] - centre) ** 2 / line.information[0]
    seeds_dof = held.pure_dof.sum()
    dof = x.size - 3 + seeds_dof
    variance = (line.sse[0] + held.weight @ (held.pure / held.n)) / dof
    return bool(gap < -stdtrit(dof, BEND_LEVEL) * np.sqrt(variance * unit))


def _bic(sse: NDArray[np.float64], n: int, parameters: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(n * np.log(np.maximum(sse / n, ROUNDING)) + parameters * np.log(n))
