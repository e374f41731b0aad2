"""A page opened at an address of its own, such as /compare: which part of that is the server's.

Streamlit's side in the browser cannot know. It would first look for its server beneath /compare,
where there is none: two errors in the console and a wait. So it is told, by a line in its page.
"""

from functools import cache
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse

NAMES = tuple(sorted(view.stem for view in Path(__file__).parent.glob("views/[a-z]*.py")))
TOLD = '<script>window.__streamlit = { BACKEND_BASE_URL: new URL(".", location).href };</script>'


def answer(request: Request) -> HTMLResponse:
    """Streamlit's own page, told so."""
    return HTMLResponse(_told(), headers={"Cache-Control": "no-cache"})


@cache
def _told() -> str:
    whole = (files("streamlit") / "static" / "index.html").read_text("utf-8")
    return whole.replace("<head>", f"<head>{TOLD}", 1)
