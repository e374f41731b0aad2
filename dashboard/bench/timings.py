"""What a user waits for, timed in a browser: loads, drags, fits, points that stream in.

Server, browser and the process that writes points share this machine, as they do for a user.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from dashboard.bench.measured import Measured
from dashboard.bench.served import MEDIANS, ROOT, WATCH, serve
from engine.bench.stores import begin_study, even_sizes, write_imported
from engine.study.store import Store

DRAG_SECONDS = 6.0
DRAGS = 12  # releases timed
WARM = 50  # repaints until the browser has compiled what they run: some 4 MB
POINTS = 20  # points whose way to the screen is timed
CPU_SECONDS = 10.0
REST_SECONDS = 45  # until Chromium has cleared away what a load leaves: it takes half a minute
SETTLED = 1500  # ms after which a page that was just opened does nothing more
PLAIN = (31, 62, 125, 250, 500, 1000, 2000, 4000)  # sizes of the small study
SUBJECTS, N_SIZES, N_SEEDS = 34, 30, 5  # of the large study: 102 curves
LATER = tuple(131_072 + 1000 * k for k in range(1, 101))  # its sizes still to come
POINTS_STORE = (50, 40, 50)  # curves, sizes, seeds: 100,000 points
READY = ".steep-tip:not(:empty)"

FRAMES = """
window.gaps = [];
window.turn = (window.turn ?? 0) + 1;
(function next(last, turn) {
  requestAnimationFrame((now) => {
    if (turn !== window.turn) return;
    gaps.push(now - last);
    next(now, turn);
  });
})(performance.now(), turn);
"""
PAINTED = """() => new Promise((done) => {
  const start = performance.now();
  (function look() {
    if (document.querySelector(".steep-panel[data-preview]")) return requestAnimationFrame(look);
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
  })();
})"""
COUNT = f'document.querySelectorAll("{MEDIANS}").length'
ARRIVALS = f"""
window.arrivals = [];
(function look(before) {{
  const now = {COUNT};
  if (now > before) arrivals.push([now, Date.now()]);
  requestAnimationFrame(() => look(now));
}})({COUNT});
"""
PAINTS = """
watched.paints = 0;
document.querySelector(".steep-graph").on("plotly_afterplot", () => watched.paints++);
"""
ANOTHER = """(before) => {
  const [end, tip] = [".steep-end", ".steep-tip"].map((part) => document.querySelector(part));
  return end && tip?.textContent && end.getAttribute("aria-label") !== before;
}"""
OTHERS = {  # page: what stands there when it has been drawn
    "compare": "[data-testid='stPlotlyChart'] .main-svg",
    "plan": "[data-testid='stPlotlyChart'] .main-svg",
    "run": "h3:has-text('Studies')",
}


def measure(browser: Browser, folder: Path, updates: int) -> Iterator[Measured]:
    """All figures, in the order in which they are shown, as soon as each is known."""
    yield from large_study(browser, folder)
    yield from large_store(browser, folder)
    yield from streaming(browser, folder / "streamed.db", updates)
    yield from costs(browser, folder / "standing.db")


# -- a study of a hundred curves -----------------------------------------------------------------


def large_study(browser: Browser, folder: Path) -> Iterator[Measured]:
    """Loads, drags, hover and scrolling with 102 curves of 30 sizes and 5 seeds."""
    store = folder / "large.db"
    study = begin_study(store, SUBJECTS, (*even_sizes(N_SIZES), *LATER), N_SEEDS, decided=N_SIZES)
    with Store.open(store) as opened:
        opened.set_study(study, "finished")
    cold = []
    for _ in range(3):
        with serve(store) as (address, _):
            page, seconds = visit(browser, address)
            page.context.close()
            cold.append(seconds)
    yield Measured("first load, server just started, browser new", (*cold,), "s", "6 s")
    with serve(store) as (address, _):
        fresh = []
        for _ in range(4):
            page, seconds = visit(browser, address)
            fresh.append(seconds)
            if len(fresh) < 4:
                page.context.close()
        yield Measured("first load, browser new", (*fresh[1:],), "s")
        warm = [reload(page) for _ in range(7)]
        yield Measured("reload", (*warm,), "s", "2.5 s")
        yield Measured("drag: gap between frames", (*drag(page),), "ms", "20 ms, 95 % below 60")
        yield Measured("release to the fit", (*releases(page),), "ms", "350 ms, none above 700")
        page.get_by_role("radio", name="One for all").or_(
            page.get_by_role("button", name="One for all")
        ).first.click()
        page.wait_for_timeout(3000)
        yield Measured(
            "one window for all 102, release to the fits on screen",
            (*releases(page),),
            "ms",
            "700 ms",
        )
        page.get_by_role("radio", name="Each its own").or_(
            page.get_by_role("button", name="Each its own")
        ).first.click()
        page.wait_for_timeout(SETTLED)
        yield Measured("hovering: gap between frames", (*hover(page),), "ms", "20 ms")
        yield Measured("scrolling: gap between frames", (*scroll(page),), "ms", "20 ms")
        yield Measured("the next twelve curves", (*leaf(page),), "s")
        for path, stands in OTHERS.items():
            took = [opened_at(page, f"{address}/{path}", stands) for _ in range(4)][1:]
            yield Measured(f"{path.capitalize()}, reload", (*took,), "s", "3 s")
        page.context.close()
        held = decided(store, study)
        with writer(store, study, 1.3, N_SIZES, N_SIZES + 60) as written:
            page, _ = visit(browser, address)
            yield Measured(
                "a point written to visible, 102 curves",
                (*arrivals(page, written, held),),
                "ms",
                "1,000 ms, 95 % below 1,500",
            )
            page.context.close()


def leaf(page: Page) -> Iterator[float]:
    """Seconds from asking for the next panels to seeing them."""
    for number in (2, 3, 4, 5):
        before = page.locator(".steep-end").first.get_attribute("aria-label")
        start = time.time()
        page.locator("[class*='-page-of-']").get_by_text(str(number), exact=True).click()
        page.wait_for_function(ANOTHER, arg=before)
        yield time.time() - start
        page.wait_for_timeout(SETTLED)


# -- a store of 100,000 points -------------------------------------------------------------------


def large_store(browser: Browser, folder: Path) -> Iterator[Measured]:
    """The first look at many points: the server has its libraries and has not read the store."""
    curves, sizes, seeds = POINTS_STORE
    made = folder / "points.db"
    write_imported(made, curves, even_sizes(sizes), seeds)
    first: list[float] = []
    again: list[float] = []
    for k in range(3):
        store = folder / f"points-{k}.db"
        with serve(store) as (address, _):
            page, _ = visit(browser, address)  # the shipped curves
            shutil.copy(made, store)
            first.append(opened_at(page, address, READY))
            page.get_by_text("Imported:").wait_for()
            again += [reload(page) for _ in range(2)]
            page.context.close()
    yield Measured("a store of 100,000 points opened", (*first,), "s", "3 s")
    yield Measured("the same, reload", (*again,), "s", "3 s")


# -- points that stream in -----------------------------------------------------------------------


def streaming(browser: Browser, store: Path, updates: int) -> Iterator[Measured]:
    """A study of three curves while a process goes on with it."""
    last = WARM + updates  # of the repaints over which the browser's memory is watched
    coming = range(5000, 5000 + 25 * (120 + 3 * last // 2), 25)  # sizes
    study = begin_study(store, 1, (*PLAIN, *coming), 3, decided=len(PLAIN))
    at = len(PLAIN)
    with serve(store) as (address, _):
        page, _ = visit(browser, address)
        with writer(store, study, 1.0, at, at + 60):
            yield Measured("reload, 3 curves", tuple(reload(page) for _ in range(5)), "s", "1.5 s")
            page.wait_for_timeout(2000)
            gaps = tuple(drag(page))
            yield Measured(
                "the same drag while points stream, 3 curves", gaps, "ms", "20 ms, 95 % below 60"
            )
            yield Measured(
                "release to the fit while points stream, 3 curves",
                (*releases(page),),
                "ms",
                "350 ms, none above 700",
            )
        held = decided(store, study)
        with writer(store, study, 1.3, at + 60, at + 100) as written:
            reload(page)
            yield Measured(
                "a point written to visible, 3 curves",
                (*arrivals(page, written, held),),
                "ms",
                "1,000 ms, 95 % below 1,500",
            )
        reload(page)
        page.evaluate(PAINTS)
        with writer(store, study, 1.05, at + 100, at + 120 + 3 * last // 2):
            page.wait_for_function(f"watched.paints >= {WARM}", timeout=3_000 * WARM)
            before = heap(page)
            page.wait_for_function(f"watched.paints >= {last}", timeout=3_000 * last)
            after = heap(page)
        seen = page.evaluate("({ ...watched, graphs: watched.graphs.size })")
        yield Measured(
            f"heap gained in {updates} repaints after {WARM}",
            (after[0] - before[0],),
            "MB",
            "8 MB in 600",
        )
        yield Measured("event listeners gained in those", (after[1] - before[1],), "", "none")
        yield Measured(f"blank frames of {seen['frames']:,} in those", (seen["blank"],), "", "none")
        yield Measured("graph elements in those", (seen["graphs"],), "", "1")
        page.context.close()


def costs(browser: Browser, store: Path) -> Iterator[Measured]:
    """What a page costs that nobody touches, while a run is on and after."""
    if not Path("/proc/self/stat").exists():  # where a process says what it spent
        return
    study = begin_study(store, 1, (*PLAIN, 8000), 3, decided=len(PLAIN))
    with serve(store) as (address, pid):
        page = browser.new_page(viewport={"width": 1400, "height": 900})  # with no watch that runs
        with writer(store, study, 4 * CPU_SECONDS, len(PLAIN), len(PLAIN) + 1):
            page.goto(address)
            page.wait_for_selector(READY)
            page.wait_for_timeout(3000)
            busy = tuple(cpu(browser, pid) for _ in range(2))
        with Store.open(store) as opened:
            opened.set_study(study, "finished")
        page.wait_for_timeout(1000 * REST_SECONDS)
        idle = tuple(cpu(browser, pid) for _ in range(2))
        page.close()
    yield Measured("share of a core while a run goes on, server and browser", busy, "%", "12 %")
    yield Measured("share of a core with no run", idle, "%", "1 %")


# -- how it is done ------------------------------------------------------------------------------


@contextmanager
def writer(store: Path, study: int, every: float, low: int, high: int) -> Iterator[list[float]]:
    """A process that decides a size every so often; gives the times of that, as they come."""
    with Store.open(store) as opened:
        opened.set_study(study, "running")
    command = [sys.executable, "-m", "engine.bench.stores", str(store), str(study), str(every)]
    process = subprocess.Popen(
        [*command, str(low), str(high)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    written: list[float] = []

    def listen() -> None:
        assert process.stdout
        for line in process.stdout:
            written.append(float(line))

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield written
    finally:
        process.terminate()
        process.wait(10)


def new_page(browser: Browser) -> Page:
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.add_init_script(WATCH)
    return page


def visit(browser: Browser, address: str) -> tuple[Page, float]:
    """A page with its points on the screen, and the seconds that took."""
    page = new_page(browser)
    return page, opened_at(page, address, READY)


def opened_at(page: Page, address: str, stands: str) -> float:
    """Seconds until what is looked for stands at an address."""
    return _until(page, lambda: page.goto(address), stands)


def reload(page: Page) -> float:
    """Seconds until the points and what the fits say are on the screen again."""
    return _until(page, page.reload, READY)


def _until(page: Page, go: Callable[[], object], stands: str) -> float:
    start = time.time()
    go()
    page.wait_for_selector(stands, timeout=120_000)
    seconds = time.time() - start
    page.wait_for_timeout(SETTLED)
    return seconds


def edge_at(page: Page) -> tuple[float, float]:
    box = page.locator(".steep-end").first.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page) -> list[float]:
    """Drag an edge to and fro: the gaps between frames."""
    x, y = edge_at(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(FRAMES)
    start = time.time()
    while (gone := time.time() - start) < DRAG_SECONDS:
        page.mouse.move(x - 90 + 80 * (1 if gone % 2 < 1 else -1) * abs(gone % 1 - 0.5), y)
    gaps: list[float] = page.evaluate("gaps")
    page.mouse.up()
    page.wait_for_timeout(SETTLED)
    return gaps


def releases(page: Page) -> list[float]:
    """From letting go of an edge to Python's fits painted, several times."""
    took = []
    for turn in range(DRAGS):
        x, y = edge_at(page)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + (-60 if turn % 2 == 0 else 60), y, steps=6)
        page.wait_for_timeout(150)
        page.mouse.up()
        took.append(page.evaluate(PAINTED))
        page.wait_for_timeout(900)
    return took


def hover(page: Page) -> list[float]:
    """Move over two rows of panels: the gaps between frames."""
    box = page.locator(".steep").bounding_box()
    assert box
    page.evaluate(FRAMES)
    for step in range(240):
        page.mouse.move(box["x"] + 80 + step * 4.5, box["y"] + 100 + (step % 40) * 10)
    gaps: list[float] = page.evaluate("gaps")
    return gaps


def scroll(page: Page) -> list[float]:
    """Scroll down the page and up again with the wheel: the gaps between frames."""
    page.mouse.move(700, 450)
    page.evaluate(FRAMES)
    for step in range(60):
        page.mouse.wheel(0, 80 if step < 30 else -80)
    gaps: list[float] = page.evaluate("gaps")
    page.wait_for_timeout(SETTLED)
    return gaps


def decided(store: Path, study: int) -> int:
    """How many sizes the first curve of a study has."""
    with Store.open(store, "read") as opened:
        return len(set(opened.curves(study)[0].sizes.tolist()))


def arrivals(page: Page, written: list[float], held: int) -> list[float]:
    """From a point's commit in the store to its mark on the screen, in ms, several times.

    Args:
        page: that shows the study.
        written: when each new size was committed, as it grows.
        held: sizes that were there before the first of those.
    """
    while not written:
        page.wait_for_timeout(50)
    page.wait_for_timeout(1100)
    page.evaluate(ARRIVALS)
    page.wait_for_function(f"arrivals.length >= {POINTS}", timeout=120_000)
    page.wait_for_timeout(300)
    seen = [(count - held - 1, at) for count, at in page.evaluate("arrivals")]
    return [at - 1000 * written[newest] for newest, at in seen if newest < len(written)]


def heap(page: Page) -> tuple[float, float]:
    """JavaScript heap after a collection in MB, and event listeners."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    return metrics["JSHeapUsedSize"] / 1e6, metrics["JSEventListeners"]


def cpu(browser: Browser, pid: int) -> float:
    """Percent of one core that server and browser take together, over some seconds."""
    session = browser.new_browser_cdp_session()

    def spent() -> float:
        told = session.send("SystemInfo.getProcessInfo")["processInfo"]
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        server = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return float(server + sum(process["cpuTime"] for process in told))

    before = spent()
    time.sleep(CPU_SECONDS)
    return 100 * (spent() - before) / CPU_SECONDS
