"""What is expected beyond the data, as a panel draws it."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard import figures
from dashboard.expected import FARTHEST, expect
from dashboard.linear import ROOM, linear
from engine.curve import gather
from engine.laws.fit import fit
from engine.laws.forecast import REACH, forecast
from engine.laws.window import Window
from tests.studies import SIZES, TRUTHS, points


@pytest.fixture
def curve():
    found = gather(point for size in SIZES for point in points(size))[0]
    return replace(found, guess=TRUTHS[0][-1])


def panel(curve, ahead):
    found = fit(curve, Window(250, None), "power")
    extra = figures.Extra(ahead=ahead)
    return figures.draw_panel(0, 1, found, (), extra, strips=False, title=13)


def trace(drawn, kind):
    return next(found for found in drawn["data"] if found["uid"].startswith(f"{kind}-"))


def test_the_band_begins_at_the_largest_size_and_holds_the_line(curve):
    drawn = panel(curve, expect(curve, Window()))
    line, band = trace(drawn, "ahead"), trace(drawn, "band")
    half = len(band["x"]) // 2
    high, low = np.array(band["y"][:half]), np.array(band["y"][half:][::-1])
    assert line["x"][0] == band["x"][0] == max(SIZES)
    assert line["x"][-1] == pytest.approx(FARTHEST * max(SIZES))
    assert (low < line["y"]).all()
    assert (line["y"] < high).all()


def test_its_line_is_the_forecast(curve):
    drawn = panel(curve, expect(curve, Window(125, None)))
    line = trace(drawn, "ahead")
    told = forecast(curve, Window(125, None)).error_at(line["x"])
    assert line["y"] == pytest.approx(told.error.tolist())


def test_the_ground_is_grey_from_four_times_the_largest_size_on(curve):
    drawn = panel(curve, expect(curve, Window()))
    shade = drawn["layout"]["shapes"][-1]
    assert shade["x0"] == pytest.approx(REACH * max(SIZES))
    assert "past 4x: a guess" in [note["text"] for note in drawn["layout"]["annotations"]]


def test_the_axes_make_room_for_it(curve):
    ahead = expect(curve, Window())
    layout = panel(curve, ahead)["layout"]
    assert layout["xaxis"]["range"][1] == pytest.approx(np.log10(FARTHEST * max(SIZES)))
    assert layout["yaxis"]["range"][0] < np.log10(min(ahead.error))


def test_linear_axes_reach_as_far(curve):
    layout = linear(panel(curve, expect(curve, Window())))["layout"]
    assert layout["xaxis"]["range"][1] == pytest.approx(ROOM * FARTHEST * max(SIZES))


def test_a_wild_band_is_cut_and_the_curve_keeps_its_room(curve):
    ahead = replace(expect(curve, Window()), low=(1e-12,) * 40, high=(1e12,) * 40)
    least = min(point.error for point in curve.points)
    low, high = panel(curve, ahead)["layout"]["yaxis"]["range"]
    assert np.log10(least / 10) < low
    assert high < np.log10(2)


def test_a_window_of_too_few_sizes_is_told_of_by_all(curve):
    assert expect(curve, Window(2000, None)) == expect(curve, Window())


def test_of_three_sizes_nothing_is_expected(curve):
    few = replace(curve, points=tuple(p for p in curve.points if p.size <= SIZES[2]))
    assert expect(few, Window()) is None
