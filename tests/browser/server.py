"""When the page that a browser shows has come to rest."""

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
        }""",
        timeout=60_000,
    )
    page.evaluate("window.calm = undefined")
