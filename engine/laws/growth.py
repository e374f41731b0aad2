"""The growth law: how many parameters the best model has at each size of the data.

p(m) = sigma * m^beta_p in the letters of Hestness et al. 2017 (arXiv 1712.00409, section 3), who
found beta_p between 0.5 and 1: models should grow, but more slowly than the data.

The best model is known only to the nearest rung of the ladder of capacities that was searched.
Such rounding spreads the log of the parameters by a variance of about step^2 / 12 (that of a
uniform error; step: the smallest gap between rungs that won), however well the winners happen to
lie on a line; the interval is never narrower than that. It does not know of winners at the ladder's
end, where a larger model might have won: those pull the exponent towards 0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from engine.curve import Curve
from engine.laws.fit import LEAST_SPAN, TAIL
from engine.laws.interval import Interval
from engine.laws.repeats import LARGEST, LARGEST_LOG
from engine.laws.window import Window

LEAST_SIZES = 4  # two parameters, and two degrees of freedom for the interval
SAME_RUNG = 0.01  # log parameters closer than this are one capacity: a width rounds to it


@dataclass(frozen=True, slots=True)
class Growth:
    """The growth law of the best models of `curve` inside a window."""

    curve: Curve
    sizes: tuple[float, ...]  # distinct sizes whose models' parameters are known
    parameters: tuple[float, ...]  # of the best model at each; geometric mean over seeds
    exponent: Interval | None  # beta_p; None where `doubt` says why
    coefficient: float | None  # sigma: parameters at size 1
    doubt: str  # why nothing was fitted, in words; empty where it was

    def predict(self, sizes: ArrayLike) -> NDArray[np.float64]:
        """Parameters of the best model at `sizes`; the same shape.

        Raises:
            ValueError: nothing was fitted.
        """
        if self.exponent is None or self.coefficient is None:
            raise ValueError(f"no growth law was fitted: {self.doubt}")
        return self.coefficient * np.asarray(sizes, np.float64) ** self.exponent.value


def fit_growth(curve: Curve, window: Window = Window()) -> Growth:  # noqa: B008 - frozen
    """Fit the growth law to the points of `curve` inside `window` by least squares in logs.

    Never raises on data. The interval is 90 %, Student's t on n - 2 degrees of freedom.
    """
    known = [
        (point.size, point.parameters)
        for point in curve.points
        if 1 / LARGEST < point.size < LARGEST and 0 < (point.parameters or 0) < LARGEST
    ]
    size, parameters = np.array(known, dtype=np.float64).reshape(-1, 2).T
    inside = window.holds(size)
    sizes, row = np.unique(size[inside], return_inverse=True)
    y = np.bincount(row, np.log(parameters[inside])) / np.bincount(row)

    def growth(exponent: Interval | None, coefficient: float | None, doubt: str) -> Growth:
        known_sizes, best = tuple(sizes.tolist()), tuple(np.exp(y).tolist())
        return Growth(curve, known_sizes, best, exponent, coefficient, doubt)

    x, n = np.log(sizes), len(sizes)
    if n < LEAST_SIZES or x[-1] - x[0] < LEAST_SPAN:
        known_at = (
            f"the model's {curve.capacity} are known at {n} size{'s' * (n != 1)} in the window"
        )
        return growth(None, None, f"{known_at}; a growth law needs {LEAST_SIZES} well apart")
    steps = np.diff(np.unique(y))
    steps = steps[steps > SAME_RUNG]
    if not steps.size:
        doubt = "one capacity won at every size: search more capacities to see models grow"
        return growth(None, None, doubt)
    (slope, middle), covariance = np.polyfit(x - x.mean(), y, 1, cov=True)
    log_coefficient = middle - slope * x.mean()
    if abs(log_coefficient) > LARGEST_LOG:
        return growth(None, None, f"the {curve.capacity} change too steeply for a growth law")
    rounding = steps.min() ** 2 / 12 / np.square(x - x.mean()).sum()
    half = stdtrit(n - 2, TAIL) * np.sqrt(max(covariance[0, 0], rounding))
    exponent = Interval(*map(float, (slope, slope - half, slope + half)))
    return growth(exponent, float(np.exp(log_coefficient)), "")
