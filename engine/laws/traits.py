"""Traits of a curve: what is seen of it that tells which member of a forecast to trust.

Numbers without units, the same for a whole stack of curves at once. Some compare slopes over the
last sizes with the filter's, because a law with a floor and one without part ways there; some say
where the laws that were fitted put their floor and how steeply they leave the largest size.
"""

import numpy as np
from numpy.typing import NDArray

from engine.laws import broken_law, floor_law
from engine.laws.posterior import Law
from engine.laws.trend import Trend

Array = NDArray[np.float64]

TRAITS = (
    "sizes",
    "sizes in the last factor of e",
    "noise",
    "slope",
    "slope's deviation",
    "slope's change",
    "wander",
    "fall",
    "floor law's misfit",
    "broken law's misfit",
    "floor law's lean",
    "broken law's lean",
    "last size's lean",
    "span",
    "last factor of 2's slope",
    "last factor of 2's deviation",
    "last factor of 4's slope",
    "last factor of 4's deviation",
    "bend",
    "bend in deviations",
    "roughness",
    "noise over slope",
    "floor law's slope",
    "broken law's slope",
    "floor law's floor",
    "broken law's floor",
)
LATELY = (2.05, 4.1)  # factors of size, a little over 2 and 4 so that steps of two count whole
ROUGH = 8  # last steps whose mean size is the roughness
DEEPEST = -5.0  # in logs under the last error: a floor further down says no more
STEP = 1e-3  # in log size, for the slope with which a law leaves the largest


def traits_of(
    x: Array, y: Array, weight: Array, noise: Array, trend: Trend, floor: Array, broken: Array
) -> Array:
    """Of B curves, in the order of TRAITS; (B, 26).

    Args:
        x: log sizes less that of the largest, ascending, flush right; (B, n).
        y: log errors less the smoothed one at the largest, (B, n).
        weight: (B, n), mean 1; 0 where a row has no such size.
        noise: standard deviation of one more log error, (B,).
        trend: the filter.
        floor: theta of the floor law, (B, 3).
        broken: theta of the broken law, (B, 6).
    """
    present = weight > 0
    rows = np.arange(len(x))
    first = y[rows, present.argmax(axis=1)]
    slope = trend.average(trend.slope)
    whole, _ = _line(x, y, present.astype(np.float64))
    start = x.min(axis=1, keepdims=True)
    ending = present & (x >= start / 3)  # the last third
    floor_off = _misfit(floor_law.law(floor, x)[0] - y, ending, noise)
    broken_off = _misfit(broken_law.law(broken, x)[0] - y, ending, noise)

    lately = []
    last_three = np.arange(x.shape[1]) >= x.shape[1] - 3
    for factor in LATELY:
        near = present & (x >= -np.log(factor))
        near = np.where(near.sum(axis=1, keepdims=True) < 3, last_three, near)
        own, information = _line(x, y, weight * near)
        deviation = noise / np.sqrt(np.maximum(information, 1e-12))
        lately += [np.clip((own - slope) / deviation, -4, 4), np.log(deviation + 0.01)]
    early, early_information = _line(x, y, weight * (x <= start / 2))
    late, late_information = _line(x, y, weight * (x > start / 2))
    known = (early_information > 0) & (late_information > 0)
    bend = np.where(known, late - early, 0.0)
    least = np.maximum(np.minimum(early_information, late_information), 1e-12)
    most = np.maximum(np.maximum(early_information, late_information), 1e-12)
    bend_deviation = noise * np.sqrt(1 / least + 1 / most)
    steps = np.abs(np.diff(y, axis=1))[:, -ROUGH:]
    between = (present[:, :-1] & present[:, 1:])[:, -ROUGH:]
    rough = (steps * between).sum(axis=1) / between.sum(axis=1)
    traits = (
        np.log(present.sum(axis=1)),
        np.log((present & (x > -1)).sum(axis=1)),
        np.log(noise),
        slope,
        np.log(np.sqrt(trend.average(trend.v_slope)) + 1e-3),
        slope - whole,
        trend.average(np.log(trend.q)),
        np.log(np.maximum(first, 0) + 0.1),
        floor_off[0],
        broken_off[0],
        floor_off[1],
        broken_off[1],
        np.clip(y[:, -1] / noise, -3, 3),
        np.log(0.1 - start[:, 0]),
        *lately,
        np.clip(bend, -1, 1),
        np.clip(bend / bend_deviation, -5, 5),
        np.log(rough / noise + 0.1),
        np.log(noise / (np.abs(slope) + 0.02)),
        np.clip(_leaving(floor_law.law, floor) - slope, -1, 1),
        np.clip(_leaving(broken_law.law, broken) - slope, -1, 1),
        np.clip(floor[:, 2], DEEPEST, 0),
        np.clip(broken[:, 5], DEEPEST, 0),
    )
    return np.stack(traits, axis=1)


def _line(x: Array, y: Array, weight: Array) -> tuple[Array, Array]:
    """Slope of the weighted straight line and what it is known by, sum w (x - mean)^2; (B,)."""
    total = np.maximum(weight.sum(axis=1, keepdims=True), 1e-300)
    off = x - (weight * x).sum(axis=1, keepdims=True) / total
    information = (weight * off**2).sum(axis=1)
    slope = (weight * off * y).sum(axis=1) / np.maximum(information, 1e-300)
    few = information <= 1e-12 * total[:, 0]
    return np.where(few, 0.0, slope), np.where(few, 0.0, information)


def _misfit(off: Array, where: NDArray[np.bool_], noise: Array) -> tuple[Array, Array]:
    """Log root mean square and mean of residuals `where` marked, in units of the noise; (B,)."""
    count = where.sum(axis=1)
    off = np.where(where, off, 0.0) / noise[:, None]
    return np.log(np.sqrt((off**2).sum(axis=1) / count) + 0.1), off.sum(axis=1) / count


def _leaving(law: Law, theta: Array) -> Array:
    """Slope of a law at the largest size; (B,)."""
    value = law(theta, np.tile([-STEP, 0.0], (len(theta), 1)))[0]
    return np.asarray((value[:, 1] - value[:, 0]) / STEP)
