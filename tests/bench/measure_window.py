"""Measure the fit window in a real browser: how closely it follows the hand, how soon fits and
points appear, what it costs. `python tests/bench/measure_window.py [--updates N] [--json FILE]`.

Server, browser and the process that writes points share this machine, as they do for a user. The
targets are those of the project's notes on the window, for two cores.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # run as a file, this knows only its own folder

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from engine.study.store import Store  # noqa: E402
from tests.browser.server import FLAGS, MEDIANS, WATCH, serve  # noqa: E402
from tests.chromium import HINT, find_chromium  # noqa: E402
from tests.studies import SIZES, make_study  # noqa: E402

DRAG_SECONDS = 6.0
DRAGS = 12  # releases to take percentiles over
POINTS = 20  # points whose way to the screen is timed
CPU_SECONDS = 10.0
MANY = tuple(float(size) for size in range(5000, 5000 + 500 * 25, 25))  # sizes still to come

FRAMES = """
window.gaps = [];
(function next(last) { requestAnimationFrame((now) => { gaps.push(now - last); next(now); }); })
(performance.now());
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


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure beside its target."""

    name: str
    value: str
    target: str


@contextmanager
def writer(
    store: Path, study: int, sizes: tuple[float, ...], every: float
) -> Iterator[list[float]]:
    """A process that writes a point every so often; gives the times of that, as they come."""
    command = [sys.executable, str(ROOT / "tests" / "studies.py"), str(store), str(study)]
    process = subprocess.Popen(
        [*command, str(every), *(f"{size:g}" for size in sizes)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    written: list[float] = []

    def listen() -> None:
        assert process.stdout
        for line in process.stdout:
            written.append(float(line.split()[1]))

    threading.Thread(target=listen, daemon=True).start()
    with Store.open(store) as opened:
        opened.set_study(study, "running")  # the writer before it finished the study
    try:
        yield written
    finally:
        process.terminate()
        process.wait(10)


def percentiles(values: list[float]) -> str:
    """Median and 95th percentile, in ms."""
    cuts = quantiles(values, n=20, method="inclusive")
    return f"{cuts[9]:.0f} / {cuts[18]:.0f} ms"


def visit(browser: Browser, address: str) -> tuple[Page, float]:
    """A page with its points on the screen, and the seconds that took."""
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.add_init_script(WATCH)
    start = time.time()
    page.goto(address)
    page.wait_for_function("watched.stood", timeout=60_000)
    seconds = time.time() - start
    page.wait_for_selector(".steep-tip:not(:empty)")
    return page, seconds


def edge_at(page: Page) -> tuple[float, float]:
    box = page.locator(".steep-end").first.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def follow_the_hand(page: Page) -> list[Figure]:
    """Drag an edge to and fro while points stream in; how even are the frames?"""
    x, y = edge_at(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(FRAMES)
    start, moves = time.time(), 0
    while (gone := time.time() - start) < DRAG_SECONDS:
        page.mouse.move(x - 90 + 80 * (1 if gone % 2 < 1 else -1) * abs(gone % 1 - 0.5), y)
        moves += 1
    gaps: list[float] = page.evaluate("gaps")
    page.mouse.up()
    page.wait_for_timeout(1500)
    return [
        Figure("preview frame gap while streaming, p50 / p95", percentiles(gaps), "20 / 60 ms"),
        Figure("frames a second in that drag", f"{1000 * len(gaps) / sum(gaps):.0f}", ">= 50"),
    ]


def release_to_fit(page: Page) -> Figure:
    """From letting go of an edge to Python's fit painted."""
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
    return Figure("release to Python's fit painted, p50 / p95", percentiles(took), "350 / 700 ms")


def point_to_screen(page: Page, written: list[float]) -> Figure:
    """From a point's commit in the store to its mark on the screen."""
    page.evaluate(ARRIVALS)
    shown = len(written)  # written so far, if not all are painted yet
    before = page.evaluate(COUNT) - shown
    page.wait_for_function(f"arrivals.length >= {POINTS}", timeout=120_000)
    page.wait_for_timeout(300)
    delays = []
    for count, at in page.evaluate("arrivals"):
        newest = count - before - 1
        if 0 <= newest < len(written):
            delays.append(at - 1000 * written[newest])
    return Figure("point written to visible, p50 / p95", percentiles(delays), "1000 / 1500 ms")


def heap(page: Page) -> tuple[float, float]:
    """JavaScript heap after a collection in MB, and event listeners."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    return metrics["JSHeapUsedSize"] / 1e6, metrics["JSEventListeners"]


def cpu(browser: Browser, pid: int) -> str:
    """Share of one core that server and browser take, over some seconds."""
    session = browser.new_browser_cdp_session()

    def spent() -> tuple[float, float]:
        told = session.send("SystemInfo.getProcessInfo")["processInfo"]
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        server = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return server, sum(process["cpuTime"] for process in told)

    before = spent()
    time.sleep(CPU_SECONDS)
    server, page = (100 * (b - a) / CPU_SECONDS for a, b in zip(before, spent(), strict=True))
    return f"{server:.1f} + {page:.1f} %"


def measure(browser: Browser, folder: Path, updates: int) -> list[Figure]:
    """All figures, in the order in which they are shown."""
    store = folder / "streamed.db"
    study = make_study(store, "running", planned=(*SIZES, *MANY))
    found: list[Figure] = []
    with serve(store) as (address, _):
        with writer(store, study, MANY[:5], 0.5):
            page, cold = visit(browser, address)
            other, fresh = visit(browser, address)
            other.context.close()
            found.append(Figure("load, cold server", f"{cold:.1f} s", "6 s"))
            found.append(Figure("load, cold browser cache", f"{fresh:.1f} s", ""))
            found.append(Figure("reload", f"{reload(page):.1f} s", "1.5 s"))
            page.wait_for_timeout(3000)
        with writer(store, study, MANY[5:60], 1.0):
            reload(page)
            page.wait_for_timeout(2000)
            found += follow_the_hand(page)
            found.append(release_to_fit(page))
        with writer(store, study, MANY[60:100], 1.3) as written:
            reload(page)
            while not written:
                page.wait_for_timeout(50)
            page.wait_for_timeout(1100)
            found.append(point_to_screen(page, written))
        found += [many_updates(page, store, study, updates), *standing(page)]
        page.context.close()  # it counts frames, which costs
    return found + costs(browser, folder / "standing.db")


def costs(browser: Browser, store: Path) -> list[Figure]:
    """What a page costs that nobody touches, while a run is on and after."""
    study = make_study(store, "running", planned=(*SIZES, 8000.0))
    found = []
    with serve(store) as (address, pid):
        page = browser.new_page(viewport={"width": 1400, "height": 900})  # with no watch that runs
        with writer(store, study, (8000.0,), 3 * CPU_SECONDS):
            page.goto(address)
            page.wait_for_selector(".steep-tip:not(:empty)")
            page.wait_for_timeout(3000)
            found.append(Figure("CPU polling, server + browser", cpu(browser, pid), "12 %"))
        with Store.open(store) as opened:
            opened.set_study(study, "finished")
        page.wait_for_timeout(4000)
        found.append(Figure("CPU idle, server + browser", cpu(browser, pid), "1 %"))
    return found


def reload(page: Page) -> float:
    """Seconds until the points are on the screen again."""
    start = time.time()
    page.reload()
    page.wait_for_function("watched.stood", timeout=60_000)
    seconds = time.time() - start
    page.wait_for_selector(".steep-tip:not(:empty)")
    return seconds


def many_updates(page: Page, store: Path, study: int, updates: int) -> Figure:
    """What some hundred repaints leave behind in the browser."""
    reload(page)
    page.evaluate(PAINTS)
    with writer(store, study, MANY[100 : 120 + 3 * updates // 2], 1.05):
        page.wait_for_timeout(5000)
        before = heap(page)
        page.wait_for_function(f"watched.paints >= {updates}", timeout=3_000 * updates)
        after = heap(page)
    return Figure(
        f"heap, listeners gained in {updates} updates",
        f"{after[0] - before[0]:+.1f} MB, {after[1] - before[1]:+.0f}",
        "8 MB, ~0 in 600",
    )


def standing(page: Page) -> list[Figure]:
    seen = page.evaluate("({ ...watched, graphs: watched.graphs.size })")
    return [
        Figure("blank frames in those", f"{seen['blank']} of {seen['frames']}", "0"),
        Figure("graph elements in those", str(seen["graphs"]), "1"),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--updates", type=int, default=200, help="repaints to watch the heap over")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    options = parser.parse_args()
    path = find_chromium()
    if path is None:
        print(HINT, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        found = measure(browser, Path(folder), options.updates)
        browser.close()
    for figure in found:
        print(f"{figure.name:48} {figure.value:>18}   target {figure.target or 'none'}")
    if options.json:
        options.json.write_text(json.dumps([asdict(figure) for figure in found], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
