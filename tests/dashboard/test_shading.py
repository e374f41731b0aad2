"""The zones of a panel: shaded as far as they reach and as dark as they are sure."""

from dataclasses import replace

import pytest

from dashboard.figures import draw
from dashboard.panel import Spot
from dashboard.shading import shade
from engine.curve import Curve, gather
from engine.laws.fit import fit
from engine.laws.interval import Interval
from engine.laws.zones import zones
from tests.studies import SIZES, points

SPAN = (1.0, 5.0)  # log10 of the size axis


@pytest.fixture(scope="module")
def curve() -> Curve:
    return gather(point for size in SIZES for point in points(size))[0]


@pytest.fixture(scope="module")
def spot(curve) -> Spot:
    return Spot(0, fit(curve, law="power"))


def found(curve, plateau=0.0, floor=0.0):
    known = zones(curve)
    edge = Interval(1000.0, 800.0, 1250.0)
    return replace(
        known, plateau_chance=plateau, floor_chance=floor, plateau_end=edge, floor_begins=edge
    )


def test_what_is_unlikely_is_not_shaded(curve, spot):
    assert shade(spot, found(curve, 0.4, 0.3), SPAN) == ([], [])


def test_a_plateau_is_shaded_up_to_where_it_ends_with_a_blurred_edge(curve, spot):
    (sure, edge), (name,) = shade(spot, found(curve, plateau=1.0), SPAN)
    assert sure["x1"] == edge["x0"] == 800.0
    assert edge["x1"] == 1250.0
    assert edge["opacity"] == sure["opacity"] / 2
    assert name["text"] == "plateau"


def test_a_floor_is_shaded_from_where_it_begins(curve, spot):
    (sure, edge), (name,) = shade(spot, found(curve, floor=0.7), SPAN)
    assert (edge["x0"], edge["x1"], sure["x0"]) == (800.0, 1250.0, 1250.0)
    assert name["text"] == "floor, 70 % sure"


def test_the_surer_a_zone_the_darker_it_is(curve, spot):
    dark, light = (shade(spot, found(curve, chance), SPAN)[0][0] for chance in (1.0, 0.6))
    assert dark["opacity"] > light["opacity"]


def test_a_zone_too_narrow_for_its_name_has_none(curve, spot):
    shapes, names = shade(spot, found(curve, plateau=1.0), (2.8, 5.0))
    assert len(shapes) == 2
    assert names == []


def test_a_floor_that_is_claimed_is_a_labelled_line(curve):
    law = replace(fit(curve, law="power-floor"), floor=Interval(0.2, 0.1, 0.3))
    figure = draw((law,))
    (line,) = (t for t in figure["data"] if t["uid"].startswith("floor-"))
    assert line["y"] == [0.2, 0.2]
    assert "floor 20 %" in [note["text"] for note in figure["layout"]["annotations"]]
