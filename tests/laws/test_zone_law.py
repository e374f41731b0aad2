"""The three-zone law against its formula written out, and its slopes against differences."""

import numpy as np
import pytest

from engine.laws import zone_law
from engine.laws.zone_law import FAR

X = np.linspace(-6, 6, 13)
THETA = np.array(
    [
        [-0.5, np.log(0.4), 0.3, np.log(1.5), -2.0],
        [-0.5, np.log(0.4), 0.3, np.log(14.0), -2.0],
        [-0.5, np.log(0.1), FAR, 0.0, -2.0],
        [-0.5, np.log(0.1), 0.1, 1.0, -FAR],
    ]
)


def test_the_law_is_its_formula() -> None:
    level, steepness, top, sharpness, floor = THETA[0]
    k, power = np.exp(sharpness), np.exp(level - np.exp(steepness) * X)
    written_out = np.exp(floor) + (np.exp(top) ** -k + power**-k) ** (-1 / k)
    assert np.exp(zone_law.log_error(THETA[:1], X)[0]) == pytest.approx(written_out)


def test_it_starts_at_the_plateau_and_ends_at_the_floor() -> None:
    far = np.array([-200.0, 200.0])
    plateau, floor = zone_law.log_error(THETA[:1], far)[0]
    assert plateau == pytest.approx(zone_law.log_plateau(THETA[:1])[0])
    assert floor == pytest.approx(-2.0)


def test_without_plateau_and_floor_it_is_a_line() -> None:
    theta = np.array([[-0.5, np.log(0.3), FAR, 0.0, -FAR]])
    assert zone_law.log_error(theta, X)[0] == pytest.approx(-0.5 - 0.3 * X)


def test_slopes_of_the_plateau_are_those_of_its_level() -> None:
    value, slopes = zone_law.log_plateau_and_slopes(THETA)
    assert value.tolist() == zone_law.log_plateau(THETA).tolist()
    for column in range(5):
        step = np.zeros(5)
        step[column] = 1e-6
        up, down = (zone_law.log_plateau(THETA + sign * step) for sign in (1, -1))
        assert slopes[:, column] == pytest.approx((up - down) / 2e-6, abs=1e-6)


def test_slopes_are_those_of_the_law() -> None:
    slopes = zone_law.log_error_and_slopes(THETA, X)[1]
    for column in range(5):
        step = np.zeros(5)
        step[column] = 1e-6
        up, down = (zone_law.log_error(THETA + sign * step, X) for sign in (1, -1))
        assert slopes[..., column] == pytest.approx((up - down) / 2e-6, abs=1e-6)
