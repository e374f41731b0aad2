"""The three-zone law: a plateau, a power law, a floor, each passing smoothly into the next.

    e(m) = gamma + (c^-k + (alpha * m^beta)^-k)^(-1/k)

Hestness et al. 2017 (arXiv 1712.00409, fig. 6) draw the three zones; the formula is ours. Towards
m = 0 it is the plateau gamma + c, towards infinity the floor gamma, between them alpha * m^beta +
gamma. The sharpness k says how the excess leaves the plateau: k = 1 is M4 of Alabdulmohsin et al.
2022 (arXiv 2209.06640) with a = 1, k = 2 the envelope of Rosenfeld et al. 2020 (arXiv 1909.12673,
eq. 5), k = infinity a corner.

Parameters are logs, so that every real vector is a law: the columns of theta, (B, 5), are

    LEVEL      log of alpha * m^beta where log size is 0 (callers centre the log sizes),
    STEEPNESS  log of -beta,
    TOP        log of c,
    SHARPNESS  log of k,
    FLOOR      log of gamma.

TOP = FAR is a law without a plateau, FLOOR = -FAR one without a floor.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[np.float64]

LEVEL, STEEPNESS, TOP, SHARPNESS, FLOOR = range(5)
MOST = 6.0  # a walk may try any theta: logs of steepness and sharpness count up to here
FAR = 1e3  # in logs: beyond every error, so that the term is gone to the last bit


def log_error(theta: Array, x: Array) -> Array:
    """Log error of each law at log sizes x (n,); (B, n)."""
    line, turned, _ = _line_and_roll_off(theta, x)
    return np.asarray(np.logaddexp(line - turned, theta[:, FLOOR, None]))


def log_error_and_slopes(theta: Array, x: Array) -> tuple[Array, Array]:
    """The same, and its derivatives along theta; (B, n) and (B, n, 5)."""
    line, turned, over = _line_and_roll_off(theta, x)
    bent = expit(over)  # how much of the line's slope is gone
    excess = line - turned
    value = np.logaddexp(excess, theta[:, FLOOR, None])
    share = np.exp(excess - value)
    straight = share * (1 - bent)
    slopes = np.empty((*value.shape, 5))
    slopes[..., LEVEL] = straight
    slopes[..., STEEPNESS] = -straight * np.exp(theta[:, STEEPNESS, None]) * x
    slopes[..., TOP] = share * bent
    slopes[..., SHARPNESS] = share * (turned - bent * (line - theta[:, TOP, None]))
    slopes[..., FLOOR] = 1 - share
    return value, slopes


def log_plateau(theta: Array) -> Array:
    """Log of the plateau gamma + c; (B,)."""
    return np.asarray(np.logaddexp(theta[:, TOP], theta[:, FLOOR]))


def log_plateau_and_slopes(theta: Array) -> tuple[Array, Array]:
    """The same, and its derivatives along theta; (B,) and (B, 5)."""
    value = log_plateau(theta)
    share = np.exp(theta[:, TOP] - value)
    slopes = np.zeros(theta.shape)
    slopes[:, TOP], slopes[:, FLOOR] = share, 1 - share
    return value, slopes


def log_size_at(theta: Array, log_excess: Array) -> Array:
    """Centred log size where the power law alone reaches an excess; (B,)."""
    return np.asarray((theta[:, LEVEL] - log_excess) / np.exp(theta[:, STEEPNESS]))


def _line_and_roll_off(theta: Array, x: Array) -> tuple[Array, Array, Array]:
    """The power law in logs; how far below it the excess turns; k times how far it is over c."""
    steepness = np.exp(np.minimum(theta[:, STEEPNESS, None], MOST))
    line = theta[:, LEVEL, None] - steepness * x
    k = np.exp(np.clip(theta[:, SHARPNESS, None], -MOST, MOST))
    over = k * (line - theta[:, TOP, None])
    return line, np.logaddexp(0.0, over) / k, over
