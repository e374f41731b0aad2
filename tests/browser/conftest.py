"""A server of the real page, and a browser that keeps an eye on it."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from dashboard.bench.chromium import HINT, find_chromium
from dashboard.bench.served import FLAGS, WATCH, serve
from tests.calls import calls, watched

expect.set_options(timeout=15_000)  # not of speed: two of these at once on slow cores took over 5 s

# Opened at /compare, Streamlit first asks whether it is served under that path; it is not.
PROBE = re.compile(r"/(explore|compare|plan|run|bring|method)/_stcore/(health|host-config)$")


@dataclass
class Seen:
    """What the browser noticed while a test ran."""

    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)  # requests that left this machine


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store") / "study.db"


@pytest.fixture(scope="session")
def server(store: Path) -> Iterator[str]:
    """The address of a page whose store is `store`; it and its studies may call nobody outside."""
    log = store.with_name("calls")
    with serve(store, watched(log)) as (address, _):
        yield address
    assert calls(log) == []


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
        page.on("console", heard)
        page.on("request", lambda r: note(r.url))
        page.goto(server + path)
        return page

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and not PROBE.search(message.location["url"]):
            seen.errors.append(f"{message.text} {message.location['url']}")

    def note(url: str) -> None:
        if not url.startswith((server, server.replace("http", "ws"), "data:", "blob:")):
            seen.strangers.append(url)

    yield visit
    for context in contexts:
        context.close()
    assert seen.errors == []
    assert seen.strangers == []
