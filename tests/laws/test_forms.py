"""Each law gives what its paper's formula gives by hand, and tends to where it must."""

from collections.abc import Callable

import numpy as np
import pytest

from engine.laws import forms

SIZES = np.geomspace(1, 1e12, 40)


@pytest.mark.parametrize(
    ("form", "given", "by_hand"),
    [
        (forms.power, (8, 2.0, -1 / 3), 1.0),
        (forms.power_floor, (8, 2.0, -1 / 3, 0.25), 1.25),
        (forms.plateau_power_floor, (3, 0.9, 1.0, -0.5, 0.1), 0.1 + 0.8 / 2),
        (forms.m3, (4, 2.0, 2.0, 0.25, 0.1), 2 * 0.25 + 0.1),
        (forms.pow4, (6, 3.0, 1.0, 0.1, 4.0), 0.4),
        (forms.mmf4, (9, 0.9, 2.0, 0.1, 0.5), (1.8 + 0.3) / 5),
        (forms.wbl4, (9, 1 / 3, 0.7, 0.2, 0.5), 0.2 + 0.7 * np.exp(-1)),
        (forms.exp3, (2, 0.5, 0.5, 0.2), 0.2 + 0.5 * np.exp(-1)),
    ],
)
def test_a_form_gives_its_formula(
    form: Callable[..., np.ndarray], given: tuple[float, ...], by_hand: float
) -> None:
    assert float(form(*given)) == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize("alpha", [0.01, 0.5, 1.0, 3.0, 50.0])
def test_m4_solves_its_equation(alpha: float) -> None:
    e = forms.m4(SIZES, 5.0, 0.4, alpha, 0.9, 0.1)
    inside = (e < 0.9 - 1e-9) & (e > 0.1 + 1e-9)
    left = np.log(e[inside] - 0.1) - alpha * np.log(0.9 - e[inside])
    right = np.log(5.0) - 0.4 * np.log(SIZES[inside])
    assert left == pytest.approx(right, abs=1e-5)
    assert inside.sum() > 5
    assert np.all(np.diff(e) <= 0)


def test_m4_is_m2_where_alpha_is_nought() -> None:
    sizes = SIZES[SIZES > 1e4]  # where M2 lies below the ceiling
    expected = forms.power_floor(sizes, 5.0, -0.4, 0.1)
    assert forms.m4(sizes, 5.0, 0.4, 1e-12, 10.0, 0.1) == pytest.approx(expected, rel=1e-9)


def test_plateau_power_floor_has_the_three_regions() -> None:
    guess, elbow, exponent, floor = 0.9, 1e4, -0.5, 1e-4
    e = forms.plateau_power_floor([1.0, 1e7, 1e7 * 1.01, 1e30], guess, elbow, exponent, floor)
    assert e[0] == pytest.approx(guess, rel=1e-3)
    assert np.log(e[2] / e[1]) / np.log(1.01) == pytest.approx(exponent, rel=0.01)
    assert e[3] == pytest.approx(floor, rel=1e-3)
