"""A server of the real page, and a browser that keeps an eye on it."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from dashboard.bench.chromium import HINT, find_chromium
from dashboard.bench.served import FLAGS, WATCH, serve
from tests.calls import calls, watched

PATIENCE = 240_000  # ms; no promise of speed: a hang guard for a machine many times slower
expect.set_options(timeout=PATIENCE)


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
    launched = playwright.chromium.launch(executable_path=path, args=FLAGS, timeout=PATIENCE)
    yield launched
    launched.close()


@pytest.fixture
def fresh_store(store: Path) -> Path:
    """The server's store, absent again."""
    for suffix in ("", "-wal", "-shm"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)
    return store


@dataclass
class Tabs:
    """Tabs that are there already: a new one costs a browser several times a page in one."""

    browser: Browser
    made: list[tuple[Page, dict[str, object]]] = field(default_factory=list)

    def like(self, options: dict[str, object], used: list[Page]) -> Page:
        """A tab whose context has these options, and which this test has not used."""
        for page, about in self.made:
            if about == options and page not in used:
                return page
        context = self.browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.add_init_script(WATCH)
        self.made.append((page, options))
        return page


@pytest.fixture(scope="session")
def tabs(browser: Browser) -> Tabs:
    return Tabs(browser)


def empty(page: Page) -> None:
    """Leave a tab as a new one is: whoever comes next is on a first visit."""
    page.evaluate("localStorage.clear(); sessionStorage.clear()")
    page.goto("about:blank")
    page.context.clear_cookies()
    page.mouse.up()
    page.mouse.move(0, 0)
    for other in page.context.pages:
        if other != page:
            other.close()


@pytest.fixture
def open_page(tabs: Tabs, server: str, fresh_store: Path) -> Iterator[Callable[..., Page]]:
    """Open the page as on a first visit; afterwards nothing may have gone wrong in it."""
    seen, used = Seen(), []

    def visit(
        path: str = "/",
        viewport: tuple[int, int] = (1400, 900),
        color_scheme: str = "light",
        **options: object,
    ) -> Page:
        page = tabs.like(options, used)
        used.append(page)
        page.set_viewport_size({"width": viewport[0], "height": viewport[1]})
        page.emulate_media(color_scheme=color_scheme)  # type: ignore[arg-type]
        for event, hear in heard.items():
            page.on(event, hear)  # type: ignore[call-overload]
        page.goto(server + path)
        return page

    def complained(message: ConsoleMessage) -> None:
        if message.type == "error":
            seen.errors.append(f"{message.text} {message.location['url']}")

    def asked(request: Request) -> None:
        if not request.url.startswith((server, server.replace("http", "ws"), "data:", "blob:")):
            seen.strangers.append(request.url)

    heard = {
        "pageerror": lambda error: seen.errors.append(str(error)),
        "console": complained,
        "request": asked,
    }
    yield visit
    for page in used:
        for event, hear in heard.items():
            page.remove_listener(event, hear)
        try:
            empty(page)
        except Error:  # its test failed, which is what has to be told
            tabs.made = [(other, about) for other, about in tabs.made if other != page]
            page.context.close()
    assert seen.errors == []
    assert seen.strangers == []
