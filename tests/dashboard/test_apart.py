"""How far curves lie apart: what stands in a cell of either matrix."""

from dashboard.apart import floor_cell
from engine.curve import Curve, Point
from engine.laws.compare import FloorDifference, compare_floors
from engine.laws.interval import Interval


def curve(name: str, floor: float) -> Curve:
    sizes = [10.0 * 2**k for k in range(12)]
    return Curve(name, tuple(Point(name, m, floor + 3 * m**-0.6, seed=0) for m in sizes))


def test_floors_that_differ_are_an_interval_in_bold() -> None:
    said = floor_cell(compare_floors(curve("a", 0.1), curve("b", 0.2)))
    assert said.startswith("**0.10")


def test_one_floor_of_two_curves_is_an_interval_that_is_not_bold() -> None:
    said = floor_cell(FloorDifference(Interval(0.01, -0.02, 0.04), ""))
    assert said == "0.010 ± 0.030"


def test_curves_without_a_floor_are_said_to_have_none() -> None:
    assert floor_cell(compare_floors(curve("a", 0.0), curve("b", 0.0))) == "none in sight"


def test_a_floor_that_cannot_be_told_is_said_in_words() -> None:
    short = Curve("b", curve("b", 0.1).points[:2])
    assert floor_cell(compare_floors(curve("a", 0.1), short)) == "not identified"
