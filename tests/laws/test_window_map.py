"""The exponent in every window, against one fit at a time."""

from dataclasses import replace

import numpy as np
import pytest

from engine.laws.fit import Status, fit
from engine.laws.window import Window
from engine.laws.window_map import window_map

SIZES = 100 * 2.0 ** np.arange(9)


@pytest.mark.parametrize(
    ("sizes", "seeds", "noise", "uneven"),
    [
        (SIZES, 1, 0.05, False),
        (SIZES, 3, 0.02, False),
        (SIZES, 8, 0.04, True),
        (100 * 1.3 ** np.arange(9), 3, 0.02, False),  # close together: little is known of a slope
    ],
)
def test_every_window_reads_as_the_fit_in_it(simulate, sizes, seeds, noise, uneven) -> None:
    curve = simulate(sizes, 15 * sizes**-0.4 + 0.1, noise, seeds, np.random.default_rng(0))
    if uneven:  # two seeds at the largest size, more at smaller ones
        points = tuple(p for p in curve.points if p.seed < max(2, 8 - np.log2(p.size / 100)))
        curve = replace(curve, points=points)
    found = window_map(curve)
    assert found.low.size == 6 * 7 // 2
    for row in range(found.low.size):
        window = Window(sizes[found.low[row]], sizes[found.high[row]])
        one = fit(curve, window, "power")
        assert found.exponent[row] == pytest.approx(one.exponent.value, rel=1e-9)
        half = (one.exponent.high - one.exponent.low) / 2
        assert found.half_width[row] == pytest.approx(half, rel=1e-6)
        assert found.status[row] is one.status


def test_a_window_in_which_the_error_rises_is_marked(simulate) -> None:
    errors = np.where(SIZES < 1500, 0.5 * (SIZES / 100) ** 0.1, 0.4 * (SIZES / 1600) ** -0.5)
    found = window_map(simulate(SIZES, errors))
    assert found.status[0] is Status.NOT_FALLING
    assert found.status[-1] is Status.FITTED


def test_an_error_that_stays_the_same_falls_in_no_window(simulate) -> None:
    found = window_map(simulate(SIZES, np.full(9, 0.5)))
    assert set(found.status) == {Status.NOT_FALLING}


def test_three_sizes_have_no_window(simulate) -> None:
    found = window_map(simulate(SIZES[:3], [3, 2, 1]))
    held = (found.low, found.high, found.exponent, found.half_width, found.status)
    assert [len(each) for each in held] == [0] * 5


def test_only_a_window_whose_sizes_all_lie_too_close_tells_no_slope(simulate) -> None:
    sizes = np.r_[1000 * (1 + 1e-8 * np.arange(4)), 2000, 4000, 8000]
    curve = simulate(sizes, 3 * sizes**-0.3, 0.02, 2, np.random.default_rng(0))
    found = window_map(curve)
    close = (found.low == 0) & (found.high == 3)
    assert close.sum() == 1
    for row in range(found.low.size):
        window = Window(sizes[found.low[row]] - 1e-6, sizes[found.high[row]] + 1e-6)
        assert (found.status[row] is Status.SIZES_TOO_CLOSE) == close[row]
        assert found.status[row] is fit(curve, window, "power").status
    assert (found.exponent[close], found.half_width[close]) == (0.0, np.inf)


def test_twenty_sizes_have_a_window_between_any_two_four_apart(simulate) -> None:
    sizes = np.geomspace(100, 1e6, 20)
    curve = simulate(sizes, 3 * sizes**-0.3, 0.02, 3, np.random.default_rng(0))
    assert window_map(curve).low.size == 17 * 18 // 2


def test_a_long_curve_is_mapped_between_some_of_its_sizes(simulate) -> None:
    sizes = np.geomspace(1, 1e9, 50_000)
    found = window_map(simulate(sizes, 2 * sizes**-0.3, 0.05, 1, np.random.default_rng(0)))
    assert found.low.size < 2100
    assert found.exponent[-1] == pytest.approx(-0.3, abs=0.2)
