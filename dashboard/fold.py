"""A part of a page that is folded away, and computed only once the reader unfolds it."""

from contextlib import AbstractContextManager
from typing import Any

import streamlit as st


def fold(label: str, key: str) -> AbstractContextManager[Any] | None:
    """Where to write what is beneath `label`; None while it is closed.

    Streamlit would otherwise draw what nobody sees: a chart that is folded away costs a page more
    to load than the one on screen, since it brings a second chart library.
    """
    room = st.expander(label, key=f"fold-{key}", on_change="rerun")
    return room if room.open else None
