"""Curves of known truth for the laws to recover."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import ArrayLike

from engine.curve import Curve, Point

Simulate = Callable[..., Curve]


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(sum(map(ord, "the error falls as the data grow")))


@pytest.fixture
def simulate() -> Simulate:
    """simulate(sizes, errors, noise=0, seeds=1, rng=None, guess=None) -> Curve."""

    def curve(
        sizes: Sequence[float],
        errors: ArrayLike,
        noise: float = 0.0,
        seeds: int = 1,
        rng: np.random.Generator | None = None,
        guess: float | None = None,
    ) -> Curve:
        errors = np.asarray(errors, dtype=float)
        draws = np.zeros((seeds, errors.size))
        if rng is not None:
            draws = noise * rng.standard_normal((seeds, errors.size))
        points = [
            Point("simulated", float(size), float(error), seed=seed)
            for seed, row in enumerate(errors * np.exp(draws))
            for size, error in zip(sizes, row, strict=True)
        ]
        return Curve("simulated", tuple(points), guess=guess)

    return curve
