"""Draws against integrals and quantiles that are known."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import gamma, t

from engine.laws.draws import (
    ENOUGH,
    TAILS,
    WIDEN,
    _log_sum,
    _roots,
    _student,
    _tempered,
    adaptive_draws,
)


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


def test_logs_far_apart_are_summed_without_overflow() -> None:
    rows = [np.array([0.0, -1000.0, -700.0]), np.array([-1000.0, 0.0, -700.0])]
    assert _log_sum(rows) == pytest.approx([0.0, 0.0, np.log(2) - 700])


@pytest.mark.parametrize("nothing", [np.nan, -np.inf])
def test_a_density_that_is_nowhere_has_no_weight(nothing) -> None:
    _, log_weight = adaptive_draws(
        lambda points: np.full(points.shape[0], nothing), np.zeros(2), np.eye(2)
    )
    assert (log_weight == -np.inf).all()


def effective(log_weight: np.ndarray) -> float:
    """How many equal draws these are worth."""
    weight = np.exp(log_weight - logsumexp(log_weight))
    return float(1 / (weight**2).sum())


def test_a_first_guess_far_off_still_gives_enough_draws() -> None:
    def density(points: np.ndarray) -> np.ndarray:
        return -0.5 * np.square(points - [6.0, -6.0]).sum(axis=1)

    points, log_weight = adaptive_draws(density, np.zeros(2), 4 * np.eye(2))
    assert effective(log_weight) >= ENOUGH
    assert quantile(points[:, 0], log_weight, 0.5) == pytest.approx(6.0, abs=0.2)


def test_weights_are_flattened_only_where_too_few_draws_count(rng) -> None:
    log_weight = rng.standard_normal(500)
    weight, counted = _tempered(log_weight, 30)
    assert weight == pytest.approx(np.exp(log_weight) / np.exp(log_weight).sum())
    assert counted == pytest.approx(effective(log_weight))
    log_weight[0] = 40.0
    weight, counted = _tempered(log_weight, 30)
    assert counted == pytest.approx(1.0)
    assert 1 / (weight**2).sum() >= 30
    assert weight.argmax() == 0


def test_drawing_ends_with_the_round_that_makes_enough() -> None:
    def density(points: np.ndarray) -> np.ndarray:
        return -0.5 * np.square(points).sum(axis=1)

    points, log_weight = adaptive_draws(density, np.zeros(2), np.eye(2))
    assert points.shape == (500, 2)
    assert effective(log_weight) >= ENOUGH > effective(log_weight[:250])


@pytest.mark.parametrize("factor", [2000.0, -2000.0])
def test_a_factor_beyond_the_numbers_changes_no_draw(factor) -> None:
    def density(points: np.ndarray) -> np.ndarray:
        return -0.5 * np.square(points - [6.0, -6.0]).sum(axis=1)

    plain = adaptive_draws(density, np.zeros(2), 4 * np.eye(2))
    scaled = adaptive_draws(lambda points: density(points) + factor, np.zeros(2), 4 * np.eye(2))
    assert scaled[0] == pytest.approx(plain[0], rel=1e-6)
    assert scaled[1] == pytest.approx(plain[1] + factor, abs=1e-6)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_draws_of_a_proposal_have_the_tails_of_students_t(k) -> None:
    draws = np.concatenate([_student(k, turn) for turn in range(200)])
    shares = (0.005, 0.05, 0.5, 0.95, 0.995)
    for share, found in zip(shares, np.quantile(draws, shares), strict=True):
        assert t.cdf(found, TAILS) == pytest.approx(share, abs=0.01 * max(share, 0.1))


def test_draws_where_there_is_no_density_do_not_end_the_search() -> None:
    def density(points: np.ndarray) -> np.ndarray:  # a gamma variable, begun below its end at 0
        return gamma.logpdf(points[:, 0], 3.0)

    _, log_weight = adaptive_draws(density, np.array([-2.0]), np.array([[1.0]]))
    assert np.isneginf(log_weight).any()
    assert effective(log_weight) >= ENOUGH / 2
    assert logsumexp(log_weight) - np.log(log_weight.size) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("unit", [2e-3, 2e-12])
def test_the_root_is_of_the_widened_covariance_whatever_its_units(unit) -> None:
    covariance = np.array([[unit**2, 0.9 * unit], [0.9 * unit, 1.0]])
    root, unroot, log_volume = _roots(covariance)
    assert root @ root.T == pytest.approx(WIDEN**2 * covariance, rel=1e-9, abs=0)
    assert unroot @ root == pytest.approx(np.eye(2), abs=1e-9)
    assert log_volume == pytest.approx(np.log(np.linalg.det(WIDEN**2 * covariance)) / 2)
