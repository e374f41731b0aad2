"""Curves whose names are programs and links: no page runs, follows or fetches any of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine.curve import Point
from engine.study.store import Store
from tests.browser.server import at_rest

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
NAMES = (
    "<img src=http://evil.example/x.png onerror=\"document.title='caught'\">",
    "<script>document.title='caught'</script>",
    '<a href="http://evil.example" target="_blank">look</a>',
    "![x](http://evil.example/x.png) [x](javascript:document.title='caught')",
    "$\\href{http://evil.example}{x}$ :material/home: %{x}",
    "HTTPS://evil.example www.evil.example me@evil.example",
)


def points(name: str) -> list[Point]:
    """A curve that says the same thing wherever it may say something."""
    return [
        Point(name, 100.0 * 2**k, 0.6 * 0.8**k, name, name, name, name, seed, 1000, device=name)
        for k in range(7)
        for seed in range(2)
    ]


@pytest.mark.parametrize("path", ["/", "/compare", "/plan", "/bring"])
def test_a_page_shows_hostile_names_as_text(open_page: Visit, fresh_store: Path, path: str) -> None:
    with Store.open(fresh_store) as store:
        store.import_points([point for name in NAMES for point in points(name)], "0")
    page = open_page(path)  # which ends by asserting that nothing was fetched from elsewhere
    at_rest(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    if path in ("/", "/compare"):
        expect(page.locator("body")).to_contain_text("evil")
    assert page.title() != "caught"
    assert (
        page.locator("a[href*='evil.example'], a[href^='javascript'], a[href^='mailto']").count()
        == 0
    )
    assert page.locator("img[src*='evil.example'], [onerror]").count() == 0
