"""The laws as pure functions of size: formula, parameters and source, nothing else.

Letters of Hestness et al. 2017 (arXiv 1712.00409), eq. 1: e(m) = alpha * m^beta_g + gamma. Here
alpha is `coefficient`, beta_g is `exponent` (negative when the error falls) and gamma is `floor`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def power(sizes: ArrayLike, coefficient: float, exponent: float) -> NDArray[np.float64]:
    """e(m) = alpha * m^beta_g: a straight line on log-log axes (Hestness et al. 2017, eq. 1)."""
    return coefficient * np.asarray(sizes, dtype=np.float64) ** exponent


def power_floor(
    sizes: ArrayLike, coefficient: float, exponent: float, floor: float
) -> NDArray[np.float64]:
    """e(m) = alpha * m^beta_g + gamma: the power law above an irreducible error gamma.

    Hestness et al. 2017, eq. 1; M2 of Alabdulmohsin et al. 2022 (arXiv 2209.06640).
    """
    return power(sizes, coefficient, exponent) + floor
