"""The report: one file that holds what is on the page, and asks nothing of a network."""

import re
from html import unescape

import pytest

from dashboard import words
from dashboard.figures import draw
from dashboard.report import report
from engine.curve import gather, read_points
from engine.laws.fit import fit
from engine.laws.window import Window
from tests.studies import SIZES, points


@pytest.fixture(scope="module")
def fits():
    curves = gather(point for size in SIZES for point in points(size))
    return tuple(fit(curve, Window(125), "power") for curve in curves)


@pytest.fixture(scope="module")
def page(fits):
    return report(fits, draw(fits), "0.1.0", "25 November 2026")


def test_the_report_loads_nothing(page):
    outside = re.sub(r"<script[^>]*>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"https?://|src=|href=", outside)
    assert not re.search(r"<script[^>]+src=", page)


def test_each_curve_has_its_exponent_and_the_record_of_its_fit(page, fits):
    for found in fits:
        row = re.search(rf"<tr><td>{found.curve.name}</td>.*?</tr>", page)[0]
        assert words.exponent(found) in row
        assert f"<h3>{found.curve.name}</h3>" in page
    assert "125, 250, 500, 1,000, 2,000, 4,000 images; 18 points" in page


def test_the_points_in_the_report_read_back_equal(page, fits):
    written = unescape(re.search(r"<pre>(.*?)</pre>", page, re.DOTALL)[1])
    assert read_points(written) == [point for found in fits for point in found.curve.points]


def test_a_name_cannot_act_in_the_report(fits):
    name = "<script>alert(1)</script>"
    evil = [point._replace(curve=name) for point in fits[0].curve.points]
    found = (fit(gather(evil)[0], law="power"),)
    assert name not in report(found, draw(found), "0", "today")
