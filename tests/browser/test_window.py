"""The fit window in a real browser: dragged, typed at, touched, while points stream in."""

import math
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.bench.served import MEDIANS
from engine.laws.fit import fit
from engine.laws.window import Window
from engine.live import log_point
from engine.study.store import Store
from tests.browser.server import frame_drawn
from tests.studies import NAME, SIZES, alive, make_study, measure

pytestmark = pytest.mark.browser

MORE = tuple(4000 * 2.0**step for step in range(1, 9))
CURVES = tuple(f"{NAME} {name}" for name in ("top-1", "top-5", "cross-entropy"))
# What the horizontal axis of each panel shows.
RANGES = """[...document.querySelectorAll(".steep-graph")].map(
  (graph, k) => graph._fullLayout[k ? `xaxis${k + 1}` : "xaxis"].range)"""
Visit = Callable[..., Page]


@pytest.fixture
def full(open_page: Visit, fresh_store: Path) -> Page:
    """Explore on a finished study, with its chart painted."""
    make_study(fresh_store, "finished")
    return drawn(open_page())


def drawn(page: Page) -> Page:
    expect(page.locator(".steep-tip").last).not_to_be_empty()
    expect(page.locator("table tbody tr").first).to_be_visible()  # it comes after the chart
    return page


def edge(page: Page, end: str = "start", curve: str = CURVES[0]) -> Locator:
    return page.get_by_role("slider", name=f"window {end} of {curve}")


def middle(spot: Locator) -> tuple[float, float]:
    box = spot.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def hold(page: Page, spot: Locator) -> tuple[float, float]:
    """Press on the middle of `spot` and stay there; gives that place."""
    x, y = middle(spot)
    page.mouse.move(x, y)
    page.mouse.down()
    return x, y


def drag(page: Page, spot: Locator, by: float) -> None:
    """Press on `spot`, move `by` pixels and stay there."""
    x, y = hold(page, spot)
    page.mouse.move(x + by, y, steps=12)


def exponent(page: Page, panel: int = 0) -> str:
    return page.locator("table tbody tr").nth(panel).locator("td").nth(1).inner_text()


def tip(page: Page, panel: int = 0) -> Locator:
    return page.locator(".steep-tip").nth(panel)


def settled(page: Page) -> str:
    """Wait until Python's fit of every window is on the screen; what chart and table both say.

    Both are read in one turn of the browser: points may go on streaming in.
    """
    frame_drawn(page)
    expect(page.locator(".steep-panel[data-preview]")).to_have_count(0)
    said = page.wait_for_function(
        """() => {
            const chart = document.querySelector('.steep-tip').innerText
            const table = document.querySelector('table tbody tr td:nth-of-type(2)')?.innerText
            return chart === table && chart
        }"""
    )
    return said.json_value()


def watched(page: Page) -> dict[str, int]:
    return page.evaluate("({ blank: watched.blank, graphs: watched.graphs.size })")


def x_range(page: Page, panel: int = 0) -> list[float]:
    return page.evaluate(RANGES)[panel]


def doubling(page: Page) -> float:
    """How many px lie between a size and its double in the first panel."""
    low, high = x_range(page)
    box = page.locator(".steep-panel").first.bounding_box()
    assert box
    return box["width"] / (high - low) * math.log10(2)


def points_drawn(page: Page) -> int:
    return page.locator(MEDIANS).count()


def wait_for_more(page: Page, than: int) -> None:
    """Wait until more sizes are painted in the first panel."""
    page.wait_for_function(
        "([spot, n]) => document.querySelectorAll(spot).length > n", arg=[MEDIANS, than]
    )


def sizes_held(page: Page) -> Locator:
    """How many sizes the window of the first panel holds, in the table."""
    return page.locator("table tbody tr").first.locator("td").nth(4)


def test_the_window_is_dragged_while_points_stream_in(open_page: Visit, fresh_store: Path) -> None:
    study = make_study(fresh_store, "running", done=SIZES[:6], planned=(*SIZES, *MORE))
    with alive(fresh_store, study), Store.open(fresh_store) as store:
        store.save_window(CURVES[0], Window(SIZES[0]))  # that nobody else moves
        page = drawn(open_page())
        dragged_while_points_come(page, partial(measure, store, study))
        store.set_study(study, "finished")
        expect(page.get_by_text("running", exact=False)).to_have_count(0)
    assert watched(page) == {"blank": 0, "graphs": 1}


def dragged_while_points_come(page: Page, decide: Callable[[float], None]) -> None:
    """Drag and press; `decide` writes the points of one size more."""
    before = exponent(page)
    x, y = hold(page, edge(page, "end"))
    painted, held = points_drawn(page), sizes_held(page).inner_text()
    for number, size in enumerate(SIZES[6:], 1):
        page.mouse.move(x - 30 * number, y, steps=10)
        decide(size)
    page.wait_for_timeout(1000)  # five questions for news
    expect(page.locator(".steep-panel[data-preview]")).to_have_count(1)
    assert points_drawn(page) == painted  # nothing is repainted under the hand
    assert sizes_held(page).inner_text() == held  # nor is Python asked for anything
    decide(MORE[0])  # on its way while the hand lets go
    page.mouse.up()
    after_edge = settled(page)
    assert after_edge != before
    wait_for_more(page, painted + 2)
    # The window is closed: new sizes stay outside, and only tell more of the noise.
    now, then = (float(said.split(" ")[0]) for said in (settled(page), after_edge))
    assert now == pytest.approx(then, abs=0.01)

    decide(MORE[1])
    drag(page, page.locator(".steep-band").first, -doubling(page))
    decide(MORE[2])
    page.mouse.up()
    after_band = settled(page)
    assert after_band != after_edge

    decide(MORE[3])
    edge(page, "end").press("ArrowRight")
    assert settled(page) != after_band
    wait_for_more(page, painted + 5)


@pytest.mark.parametrize("law", ["Power law", "Power law + floor"])
def test_the_preview_is_pythons_own_fit(full: Page, fresh_store: Path, law: str) -> None:
    full.get_by_role("combobox", name="Law").click()
    full.get_by_role("option", name=law, exact=True).click()
    for row in range(len(CURVES)):
        cell = full.locator("table tbody tr").nth(row).locator("td").first
        expect(cell).to_have_text(law.lower())
    settled(full)
    drag(full, edge(full), -150)
    frame_drawn(full)
    previewed = float(tip(full).get_attribute("data-exponent") or "nan")
    full.mouse.up()
    settled(full)
    with Store.open(fresh_store, "read") as store:
        curve, window = store.curves()[0], store.windows()[CURVES[0]]
    found = fit(curve, window, "power" if law == "Power law" else "power-floor")
    assert found.exponent
    assert previewed == pytest.approx(found.exponent.value, abs=1e-6)


def test_the_zoom_survives_streaming(open_page: Visit, fresh_store: Path) -> None:
    study = make_study(fresh_store, "running", done=SIZES[:6], planned=(*SIZES, *MORE))
    with alive(fresh_store, study):
        zoomed_while_points_come(drawn(open_page()), fresh_store, study)


def zoomed_while_points_come(page: Page, fresh_store: Path, study: int) -> None:
    painted, whole = points_drawn(page), x_range(page)
    box = page.locator(".steep-graph .nsewdrag").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 180, steps=8)
    page.mouse.up()
    page.wait_for_function(f"left => ({RANGES})[0][0] > left", arg=whole[0])
    zoomed = x_range(page)
    with Store.open(fresh_store) as store:
        for size in SIZES[6:]:
            measure(store, study, size)
    wait_for_more(page, painted)
    assert x_range(page) == pytest.approx(zoomed)
    for _ in range(10):  # two clicks are single ones where the machine was busy between them
        page.mouse.dblclick(box["x"] + 60, box["y"] + 160)
        frame_drawn(page)
        if x_range(page) != pytest.approx(zoomed):
            break
    page.wait_for_function(
        f"() => {{ const [one, other] = {RANGES}; return Math.abs(one[0] - other[0]) < 1e-6 }}"
    )
    assert x_range(page) == pytest.approx(x_range(page, 1))


def test_escape_puts_the_window_back(full: Page) -> None:
    said, stood = tip(full).inner_text(), middle(edge(full))
    drag(full, edge(full), -80)
    expect(tip(full)).not_to_have_text(said)
    full.keyboard.press("Escape")
    full.mouse.up()
    expect(tip(full)).to_have_text(said)
    assert middle(edge(full)) == pytest.approx(stood, abs=1)


def test_an_edge_at_the_end_of_the_axis_is_open(full: Page, fresh_store: Path) -> None:
    drag(full, edge(full, "end"), -150)
    full.mouse.up()
    settled(full)
    assert re.fullmatch(r"[\d,]+ images", edge(full, "end").get_attribute("aria-valuetext") or "")
    drag(full, edge(full, "end"), 400)
    full.mouse.up()
    settled(full)
    assert "open" in (edge(full, "end").get_attribute("aria-valuetext") or "")
    with Store.open(fresh_store, "read") as store:
        assert store.windows()[CURVES[0]].high is None


def test_an_arrow_key_takes_in_one_size(full: Page) -> None:
    sizes = full.locator("table tbody tr").first.locator("td").nth(4)
    held = int(sizes.inner_text())
    edge(full).press("ArrowLeft")
    expect(sizes).to_have_text(str(held + 1))
    edge(full).press("Home")
    expect(sizes).to_have_text(str(len(SIZES)))
    edge(full).press("PageUp")
    expect(sizes).to_have_text(str(len(SIZES) - 2))
    expect(edge(full)).to_be_focused()


def test_a_finger_drags_an_edge(open_page: Visit, fresh_store: Path) -> None:
    make_study(fresh_store, "finished")
    page = drawn(open_page(viewport=(390, 844), has_touch=True, is_mobile=True))
    spot = edge(page, curve=CURVES[1])
    spot.scroll_into_view_if_needed()
    before = exponent(page, 1)
    x, y = middle(spot)
    cdp = page.context.new_cdp_session(page)
    at = lambda px: [{"x": px, "y": y}]  # noqa: E731
    cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at(x)})
    for step in range(1, 11):
        cdp.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": at(x + 8 * step)})
    cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    settled(page)
    expect(page.locator("table tbody tr").nth(1).locator("td").nth(1)).not_to_have_text(before)


def test_a_resize_stacks_the_panels_and_moves_the_edges_along(full: Page) -> None:
    def off() -> float:
        """How far the edge lies from its size on the axis, in px."""
        return full.evaluate(
            """() => {
              const graph = document.querySelector(".steep-graph"), axis = graph._fullLayout.xaxis;
              const edge = document.querySelector(".steep-edge");
              const box = edge.getBoundingClientRect();
              const x = box.x + box.width / 2 - graph.getBoundingClientRect().x;
              return x - axis._offset - axis.l2p(Math.log10(edge.getAttribute("aria-valuenow")));
            }"""
        )

    assert abs(off()) < 1.5
    full.set_viewport_size({"width": 390, "height": 844})
    full.wait_for_function(
        """() => document.documentElement.scrollWidth <= 390 && new Set(
          [...document.querySelectorAll(".steep-panel")].map((p) => p.style.left)).size === 1"""
    )
    frame_drawn(full)
    assert abs(off()) < 1.5


def test_a_treated_curve_stands_under_the_untreated_one_of_its_error(
    open_page: Visit, fresh_store: Path
) -> None:
    make_study(fresh_store, "finished", treatments=["sgd"])
    page = drawn(open_page(viewport=(1500, 900)))  # four panels would fit a row
    places = page.locator(".steep-panel").evaluate_all(
        "all => all.map(p => [Math.round(p.offsetLeft), Math.round(p.offsetTop)])"
    )
    assert [left for left, _ in places[:3]] == [left for left, _ in places[3:]]
    assert len({top for _, top in places[:3]}) == 1
    assert places[3][1] > places[0][1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_winner_at_the_edge_is_drawn_hollow_in_either_theme(
    open_page: Visit, fresh_store: Path, scheme: str
) -> None:
    make_study(fresh_store, "finished", records={SIZES[-1]: {"capacity_at_edge": True}})
    page = drawn(open_page(color_scheme=scheme))
    expect(page.locator(".steep-graph [data-kind='edge'] .points path").first).to_be_visible()
    fills = page.evaluate(
        """() => ["edge", "median"].map((kind) => getComputedStyle(
          document.querySelector(`.steep-graph [data-kind="${kind}"] .points path`)).fill)"""
    )
    background = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert fills[0] == background
    assert fills[1] != background
    expect(page.get_by_text("The largest model may be too small")).to_be_visible()


def test_light_and_dark_switch_the_chart_live(open_page: Visit, fresh_store: Path) -> None:
    make_study(fresh_store, "finished")
    page = drawn(open_page(color_scheme="light"))
    ink = "getComputedStyle(document.querySelector('.steep-graph .xtitle')).fill"
    light = page.evaluate(ink)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"() => {ink} !== '{light}'")
    assert watched(page) == {"blank": 0, "graphs": 1}


def test_what_a_turn_has_not_come_to_fades_only_once_it_is_late(full: Page) -> None:
    late = full.locator(".stElementContainer").first.evaluate(
        "(part) => { part.dataset.stale = 'true'; return getComputedStyle(part).transitionDelay; }"
    )
    assert late == "2s"


def test_a_window_is_remembered_by_pages_reloads_and_new_visits(
    full: Page, open_page: Visit
) -> None:
    drag(full, edge(full), -100)
    full.mouse.up()
    settled(full)
    said = edge(full).get_attribute("aria-valuetext") or ""
    full.get_by_role("link", name="Run").first.click()
    expect(full.get_by_text("New study")).to_be_visible()
    full.get_by_role("link", name="Explore").first.click()
    expect(edge(drawn(full))).to_have_attribute("aria-valuetext", said)
    full.reload()
    expect(edge(drawn(full))).to_have_attribute("aria-valuetext", said)
    expect(edge(drawn(open_page()))).to_have_attribute("aria-valuetext", said)


def test_one_window_moves_all_panels_when_they_are_linked(full: Page) -> None:
    full.get_by_text("One for all", exact=True).click()
    stands = edge(full).get_attribute("aria-valuenow") or ""
    for curve in CURVES:
        expect(edge(full, curve=curve)).to_have_attribute("aria-valuenow", stands)
    expect(full).to_have_url(re.compile("windows=One"))
    edge(full).press("Home")
    settled(full)
    for curve in CURVES:
        expect(edge(full, curve=curve)).to_have_attribute("data-open", "")


def test_a_release_has_no_other_panel_drawn_anew(full: Page) -> None:
    drawn_anew = """window.anew = [];
      document.querySelectorAll(".steep-graph").forEach((graph, k) =>
        graph.on("plotly_afterplot", () => anew.push(k)))"""
    full.wait_for_function(
        "() => [...document.querySelectorAll('.steep-graph')].every((g) => g._fullLayout)"
    )
    frame_drawn(full)
    full.evaluate(drawn_anew)
    before = exponent(full)
    drag(full, edge(full), -100)
    full.mouse.up()
    settled(full)
    assert exponent(full) != before
    assert set(full.evaluate("anew")) <= {0}


def test_nothing_offers_to_send_the_chart_away(full: Page) -> None:
    assert "share" not in full.content().lower().replace("sharedstate", "")
    assert full.locator(".modebar-btn").count() == 0


def test_the_exponents_are_downloaded_as_they_stand(full: Page) -> None:
    with full.expect_download() as download:
        full.get_by_role("button", name="Exponents CSV").click()
    header, first, *_ = Path(download.value.path()).read_text().splitlines()
    assert header.startswith("curve,domain,model,metric,unit,law,exponent,exponent_low")
    shown = exponent(full).split(" ")[0]
    places = len(shown.partition(".")[2])
    assert f"{float(first.split(',')[6]):.{places}f}" == shown


def test_a_point_logged_by_any_training_is_drawn_by_an_open_page(
    open_page: Visit, fresh_store: Path
) -> None:
    for size in SIZES[:6]:
        log_point("mine", size, size**-0.3, store=fresh_store)
    page = open_page()
    page.get_by_label("Study").click()
    page.get_by_text("Imported points").click()
    row = page.locator("table tbody tr", has_text="mine")
    expect(row.locator("td").nth(4)).to_have_text("6")
    log_point("mine", SIZES[6], SIZES[6] ** -0.3, store=fresh_store)
    expect(row.locator("td").nth(4)).to_have_text("7")
