"""What training at a size costs: seconds on the device that measured, from the points themselves.

Seconds of the winning candidate against size follow a power law once a training is longer than
the floor of steps; it is fitted to the larger half of the sizes, where that is over. What it
predicts has a prediction interval of Student's t. The search that finds a winner costs as many
trainings more as it has candidates; that is left to who reads it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from engine.curve import Curve
from engine.laws.fit import LEAST_SPAN, TAIL, Interval
from engine.laws.repeats import LARGEST, LARGEST_LOG

LEAST_SIZES = 4  # two parameters, and two degrees of freedom for the interval
# Weights, gradients and AdamW's two moments, float32 each: activations and data come on top.
BYTES_PER_PARAMETER = 16


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one training against size: log s = level + exponent * (log m - centre)."""

    device: str  # that took these seconds
    exponent: float | None  # None where `doubt` says why
    level: float
    centre: float
    spread: float  # standard deviation of log seconds about the line
    n: int  # sizes it rests on
    width: float  # sum of (log m - centre)^2
    doubt: str  # empty where there is a line

    def seconds(self, size: float) -> Interval:
        """Seconds of one training at `size`, with the 90 % interval of a new measurement.

        Raises:
            ValueError: nothing is known.
        """
        if self.exponent is None:
            raise ValueError(f"no cost is known: {self.doubt}")
        off = np.log(size) - self.centre
        middle = self.level + self.exponent * off
        reach = np.sqrt(1 + 1 / self.n + off**2 / self.width)
        half = stdtrit(self.n - 2, TAIL) * self.spread * reach
        ends = np.clip([middle, middle - half, middle + half], -LARGEST_LOG, LARGEST_LOG)
        return Interval(*map(float, np.exp(ends)))


def fit_cost(curve: Curve) -> Cost:
    """The cost of a curve's trainings, from the seconds of its points. Never raises on data."""
    known = [
        (point.size, point.seconds)
        for point in curve.points
        if 1 / LARGEST < point.size < LARGEST and 1 / LARGEST < (point.seconds or 0) < LARGEST
    ]
    size, seconds = np.array(known, dtype=np.float64).reshape(-1, 2).T
    sizes, row = np.unique(size, return_inverse=True)
    y = np.bincount(row, np.log(seconds)) / np.bincount(row)
    half = max(LEAST_SIZES, -(-len(sizes) // 2))
    x, y = np.log(sizes[-half:]), y[-half:]
    if x.size < LEAST_SIZES or x[-1] - x[0] < LEAST_SPAN:
        doubt = f"seconds are known at {len(sizes)} sizes; a cost needs {LEAST_SIZES}, well apart"
        return Cost(curve.device, None, 0.0, 0.0, 0.0, len(sizes), 0.0, doubt)
    centre = float(x.mean())
    width = float(np.square(x - centre).sum())
    slope = float((x - centre) @ y / width)
    residual = y - y.mean() - slope * (x - centre)
    spread = float(np.sqrt(residual @ residual / (x.size - 2)))
    return Cost(curve.device, slope, float(y.mean()), centre, spread, x.size, width, "")


def memory(parameters: float) -> float:
    """Bytes that a model's training needs at least."""
    return BYTES_PER_PARAMETER * parameters
