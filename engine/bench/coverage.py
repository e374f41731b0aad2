"""How often do 90 % intervals of the exponent hold the truth? Measured on simulated curves.

Three truths (a power law, one with a floor, plateau - power law - floor), sizes in steps of two,
exponents -0.1 to -0.5, zones at random places, plateaus left in four ways from a corner to a long
bend: none of it drawn from the priors of `engine.laws.zones`. Half the pure curves come with a best
guess above their first error, all plateaus with theirs. Noise is normal in log error.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from engine.curve import Curve, Point
from engine.laws.fit import fit
from engine.laws.interval import Interval
from engine.laws.propose import propose_window
from engine.laws.window import Window
from engine.laws.zones import zones

Array = NDArray[np.float64]

TRUTHS = ("power", "power-floor", "plateau-power-floor")
EXPONENTS = (-0.1, -0.2, -0.35, -0.5)
SIZES = (5, 8, 12, 20)
SEEDS_AND_NOISE = ((1, 0.01), (1, 0.05), (3, 0.02), (3, 0.005))
FIRST_SIZE, COEFFICIENT = 100.0, 3.0
FLOOR_AT = (0.4, 1.0)  # share of the log span where the power law meets a floor
LATE_FLOOR_AT = (0.7, 1.1)  # the same after a plateau
PLATEAU_UP_TO = (0.1, 0.4)  # share of the log span
CORNERS = (8.0, 30.0)  # sharpness of plateaus that cut the whole error, hardly rounded
BENDS = (1.5, 4.0)  # of plateaus that turn the excess over the floor

Estimator = Callable[[Curve], Interval | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One estimator on many curves of one kind."""

    truth: str
    sizes: int
    seeds: int
    noise: float  # standard deviation of log error between seeds
    estimator: str
    coverage: float  # share of curves whose interval holds the true exponent
    width: float  # median of the interval's width over the exponent's size; infinite if none
    replicates: int


def rows(
    replicates: int,
    seed: int = 0,
    truths: Sequence[str] = TRUTHS,
    sizes: Sequence[int] = SIZES,
    estimators: dict[str, Estimator] | None = None,
) -> list[Row]:
    """Coverage of every estimator on every kind of curve, `replicates` curves of each."""
    found = []
    for truth in truths:
        for n in sizes:
            for seeds, noise in SEEDS_AND_NOISE:
                rng = np.random.default_rng(
                    [seed, TRUTHS.index(truth), n, seeds, round(1000 * noise)]
                )
                drawn = [simulate(truth, n, seeds, noise, rng) for _ in range(replicates)]
                for name, estimator in (estimators or ESTIMATORS).items():
                    pairs = [(estimator(curve), exponent) for curve, exponent in drawn]
                    held = [i is not None and i.holds(exponent) for i, exponent in pairs]
                    widths = [i.width / -e if i else np.inf for i, e in pairs]
                    found.append(
                        Row(
                            truth,
                            n,
                            seeds,
                            noise,
                            name,
                            float(np.mean(held)),
                            float(np.median(widths)),
                            replicates,
                        )
                    )
    return found


def simulate(
    truth: str, n_sizes: int, seeds: int, noise: float, rng: np.random.Generator
) -> tuple[Curve, float]:
    """A curve of a known law, and its exponent."""
    size = FIRST_SIZE * 2.0 ** np.arange(n_sizes)
    span = np.log(size[-1] / size[0])
    exponent = float(rng.choice(EXPONENTS))

    def power_at(share: float) -> float:
        return float(COEFFICIENT * np.exp(exponent * share * span))

    error = COEFFICIENT * (size / size[0]) ** exponent
    guess = None
    if truth == "power" and rng.random() < 0.5:
        guess = power_at(-rng.uniform(0.1, 1.0))
    if truth == "power-floor":
        error = error + power_at(rng.uniform(*FLOOR_AT))
    if truth == "plateau-power-floor":
        floor = power_at(rng.uniform(*LATE_FLOOR_AT))
        guess = floor + power_at(rng.uniform(*PLATEAU_UP_TO))
        if rng.random() < 0.5:
            k = rng.choice(CORNERS)
            error = (guess**-k + (error + floor) ** -k) ** (-1 / k)
        else:
            k = rng.choice(BENDS)
            error = floor + ((guess - floor) ** -k + error**-k) ** (-1 / k)
    scatter = np.exp(noise * rng.standard_normal((seeds, n_sizes)))
    points = tuple(
        Point("simulated", m, e, seed=repeat)
        for repeat, row in enumerate((error * scatter).tolist())
        for m, e in zip(size.tolist(), row, strict=True)
    )
    return Curve("simulated", points, guess=guess), exponent


def _line(curve: Curve) -> Interval | None:
    """Ordinary least squares through all points in log-log: what a notebook does."""
    x, y = np.log(curve.sizes), np.log(curve.errors)
    x = x - x.mean()
    slope = float(x @ y / (x @ x))
    residual = y - y.mean() - slope * x
    dof = x.size - 2
    half = float(stdtrit(dof, 0.95) * np.sqrt(residual @ residual / dof / (x @ x)))
    return Interval(slope, slope - half, slope + half)


ESTIMATORS: dict[str, Estimator] = {
    "auto fit, proposed window": lambda curve: fit(curve, propose_window(curve)).exponent,
    "auto fit, all sizes": lambda curve: fit(curve).exponent,
    "zones, all sizes": lambda curve: zones(curve).exponent,
    "M2 (Laplace-t), all sizes": lambda curve: fit(curve, Window(), "power-floor").exponent,
    "log-log line, all points": _line,
}
