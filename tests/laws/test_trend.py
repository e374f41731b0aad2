"""The filter against the Gaussian that it computes step by step, worked out at once."""

import numpy as np
import pytest

from engine.laws import trend


def of_one_cell(monkeypatch: pytest.MonkeyPatch, wander: float, damping: float) -> None:
    monkeypatch.setattr(trend, "WANDER", np.array([wander]))
    monkeypatch.setattr(trend, "NOISE", np.array([1.0]))
    monkeypatch.setattr(trend, "DAMPING", np.array([damping]))
    monkeypatch.setattr(trend, "HUBER", 1e9)


def at_once(x, y, noise, wander, d, ahead):
    """Mean and variance of the level at `ahead` given y: one Gaussian over a fine path.

    The slope is an Ornstein-Uhlenbeck path, drawn as a sum of shocks on a fine grid; level and
    slope are linear in first level, first slope and shocks, so everything is one least squares.
    """
    fine = np.linspace(x[0], ahead, 8001)
    h = fine[1] - fine[0]
    middle = fine[:-1] + h / 2

    def row(at):
        reach = np.where(middle < at, -np.expm1(-d * np.maximum(at - middle, 0)) / d, 0.0)
        first = -np.expm1(-d * (at - x[0])) / d
        return np.concatenate([[1.0, first], reach * np.sqrt(h) * wander])

    prior = np.concatenate(
        [[trend.FIRST_LEVEL_SD**2, trend.FIRST_SLOPE_SD**2], np.ones(middle.size)]
    )
    mean = np.concatenate([[y[0], trend.FIRST_SLOPE], np.zeros(middle.size)])
    rows, target = np.array([row(at) for at in x]), row(ahead)
    covariance = (rows * prior) @ rows.T + noise**2 * np.eye(len(x))
    gain = np.linalg.solve(covariance, (rows * prior) @ target)
    return target @ mean + gain @ (y - rows @ mean), (target * prior) @ target - gain @ (
        (rows * prior) @ target
    )


def test_it_is_the_conditional_gaussian(rng, monkeypatch) -> None:
    of_one_cell(monkeypatch, 0.3, 0.4)
    x = np.array([0.0, 0.4, 1.1, 2.0, 2.3])
    y = -0.4 * x + 0.05 * rng.standard_normal(x.size)
    found = trend.follow(x[None], y[None], np.ones((1, 5)), np.array([0.05]))
    mean, variance, noise = found.predict(np.array([[3.5]]))
    expected = at_once(x, y, 0.05, 0.3, 0.4, 3.5)
    assert mean[0, 0] == pytest.approx(expected[0], abs=2e-4)
    assert variance[0, 0] == pytest.approx(expected[1], rel=2e-3)
    assert noise[0] == pytest.approx(0.05**2)


def test_a_curve_does_not_change_beside_a_longer_one(rng) -> None:
    x = np.linspace(0, 3, 12)
    y = -0.3 * x + 0.02 * rng.standard_normal(12)
    guess = np.array([0.02, 0.02])
    short = trend.follow(x[None, 4:], y[None, 4:], np.ones((1, 8)), guess[:1])
    both_x = np.stack([x, np.r_[np.full(4, x[4]), x[4:]]])
    both_y = np.stack([y, np.r_[np.full(4, y[4]), y[4:]]])
    weight = np.ones((2, 12))
    weight[1, :4] = 0
    both = trend.follow(both_x, both_y, weight, guess)
    ahead = np.array([[3.5, 5.0]])
    alone = short.predict(ahead)[0][0]
    assert both.row(1).predict(ahead)[0][0] == pytest.approx(alone, rel=1e-12)


def test_the_forecast_flattens_in_the_end(rng) -> None:
    x = np.linspace(0, 5, 20)
    y = -0.5 * x + 0.01 * rng.standard_normal(20)
    found = trend.follow(x[None], y[None], np.ones((1, 20)), np.array([0.01]))
    mean = found.predict(np.array([[6.0, 7.0, 60.0, 61.0]]))[0][0]
    assert mean[1] - mean[0] < -0.2
    assert mean[3] - mean[2] == pytest.approx(0, abs=1e-6)
