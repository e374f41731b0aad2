"""Linear axes: the same figure, its places moved along."""

import math

import pytest

from dashboard.figures import draw
from dashboard.linear import linear
from engine.curve import gather
from engine.laws.fit import fit
from engine.laws.published import PUBLISHED
from engine.laws.window import Window
from tests.studies import SIZES, points


@pytest.fixture(scope="module")
def figures():
    curve = gather(point for size in SIZES for point in points(size))[0]
    figure = draw((fit(curve, Window(125), "power"),), PUBLISHED, strips=True)
    return figure, linear(figure)


def test_both_axes_begin_at_0_and_hold_all_that_was_measured(figures):
    layout = figures[1]["layout"]
    assert layout["xaxis"]["type"] == layout["yaxis"]["type"] == "linear"
    assert layout["xaxis"]["range"] == [0.0, pytest.approx(1.04 * SIZES[-1])]
    low, high = layout["yaxis"]["range"]
    seeds = next(t for t in figures[1]["data"] if t["uid"].startswith("seeds"))
    assert low == 0.0
    assert max(seeds["y"]) < high < 1.2


def test_labels_keep_their_places(figures):
    for before, after in zip(*(f["layout"]["annotations"] for f in figures), strict=True):
        if before["yref"] == "y":
            assert math.log10(after["y"]) == pytest.approx(before["y"])
        else:
            assert after["y"] == before["y"]


def test_the_strips_axes_are_linear_already_and_stay(figures):
    assert figures[1]["layout"]["yaxis2"] == figures[0]["layout"]["yaxis2"]


def test_the_logarithmic_figure_is_left_as_it_was(figures):
    assert figures[0]["layout"]["xaxis"]["type"] == "log"
