"""Plan's sentences, on curves whose law is known."""

import re
from dataclasses import replace

import numpy as np
import pytest

from dashboard import planning
from dashboard.plan_figure import draw_forecast
from engine.curve import Curve, Point
from engine.laws.cost import fit_cost
from engine.laws.forecast import forecast
from engine.laws.growth import fit_growth

SIZES = 100 * 2.0 ** np.arange(9)


def curve(floor=0.0, metric="top-1 error"):
    rng = np.random.default_rng(1)
    return Curve(
        "c",
        tuple(
            Point(
                "c",
                float(size),
                float((2 * size**-0.3 + floor) * np.exp(rng.normal(0, 0.01))),
                unit="images",
                metric=metric,
                domain="images",
                seed=seed,
                parameters=round(30 * size**0.7),
                seconds=float(0.02 * size),
                device="this machine",
            )
            for size in SIZES
            for seed in range(3)
        ),
    )


@pytest.fixture(scope="module")
def known():
    measured = curve()
    return forecast(measured), fit_growth(measured), fit_cost(measured)


def test_the_error_at_a_size_is_said_with_its_band_and_the_present_one(known):
    said = planning.at_size(known[0], 102_400)
    value, low, high, now = map(float, re.findall(r"([\d.]+) %(?!:)", said))
    assert value == pytest.approx(100 * 2 * 102_400**-0.3, rel=0.05)
    assert low < value < high < now
    assert "102,000 images" in said
    assert "4 times the data" in said
    assert planning.BEYOND not in said


def test_past_four_times_the_data_it_is_called_a_guess(known):
    assert planning.BEYOND in planning.at_size(known[0], 200_000)


def test_the_size_for_an_error_is_said_with_its_interval(known):
    now = float(known[0].error_at([25_600]).error[0])
    said = planning.for_error(known[0], known[0].size_for(0.75 * now))
    size = float(re.search(r"takes about ([\d,]+) images", said)[1].replace(",", ""))
    assert size == pytest.approx(25_600 * 0.75 ** (-1 / 0.3), rel=0.25)


def test_an_error_below_the_floor_is_not_reachable():
    found = forecast(curve(floor=0.2))
    said = planning.for_error(found, found.size_for(0.05))
    assert said.startswith("5 % is not reach")


def test_an_error_above_the_present_one_is_reached_already(known):
    assert "reached already at 25,600 images" in planning.for_error(
        known[0], known[0].size_for(0.5)
    )


def test_the_price_is_that_of_the_growth_law_and_the_measured_seconds(known):
    found = planning.price(102_400, *known[1:], speed=4.0)
    assert found.parameters == pytest.approx(30 * 102_400**0.7, rel=0.02)
    assert found.seconds.value == pytest.approx(0.02 * 102_400 / 4, rel=1e-6)
    said = planning.priced(found, "a GPU")
    assert "for one training" in said
    assert said.endswith("on a GPU.")


def test_without_seconds_and_parameters_the_price_is_not_known():
    bare = curve()
    points = tuple(p._replace(seconds=None, parameters=None) for p in bare.points)
    bare = replace(bare, points=points)
    found = planning.price(1e5, fit_growth(bare), fit_cost(bare))
    assert "not known" in planning.priced(found, "x")


def test_one_more_doubling_says_what_it_buys(known):
    said = planning.doubling(*known, speed=1.0)
    share = float(re.search(r"([\d.]+) % less error", said)[1])
    assert share == pytest.approx(100 * (1 - 2**-0.3), abs=2.5)  # it leans to caution
    assert "51,200 images" in said


def test_what_is_no_share_is_not_said_in_percent():
    found = forecast(curve(metric="cross-entropy"))
    assert "%" not in planning.at_size(found, 50_000).replace("90 %", "")


def test_the_picture_shades_what_lies_past_four_times_the_data(known):
    figure = draw_forecast(known[0], [(1e5, 0.06)])
    (shade,) = figure["layout"]["shapes"]
    assert shade["x0"] == pytest.approx(4 * 25_600)
    band = figure["data"][:2]
    assert all(high > low for high, low in zip(band[0]["y"], band[1]["y"], strict=True))
