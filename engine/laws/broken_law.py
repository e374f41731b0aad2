"""The broken law: the most probable power law with one smooth break, for a stack of curves.

Caballero et al. 2023 (arXiv 2210.14891), eq. 1 with n = 1 break,

    e(m) = a + b m^-c0 (1 + (m / d1)^(1 / f1))^(-c1 f1),

in log error against x = log m - log of the largest size: the slope is `before` = -c0 far below
the break, `after` = -c0 - c1 far above it and turns over a width f1 at x = log d1. `level` is
the law's part above the floor at the largest size. Soft priors as in the floor law; the break is
believed inside the measured sizes and wide, because a narrow one at the last sizes is noise.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from engine.laws.posterior import GOOD_ENOUGH, Posterior, Priors, most_probable

Array = NDArray[np.float64]

# level, slope before, slope after, break over the span of log sizes, log width, log floor
PRIOR_MEAN = np.array([-0.5, -0.2, -0.4, -0.5, 0.5, -1.5])
PRIOR_SD = np.array([2.0, 0.4, 0.4, 0.35, 0.5, 1.5])
HUBER = 3.0  # deviations from which a residual pulls no harder
LEAST_SPAN = 0.5  # of log size: a break is no closer known than this
WIDEST = 5.0  # of |log width|: beyond, the break is a kink or no break at all
STARTS = np.array(
    [
        [level, before, after, at, -0.2, floor]
        for at in (-0.8, -0.4, -0.1)
        for before, after in ((-0.05, -0.5), (-0.6, -0.15))  # a plateau left, a floor neared
        for level, floor in ((0.0, -3.0), (-0.5, -0.7))
    ]
)


def law(theta: Array, x: Array) -> tuple[Array, Array]:
    """Log error and its derivatives.

    Args:
        theta: level, before, after, break, log width, log floor; (B, 6).
        x: log sizes less the log of the largest, (n,) or (B, n).

    Returns:
        log error (B, n) and its derivatives along theta (B, n, 6).
    """
    level, before, after, at, log_width, floor = (theta[:, k, None] for k in range(6))
    width = np.exp(np.clip(log_width, -WIDEST, WIDEST))
    z, z_last = (x - at) / width, -at / width
    bent = width * (np.logaddexp(0, z) - np.logaddexp(0, z_last))  # x beyond the break, softly
    power = level + before * (x - bent) + after * bent
    value = np.logaddexp(power, floor)
    share = np.exp(power - value)
    turn = after - before
    past, past_last = expit(z), expit(z_last)
    slopes = (
        share,
        share * (x - bent),
        share * bent,
        share * turn * (past_last - past),
        share * turn * (bent - width * (z * past - z_last * past_last)),
        1 - share,
    )
    return value, np.stack(slopes, axis=-1)


def most_probable_broken_law(x: Array, y: Array, weight: Array, noise: Array) -> Posterior:
    """The best of all starts for each curve; arguments as for the floor law."""
    count = x.shape[0]
    span = np.maximum(-np.where(weight > 0, x, 0.0).min(axis=1), LEAST_SPAN)
    mean, sd = np.tile(PRIOR_MEAN, (count, 1)), np.tile(PRIOR_SD, (count, 1))
    starts = np.tile(STARTS, (count, 1, 1))
    mean[:, 3] *= span
    sd[:, 3] *= span
    starts[:, :, 3] *= span[:, None]
    return most_probable(law, x, y, weight, noise, Priors(mean, sd), starts, HUBER, GOOD_ENOUGH)
