"""The chart library that the browser is given."""

from hashlib import sha256

from plotly.offline import get_plotlyjs_version

from dashboard.plotly_js import PLOTLY_JS

# Of the file in npm's package, whose own checksum npm compares when it unpacks it.
NPM = "99784e3abfb07b142a15e521a439e6d9addceadb3f79553fd24c72774f0649ba"


def test_the_browser_draws_with_the_version_that_the_figures_are_made_for():
    assert PLOTLY_JS.name == f"plotly-basic-{get_plotlyjs_version()}.min.js"


def test_the_chart_library_is_as_npm_has_it():
    assert sha256(PLOTLY_JS.read_bytes()).hexdigest() == NPM


def test_a_report_can_carry_the_chart_library_between_its_tags():
    assert "</script" not in PLOTLY_JS.read_text("utf-8").lower()
