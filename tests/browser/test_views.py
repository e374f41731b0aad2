"""Views that are passed on, compared, saved and undone, in a real browser."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine.study.store import Store
from tests.browser.server import at_rest, frame_drawn
from tests.studies import NAME, SIZES, make_study

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
START = f"window start of {NAME} top-1"


def drawn(page: Page) -> Page:
    expect(page.locator(".steep-tip").last).not_to_be_empty()
    expect(page.locator("table tbody tr").first).to_be_visible()  # it comes after the chart
    return page


def exponents(page: Page) -> list[str]:
    return page.locator("table").first.locator("tbody tr td:nth-of-type(2)").all_inner_texts()


def stepped(page: Page) -> None:
    """Leave out the first size of the first window by keyboard, and wait for Python's fit."""
    before = exponents(page)
    page.get_by_role("slider", name=START).press("ArrowRight")
    expect(page.locator("table tbody tr td:nth-of-type(2)").first).not_to_have_text(before[0])


def test_a_link_restores_the_view_for_somebody_else(open_page: Visit, fresh_store: Path) -> None:
    make_study(fresh_store, "finished")
    first = drawn(open_page())
    first.get_by_text("Linear", exact=True).click()
    stepped(first)
    expect(first).to_have_url(re.compile("window="))
    address = first.url
    with Store.open(fresh_store) as opened:
        opened.save_window(f"{NAME} top-1", None)
    second = drawn(open_page(address[address.index("/", 10) :]))
    expect(second.get_by_role("radio", name="Linear")).to_be_checked()
    cells = second.locator("table").first.locator("tbody tr td:nth-of-type(2)")
    expect(cells).to_have_text(exponents(first))


def test_a_window_is_put_back_by_undo_and_moved_again_by_redo(
    open_page: Visit, fresh_store: Path
) -> None:
    make_study(fresh_store, "finished")
    page = drawn(open_page())
    before = exponents(page)
    stepped(page)
    after = exponents(page)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator("table").first).to_contain_text(before[0])
    page.get_by_role("button", name="Redo", exact=True).click()
    expect(page.locator("table").first).to_contain_text(after[0])


def test_keys_undo_and_redo_windows_but_not_while_one_types(
    open_page: Visit, fresh_store: Path
) -> None:
    make_study(fresh_store, "finished")
    page = drawn(open_page())
    before = exponents(page)
    edge = page.get_by_role("slider", name=START)
    expect(edge.locator("xpath=ancestor::*[@aria-describedby]")).to_have_accessible_description(
        re.compile(r"Ctrl\+Z takes a change back")
    )
    stepped(page)
    after = exponents(page)
    table = page.locator("table").first
    page.keyboard.press("Control+z")  # the focus is on the edge
    expect(table).to_contain_text(before[0])
    page.keyboard.press("Control+Shift+z")
    expect(table).to_contain_text(after[0])
    page.get_by_text("Set the windows by numbers").click()
    box = page.get_by_role("spinbutton").first
    box.fill("100")
    box.press("Control+z")
    page.get_by_role("slider", name=START.replace("top-1", "top-5")).press("ArrowRight")
    second = table.locator("tbody tr td:nth-of-type(2)").nth(1)
    expect(second).not_to_have_text(after[1])  # whatever the box had asked for has come before
    assert exponents(page)[0] == after[0]
    page.mouse.click(5, 400)
    page.keyboard.press("Control+z")
    expect(second).to_have_text(after[1])
    page.keyboard.press("Control+z")
    expect(table).to_contain_text(before[0])


def test_a_step_taken_back_at_once_never_counted(open_page: Visit, fresh_store: Path) -> None:
    make_study(fresh_store, "finished")
    page = drawn(open_page())
    edge = page.get_by_role("slider", name=START)
    stood = edge.get_attribute("aria-valuetext") or ""
    page.evaluate(
        """edge => ["ArrowRight", "z"].forEach((key) => edge.dispatchEvent(
          new KeyboardEvent("keydown", { key, ctrlKey: key === "z", bubbles: true })))""",
        edge.element_handle(),
    )
    expect(edge).to_have_attribute("aria-valuetext", stood)
    before, other = exponents(page), START.replace("top-1", "top-5")
    page.get_by_role("slider", name=other).press("ArrowRight")
    second = page.locator("table tbody tr td:nth-of-type(2)").nth(1)
    expect(second).not_to_have_text(before[1])  # whatever Python was told has come before
    with Store.open(fresh_store, "read") as opened:
        assert opened.windows().keys() == {other.removeprefix("window start of ")}


def test_the_first_page_is_found_by_its_name(open_page: Visit, fresh_store: Path) -> None:
    make_study(fresh_store, "finished")
    page = drawn(open_page("/explore?law=power"))
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page).to_have_url(re.compile("law=power"))


def test_on_a_telephone_the_chart_begins_on_the_first_screen(open_page: Visit) -> None:
    page = drawn(open_page(viewport=(390, 844)))
    assert (page.locator(".steep-panel").first.bounding_box() or {"y": 844})["y"] < 700


def test_pictures_and_a_report_are_saved(
    open_page: Visit, fresh_store: Path, tmp_path: Path
) -> None:
    make_study(fresh_store, "finished")
    page = drawn(open_page())
    saved = {}
    for name in ("PNG", "SVG", "Report"):
        with page.expect_download() as arriving:
            page.get_by_role("button", name=name, exact=name != "Report").click()
        saved[name] = tmp_path / arriving.value.suggested_filename
        arriving.value.save_as(saved[name])
    assert saved["PNG"].read_bytes().startswith(b"\x89PNG")
    assert exponents(page)[0] in saved["SVG"].read_text()
    assert exponents(page)[0] in saved["Report"].read_text()


def test_on_linear_axes_the_window_is_where_the_hand_is(
    open_page: Visit, fresh_store: Path
) -> None:
    make_study(fresh_store, "finished")
    page = drawn(open_page())
    page.get_by_text("Linear", exact=True).click()
    page.wait_for_function(
        "document.querySelector('.steep-graph')._fullLayout.xaxis.type === 'linear'"
    )
    edge = page.get_by_role("slider", name=START)
    box = edge.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 80, y, steps=8)
    page.mouse.up()
    frame_drawn(page)
    graph = page.locator(".steep-graph").first.bounding_box()
    assert graph
    under = page.evaluate(
        "at => { const a = document.querySelector('.steep-graph')._fullLayout.xaxis;"
        " return a.p2l(at - a._offset) }",
        x + 80 - graph["x"],
    )
    assert float(edge.get_attribute("aria-valuenow") or 0) == pytest.approx(under, rel=0.02)


def test_what_was_chosen_outlasts_another_page_and_a_hand_on_a_window_there(
    open_page: Visit, fresh_store: Path
) -> None:
    make_study(fresh_store, "finished")
    page = drawn(open_page())
    page.get_by_text("Slopes and residuals", exact=True).click()
    at_rest(page)
    page.get_by_role("link", name="Compare").click()
    page.get_by_role("button", name=re.compile("^Remove.* characters")).click()
    at_rest(page)
    chosen = page.locator("[data-tag]").all_inner_texts()
    page.get_by_role("link", name="Explore").click()
    stepped(drawn(page))
    at_rest(page)
    page.get_by_role("link", name="Compare").click()
    drawn(page)
    at_rest(page)
    assert page.locator("[data-tag]").all_inner_texts() == chosen
    page.get_by_role("link", name="Explore").click()
    expect(drawn(page).get_by_role("switch", name="Slopes and residuals")).to_be_checked()


def test_compare_can_be_cleared(open_page: Visit) -> None:
    page = drawn(open_page("/compare"))
    page.get_by_role("button", name="Clear all").click()
    expect(page.get_by_text("Choose at least one curve above.")).to_be_visible()


def test_a_link_to_plan_asks_the_same_again(open_page: Visit, fresh_store: Path) -> None:
    make_study(fresh_store, "finished")
    first = open_page("/plan")
    first.get_by_text("cross-entropy", exact=True).click()
    at_rest(first)
    for slider in ("With so many times the data", "For an error of so many percent"):
        first.get_by_role("slider", name=slider).press("ArrowRight")
        at_rest(first)
    said = first.get_by_text(re.compile(r"At [\d,]+ images, expect a cross-entropy of"))
    answer = said.inner_text()
    address = first.url
    second = open_page(address[address.index("/", 10) :])
    expect(second.get_by_text(answer)).to_be_visible()
    assert second.url == address


def test_curves_are_compared_over_as_many_decades(open_page: Visit, fresh_store: Path) -> None:
    make_study(fresh_store, "finished")
    page = drawn(open_page())
    page.get_by_role("link", name="Compare").click()
    page.get_by_text("All", exact=True).click()
    expect(page.get_by_role("slider", name=f"window start of {NAME} cross")).to_be_visible()
    page.get_by_text("Same decades", exact=True).click()
    expect(page.get_by_text("Decades past the plateau")).to_be_visible()
    expect(page.locator(".js-plotly-plot .scatterlayer").first).to_be_visible()
    page.wait_for_function(
        """edges => edges.every((names) => {
          const [start, end] = names.map((name) => Number(
            document.querySelector(`[aria-label="${name}"]`)?.getAttribute("aria-valuenow")));
          return Math.abs(Math.log10(end / start) - 1.5) < 0.004;
        })""",
        arg=[
            [f"window {end} of {NAME} {short}" for end in ("start", "end")]
            for short in ("top-1", "top-5", "cross-entropy")
        ],
    )
    page.get_by_role("slider", name="Decades past the plateau").press("ArrowRight")
    expect(page).to_have_url(re.compile("decades=1.75"))
    at_rest(page)
    second = open_page(page.url[page.url.index("/", 10) :])
    expect(second.get_by_text("Same decades", exact=True)).to_be_visible()
    expect(second.get_by_role("slider", name="Decades past the plateau")).to_have_value("1.75")


def test_a_click_on_the_map_of_windows_takes_that_window(
    open_page: Visit, fresh_store: Path
) -> None:
    make_study(fresh_store, "finished")
    page = drawn(open_page())
    page.get_by_text("How much the window decides").click()
    cell = page.locator(".stPlotlyChart .scatterlayer .points path").first  # the four smallest
    expect(cell).to_be_visible()
    at_rest(page)
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    edge = page.get_by_role("slider", name=START.replace("start", "end"))
    expect(edge).to_have_attribute("aria-valuenow", str(SIZES[3]))
