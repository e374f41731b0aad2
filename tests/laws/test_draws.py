"""Draws against integrals and quantiles that are known."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import gamma

from engine.laws.draws import adaptive_draws


def quantile(value: np.ndarray, log_weight: np.ndarray, share: float) -> float:
    order = np.argsort(value)
    weight = np.exp(log_weight[order] - logsumexp(log_weight))
    return float(value[order][np.searchsorted(np.cumsum(weight), share)])


def test_the_mean_weight_is_the_integral() -> None:
    def density(points: np.ndarray) -> np.ndarray:
        return -0.5 * np.square((points - [1.0, -2.0]) / [0.5, 3.0]).sum(axis=1)

    _, log_weight = adaptive_draws(density, np.zeros(2), np.eye(2))
    integral = logsumexp(log_weight) - np.log(log_weight.size)
    assert integral == pytest.approx(np.log(2 * np.pi * 0.5 * 3.0), abs=0.05)


def test_quantiles_of_a_lopsided_density_come_from_a_poor_first_guess() -> None:
    """The log of a gamma variable: steep on one side, long on the other."""

    def density(points: np.ndarray) -> np.ndarray:
        return 2.0 * points[:, 0] - np.exp(points[:, 0])

    points, log_weight = adaptive_draws(density, np.array([3.0]), np.array([[0.3]]))
    for share in (0.05, 0.5, 0.95):
        found = quantile(points[:, 0], log_weight, share)
        assert gamma.cdf(np.exp(found), 2.0) == pytest.approx(share, abs=0.04)


def test_the_same_density_gives_the_same_draws() -> None:
    def density(points: np.ndarray) -> np.ndarray:
        return -np.abs(points).sum(axis=1)

    first, second = (adaptive_draws(density, np.zeros(3), np.eye(3)) for _ in range(2))
    assert np.array_equal(first[0], second[0])


def test_a_density_that_is_nowhere_has_no_weight() -> None:
    _, log_weight = adaptive_draws(
        lambda points: np.full(points.shape[0], np.nan), np.zeros(2), np.eye(2)
    )
    assert (log_weight == -np.inf).all()
