"""When what was asked of a page is on the screen, however slow the machine."""

from playwright.sync_api import Page


def at_rest(page: Page) -> None:
    """Wait until the page has been drawn to its end: no script runs, for half a second."""
    page.wait_for_function(
        """() => {
          const busy = document.querySelector("[data-test-script-state]:not("
            + "[data-test-script-state='notRunning']), [data-stale='true'], .stSkeleton");
          const app = document.querySelector("[data-test-script-state]");
          if (busy || !app) window.calm = undefined;
          else window.calm ??= performance.now();
          return window.calm && performance.now() - window.calm > 500;
        }"""
    )
    page.evaluate("window.calm = undefined")


def frame_drawn(page: Page) -> None:
    """Wait until what the hand did last is on the screen; what Python says to it may be to come."""
    page.evaluate("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
