"""The batched walk to the most probable parameters, against scipy one curve at a time."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import least_squares

from engine.laws.posterior import Priors, most_probable

Array = NDArray[np.float64]


def floor_law(theta: Array, x: Array) -> tuple[Array, Array]:
    """Log of a power law with a floor; theta = log coefficient, exponent, log floor."""
    a, b, c = (theta[:, k, None] for k in range(3))
    power, floor = a + b * x, np.broadcast_to(c, (theta.shape[0], x.size))
    value = np.logaddexp(power, floor)
    share = np.exp(power - value)
    return value, np.stack([share, share * x, 1 - share], axis=-1)


def curves(rng: np.random.Generator, count: int, outlier: bool = False) -> tuple[Array, Array]:
    x = np.log(2.0 ** np.arange(12))
    truth = floor_law(np.tile([0.0, -0.4, -3.0], (count, 1)), x)[0]
    y = truth + 0.03 * rng.standard_normal(truth.shape)
    if outlier:
        y[:, 5] += 1.0
    return x, y


@pytest.mark.parametrize(("huber", "loss"), [(np.inf, "linear"), (1.5, "huber")])
def test_every_row_ends_where_scipy_ends_alone(
    rng: np.random.Generator, huber: float, loss: str
) -> None:
    x, y = curves(rng, 5, outlier=loss == "huber")
    mean, sd = np.array([0.0, -0.3, -4.0]), np.array([np.inf, 0.3, 2.0])
    start = np.array([0.5, -0.2, -2.0])
    weights = rng.uniform(0.5, 2, x.size)
    if loss == "huber":  # scipy has one loss for all residuals: none of the priors may feel it
        weights, sd = np.ones(x.size), np.array([np.inf, 10.0, 100.0])
    found = most_probable(
        floor_law, x, y, weights, np.array([0.03]), Priors(mean, sd), np.tile(start, (5, 1)), huber
    )
    for row in range(5):

        def residuals(theta: Array, row: int = row) -> Array:
            off = np.sqrt(weights) * (y[row] - floor_law(theta[None], x)[0][0]) / 0.03
            return np.concatenate([off, (theta - mean) / sd])

        alone = least_squares(residuals, start, loss=loss, f_scale=min(huber, 1e9), xtol=1e-12)
        assert found.objective[row] == pytest.approx(2 * alone.cost, rel=1e-6)
        assert found.theta[row] == pytest.approx(alone.x, abs=1e-3)


def test_the_hessian_is_the_covariance_of_the_estimates(rng: np.random.Generator) -> None:
    x, y = curves(rng, 2000)
    flat = Priors(np.zeros(3), np.full(3, np.inf))
    start = np.tile([0.0, -0.4, -3.0], (2000, 1))
    found = most_probable(floor_law, x, y, np.ones(x.size), np.array([0.03]), flat, start)
    deviation = found.theta.std(axis=0)
    stated = np.sqrt(np.einsum("bkk->bk", np.linalg.inv(found.hessian)).mean(axis=0))
    assert deviation == pytest.approx(stated, rel=0.1)


def test_a_row_that_begins_beyond_the_numbers_is_said_to_be_lost(
    rng: np.random.Generator,
) -> None:
    x, y = curves(rng, 2)
    flat = Priors(np.zeros(3), np.full(3, np.inf))
    starts = np.array([[0.0, -0.4, -3.0], [np.nan, 0.0, 0.0]])
    found = most_probable(floor_law, x, y, np.ones(x.size), np.array([0.03]), flat, starts)
    assert np.isfinite(found.objective[0])
    assert found.objective[1] == np.inf


@pytest.mark.parametrize("slope", [np.nan, 1e200])
def test_a_row_whose_slopes_are_no_numbers_is_said_to_be_lost_whatever_its_error(slope) -> None:
    """A slope of 1e200 leaves a gradient of 0 where the law fits, and no Hessian."""

    def law(theta: Array, x: Array) -> tuple[Array, Array]:
        value = np.zeros((theta.shape[0], x.size))
        return value, np.where(theta[:, :1] > 0, slope, 1.0)[..., None] + np.zeros((1, x.size, 1))

    found = most_probable(
        law,
        np.zeros(3),
        np.zeros((2, 3)),
        np.ones((1, 3)),
        np.ones(1),
        Priors(np.zeros(1), np.ones(1)),
        np.array([[-0.5], [0.5]]),
    )
    assert np.isfinite(found.objective[0])
    assert found.objective[1] == np.inf


def test_of_several_starts_the_lowest_place_counts() -> None:
    """A law with two minima: +-1 fit alike, and a prior at 0.5 prefers +1 by 4 theta / sd^2."""

    def square(theta: Array, x: Array) -> tuple[Array, Array]:
        return np.tile(theta**2, (1, x.size)), np.tile(2 * theta[..., None], (1, x.size, 1))

    starts = np.array([[[-0.8], [1.2], [-1.1]], [[1.2], [-0.8], [-1.1]]])
    x, y = np.zeros(3), np.ones((2, 3))
    found = most_probable(
        square,
        x,
        y,
        np.ones((1, 3)),
        np.array([0.01]),
        Priors(np.array([0.5]), np.array([1.0])),
        starts,
    )
    assert found.theta[:, 0] == pytest.approx([1, 1], abs=1e-4)
    assert found.objective == pytest.approx([0.25, 0.25], abs=1e-3)
