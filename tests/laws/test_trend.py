"""The filter against the Gaussian that it computes step by step, worked out at once."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal

from engine.laws import trend


def of_one_cell(monkeypatch: pytest.MonkeyPatch, wander: float, damping: float) -> None:
    monkeypatch.setattr(trend, "WANDER", np.array([wander]))
    monkeypatch.setattr(trend, "NOISE", np.array([1.0]))
    monkeypatch.setattr(trend, "DAMPING", np.array([damping]))
    monkeypatch.setattr(trend, "HUBER", 1e9)


def at_once(x, y, noise, wander, d, ahead):
    """Mean and variance of the level at `ahead` given y, and y's density: a Gaussian path.

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
    covariance = (rows * prior) @ rows.T + np.diag(np.broadcast_to(noise, len(x)) ** 2)
    gain = np.linalg.solve(covariance, (rows * prior) @ target)
    return (
        target @ mean + gain @ (y - rows @ mean),
        (target * prior) @ target - gain @ ((rows * prior) @ target),
        multivariate_normal.logpdf(y, rows @ mean, covariance),
    )


@pytest.mark.parametrize("scatter", [0.05, 0.5])
def test_it_is_the_conditional_gaussian(rng, monkeypatch, scatter) -> None:
    of_one_cell(monkeypatch, 0.3, 0.4)
    x = np.array([0.0, 0.4, 1.1, 2.0, 2.3])
    y = -0.4 * x + scatter * rng.standard_normal(x.size)
    weight = np.array([0.5, 2.0, 1.0, 0.7, 1.3])
    found = trend.follow(x[None], y[None], weight[None], np.array([scatter]))
    mean, variance, noise = found.predict(np.array([[3.5]]))
    expected = at_once(x, y, scatter / np.sqrt(weight), 0.3, 0.4, 3.5)
    assert mean[0, 0] == pytest.approx(expected[0], abs=2e-4)
    assert variance[0, 0] == pytest.approx(expected[1], rel=2e-3)
    assert noise[0] == pytest.approx(scatter**2)


@pytest.mark.parametrize(("z", "share"), [(1.0, 1 / 3), (2.999, 1.0), (6.0, 1.0), (-300.0, -1.0)])
def test_a_size_moves_the_level_by_no_more_than_one_three_deviations_off(
    rng, monkeypatch, z, share
) -> None:
    huber = trend.HUBER
    of_one_cell(monkeypatch, 0.3, 0.4)
    monkeypatch.setattr(trend, "HUBER", huber)
    x = np.linspace(0, 3, 8)
    y = -0.3 * x + 0.05 * rng.standard_normal(8)
    weight, noise = np.ones((1, 8)), np.array([0.05])
    before = trend.follow(x[None, :7], y[None, :7], weight[:, :7], noise)
    mean, variance, own = before.predict(x[None, 7:])
    total = variance[0, 0] + own[0]
    y[7] = mean[0, 0] + z * np.sqrt(total)
    after = trend.follow(x[None], y[None], weight, noise)
    most = 3 * variance[0, 0] / np.sqrt(total)
    assert after.level[0, 0] - mean[0, 0] == pytest.approx(share * most, rel=1e-3)


def test_many_sizes_that_hardly_scatter_still_tell_the_cells_apart() -> None:
    x = np.linspace(0, 9, 500)
    found = trend.follow(x[None], -0.3 * x[None], np.ones((1, 500)), np.array([1e-3]))
    assert found.probability.sum() == pytest.approx(1)
    assert found.probability.max() > 2 / found.probability.size


def test_cells_of_the_grid_count_by_the_density_of_the_curve(rng, monkeypatch) -> None:
    of_one_cell(monkeypatch, 0.0, 0.4)
    monkeypatch.setattr(trend, "WANDER", np.array([0.02, 0.3]))
    monkeypatch.setattr(trend, "NOISE", np.array([0.5, 1.0]))
    x = np.array([0.0, 0.4, 1.1, 2.0, 2.3])
    y = -0.4 * x + 0.05 * rng.standard_normal(x.size)
    found = trend.follow(x[None], y[None], np.ones((1, 5)), np.array([0.06]))
    mean, variance, noise = found.predict(np.array([[3.5]]))
    cells = [(wander, grain * 0.06) for wander in (0.02, 0.3) for grain in (0.5, 1.0)]
    means, variances, densities = np.transpose(
        [at_once(x, y, scatter, wander, 0.4, 3.5) for wander, scatter in cells]
    )
    share = np.exp(densities) / np.exp(densities).sum()
    assert found.probability[0] == pytest.approx(share, abs=2e-3)
    assert share.max() < 0.9  # else any of the cells would do
    assert mean[0, 0] == pytest.approx(share @ means, abs=1e-3)
    spread = share @ variances + share @ means**2 - (share @ means) ** 2
    assert variance[0, 0] == pytest.approx(spread, rel=5e-3)
    assert noise[0] == pytest.approx(share @ [scatter**2 for _, scatter in cells], rel=5e-3)


@pytest.mark.parametrize("step", [2e-4, 0.99e-3, 1.01e-3, 0.1, 2.0])
def test_a_wander_adds_what_its_integrals_say(step) -> None:
    """A shock u before the end moves the slope by exp(-d u) and the level by its integral."""
    d = 0.7
    found = trend._wander(np.array([step]), np.array([d]))

    def slope(u):
        return np.exp(-d * u)

    def level(u):
        return quad(slope, 0, u, epsabs=0)[0]

    for value, shape in zip(
        found,
        (lambda u: level(u) ** 2, lambda u: level(u) * slope(u), lambda u: slope(u) ** 2),
        strict=True,
    ):
        assert value[0] == pytest.approx(quad(shape, 0, step, epsabs=0)[0], rel=1e-3)


def test_a_curve_does_not_change_beside_a_longer_one(rng) -> None:
    x = np.linspace(0, 3, 12)
    y = -0.3 * x + 0.02 * rng.standard_normal(12)
    guess = np.array([0.02, 0.02])
    short = trend.follow(x[None, 4:], y[None, 4:], np.ones((1, 8)), guess[:1])
    both_x = np.stack([x, np.r_[np.full(4, -9.0), x[4:]]])  # what stands where no size is
    both_y = np.stack([y, np.r_[np.full(4, 7.0), y[4:]]])
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
