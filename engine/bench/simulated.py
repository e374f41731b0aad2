"""Simulated tasks of few sizes in steps of 2, as a study measures them, from laws that are known.

Measured curves of that kind are rare: among the published ones only the five of NMT, which all
end at a floor. Learned from those alone, a mixture takes every short curve for one about to stop.
"""

import numpy as np

from engine.bench.tasks import Task
from engine.curve import Curve, Point
from engine.laws import forms

GROUP = "SIM"
FOLDS = 5
EXPONENTS = (-0.8, -0.06)  # published ones: Hestness et al. 2017, figures 1 to 6
NOISE = (0.003, 0.06)  # of log error, log-uniform: seeds averaged, seeds not
FLOOR_SHARE = (0.02, 0.9)  # of the error at the largest size, log-uniform
ELBOW = (2.0, 30.0)  # times the smallest size
COUNTS = (6, 13)  # sizes seen, the last excluded
ASKED = 8  # sizes, up to four times the largest


def simulated_tasks(count: int, rng: np.random.Generator) -> list[Task]:
    """A third each of power laws, power laws with a floor, and plateau-power-floor."""
    return [_task(k, rng) for k in range(count)]


def _task(k: int, rng: np.random.Generator) -> Task:
    seen = 2.0 ** np.arange(rng.integers(*COUNTS))
    asked = seen[-1] * np.geomspace(1.2, 4.0, ASKED)
    size = np.concatenate([seen, asked])
    exponent = rng.uniform(*EXPONENTS)
    if k % 3 == 2:
        law = forms.plateau_power_floor(size, 1.0, np.exp(rng.uniform(*np.log(ELBOW))), exponent, 0)
    else:
        law = forms.power(size, 1.0, exponent)
    if k % 3:
        law = law + np.exp(rng.uniform(*np.log(FLOOR_SHARE))) * law[seen.size - 1]
    noise = np.exp(rng.uniform(*np.log(NOISE)))
    error = law * np.exp(noise * rng.standard_normal(size.size))
    name = f"SIM/{k}"
    pairs = zip(seen.tolist(), error.tolist(), strict=False)
    points = tuple(Point(name, m, e) for m, e in pairs)
    return Task(GROUP, name, Curve(name, points), asked, error[seen.size :])
