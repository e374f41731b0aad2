"""The four members of a forecast, fitted to a stack of curves at once.

*filter*: the local trend carried on (`trend`). *floor law* and *broken law*: the most probable
of each (`floor_law`, `broken_law`). *stay*: the smoothed last level, no further change; a
baseline that no curve which has arrived at its floor should lose to. What each is worth on a
curve is judged from `features`, numbers without units, so that a forecast does not depend on
what sizes and errors are counted in.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.laws import broken_law, floor_law, trend
from engine.laws.neighbours import off_the_line, typical_variance
from engine.laws.traits import TRAITS, traits_of
from engine.laws.trend import Trend

Array = NDArray[np.float64]

MEMBERS = ("filter", "floor law", "broken law", "stay")
FLOOR_LAW = MEMBERS.index("floor law")
FEATURES = (
    "one",
    "reach",
    "filter's deviation",
    "floor law's distance",
    "broken law's distance",
    "floor law's side",
    "broken law's side",
    "stay's side",
    *TRAITS,  # these do not depend on the size asked for
)
FARTHEST_LEARNT = np.log(4.0)  # of the reach: the development curves go to four times the largest
LEAST_NOISE, MOST_NOISE = 1e-3, 0.5  # of a log error: no error is measured better than 0.1 %
UNKNOWN_NOISE = 0.03  # where fewer than three bends tell it


@dataclass(frozen=True, slots=True)
class Members:
    """The members of B curves. Errors are logs; x is log size less that of the largest."""

    trend: Trend
    last: Array  # (B,) log of the largest size
    level: Array  # (B,) smoothed log error there
    noise: Array  # (B,) standard deviation of one more log error
    floor: Array  # (B, 3) theta of the floor law
    broken: Array  # (B, 6) theta of the broken law
    traits: Array  # (B, 26), as TRAITS

    def row(self, k: int) -> "Members":
        """Curve k alone, as a stack of one."""
        one = {name: getattr(self, name)[k : k + 1] for name in self.__slots__ if name != "trend"}
        return Members(trend=self.trend.row(k), **one)

    def ahead(self, x: Array) -> tuple[Array, Array]:
        """Log errors of each member and the filter's variance at x >= 0; (B, h, 4), (B, h)."""
        drift, variance, _ = self.trend.predict(x + self.last[:, None])
        level = self.level[:, None]
        laws = (floor_law.law(self.floor, x)[0], broken_law.law(self.broken, x)[0])
        stay = np.broadcast_to(level, x.shape)
        return np.stack([drift, *(value + level for value in laws), stay], axis=-1), variance

    def behind(self, x: Array) -> Array:
        """The broken law at x <= 0, brought to the smoothed level at the largest; (B, h)."""
        at_last = broken_law.law(self.broken, np.zeros((len(x), 1)))[0]
        return broken_law.law(self.broken, x)[0] - at_last * np.exp(x) + self.level[:, None]

    def features(self, x: Array, ahead: Array, variance: Array) -> Array:
        """What tells how far each member can be trusted at x; (B, h, F), named in FEATURES."""
        deviation = np.sqrt(variance + 1e-12)
        off = (ahead - ahead[:, :, :1]) / deviation[:, :, None]
        side = np.clip(off, -3, 3)
        distance = np.log(np.abs(off) + 0.1)
        traits = np.broadcast_to(self.traits[:, None], (*x.shape, self.traits.shape[1]))
        columns = (
            np.ones(x.shape),
            np.clip(x, 0, FARTHEST_LEARNT),
            np.log(deviation / self.noise[:, None] + 0.1),
            distance[:, :, 1],
            distance[:, :, 2],
            side[:, :, 1],
            side[:, :, 2],
            side[:, :, 3],
        )
        return np.concatenate([np.stack(columns, axis=-1), traits], axis=-1)


def fit_members(x: Sequence[Array], y: Sequence[Array], weight: Sequence[Array]) -> Members:
    """Fit all members to curves of any length.

    Args:
        x: log sizes of each curve, ascending, at least 4.
        y: log errors.
        weight: relative precisions of the log errors, mean 1.
    """
    guess = np.array([noise_of(*curve) for curve in zip(x, y, weight, strict=True)])
    sizes, errors, weights = stacked(x), stacked(y), stacked(weight, 0.0)
    followed = trend.follow(sizes, errors, weights, guess)
    last = sizes[:, -1]
    level, _, variance = followed.predict(last[:, None])
    noise = np.asarray(np.sqrt(variance), dtype=np.float64)
    back, over = sizes - last[:, None], errors - level
    floor = floor_law.most_probable_floor_law(back, over, weights, noise)
    broken = broken_law.most_probable_broken_law(back, over, weights, noise)

    traits = traits_of(back, over, weights, noise, followed, floor.theta, broken.theta)
    return Members(
        followed,
        last,
        level[:, 0],
        noise,
        floor.theta,
        broken.theta,
        traits,
    )


def noise_of(x: Array, y: Array, weight: Array) -> float:
    """Standard deviation of a log error of weight 1, from how sizes bend off their neighbours."""
    if x.size < 5:
        return UNKNOWN_NOISE
    variance = typical_variance(*off_the_line(x, y, 1 / weight))
    return float(np.clip(np.sqrt(variance), LEAST_NOISE, MOST_NOISE))


def stacked(rows: Sequence[Array], before: float | None = None) -> Array:
    """Rows of any length flush right, (B, n); filled before with `before` or their first value."""
    n = max(row.size for row in rows)
    filled = np.empty((len(rows), n))
    for at, row in enumerate(rows):
        filled[at, : n - row.size] = row[0] if before is None else before
        filled[at, n - row.size :] = row
    return filled
