"""A messy table in a real browser: pasted, looked at, imported, explored, undone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine.study.store import Store

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
NAME = "MLP <img src=x onerror=alert(1)>"
MESSY = (
    "Run;Train Size (images);Test Acc;Seed\r\n"
    + "".join(f"{NAME};{m}.000;{a};0\r\n" for m, a in ((1, "22,0"), (2, "28,1"), (4, "33,0")))
    + f"{NAME};8.000;n/a;0\r\n{NAME};16.000;43,9;zero\r\n"
)


def names(store: Path) -> list[str]:
    with Store.open(store, "read") as opened:
        return [curve.name for curve in opened.curves()]


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
def test_a_messy_table_goes_into_explore_and_out_again(
    open_page: Visit, fresh_store: Path, width: int, scheme: str
) -> None:
    page = open_page(viewport=(width, 900), color_scheme=scheme)
    if width < 600:
        page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_role("link", name="Bring your own").first.click()
    if width < 600:
        page.get_by_test_id("stSidebarCollapseButton").locator("button").click()
    box = page.get_by_role("textbox", name="Paste a table")
    box.fill(MESSY)
    box.press("Control+Enter")
    expect(page.get_by_text("Import the 4 good rows")).to_be_visible()
    expect(page.get_by_text("1 row is left out.")).to_be_visible()
    expect(page.locator(".js-plotly-plot .scatterlayer .points path")).to_have_count(4)
    page.wait_for_function("width => document.documentElement.scrollWidth <= width", arg=width)
    page.get_by_role("button", name="Import the 4 good rows").click()
    expect(page.locator(".steep-tip").last).not_to_be_empty()
    assert names(fresh_store) == [NAME]
    page.get_by_role("button", name="Undo the import").click()
    expect(page.get_by_role("button", name="Undo the import")).to_have_count(0)
    assert names(fresh_store) == []
