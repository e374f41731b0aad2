"""The chart library is on its way before the charts are."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from dashboard.bench.timings import READY
from dashboard.plotly_js import PLOTLY_JS

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_it_is_fetched_once_a_page(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.wait_for_selector(READY)
    fetched = "performance.getEntriesByType('resource').map((entry) => entry.name)"
    assert [url.endswith(PLOTLY_JS.name) for url in page.evaluate(fetched)].count(True) == 1
    assert page.evaluate("document.querySelectorAll(`script[src*='plotly-basic']`).length") == 1
