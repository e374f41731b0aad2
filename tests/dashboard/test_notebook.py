"""Figures for a notebook are Plotly's own, drawn from fits and forecasts."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from dashboard.notebook import curves_figure, exponents_figure, forecast_figure, growth_figure
from engine import Curve, Point, fit, fit_growth, forecast


def curve(domain: str = "", name: str = "mine") -> Curve:
    """An exact power law, whose models grow with the square root of the data."""
    points = tuple(
        Point(name, size, 3 * size**-0.3, domain=domain, metric="top-1 error", parameters=size // 9)
        for size in (1000, 2000, 4000, 8000, 16000, 32000)
    )
    return Curve(name, points)


def test_panels_of_several_curves_do_not_lie_on_each_other():
    figure = curves_figure([fit(curve(name=name)) for name in "abcd"])
    rooms = [
        (*figure.layout[f"xaxis{n}"].domain, *figure.layout[f"yaxis{n}"].domain)
        for n in ("", 2, 3, 4)
    ]
    for k, (left, right, foot, top) in enumerate(rooms):
        for other_left, other_right, other_foot, other_top in rooms[:k]:
            apart = left >= other_right or other_left >= right
            assert apart or foot >= other_top or other_foot >= top


def test_a_panel_that_is_alone_is_no_wider_than_a_page():
    one, three = (curves_figure([fit(curve())] * count).layout.width for count in (1, 3))
    assert one < three / 2 < 600


def test_the_line_of_a_figure_is_the_law():
    figure = curves_figure([fit(curve())])
    (line,) = [trace for trace in figure.data if trace.uid.startswith("fit-")]
    np.testing.assert_allclose(line.y, 3 * np.array(line.x) ** -0.3, rtol=1e-6)


def test_published_laws_stand_beside_the_curve_of_their_domain_alone():
    own, images = (curves_figure([fit(curve(domain))]) for domain in ("houses", "images"))
    said = [
        [note.text for note in figure.layout.annotations if "Hestness" in note.text]
        for figure in (own, images)
    ]
    assert (len(said[0]), len(said[1])) == (0, 1)


def test_a_forecast_marks_the_sizes_that_were_asked_for():
    found = forecast(curve())
    marks = forecast_figure(found, [64000, 128000]).data[-1]
    assert list(marks.x) == [64000, 128000]
    np.testing.assert_allclose(marks.y, found.error_at([64000, 128000]).error)
    assert len(forecast_figure(found).data) == len(forecast_figure(found, [64000]).data) - 1


def test_exponents_have_their_values():
    marks = exponents_figure([fit(curve()), fit(curve(name="other"))]).data
    assert [round(mark.x[0], 6) for mark in marks] == [-0.3, -0.3]


def test_a_growth_law_is_a_line_and_its_winners():
    law = fit_growth(curve())
    _, winners = growth_figure([law]).data
    assert (tuple(winners.x), tuple(winners.y)) == (law.sizes, law.parameters)


def test_curves_of_your_own_keep_a_growth_law_each():
    laws = [fit_growth(curve(name=name)) for name in ("acc a", "acc b")]
    assert len(growth_figure(laws).data) == 4


def test_sizes_to_mark_may_be_an_array():
    assert list(forecast_figure(forecast(curve()), np.array([64000])).data[-1].x) == [64000]


def test_what_cannot_be_drawn_says_why():
    short = replace(curve(), points=curve().points[:2])
    with pytest.raises(ValueError, match="too few sizes"):
        forecast_figure(forecast(short))
    with pytest.raises(ValueError, match="a growth law needs 4"):
        growth_figure([fit_growth(short)])
    for draw in (curves_figure, exponents_figure):
        with pytest.raises(ValueError, match="give it"):
            draw([])


def test_drawing_in_a_notebook_needs_neither_torch_nor_streamlit():
    code = "import sys, dashboard.notebook; sys.exit(bool({'torch', 'streamlit'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
