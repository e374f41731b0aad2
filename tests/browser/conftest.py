"""A server of the real page, and a browser that keeps an eye on it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.chromium import HINT, find_chromium

ROOT = Path(__file__).parents[2]
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
).split()
# Counts, in every frame after the chart first stood, those in which it is missing or empty; and
# how many graph elements there ever were.
WATCH = """
window.watched = { blank: 0, frames: 0, graphs: new Set() };
(function watch() {
  const graph = document.querySelector(".steep-graph");
  const stands = graph?.querySelector(".scatterlayer .points path");
  if (graph) watched.graphs.add(graph);
  if (stands) watched.stood = true;
  if (watched.stood) { watched.frames++; watched.blank += !stands; }
  requestAnimationFrame(watch);
})();
"""


@dataclass
class Seen:
    """What the browser noticed while a test ran."""

    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)  # requests that left this machine


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(url: str, seconds: float = 60) -> None:
    until = time.time() + seconds
    while time.time() < until:
        with suppress(OSError):
            urllib.request.urlopen(url, timeout=2).close()
            return
        time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer within {seconds:g} s")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store") / "study.db"


@pytest.fixture(scope="session")
def server(store: Path) -> Iterator[str]:
    """The address of a page whose store is `store`."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py"]
    command += ["--server.port", str(port), "--server.headless", "true"]
    environment = {**os.environ, "STEEPNESS_STORE": str(store), "PYTHONPATH": str(ROOT)}
    with store.with_suffix(".out").open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(HINT)
        pytest.skip(HINT)
    launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
    yield launched
    launched.close()


@pytest.fixture
def fresh_store(store: Path) -> Path:
    """The server's store, absent again."""
    for suffix in ("", "-wal", "-shm"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)
    return store


@pytest.fixture
def open_page(browser: Browser, server: str, fresh_store: Path) -> Iterator[Callable[..., Page]]:
    """Open the page in a new browser context; afterwards nothing may have gone wrong in it."""
    seen = Seen()
    contexts = []

    def visit(path: str = "/", **options: object) -> Page:
        options.setdefault("viewport", {"width": 1400, "height": 900})
        context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(WATCH)
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("console", lambda m: seen.errors.append(m.text) if m.type == "error" else None)
        page.on("request", lambda r: note(r.url))
        page.goto(server + path)
        return page

    def note(url: str) -> None:
        if not url.startswith((server, server.replace("http", "ws"), "data:", "blob:")):
            seen.strangers.append(url)

    yield visit
    for context in contexts:
        context.close()
    assert seen.errors == []
    assert seen.strangers == []
