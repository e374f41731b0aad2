"""The strips beneath a panel: local slopes and residuals, on the panel's own sizes."""

import numpy as np
import pytest

from dashboard.figures import draw
from engine.curve import gather
from engine.laws.fit import fit
from engine.laws.window import Window
from tests.studies import SIZES, points


@pytest.fixture(scope="module")
def drawn():
    curves = gather(point for size in SIZES for point in points(size))
    fits = tuple(fit(curve, Window(125), "power") for curve in curves[:2])
    return fits, draw(fits, strips=True)


def traces(drawn, kind):
    return [trace for trace in drawn[1]["data"] if trace["uid"].startswith(f"{kind}-")]


def test_every_panel_has_two_strips_of_its_own(drawn):
    axes = [trace["yaxis"] for kind in ("slope", "residual") for trace in traces(drawn, kind)]
    assert sorted(axes) == ["y3", "y4", "y5", "y6"]
    assert all(f"yaxis{k}" in drawn[1]["layout"] for k in (3, 4, 5, 6))


def test_the_sizes_are_written_below_the_lower_strip(drawn):
    layout = drawn[1]["layout"]
    assert (layout["xaxis"]["anchor"], layout["xaxis2"]["anchor"]) == ("y4", "y6")


def test_the_line_in_the_slopes_is_the_fitted_exponent(drawn):
    for line, found in zip(traces(drawn, "slopeline"), drawn[0], strict=True):
        assert line["y"] == pytest.approx([found.exponent.value] * 60)


def test_with_a_floor_the_line_in_the_slopes_flattens():
    curve = gather(point for size in SIZES for point in points(size))[0]
    found = fit(curve, Window(125), "power-floor")
    (line,) = (t for t in draw((found,), strips=True)["data"] if t["uid"].startswith("slopeline"))
    law = [np.log(found.predict([m, m * 1.001])) for m in (line["x"][10], line["x"][50])]
    by_hand = [(b - a) / np.log(1.001) for a, b in law]
    assert [line["y"][10], line["y"][50]] == pytest.approx(by_hand, rel=1e-2)


def test_a_panel_without_a_fit_still_has_its_slopes():
    curve = gather(point for size in SIZES for point in points(size))[0]
    found = fit(curve, Window(2000), "power")
    assert found.exponent is None
    strips = {t["uid"].split("-")[0]: t for t in draw((found,), strips=True)["data"]}
    assert len(strips["slope"]["x"]) == len(SIZES) - 1
    assert strips["residual"]["x"] == []
