"""The growth law: how many parameters the best model has at each size of the data.

p(m) = sigma * m^beta_p in the letters of Hestness et al. 2017 (arXiv 1712.00409, section 3), who
found beta_p between 0.5 and 1: models should grow, but more slowly than the data.

The best model is known only to the nearest rung of the ladder of capacities that was searched.
Such rounding spreads the log of the parameters by a variance of at least step^2 / 12 (that of a
uniform error), however well the rungs happen to lie on a line; the interval is never narrower
than that.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from engine.curve import Curve
from engine.laws.fit import TAIL, Interval
from engine.laws.window import Window

LEAST_SIZES = 4  # two parameters, and two degrees of freedom for the interval
SAME_RUNG = 0.01  # log parameters closer than this are one capacity, whatever the heads add


@dataclass(frozen=True, slots=True)
class Growth:
    """The growth law of the best models inside a window."""

    sizes: NDArray[np.float64]  # distinct sizes whose parameters are known; (n,)
    parameters: NDArray[np.float64]  # of the best model there; geometric mean over seeds; (n,)
    exponent: Interval | None  # beta_p; None where `doubt` says why
    coefficient: float | None  # sigma: parameters at size 1
    doubt: str  # why nothing was fitted, in words; empty where it was

    def predict(self, sizes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Parameters of the best model at `sizes`; the same shape.

        Raises:
            ValueError: nothing was fitted.
        """
        if self.exponent is None or self.coefficient is None:
            raise ValueError(f"no growth law was fitted: {self.doubt}")
        return np.asarray(self.coefficient * sizes**self.exponent.value)


def fit_growth(curve: Curve, window: Window = Window()) -> Growth:  # noqa: B008 - frozen
    """Fit the growth law to the points of `curve` inside `window` by least squares in logs.

    Never raises on data. The interval is 90 %, Student's t on n - 2 degrees of freedom.
    """
    parameters = np.array([point.parameters or 0 for point in curve.points], dtype=np.float64)
    told = window.holds(curve.sizes) & (parameters > 0)
    sizes, row = np.unique(curve.sizes[told], return_inverse=True)
    y = np.bincount(row, np.log(parameters[told])) / np.bincount(row)

    def none(doubt: str) -> Growth:
        return Growth(sizes, np.exp(y), None, None, doubt)

    if len(sizes) < LEAST_SIZES:
        return none(f"{len(sizes)} sizes tell their model's parameters; a law needs {LEAST_SIZES}")
    rungs = np.unique(y)
    steps = np.diff(rungs)
    if not (steps > SAME_RUNG).any():
        return none("one capacity won at every size: search more capacities to see models grow")
    x = np.log(sizes)
    across = x - x.mean()
    spread = float(across @ across)
    slope = float(across @ y) / spread
    residuals = y - y.mean() - slope * across
    rounding = float(steps[steps > SAME_RUNG].min()) ** 2 / 12
    freedom = len(sizes) - 2
    variance = max(float(residuals @ residuals) / freedom, rounding)
    half = float(stdtrit(freedom, TAIL)) * float(np.sqrt(variance / spread))
    return Growth(
        sizes,
        np.exp(y),
        Interval(slope, slope - half, slope + half),
        float(np.exp(y.mean() - slope * x.mean())),
        "",
    )
