"""What a browser asks for often: the revision of the store, which moves where there is news.

An answer costs a millisecond or two, where the least turn of a page costs server and browser a
twentieth of a second. It names no path and takes none, so a stranger would learn a number.
"""

from starlette.requests import Request
from starlette.responses import PlainTextResponse

from dashboard.opened import opened_store
from engine.study.store import Store, StoreError


def answer(request: Request) -> PlainTextResponse:
    """The revision of the store, as a page draws it: 0 where there is none to read."""
    path = opened_store()
    try:
        with Store.open(path, "read") as store:
            revision = store.revision()
    except (StoreError, OSError):
        revision = 0  # the page, which looks now and then in any case, says why
    return PlainTextResponse(str(revision), headers={"Cache-Control": "no-store"})
