"""A page that follows a run: it looks often whether there is news, and turns only where there is.

A turn of a page, even of one that comes out the same, costs server and browser a third of a second
of work on a slow core; a look costs a twentieth.
"""

from collections.abc import Callable

import streamlit as st

LOOK_SECONDS = 0.5


def watch(news: Callable[[], object], seen: object) -> None:
    """Turn the whole page as soon as `news` is not `seen`, what it was of the view drawn here.

    It does not look while the page is being drawn: a turn that ends in the next one would have no
    room for a hand that waits.
    """
    drawing = True

    @st.fragment(run_every=LOOK_SECONDS)
    def look() -> None:
        nonlocal drawing
        if not drawing and news() != seen:
            st.rerun()
        drawing = False

    look()
