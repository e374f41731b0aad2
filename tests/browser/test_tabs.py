"""Five tabs on one study that streams: nothing grows on the server or in the browser.

A study of eight hours on two cores ends some 2,000 groups, one every 15 s. Here they end as fast as
five pages draw them.
"""

import os
import resource
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from dashboard.bench.served import serve
from dashboard.bench.timings import PAINTS, heap, new_page
from engine.study.store import Store
from tests.browser.conftest import PATIENCE
from tests.drivers import descendants
from tests.studies import SIZES, alive, make_study, measure

pytestmark = [pytest.mark.browser, pytest.mark.soak]

ENDS = int(os.environ.get("SOAK_ENDS", "2000"))
EVERY = 400  # ms
TABS = 5
LOOKS = 10


def server_holds(pid: int) -> tuple[int, int]:
    """Descriptors and processes of the server, with its children."""
    family = [pid, *descendants(pid)]
    return sum(len(os.listdir(f"/proc/{each}/fd")) for each in family), len(family)


def megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def test_five_tabs_on_a_study_that_streams_for_eight_hours(
    browser: Browser, tmp_path: Path, figures
) -> None:
    path = tmp_path / "study.db"
    study = make_study(path, "running")
    held: list[tuple[float, int, int, float, float]] = []
    with serve(path) as (address, server), alive(path, study), Store.open(path) as store:
        pages = [new_page(browser) for _ in range(TABS)]
        for page in pages:
            page.goto(address, timeout=PATIENCE)
            page.wait_for_selector(".steep-graph .scatterlayer .points path", timeout=PATIENCE)
            page.evaluate(PAINTS)
        began = time.monotonic()
        for turn in range(1, ENDS + 1):
            drawn = [page.evaluate("watched.paints") for page in pages]
            # Errors that are others each time, so that every chart and fit is made anew.
            measure(store, study, SIZES[turn % len(SIZES)], factor=1 + (turn % 97) / 1000)
            pages[turn % TABS].wait_for_timeout(EVERY)
            if turn % (ENDS // LOOKS) == 0:
                for page, before in zip(pages, drawn, strict=True):  # each of them still follows
                    page.wait_for_function(
                        "before => watched.paints > before", arg=before, timeout=PATIENCE
                    )
                heaps = [heap(page) for page in pages]
                held.append(
                    (
                        megabytes(server),
                        *server_holds(server),
                        sum(size for size, _ in heaps),
                        sum(listeners for _, listeners in heaps),
                    )
                )
        drawn = [page.evaluate("watched.paints") for page in pages]
        seconds = time.monotonic() - began
        for page in pages:
            page.context.close()
    names = ("server MB", "descriptors", "processes", "heaps MB", "listeners")
    figures(
        f"{TABS} tabs, {ENDS:,} ends of groups in {seconds:.0f} s",
        drawn=min(drawn),
        **{name: " ".join(f"{each[k]:.0f}" for each in held) for k, name in enumerate(names)},
    )
    third, last = held[LOOKS // 3], held[-1]  # caches have a size, and are full by then
    assert last[0] < third[0] + 30
    assert last[1] <= third[1] + TABS  # a look at the store may be under way in each
    assert last[2] <= third[2]
    assert last[3] < third[3] + 10 * TABS
    # those of elements that are gone count until they are cleared away
    assert last[4] < 1.1 * max(listeners for *_, listeners in held[: LOOKS // 3 + 1])
