"""The growth law's picture: marks where it was measured, the line and its exponent."""

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.growth import draw_growth
from engine.curve import Curve, Point
from engine.laws.growth import Growth, fit_growth

SIZES = 100 * 2.0 ** np.arange(6)


def grown(unit: str = "images", model: str = "cnn") -> Growth:
    points = [
        Point("c", m, 0.5, unit=unit, model=model, parameters=round(1000 * m**0.7)) for m in SIZES
    ]
    return fit_growth(Curve("c", tuple(points)))


def test_the_figure_is_one_that_plotly_accepts() -> None:
    go.Figure(draw_growth({"cnn": grown()}))


def test_the_line_follows_the_law_and_its_label_carries_the_interval() -> None:
    figure = draw_growth({"cnn": grown()})
    line = next(trace for trace in figure["data"] if trace["mode"] == "lines")
    assert np.diff(np.log(line["y"])) / np.diff(np.log(line["x"])) == pytest.approx(0.7, abs=1e-3)
    (note,) = figure["layout"]["annotations"]
    assert note["text"].startswith("cnn 0.70 ±")


def test_every_size_in_the_window_has_its_mark() -> None:
    law = grown()
    figure = draw_growth({"cnn": law})
    marks = next(trace for trace in figure["data"] if trace["mode"] == "markers")
    assert marks["x"] == tuple(SIZES)
    assert marks["y"] == law.parameters


def test_markup_in_a_label_or_a_unit_is_shown_as_text() -> None:
    figure = draw_growth({"<script>": grown("<b>%{x}", "<script>")})
    assert "<b>" not in str(figure["data"])
    assert "<script>" not in str(figure["layout"])
    assert "<b>" not in figure["layout"]["xaxis"]["title"]["text"]


def test_labels_of_lines_that_end_together_do_not_lie_on_one_another() -> None:
    figure = draw_growth({"a": grown(), "b": grown()})
    first, second = figure["layout"]["annotations"]
    assert first["y"] == second["y"]
    assert second["yshift"] - first["yshift"] >= 12


def test_a_law_is_drawn_inside_its_axes_where_it_leaves_its_marks() -> None:
    points = [
        Point("c", m, 0.5, model="cnn", parameters=p)
        for m, p in zip(SIZES, (5e3, 5e3, 5e3, 5e3, 5e3, 4e4), strict=True)
    ]
    figure = draw_growth({"cnn": fit_growth(Curve("c", tuple(points)))})
    line = next(trace for trace in figure["data"] if trace["mode"] == "lines")
    low, high = figure["layout"]["yaxis"]["range"]
    assert 10**low < min(line["y"]) < 5e3
    assert max(line["y"]) < 10**high
