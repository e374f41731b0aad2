"""A walk at random with the fit window: whatever the hand and the data do, it stays a window."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine.study.store import Store
from tests.browser.server import at_rest, frame_drawn
from tests.studies import SIZES, alive, make_study, measure

pytestmark = [pytest.mark.browser]

Visit = Callable[..., Page]
STEPS = 40
LATER = tuple(4000 * 2.0**step for step in range(1, 5))
KEYS = ("ArrowLeft", "ArrowRight", "PageUp", "PageDown", "Home", "End", "Shift+ArrowLeft",
        "Shift+ArrowRight", "Control+z", "Control+Shift+z", "Escape")  # fmt: skip
# Of each panel: its window, what its axis shows when nothing is zoomed, and what its edges say.
STANDS = """() => [...document.querySelectorAll(".steep-panel")].map((panel) =>
  [...panel.querySelectorAll(".steep-edge")].map((edge) => ({
    now: Number(edge.getAttribute("aria-valuenow")), left: parseFloat(edge.style.left),
    least: Number(edge.getAttribute("aria-valuemin")),
    most: Number(edge.getAttribute("aria-valuemax")), width: panel.clientWidth,
  })))"""


def step(page: Page, rng: random.Random) -> str:
    """Do one thing with the first panel's window; what it was."""
    part = rng.choice((".steep-start", ".steep-end", ".steep-band"))
    spot = page.locator(part).first
    kind = rng.choice(("drag", "drag", "drag", "key", "key", "zoom", "unzoom", "resize", "link"))
    if kind == "drag":
        box = spot.bounding_box()
        by = rng.choice((-900, -300, -120, -40, -3, 3, 40, 120, 300, 900))
        if box:
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            page.mouse.move(x, y)
            page.mouse.down()
            page.mouse.move(x + by / 2, y)
            page.mouse.move(x + by, y + 5)
            page.mouse.up()
        return f"drag {part} by {by}"
    if kind == "key":
        key = rng.choice(KEYS)
        page.locator(rng.choice((".steep-start", ".steep-end"))).first.press(key)
        return f"press {key}"
    if kind == "zoom":
        box = page.locator(".steep-panel").first.bounding_box()
        assert box
        x, y = box["x"] + box["width"] * rng.uniform(0.05, 0.6), box["y"] + 150
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 90, y + 60, steps=4)
        page.mouse.up()
        return f"zoom from {x:.0f}"
    if kind == "unzoom":
        box = page.locator(".steep-panel").first.bounding_box()
        assert box
        page.mouse.dblclick(box["x"] + 30, box["y"] + 200)
        return "unzoom"
    if kind == "resize":
        width = rng.choice((700, 1000, 1400))
        page.set_viewport_size({"width": width, "height": 900})
        return f"resize to {width}"
    ways = rng.choice(("One for all", "Each its own"))
    page.get_by_text(ways, exact=True).click()
    return ways


@pytest.mark.slow
@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(other, marks=pytest.mark.soak) for other in range(2, 12))]
)
def test_whatever_the_hand_does_low_stays_below_high_inside_the_axis(
    open_page: Visit, fresh_store: Path, seed: int
) -> None:
    rng = random.Random(seed)
    study = make_study(fresh_store, "running", done=SIZES)
    later, done, seen = list(LATER), [], 0
    with alive(fresh_store, study):
        page = open_page()
        expect(page.locator(".steep-tip").last).not_to_be_empty()
        for _ in range(STEPS):
            done.append(step(page, rng))
            if later and rng.random() < 0.1:
                with Store.open(fresh_store) as store:
                    measure(store, study, later.pop(0))
                done.append("a new point")
            frame_drawn(page)
            if rng.random() < 0.3:
                expect(page.locator(".steep-panel[data-preview]")).to_have_count(0)
            seen += len(stands := page.evaluate(STANDS))
            for start, end in stands:
                assert 0 < start["now"] < end["now"], done
                for edge in (start, end):
                    assert edge["least"] <= edge["now"] <= edge["most"], done
                    assert -1 <= edge["left"] <= edge["width"] + 1, done
    assert seen > STEPS  # there were panels to look at
    at_rest(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    with Store.open(fresh_store, "read") as store:
        assert all((w.low or 0) < (w.high or 1e99) for w in store.windows().values()), done
