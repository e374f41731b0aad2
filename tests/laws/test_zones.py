"""Zones of curves with known laws, and of the curves that ship."""

from math import isfinite

import numpy as np
import pytest

from engine.curve import Curve
from engine.laws.fit import fit
from engine.laws.window import Window
from engine.laws.zones import zones
from engine.recorded import recorded_curves

SIZES = 50 * 2.0 ** np.arange(14)


def three_zones(exponent: float = -0.5) -> np.ndarray:
    """A plateau of 0.9 up to 200, a floor of 0.06 that is half the error at about 45,000."""
    return np.minimum(0.84, 0.84 * (SIZES / 200) ** exponent) + 0.06


def shipped(name: str) -> Curve:
    return next(curve for curve in recorded_curves() if curve.name == name)


def test_three_zones_are_found_where_they_are(simulate) -> None:
    found = zones(simulate(SIZES, three_zones(), 0.01, 3, np.random.default_rng(0), guess=0.9))
    assert found.plateau_chance > 0.99
    assert found.floor_chance > 0.99
    assert found.plateau_end.value == pytest.approx(200, rel=0.15)
    assert found.floor_begins.holds(200 * (0.84 / 0.06) ** 2)
    assert found.exponent.holds(-0.5)
    assert found.floor.holds(0.06)
    assert found.law_decades == pytest.approx(2.3, abs=0.2)


def test_the_most_probable_law_passes_through_the_sizes(simulate) -> None:
    curve = simulate(SIZES, three_zones(), 0.01, 3, np.random.default_rng(0))
    assert zones(curve).predict(SIZES) == pytest.approx(three_zones(), rel=0.03)


def test_a_pure_power_law_has_no_zones_in_sight(simulate) -> None:
    rng = np.random.default_rng(1)
    chances = []
    for _ in range(20):
        found = zones(simulate(SIZES, 15 * SIZES**-0.3, 0.02, 3, rng))
        chances.append((found.plateau_chance, found.floor_chance))
    assert np.median(chances, axis=0) == pytest.approx([0, 0], abs=0.3)


def test_sizes_that_do_not_tell_a_floor_leave_it_undecided(simulate) -> None:
    few = SIZES[:6]
    found = zones(simulate(few, 3 * few**-0.3 + 0.1, 0.02, 1, np.random.default_rng(3)))
    assert 0.05 < found.floor_chance < 0.95
    assert found.floor.low == 0
    assert "floor undecided" in found.sentence


def test_a_straight_curve_reads_as_textbook_regression_where_nothing_else_fits(simulate) -> None:
    """Nothing but the bare law is left of these sizes: Student's t, by draws and in closed form."""
    sizes = 50 * 2.0 ** np.arange(20)
    curve = simulate(sizes, 15 * sizes**-0.3, 0.01, 1, np.random.default_rng(5))
    found, line = zones(curve).exponent, fit(curve, law="power").exponent
    assert found.value == pytest.approx(line.value, abs=0.3 * (line.high - line.value))
    assert found.high - found.low == pytest.approx(line.high - line.low, rel=0.5)


def test_a_window_counts_only_the_sizes_inside(simulate) -> None:
    curve = simulate(SIZES, three_zones(), 0.01, 3, np.random.default_rng(0))
    assert zones(curve).plateau_chance > 0.9
    assert zones(curve, Window(800, None)).plateau_chance < 0.6


def test_words_as_recorded_keep_the_papers_exponent_possible() -> None:
    """Their largest models were at the ladder's top: a floor of 3.9 +- .4 was once claimed."""
    found = zones(shipped("words sotu lstm cross-entropy"))
    assert found.exponent.holds(-0.066)
    assert found.floor.low == 0


def test_images_as_recorded_leave_their_plateau_between_a_hundred_and_two_thousand() -> None:
    found = zones(shipped("images icons cnn top-1"))
    assert found.plateau_chance > 0.95
    assert 100 < found.plateau_end.low < found.plateau_end.high < 2500
    assert found.law_decades < 1


@pytest.mark.parametrize(
    ("errors", "doubt"),
    [
        ([0.9, 0.5, 0.4], "zones need 4 sizes and there are 3"),
        ([0.5, 0.5, 0.5, 0.5], "the error does not fall"),
        ([0.1, 0.2, 0.3, 0.4, 0.5], "the error does not fall"),
    ],
)
def test_where_nothing_can_be_said_it_says_why(simulate, errors, doubt) -> None:
    found = zones(simulate(SIZES[: len(errors)], errors))
    assert (found.exponent, found.doubt, found.sentence) == (None, doubt, doubt)
    with pytest.raises(ValueError, match="no zones"):
        found.predict([100])


def test_a_hundred_thousand_sizes_take_no_longer(simulate) -> None:
    sizes = np.geomspace(1, 1e9, 100_000)
    errors = 2 * sizes**-0.3 + 0.01
    found = zones(simulate(sizes, errors, 0.05, 1, np.random.default_rng(0)))
    assert found.exponent.holds(-0.3)
    assert isfinite(found.floor.high)
