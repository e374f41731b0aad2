"""The filter: log error as a level whose slope wanders and fades as the log size grows.

A damped local linear trend in x = log size (Harvey 1989, section 2.3; Gardner & McKenzie 1985 for
the damping), written in continuous x because sizes are not evenly spaced:

    d level = slope dx,        d slope = -d slope dx + sqrt(q) dW,        y = level + noise

so it assumes no law at all, only that a curve bends slowly and flattens in the end. Three numbers
are unknown, the wander q, the damping and the noise; all are averaged over a grid, each cell
weighed by its marginal likelihood, which a Kalman filter gives in one pass. An observation more
than HUBER deviations off is believed in proportion less, so that one bad point does not turn the
trend.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DAMPING = np.array([0.4, 0.8])  # per unit of log size: a slope fades over a factor of 3 to 12
FIRST_SLOPE, FIRST_SLOPE_SD = -0.2, 0.5  # published exponents lie in [-1.3, -0.06], plateaus at 0
FIRST_LEVEL_SD = 1.0  # about the first log error: vague, a factor of e
HUBER = 3.0
# sd of the slope's change over a unit of log size. More than 0.2 would let the filter read a
# run of unlucky points as a turn: with 1.0 allowed, the filter alone scores .0330 on IC, not .0270.
WANDER = np.geomspace(1e-3, 0.2, 7)
NOISE = np.geomspace(0.5, 4.0, 5)  # in units of the noise guessed from the bends


@dataclass(frozen=True, slots=True)
class Trend:
    """Where the filter stands at the last size of each curve, for each cell of the grid.

    All (B, G): level and slope with their covariance, the wander's variance q per unit of log
    size, the variance of an observation of weight 1, the damping (1, G) and the probability.
    """

    last: Array  # (B,) log of the largest size
    level: Array
    slope: Array
    v_level: Array
    v_both: Array
    v_slope: Array
    q: Array
    noise: Array
    damping: Array
    probability: Array

    def row(self, k: int) -> "Trend":
        """Curve k alone, as a stack of one."""
        one = {name: getattr(self, name)[k : k + 1] for name in self.__slots__ if name != "damping"}
        return Trend(damping=self.damping, **one)

    def average(self, cells: Array) -> Array:
        """Mean over the grid by probability; (B, G) -> (B,)."""
        return np.asarray((self.probability * cells).sum(axis=1))

    def predict(self, x: Array) -> tuple[Array, Array, Array]:
        """Log error ahead: mean, variance of the error's own level, variance of the noise.

        Args:
            x: log sizes, (B, h), none below the last size.

        Returns:
            mean (B, h); variance (B, h), within and between cells of the grid; noise (B,), the
            variance of one more observation of weight 1.
        """
        ahead = np.maximum(x - self.last[:, None], 0.0)[:, :, None]  # (B, h, 1)
        reach = _reach(ahead, self.damping)
        level = self.level[:, None] + reach * self.slope[:, None]
        wander = self.q[:, None] * _wander(ahead, self.damping)[0]
        variance = (
            self.v_level[:, None]
            + 2 * reach * self.v_both[:, None]
            + reach**2 * self.v_slope[:, None]
            + wander
        )
        p = self.probability[:, None]
        mean = (p * level).sum(axis=2)
        spread = (p * (variance + (level - mean[:, :, None]) ** 2)).sum(axis=2)
        return mean, spread, self.average(self.noise)


def follow(x: Array, y: Array, weight: Array, noise: Array) -> Trend:
    """Run the filter along each curve.

    Args:
        x: log sizes, ascending along each row, (B, n).
        y: log errors, (B, n).
        weight: (B, n), relative precision of y, mean 1; 0 where a row has no such size.
        noise: first guess of the standard deviation of y at weight 1, (B,), > 0.
    """
    count, n = x.shape
    wander, grain, damping = (
        each.ravel()[None] for each in np.meshgrid(WANDER, NOISE, DAMPING, indexing="ij")
    )
    q = np.broadcast_to(wander**2, (count, wander.size))
    r = (grain * noise[:, None]) ** 2
    present = weight > 0
    first = present.argmax(axis=1)
    rows = np.arange(count)
    level = np.broadcast_to(y[rows, first][:, None], q.shape)
    slope = np.full(q.shape, FIRST_SLOPE)
    v_level, v_both = np.full(q.shape, FIRST_LEVEL_SD**2), np.zeros(q.shape)
    v_slope = np.full(q.shape, FIRST_SLOPE_SD**2)
    log_likelihood = np.zeros(q.shape)
    at = x[rows, first]
    for i in range(n):
        here = present[:, i, None]
        step = np.where(here, np.maximum(x[:, i] - at, 0.0)[:, None], 0.0)
        at = np.where(present[:, i], x[:, i], at)
        fade, reach = np.exp(-damping * step), _reach(step, damping)
        w_level, w_both, w_slope = _wander(step, damping)
        level = level + reach * slope
        slope = fade * slope
        v_level = v_level + 2 * reach * v_both + reach**2 * v_slope + q * w_level
        v_both = fade * (v_both + reach * v_slope) + q * w_both
        v_slope = fade**2 * v_slope + q * w_slope

        miss = y[:, i, None] - level
        r_here = r / np.maximum(weight[:, i, None], 1e-12)
        total = v_level + r_here
        # a Huber loss: 2 |z| k instead of z^2
        total = total * np.maximum(np.abs(miss) / np.sqrt(total) / HUBER, 1.0)
        gain_level, gain_slope = v_level / total, v_both / total
        log_likelihood = log_likelihood - np.where(here, (miss**2 / total + np.log(total)) / 2, 0)
        level = np.where(here, level + gain_level * miss, level)
        slope = np.where(here, slope + gain_slope * miss, slope)
        v_slope = np.where(here, v_slope - gain_slope * v_both, v_slope)
        v_both = np.where(here, v_both - gain_level * v_both, v_both)
        v_level = np.where(here, v_level - gain_level * v_level, v_level)
    probability = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    probability /= probability.sum(axis=1, keepdims=True)
    return Trend(at, level, slope, v_level, v_both, v_slope, q, r, damping, probability)


def _reach(step: Array, d: Array) -> Array:
    """How far a slope of 1 carries the level over `step`: (1 - exp(-d h)) / d."""
    return np.asarray(-np.expm1(-d * step) / d)


def _wander(step: Array, d: Array) -> tuple[Array, Array, Array]:
    """Covariance that a wander of q = 1 adds over `step`: level, both, slope."""
    reach = _reach(step, d)
    slope = -np.expm1(-2 * d * step) / (2 * d)
    both = reach**2 / 2
    level = (step - 2 * reach + slope) / d**2
    small = step < 1e-3  # the difference above cancels: its first term is h^3 / 3
    return np.where(small, step**3 / 3, level), both, slope
