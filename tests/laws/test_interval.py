"""An estimate between two ends, both of which belong to it."""

from statistics import NormalDist

import pytest

from engine.laws.interval import NORMAL, Interval

LEFT, RIGHT = Interval(-0.3, -0.5, -0.2), Interval(-0.1, -0.4, 0.25)


@pytest.mark.parametrize(
    ("value", "inside"), [(-0.5, True), (-0.2, True), (-0.51, False), (-0.19, False)]
)
def test_both_ends_belong_to_an_interval(value: float, inside: bool) -> None:
    assert LEFT.holds(value) is inside


def test_the_width_is_from_end_to_end() -> None:
    assert RIGHT.width == 0.65


def test_a_hull_reaches_as_far_as_either_and_keeps_its_own_estimate() -> None:
    assert LEFT.hull(RIGHT) == Interval(-0.3, -0.5, 0.25)
    assert RIGHT.hull(LEFT) == Interval(-0.1, -0.5, 0.25)


def test_a_normal_value_lies_beyond_either_end_once_in_twenty() -> None:
    assert NormalDist().cdf(-NORMAL) == pytest.approx(0.05, abs=1e-5)
