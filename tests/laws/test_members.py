"""The laws of a forecast: right derivatives, and the optimum that scipy finds too."""

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from scipy.optimize import least_squares

from engine.laws import broken_law, floor_law
from engine.laws.members import FEATURES, fit_members, noise_of

THETA = {floor_law: [-0.3, -0.5, -1.2], broken_law: [-0.4, -0.1, -0.6, -1.5, 0.2, -1.0]}


@pytest.mark.parametrize("module", THETA, ids=["floor", "broken"])
def test_derivatives_are_those_of_the_law(module: ModuleType) -> None:
    theta, x = np.array([THETA[module]]), np.linspace(-4, 1, 9)
    slopes = module.law(theta, x)[1][0]
    for k in range(theta.shape[1]):
        step = np.zeros_like(theta)
        step[0, k] = 1e-6
        difference = module.law(theta + step, x)[0] - module.law(theta - step, x)[0]
        assert slopes[:, k] == pytest.approx(difference[0] / 2e-6, abs=1e-7)


def test_the_broken_law_is_caballeros_formula() -> None:
    level, before, after, at, log_width, floor = THETA[broken_law]
    size, f1 = np.exp(np.linspace(-4, 1, 9)), np.exp(log_width)
    c0, c1, d1 = -before, before - after, np.exp(at)
    whole = np.exp(broken_law.law(np.array([THETA[broken_law]]), np.log(size))[0][0])
    shape = size**-c0 * (1 + (size / d1) ** (1 / f1)) ** (-c1 * f1)  # b = 1, a = 0
    at_last = (1 + (1 / d1) ** (1 / f1)) ** (-c1 * f1)
    assert whole == pytest.approx(np.exp(level) * shape / at_last + np.exp(floor), rel=1e-12)


def test_the_floor_law_is_the_best_of_many_scipy_walks(rng) -> None:
    x = np.linspace(-5, 0, 12)
    y = np.logaddexp(-0.7 - 0.5 * x, -1.0) + 0.03 * rng.standard_normal(12)
    found = floor_law.most_probable_floor_law(x[None], y[None], np.ones((1, 12)), np.array([0.03]))

    def residuals(theta: np.ndarray) -> np.ndarray:
        off = (floor_law.law(theta[None], x)[0][0] - y) / 0.03
        size = np.abs(off)
        rho = np.where(size <= 3, off**2, 6 * size - 9)
        prior = (theta - floor_law.PRIOR_MEAN) / floor_law.PRIOR_SD
        return np.concatenate([np.sqrt(np.exp(x) * rho), prior])

    best = min(2 * least_squares(residuals, start).cost for start in floor_law.STARTS)
    assert found.objective[0] == pytest.approx(best, rel=1e-3)


def test_the_broken_law_is_the_best_of_many_scipy_walks_and_expects_its_break_by_the_span(
    rng,
) -> None:
    spans, n = (6.0, 2.5), 14
    x, weight = np.zeros((2, n)), np.zeros((2, n))
    for row, (span, count) in enumerate(zip(spans, (14, 9), strict=True)):
        x[row, : n - count], x[row, n - count :] = -99.0, np.linspace(-span, 0, count)
        weight[row, n - count :] = np.r_[0.4, rng.uniform(0.5, 1.5, count - 1)]
    y = broken_law.law(np.array([[-0.2, -0.1, -0.7, -1.2, -0.3, -2.5]] * 2), x)[0]
    y += 0.03 * rng.standard_normal(y.shape)
    found = broken_law.most_probable_broken_law(x, y, weight, np.array([0.03, 0.03]))
    for row, span in enumerate(spans):
        mean, sd = broken_law.PRIOR_MEAN.copy(), broken_law.PRIOR_SD.copy()
        mean[3], sd[3] = mean[3] * span, sd[3] * span
        there = weight[row] > 0

        def residuals(theta: np.ndarray, row=row, there=there, mean=mean, sd=sd) -> np.ndarray:
            size = np.abs(broken_law.law(theta[None], x[row, there])[0][0] - y[row, there]) / 0.03
            rho = np.where(size <= 3, size**2, 6 * size - 9)
            return np.concatenate([np.sqrt(weight[row, there] * rho), (theta - mean) / sd])

        starts = broken_law.STARTS * [1, 1, 1, span, 1, 1]
        best = min(2 * least_squares(residuals, start).cost for start in starts)
        assert found.objective[row] == pytest.approx(best, rel=1e-3)


def test_a_break_is_expected_inside_the_sizes_and_a_floor_below_the_last_error() -> None:
    assert -1 < broken_law.PRIOR_MEAN[3] < 0  # in spans: 0 is the largest size
    assert (broken_law.STARTS[:, 3] > -1).all()
    assert (broken_law.STARTS[:, 3] < 0).all()
    for floors in (
        floor_law.PRIOR_MEAN[2:],
        broken_law.PRIOR_MEAN[5:],
        floor_law.STARTS[:, 2],
        broken_law.STARTS[:, 5],
    ):
        assert (floors < 0).all()
    slopes = (floor_law.STARTS[:, 1:2], broken_law.STARTS[:, 1:3])
    assert all((each < 0).all() for each in slopes)


def test_noise_is_read_from_the_bends(rng) -> None:
    x = np.linspace(0, 6, 4000)
    y = -0.4 * x + 0.05 * rng.standard_normal(4000)
    y[50] += 3.0
    assert noise_of(x, y, np.ones(4000)) == pytest.approx(0.05, rel=0.1)


def test_the_noise_is_that_of_a_size_of_weight_one(rng) -> None:
    x, weight = np.linspace(0, 6, 4000), rng.choice([1.0, 9.0], 4000)
    y = -0.4 * x + 0.05 / np.sqrt(weight) * rng.standard_normal(4000)
    assert noise_of(x, y, weight) == pytest.approx(0.05, rel=0.1)


def test_features_have_their_names_and_no_units(rng) -> None:
    x = np.linspace(3, 9, 12)
    y = -0.4 * x + 0.02 * rng.standard_normal(12)
    ahead = np.array([[0.3, 1.2]])
    features = []
    for shift_x, shift_y in ((0.0, 0.0), (20.0, -9.0)):
        found = fit_members([x + shift_x], [y + shift_y], [np.ones(12)])
        said, variance = found.ahead(ahead)
        features.append(found.features(ahead, said, variance))
    assert features[0].shape == (1, 2, len(FEATURES))
    assert features[0] == pytest.approx(features[1], rel=1e-6, abs=1e-6)


def test_members_carry_on_a_straight_line_from_where_it_ends() -> None:
    x = np.linspace(3, 9, 12)
    found = fit_members([x], [-0.4 * x], [np.ones(12)])
    level = found.level[0]
    assert level == pytest.approx(-0.4 * 9, abs=1e-3)
    ((at_end, (drift, *laws, stay)),) = found.ahead(np.array([[0.0, 1.0]]))[0]
    assert at_end[[0, 3]] == pytest.approx([level, level])
    assert stay == level
    assert laws == pytest.approx([level - 0.4] * 2, abs=0.05)
    # a slope that fades by 0.4 to 0.8 a unit of log size carries so far
    most, least = ((1 - np.exp(-d)) / d for d in (0.4, 0.8))
    assert -0.4 * most - 1e-3 < drift - level < -0.4 * least + 1e-3
    inside = found.behind((x - 9)[None])[0]
    assert inside[-1] == pytest.approx(level)
    assert inside == pytest.approx(-0.4 * x, abs=0.02)


@pytest.mark.parametrize(("sizes", "noise"), [(4, 0.03), (5, 1e-3)])
def test_five_sizes_are_the_least_whose_bends_tell_the_noise(sizes: int, noise: float) -> None:
    x = np.linspace(0, 6, sizes)
    assert noise_of(x, -0.4 * x, np.ones(sizes)) == noise  # of a line: the least, or unknown


def test_features_count_in_deviations_of_the_filter_and_of_the_noise() -> None:
    x = np.linspace(3, 9, 12)
    found = replace(fit_members([x], [-0.4 * x], [np.ones(12)]), noise=np.array([0.1]))
    ahead = np.array([[[-1.0, -0.8, -2.0, -0.3]] * 2])  # the filter first, deviation 0.2
    said = found.features(np.array([[0.5, 2.0]]), ahead, np.array([[0.04, 0.04]]))
    by_hand = [1.0, 0.5, np.log(2.1), np.log(1.1), np.log(5.1), 1.0, -3.0, 3.0]
    assert said[0, 0, :8] == pytest.approx(by_hand)
    assert said[0, 1, 1] == pytest.approx(np.log(4.0))  # nothing was learned from further on
    assert said[0, 0, 8:].tolist() == found.traits[0].tolist()
