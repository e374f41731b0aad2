"""The laws as pure functions of size: formula, parameters and source, nothing else.

Letters of Hestness et al. 2017 (arXiv 1712.00409), eq. 1: e(m) = alpha * m^beta_g + gamma. Here
alpha is `coefficient`, beta_g is `exponent` (negative when the error falls) and gamma is `floor`.
Forms of other authors keep their letters. Parameters broadcast against the sizes.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

Array = NDArray[np.float64]
Numbers = float | Array


def power(sizes: ArrayLike, coefficient: Numbers, exponent: Numbers) -> Array:
    """e(m) = alpha * m^beta_g: a straight line on log-log axes (Hestness et al. 2017, eq. 1).

    M1 of Alabdulmohsin et al. 2022 (arXiv 2209.06640); pow2 of LCDB.
    """
    return np.asarray(coefficient * _m(sizes) ** exponent)


def power_floor(sizes: ArrayLike, coefficient: Numbers, exponent: Numbers, floor: Numbers) -> Array:
    """e(m) = alpha * m^beta_g + gamma: the power law above an irreducible error gamma.

    Hestness et al. 2017, eq. 1; M2 of Alabdulmohsin et al. 2022; pow3 of LCDB.
    """
    return np.asarray(power(sizes, coefficient, exponent) + floor)


def plateau_power_floor(
    sizes: ArrayLike, guess: Numbers, elbow: Numbers, exponent: Numbers, floor: Numbers
) -> Array:
    """e(m) = gamma + (e0 - gamma) * (1 + m / m0)^beta_g: all three regions of Hestness et al.

    Best guess e0 far below the elbow m0, a power law above it, the floor gamma in the end
    (Hestness et al. 2017, figure 6, as a formula of ours; beta_g is the slope beyond the elbow).
    """
    return np.asarray(floor + (guess - floor) * (1 + _m(sizes) / elbow) ** exponent)


def m3(sizes: ArrayLike, beta: Numbers, c: Numbers, gamma: Numbers, floor: Numbers) -> Array:
    """e(m) = beta * (m^-1 + gamma)^c + floor: M3 of Alabdulmohsin et al. 2022, section 3."""
    return np.asarray(beta * (1 / _m(sizes) + gamma) ** c + floor)


def m4(
    sizes: ArrayLike,
    beta: Numbers,
    c: Numbers,
    alpha: Numbers,
    ceiling: Numbers,
    floor: Numbers,
) -> Array:
    """(e - floor) / (ceiling - e)^alpha = beta * m^-c: M4 of Alabdulmohsin et al. 2022, eq. 4.

    `ceiling` is the error of a random guess. The left side rises in e from 0 to infinity, so
    there is one solution. With s = (e - floor) / (ceiling - floor) = 1 / (1 + exp(-t)) the log of
    the equation has a slope in t between 1 and alpha, and Newton's steps cannot fail.
    """
    right = np.log(beta) - c * np.log(_m(sizes)) + (alpha - 1) * np.log(ceiling - floor)
    t = np.where(right < 0, right, right / alpha)  # where one of the two sides rules
    for _ in range(30):  # 5 to 10 are usual; 15 are too few for the steepest alpha
        share = expit(t)
        off = right + np.logaddexp(0, -t) - alpha * np.logaddexp(0, t)
        t = t + off / (1 - share + alpha * share)
    return np.asarray(floor + (ceiling - floor) * expit(t))


def pow4(sizes: ArrayLike, a: Numbers, b: Numbers, c: Numbers, d: Numbers) -> Array:
    """e(m) = a * (m + d)^-b + c: a power law whose sizes are shifted.

    LCDB: Mohr et al. 2022, table 1; Viering & Loog 2023 (arXiv 2103.10948), table 1.
    """
    return np.asarray(a * (_m(sizes) + d) ** -b + c)


def mmf4(sizes: ArrayLike, a: Numbers, b: Numbers, c: Numbers, d: Numbers) -> Array:
    """e(m) = (a b + c m^d) / (b + m^d): Morgan-Mercer-Flodin, from a down to c; LCDB."""
    power = _m(sizes) ** d
    return np.asarray((a * b + c * power) / (b + power))


def wbl4(sizes: ArrayLike, a: Numbers, b: Numbers, c: Numbers, d: Numbers) -> Array:
    """e(m) = c + b * exp(-a m^d): Weibull, from c + b down to c; LCDB (-b there)."""
    return np.asarray(c + b * np.exp(-a * _m(sizes) ** d))


def exp3(sizes: ArrayLike, a: Numbers, b: Numbers, c: Numbers) -> Array:
    """e(m) = a * exp(-b m) + c: exponential decay; LCDB."""
    return np.asarray(a * np.exp(-b * _m(sizes)) + c)


def _m(sizes: ArrayLike) -> Array:
    return np.asarray(sizes, dtype=np.float64)
