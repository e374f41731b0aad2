"""What is found of several curves at once is what is found of each alone, to the last bit."""

import numpy as np
import pytest

from engine.laws import zones as inside
from engine.laws.fit import fit
from engine.laws.propose import propose_window
from engine.laws.together import fits_together
from engine.laws.window import Window
from engine.laws.zones import zones, zones_together

SIZES = 100 * 2.0 ** np.arange(10)


@pytest.fixture
def curves(simulate):
    """Of differing sizes and seeds, with and without plateau and floor; one does not fall."""
    rng = np.random.default_rng(3)
    laws = [
        3 * SIZES**-0.3,
        0.02 + 5 * SIZES**-0.5,
        1 / (1 / 0.9 + SIZES**0.5 / 15),
        0.1 + 2 * SIZES[:7] ** -0.4,
        0.5 + 0.001 * SIZES,
        4 * SIZES[:3] ** -0.2,
    ]
    return [simulate(SIZES[: law.size], law, 0.02, 1 + k % 3, rng) for k, law in enumerate(laws)]


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch):
    monkeypatch.setattr(inside, "_found", {})


def test_zones_found_together_are_those_of_each_alone(curves):
    asked = [(curve, window) for curve in curves for window in (Window(), Window(300, None))]
    together = zones_together(asked)
    inside._found.clear()
    assert together == [zones(*each) for each in asked]


def test_what_is_asked_for_twice_is_found_once_and_told_twice(curves):
    first, again = zones_together([(curves[0], Window()), (curves[0], Window())])
    assert first is again is zones(curves[0])


def test_what_was_found_long_ago_is_forgotten(curves, monkeypatch):
    monkeypatch.setattr(inside, "REMEMBERED", 2)
    first = zones(curves[0])
    zones_together([(curve, Window()) for curve in curves[1:3]])
    assert list(inside._found) == [(curve, Window()) for curve in curves[1:3]]
    assert zones(curves[0]) == first


def test_more_curves_than_walk_together_are_found_in_parts(curves, monkeypatch):
    asked = [(curve, Window()) for curve in curves]
    whole = zones_together(asked)
    inside._found.clear()
    monkeypatch.setattr(inside, "TOGETHER", 2)
    assert zones_together(asked) == whole


def test_fits_found_together_are_those_of_each_alone(curves):
    given = [Window(200, None), *[None] * (len(curves) - 1)]
    together = fits_together(curves, given)
    inside._found.clear()
    assert together == [
        fit(curve, window or propose_window(curve))
        for curve, window in zip(curves, given, strict=True)
    ]
