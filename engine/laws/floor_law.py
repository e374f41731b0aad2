"""The floor law: the most probable power law above a floor, for a stack of curves.

    log e(m) = log(exp(a + b x) + exp(c)),          x = log m - log of the largest size,

in the letters of Hestness et al. 2017, eq. 1, alpha m^beta_g + gamma: a is the power law's part
at the largest size, b is beta_g and c is log gamma, the logs of errors all taken over the error
that the curve ends at. Soft priors keep few and noisy sizes sensible and give way to many: they
say that exponents lie near -0.4 and a floor, if any, some way below the last error. Sizes far
below the largest count less, because a forecast needs the law where the curve ends.
"""

import numpy as np
from numpy.typing import NDArray

from engine.laws.posterior import GOOD_ENOUGH, Posterior, Priors, most_probable

Array = NDArray[np.float64]

#                        a, b, c;  published b lie in [-1.3, -0.06]
PRIOR_MEAN = np.array([-0.5, -0.4, -1.5])
PRIOR_SD = np.array([2.0, 0.4, 1.5])
RECENCY = 1.0  # in log size: a size e times smaller than the largest counts 1 / e
HUBER = 3.0  # deviations from which a residual pulls no harder
START_EXPONENTS = (-0.1, -0.4, -1.0, -2.0)
START_SHARES = (0.02, 0.3, 0.8)  # of the floor in the last error
STARTS = np.array(
    [[np.log1p(-s), exponent, np.log(s)] for exponent in START_EXPONENTS for s in START_SHARES]
)


def law(theta: Array, x: Array) -> tuple[Array, Array]:
    """Log error and its derivatives.

    Args:
        theta: a, b, c; (B, 3).
        x: log sizes less the log of the largest, (n,) or (B, n).

    Returns:
        log error (B, n) and its derivatives along theta (B, n, 3).
    """
    a, b, c = theta[:, 0, None], theta[:, 1, None], theta[:, 2, None]
    power = a + b * x
    value = np.logaddexp(power, c)
    share = np.exp(power - value)
    return value, np.stack([share, share * x, 1 - share], axis=-1)


def most_probable_floor_law(x: Array, y: Array, weight: Array, noise: Array) -> Posterior:
    """The best of all starts for each curve.

    Args:
        x: log sizes less the log of the largest, (B, n), <= 0.
        y: log errors less the log error that the curve ends at, (B, n).
        weight: (B, n), >= 0; 0 where a row has no such size.
        noise: standard deviation of a log error of weight 1, (B,).
    """
    count = x.shape[0]
    weight = weight * np.exp(x / RECENCY)
    starts = np.broadcast_to(STARTS, (count, *STARTS.shape))
    priors = Priors(np.tile(PRIOR_MEAN, (count, 1)), np.tile(PRIOR_SD, (count, 1)))
    return most_probable(law, x, y, weight, noise, priors, starts, HUBER, GOOD_ENOUGH)
