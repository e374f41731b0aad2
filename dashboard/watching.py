"""A page that follows a run: it turns only where there is news, soon after that is written.

A turn of a page, even of one that comes out the same, costs server and browser a third of a second
of work on a slow core, and a look through Streamlit a twentieth. So the browser asks the server for
the store's revision (`dashboard.news`), and has Python look where that has moved.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

NOW_AND_THEN = 5.0  # seconds between two looks in any case: whose driver fell silent writes nothing
OFTEN = 0.5  # the same where something is followed that the store does not hold
ADDRESS = "./news"  # on the page

_component = st.components.v2.component(
    "steepness_watch", js=Path(__file__).with_suffix(".js").read_text()
)


def watch(
    news: Callable[[], object], seen: object, revision: int, every: float = NOW_AND_THEN
) -> None:
    """Turn the whole page as soon as `news` is not `seen`.

    Args:
        news: what there is to show.
        seen: what it was of the view drawn here.
        revision: of the store, in that view.
        every: seconds between two looks where the revision stays.
    """

    @st.fragment
    def look() -> None:
        with st.container(key="watch"):  # that page.py hides
            asked = _component(
                key="watch-the-store",
                data={"address": ADDRESS, "drawn": str(revision), "every": 1000 * every},
                on_look_change=lambda: None,
            )
        if asked.look and news() != seen:
            st.rerun()

    look()
