"""The growth law: beta_p found again, never surer than the ladder of capacities allows."""

import numpy as np
import pytest

from engine.curve import Curve, Point
from engine.laws.growth import fit_growth
from engine.laws.window import Window

SIZES = 100 * 2.0 ** np.arange(10)


def curve_of(parameters: np.ndarray, sizes: np.ndarray = SIZES) -> Curve:
    points = [
        Point("c", float(m), 0.5, seed=seed, parameters=None if np.isnan(p) else round(p))
        for m, p in zip(sizes, parameters, strict=True)
        for seed in range(2)
    ]
    return Curve("c", tuple(points))


def on_ladder(wanted: np.ndarray, step: float) -> np.ndarray:
    """The rung nearest in log to each capacity; rungs are a factor of `step` apart."""
    return 1000 * step ** np.round(np.log(wanted / 1000) / np.log(step))


def test_a_law_without_noise_is_found_exactly() -> None:
    found = fit_growth(curve_of(1e6 * SIZES**0.7))
    assert found.exponent is not None
    assert found.exponent.value == pytest.approx(0.7, abs=1e-6)
    assert found.coefficient == pytest.approx(1e6, rel=1e-5)
    assert found.predict(np.array([1e3])) == pytest.approx(1e6 * 1e3**0.7, rel=1e-5)


@pytest.mark.parametrize("exponent", [0.5, 0.78, 1.0])
def test_the_interval_covers_the_truth_through_a_coarse_ladder(exponent: float) -> None:
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(400):
        start = 10 ** rng.uniform(2, 3)
        wanted = start * SIZES**exponent * np.exp(rng.normal(0, 0.3, SIZES.size))
        found = fit_growth(curve_of(on_ladder(wanted, 3.0)))
        assert found.exponent is not None
        held += found.exponent.holds(exponent)
    assert held / 400 >= 0.86  # 90 % less three standard errors of a share of 400


def test_rungs_that_happen_to_lie_on_a_line_are_no_surer_than_half_a_step() -> None:
    at = np.array([0, 1, 3, 4, 6, 7, 9])  # where the nearest two that won are one rung apart
    found = fit_growth(curve_of(1000 * 2.0**at, SIZES[at]))
    assert found.exponent is not None
    assert found.exponent.value == pytest.approx(1)
    # a uniform error's variance of 1 / 12, over sizes that vary by 192 - 30^2 / 7; t of 5: 2.015
    assert found.exponent.width == pytest.approx(2 * 2.015 / (12 * (192 - 900 / 7)) ** 0.5, 1e-3)


@pytest.mark.parametrize("count", [3, 4])
def test_four_sizes_are_the_least_that_give_a_growth_law(count: int) -> None:
    found = fit_growth(curve_of(1e6 * SIZES[:count] ** 0.7, SIZES[:count]))
    assert (found.exponent is not None) == (count == 4)
    if found.exponent is None:
        with pytest.raises(ValueError, match="known at 3 sizes in the window"):
            found.predict(1e3)


@pytest.mark.parametrize("others", [(200, 400, 800, 1600), (100 + 2e-6, 1600)])
def test_two_sizes_on_top_of_each_other_do_not_hide_the_others(others: tuple[float, ...]) -> None:
    sizes = np.array([100, 100 + 1e-6, *others])
    found = fit_growth(curve_of(1e6 * sizes**0.7, sizes))
    assert found.exponent is not None
    assert found.exponent.value == pytest.approx(0.7, abs=1e-6)


@pytest.mark.parametrize("alone", [100, 1e6])
def test_sizes_on_top_of_each_other_do_not_hide_one_that_lies_apart(alone: float) -> None:
    sizes = np.sort([alone, *(5000 * (1 + 1e-9 * np.arange(3)))])
    found = fit_growth(curve_of(1e6 * sizes**0.7, sizes))
    assert found.exponent is not None
    assert found.exponent.value == pytest.approx(0.7, abs=1e-4)


def test_a_model_of_one_leaf_is_a_model() -> None:
    parameters = 2.0 ** np.arange(SIZES.size)
    found = fit_growth(curve_of(parameters))
    assert found.sizes == tuple(SIZES)
    assert found.parameters == pytest.approx(parameters)


def test_only_sizes_inside_the_window_count() -> None:
    parameters = np.where(SIZES < 800, 500.0, 10 * SIZES)
    found = fit_growth(curve_of(parameters), Window(800, None))
    assert found.exponent is not None
    assert found.exponent.value == pytest.approx(1, abs=1e-6)
    assert found.sizes == tuple(SIZES[3:])


def test_one_capacity_at_every_size_is_no_growth_law() -> None:
    found = fit_growth(curve_of(np.full(SIZES.size, 360_000.0)))
    assert found.exponent is None
    assert "one capacity won at every size" in found.doubt


def test_points_that_do_not_tell_their_parameters_are_left_out() -> None:
    parameters = np.where(SIZES < 1600, 10 * SIZES, np.nan)[3:6]
    found = fit_growth(curve_of(parameters, SIZES[3:6]))
    assert found.exponent is None
    assert found.sizes == (800.0,)
    assert "known at 1 size in the window" in found.doubt


def test_a_window_that_holds_nothing_has_no_growth_law() -> None:
    found = fit_growth(curve_of(10 * SIZES), Window(1e9, None))
    assert found.exponent is None
    assert "known at 0 sizes in the window" in found.doubt


@pytest.mark.parametrize(
    ("size", "parameters"),
    [(1e300, 1000), (float("inf"), 1000), (50.0, 10**400), (50.0, -7), (50.0, 0)],
)
def test_a_point_that_nothing_measured_can_be_is_left_out(size: float, parameters: int) -> None:
    curve = curve_of(1000 * SIZES**0.7)
    hostile = Point("c", size, 0.5, parameters=parameters)
    found = fit_growth(Curve("c", (*curve.points, hostile)))
    assert found.exponent == fit_growth(curve).exponent


@pytest.mark.parametrize("step", [1e-13, 1e-5, 1e-2])
def test_sizes_close_together_give_a_finite_answer_or_none(step: float) -> None:
    found = fit_growth(curve_of(10.0 ** np.arange(1, 11), 100 * (1 + step * np.arange(10))))
    assert (found.exponent is None) == bool(found.doubt)
    assert found.exponent is None or np.isfinite(found.predict(found.sizes)).all()
    assert step > 1e-9 or "well apart" in found.doubt
