"""Traits of a curve: each says what its name does, whatever curves are looked at beside it."""

import numpy as np
import pytest

from engine.laws.members import fit_members
from engine.laws.traits import TRAITS


def traits(*curves: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    x, y = zip(*curves, strict=True)
    return fit_members(x, y, [np.ones(each.size) for each in x]).traits


def named(row: np.ndarray, name: str) -> float:
    return float(row[TRAITS.index(name)])


SIZES = np.log(100 * 2.0 ** np.arange(11))


def test_longer_curves_beside_it_leave_a_curve_its_traits(rng) -> None:
    short = SIZES[:6], -0.3 * SIZES[:6] + 0.02 * rng.standard_normal(6)
    long = SIZES, -0.4 * SIZES + 0.02 * rng.standard_normal(11)
    assert traits(short, long)[0] == pytest.approx(traits(short)[0], abs=1e-6)


def test_the_last_slopes_are_numpys_over_the_last_sizes(rng) -> None:
    y = np.logaddexp(-0.5 * SIZES, -3.0) + 0.02 * rng.standard_normal(11)
    row = traits((SIZES, y))[0]
    own = np.polyfit(SIZES[-3:], y[-3:], 1)[0]
    deviation = np.exp(named(row, "last factor of 4's deviation")) - 0.01
    found = named(row, "slope") + deviation * named(row, "last factor of 4's slope")
    assert found == pytest.approx(own, rel=1e-6)


def test_a_curve_that_nears_its_floor_bends_up_and_leaves_flatter_than_the_filter_says() -> None:
    bent, straight = traits((SIZES, np.logaddexp(-0.5 * SIZES, -3.0)), (SIZES, -0.5 * SIZES))
    assert named(bent, "bend") > 0.1
    assert named(straight, "bend") == pytest.approx(0.0, abs=1e-9)
    assert named(bent, "floor law's floor") > named(straight, "floor law's floor")


def test_a_stray_last_size_leans_away() -> None:
    y = -0.3 * SIZES + 0.01 * (-1.0) ** np.arange(11)
    y[-1] += 0.3
    assert named(traits((SIZES, y))[0], "last size's lean") > 0.5
