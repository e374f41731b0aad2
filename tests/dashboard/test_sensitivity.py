"""The map of windows: a cell for each, the present one framed."""

import numpy as np
import pytest

from dashboard.sensitivity import draw_map
from engine.curve import gather
from engine.laws.fit import fit
from engine.laws.window import Window
from engine.laws.window_map import window_map
from tests.studies import SIZES, points


@pytest.fixture(scope="module")
def cells():
    curve = gather(point for size in SIZES for point in points(size))[0]
    found = fit(curve, Window(125, 2000), "power")
    return found, draw_map(window_map(curve), found)["data"][0]


def test_every_window_of_four_sizes_or_more_has_a_cell(cells):
    n = len(SIZES)
    assert len(cells[1]["x"]) == (n - 3) * (n - 2) // 2


def test_the_cell_of_the_present_window_is_framed_and_says_its_exponent(cells):
    found, drawn = cells
    (at,) = np.flatnonzero(np.array(drawn["marker"]["line"]["width"]))
    assert drawn["customdata"][at][:2] == [125.0, 2000.0]
    assert drawn["text"][at] == f"{found.exponent.value:.2f}"
