"""The forest plot: a row a curve, what was published beside it."""

from dashboard.forest import draw_forest
from engine.curve import gather
from engine.laws.fit import fit
from engine.laws.published import PUBLISHED
from engine.laws.window import Window
from tests.studies import SIZES, points

ALL = [point for size in SIZES for point in points(size)]


def curve(name):
    return next(found for found in gather(ALL) if found.name.endswith(name))


def test_each_exponent_stands_in_its_own_row_with_its_interval():
    fits = [fit(curve("top-1"), Window(125), "power"), fit(curve("top-5"), Window(125), "power")]
    marks = draw_forest(fits, ())["data"]
    assert [mark["y"] for mark in marks] == [[0.0], [-1.0]]
    assert [mark["x"][0] for mark in marks] == [found.exponent.value for found in fits]
    low = marks[0]["x"][0] - marks[0]["error_x"]["arrayminus"][0]
    assert abs(low - fits[0].exponent.low) < 1e-12


def test_a_curve_that_could_not_be_fitted_says_why_in_its_row():
    notes = draw_forest([fit(curve("top-1"), Window(2000), "power")], ())["layout"]["annotations"]
    assert notes[-1]["text"] == "too few sizes"


def test_only_what_was_published_of_the_same_error_stands_beside_a_curve():
    drawn = draw_forest([fit(curve("top-5"), Window(125), "power")], PUBLISHED)["data"]
    published = [mark for mark in drawn if mark["marker"]["color"] == "#646b73"]
    assert [mark["x"] for mark in published] == [[-0.488]]
