"""Figures as pure functions: fits in, a figure out."""

from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard import figures
from engine.curve import Curve, Point, gather
from engine.laws.fit import fit
from engine.laws.published import PUBLISHED
from engine.laws.window import Window
from tests.studies import SIZES, TRUTHS, points


@pytest.fixture
def curves() -> list[Curve]:
    guesses = [guess for *_, guess in TRUTHS]
    found = gather(point for size in SIZES for point in points(size))
    return [replace(curve, guess=guess) for curve, guess in zip(found, guesses, strict=True)]


WINDOW = Window(250, None)


def draw(curves, window=WINDOW, law="power", extras=None):
    fits = [fit(curve, window, law) for curve in curves]
    return figures.draw(fits, PUBLISHED, extras), fits


def trace(figure, kind, panel=0):
    uid = f"{kind}-images-{panel}"
    return next(found for found in figure["data"] if found["uid"] == uid)


def texts(figure):
    return [note["text"] for note in figure["layout"]["annotations"]]


def test_the_figure_is_one_that_plotly_accepts(curves):
    figure, _ = draw(curves)
    go.Figure(figure)


def test_one_error_alone_has_no_interval(curves):
    once = [replace(curves[0], points=curves[0].points[::3])]
    assert trace(draw(once)[0], "median")["customdata"][0][:2] == [1, ""]
    assert trace(draw(curves)[0], "median")["customdata"][0][1].startswith(" [")


def test_each_curve_has_a_panel_with_log_axes_of_its_own(curves):
    layout = draw(curves)[0]["layout"]
    for number in ("", "2", "3"):
        assert layout[f"xaxis{number}"]["type"] == "log"
        assert layout[f"yaxis{number}"]["type"] == "log"
        assert layout[f"xaxis{number}"]["anchor"] == f"y{number}"


def test_axes_name_their_units(curves):
    layout = draw(curves)[0]["layout"]
    assert layout["xaxis"]["title"]["text"] == "training images"
    assert layout["yaxis"]["title"]["text"] == "top-1 error"


def test_every_seed_is_drawn(curves):
    figure, _ = draw(curves)
    assert len(trace(figure, "seeds")["x"]) == len(SIZES) * 3


def test_medians_carry_their_interval_and_n(curves):
    median = trace(draw(curves)[0], "median")
    assert median["x"] == list(SIZES)
    assert all(low > 0 for low in median["error_y"]["arrayminus"])
    assert {n for n, *_ in median["customdata"]} == {3}


def test_who_points_at_a_median_is_told_every_seed(curves):
    median = trace(draw(curves)[0], "median")
    seeds = [f"{p.error:.1%}" for p in curves[0].points if p.size == SIZES[0]]
    assert median["customdata"][0][2] == f": {', '.join(seeds)}"


@pytest.mark.parametrize("shift", [0.3, 0.6, 1.0, 1.6])
def test_the_label_of_a_published_line_hides_no_point(curves, shift):
    moved = [
        replace(c, points=tuple(p._replace(error=min(p.error * shift, 0.99)) for p in c.points))
        for c in curves
    ]
    figure, _ = draw(moved[:1])
    (note,) = [n for n in figure["layout"]["annotations"] if "Hestness" in n["text"]]
    (low, high), (bottom, top) = (figure["layout"][f"{a}axis"]["range"] for a in "xy")
    wide = 6 * max(map(len, note["text"].split("<br>")))
    tall = 13 * (1 + note["text"].count("<br>"))
    x = (note["x"] - low) / (high - low) * 300 + note["xshift"]
    y = (note["y"] - bottom) / (top - bottom) * 256 + note["yshift"]
    left = x - wide if note["xanchor"] == "right" else x
    foot = y - tall if note["yanchor"] == "top" else y
    median = trace(figure, "median")
    for size, error in zip(median["x"], median["y"], strict=True):
        across = (np.log10(size) - low) / (high - low) * 300
        up = (np.log10(error) - bottom) / (top - bottom) * 256
        assert not (left < across < left + wide and foot < up < foot + tall)


def test_the_law_is_solid_only_between_the_sizes_inside_the_window(curves):
    figure, fits = draw(curves)
    solid = trace(figure, "fit")
    assert solid["x"][0] == pytest.approx(250)
    assert solid["x"][-1] == pytest.approx(4000)
    assert "dash" not in solid["line"]
    assert trace(figure, "fitwide")["line"]["dash"] == "dash"
    np.testing.assert_allclose(solid["y"], fits[0].predict(solid["x"]))


def test_a_window_with_too_few_sizes_draws_no_law(curves):
    figure, _ = draw(curves, Window(2000, None))
    assert not [found for found in figure["data"] if found["uid"].startswith("fit")]


def test_the_best_guess_is_labelled_where_it_lies(curves):
    figure, _ = draw(curves)
    assert "best guess 98 %" in texts(figure)
    assert trace(figure, "level")["y"] == [0.98, 0.98]


def test_a_published_law_out_of_sight_shows_its_slope_through_our_points(curves):
    figure, _ = draw(curves)
    line = trace(figure, "published", 1)
    slope = np.diff(np.log(line["y"])) / np.diff(np.log(line["x"]))
    assert slope == pytest.approx(np.full(59, -0.488))
    assert "Hestness 2017: -0.488<br>slope only" in texts(figure)


def test_a_published_law_in_sight_is_drawn_where_it_was_published(curves):
    scaled = tuple(p._replace(size=p.size * 100, error=p.error) for p in curves[0].points)
    figure, _ = draw([replace(curves[0], points=scaled)])
    line = trace(figure, "published")
    np.testing.assert_allclose(line["y"], 15.0 * np.array(line["x"]) ** -0.309)
    assert "Hestness 2019: -0.309" in texts(figure)


def test_a_curve_of_another_domain_is_grey_and_has_no_published_law(curves):
    foreign = tuple(p._replace(domain="chess") for p in curves[0].points)
    figure, _ = draw([replace(curves[0], points=foreign)])
    kinds = {found["uid"].split("-")[0] for found in figure["data"]}
    assert "published" not in kinds
    assert all("-other-" in found["uid"] for found in figure["data"])


def test_a_single_point_can_be_drawn(curves):
    one = replace(curves[0], points=curves[0].points[:1])
    layout = draw([one])[0]["layout"]
    low, high = layout["xaxis"]["range"]
    assert low < np.log10(31) < high


def test_the_zoom_outlives_new_points(curves):
    fewer = [replace(curve, points=curve.points[:12]) for curve in curves]
    assert draw(curves)[0]["layout"]["uirevision"] == draw(fewer)[0]["layout"]["uirevision"]


def test_markup_in_a_name_or_a_unit_is_shown_as_text(curves):
    points = tuple(p._replace(unit="<a>%{x}") for p in curves[0].points)
    figure, _ = draw([replace(curves[0], name="<a href='x'>", points=points)])
    assert "<b>&lt;a href=&#x27;x&#x27;&gt;</b>" in texts(figure)
    assert "%{x}" not in figure["layout"]["xaxis"]["title"]["text"]


def with_extra(curves, extra):
    return draw(curves, extras=[extra] + [figures.Extra()] * (len(curves) - 1))[0]


def test_a_winner_at_the_edge_of_what_was_tried_is_hollow_and_says_so(curves):
    figure = with_extra(curves, figures.Extra(edge=frozenset({2000.0, 4000.0})))
    hollow = trace(figure, "edge")
    assert hollow["x"] == [2000, 4000]
    assert hollow["marker"]["color"] == "#ffffff"
    assert "the largest model that was tried won" in hollow["hovertemplate"]
    go.Figure(figure)


def test_no_mark_is_hollow_where_no_winner_was_at_the_edge(curves):
    assert not [t for t in draw(curves)[0]["data"] if t["uid"].startswith("edge")]


def test_curves_beside_are_drawn_thin_with_their_labels_inside_the_axes(curves):
    worse = replace(
        curves[0], points=tuple(p._replace(error=p.error * 3) for p in curves[0].points)
    )
    figure = with_extra(curves, figures.Extra(beside=(("15k", worse), ("39k", curves[0]))))
    line = trace(figure, "beside0")
    assert line["line"]["width"] == 1
    assert {"15k", "39k"} <= set(texts(figure))
    _, top = figure["layout"]["yaxis"]["range"]
    assert max(line["y"]) < 10**top
    go.Figure(figure)


def test_labels_of_curves_that_end_together_do_not_lie_on_one_another(curves):
    figure = with_extra(curves, figures.Extra(beside=(("15k", curves[0]), ("39k", curves[0]))))
    lifts = [note["yshift"] for note in figure["layout"]["annotations"] if note["text"][-1] == "k"]
    assert sorted(lifts) == [0, figures.LINE_HEIGHT]


def test_a_curve_of_synthetic_data_says_so_in_its_title_and_under_the_pointer(curves):
    name = "speech synthetic-words ctc cer"
    points = tuple(p._replace(curve=name, domain="speech") for p in curves[0].points)
    figure, _ = draw([replace(curves[0], name=name, points=points)])
    assert f"<b>{name} (SYNTHETIC)</b>" in texts(figure)
    median = next(t for t in figure["data"] if t["uid"] == "median-speech-0")
    assert "SYNTHETIC data" in median["hovertemplate"]


@pytest.mark.parametrize(
    ("domain", "metric", "title"),
    [
        ("words", "cross-entropy", "cross-entropy, nats/word"),
        ("characters", "cross-entropy", "cross-entropy, bits/character"),
        ("images", "top-1 error", "top-1 error"),  # its labels are in %
        ("elsewhere", "loss", "loss"),
    ],
)
def test_the_error_axis_says_its_unit(domain, metric, title):
    points = tuple(
        Point("c", size, 1 / size, metric=metric, domain=domain) for size in (1.0, 2.0, 4.0)
    )
    assert figures.draw([fit(Curve("c", points))])["layout"]["yaxis"]["title"]["text"] == title


def test_of_very_many_points_the_faint_marks_are_thinned_and_the_medians_are_not():
    many = [Point("c", float(m), 1 / m, seed=k) for m in range(1, 101) for k in range(50)]
    found = fit(gather(many)[0], law="power")
    traces = {t["uid"].split("-")[0]: t for t in figures.draw((found,))["data"]}
    assert len(traces["seeds"]["x"]) == 1000
    assert len(traces["median"]["x"]) == 100


def test_a_dozen_panels_share_what_a_browser_can_draw_of_single_points():
    many = [Point("c", float(m), 1 / m, seed=k) for m in range(1, 101) for k in range(50)]
    found = fit(gather(many)[0], law="power")
    seeds = [t for t in figures.draw((found,) * 12)["data"] if t["uid"].startswith("seeds-")]
    assert len(seeds) == 12
    assert sum(len(trace["x"]) for trace in seeds) <= figures.MOST_MARKS
