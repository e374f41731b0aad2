"""The address of a view: what is shown, its law and its windows, so that a link restores it.

Read once, when a session begins; written at the end of every turn. Only what the reader has set is
named, so most addresses stay short; a window that is the proposed one too, since that may move.
Curves go by name: a link works on the machine whose store has them, and shipped curves everywhere.
"""

from collections.abc import Iterable, Sequence

import streamlit as st

from dashboard import state
from engine.curve import Curve
from engine.laws.window import Window

READ = "link-read"
STUDY, PAGE = "study", "page"  # parameters
CURVE, WINDOW = "curve", "window"  # and those that may come repeatedly
# parameter: (session key, what may be asked for); the first is the page's own choice
CHOICES: dict[str, tuple[str, tuple[str, ...]]] = {
    "law": (state.LAW, tuple(state.LAWS)),
    "models": (state.SIZED, (state.BEST_FIT, state.FIXED_SIZES)),
    "axes": (state.AXES, (state.LOGARITHMIC, state.LINEAR)),
    "windows": (state.WINDOWED, (state.OWN_WINDOWS, state.ONE_WINDOW, state.SAME_DECADES)),
    "errors": (state.ERRORS, (state.FIRST, state.EVERY)),
}


def read() -> None:
    """Take up what the address asks for, once a session; what makes no sense is passed over."""
    if READ in st.session_state:
        return
    st.session_state[READ] = True
    asked = st.query_params
    for parameter, (key, allowed) in CHOICES.items():
        if asked.get(parameter) in allowed:
            st.session_state[key] = asked[parameter]
    st.session_state[state.ASKED] = asked.get(STUDY)
    page = asked.get(PAGE, "")
    st.session_state[state.PAGE] = int(page) if page.isdecimal() and len(page) < 6 else 1
    st.session_state[state.COMPARED] = asked.get_all(CURVE) or None
    for written in asked.get_all(WINDOW):
        name, window = _window(written)
        if window:
            st.session_state[state.WINDOWS][name] = window


def write(
    shown: Iterable[Curve], view: state.View, *, study: str = "", families: Sequence[str] = ()
) -> None:
    """Make the address that of what is on the page."""
    said: dict[str, str | list[str]] = {STUDY: study} if study else {}
    if st.session_state[state.PAGE] > 1:
        said[PAGE] = str(st.session_state[state.PAGE])
    if families:
        said[CURVE] = list(families)
    for parameter, (key, allowed) in CHOICES.items():
        if st.session_state[key] != allowed[0]:
            said[parameter] = st.session_state[key]
    moved = [
        _written(state.stored_name(curve), window)
        for curve in shown
        if (window := state.kept_window(curve, view))
    ]
    if moved:
        said[WINDOW] = moved
    if _now() != said:
        st.query_params.from_dict(said)


def _now() -> dict[str, str | list[str]]:
    """The parameters of the address, as `write` puts them."""
    asked = st.query_params
    return {name: asked.get_all(name) if name in (CURVE, WINDOW) else asked[name] for name in asked}


def _written(name: str, window: Window) -> str:
    low, high = ("" if end is None else f"{end:.10g}" for end in (window.low, window.high))
    return f"{name}:{low}:{high}"


def _window(written: str) -> tuple[str, Window | None]:
    """A curve's name and the window asked for; None where it is none."""
    name, *ends = written.rsplit(":", 2)
    try:
        low, high = (float(end) if end else None for end in ends)
        return name, Window(low, high)
    except ValueError:
        return name, None
