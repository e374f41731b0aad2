"""The address of a view: what is shown, its law and its windows, so that a link restores it.

Read once, when a session begins; written at the end of every turn. Only what the reader has set is
named, so most addresses stay short; a window that is the proposed one too, since that may move.
Curves go by name: a link works on the machine whose store has them, and shipped curves everywhere.
"""

from collections.abc import Iterable, Mapping, Sequence

import streamlit as st

from dashboard import planning, state, together
from engine.curve import Curve
from engine.laws.window import Window

READ = "link-read"
STUDY, PAGE = "study", "page"  # parameters
PLANNED, ERROR = "plan", "error"  # the curve on Plan, and which of its errors
CURVE, WINDOW, PICKED = "curve", "window", "pick"  # and those that may come repeatedly
REPEATED = (CURVE, WINDOW, PICKED)
DEFAULTS = dict(state.REMEMBERED)
CHOICES: dict[str, tuple[str, Sequence[object]]] = {  # parameter: session key, what may be asked
    "law": (state.LAW, tuple(state.LAWS)),
    "models": (state.SIZED, (state.BEST_FIT, state.FIXED_SIZES)),
    "axes": (state.AXES, (state.LOGARITHMIC, state.LINEAR)),
    "forecast": (state.FORECAST, (False, True)),
    "slopes": (state.STRIPS, (False, True)),
    "windows": (state.WINDOWED, (state.OWN_WINDOWS, state.ONE_WINDOW, state.SAME_DECADES)),
    "decades": (state.DECADES, together.DECADES),
    "errors": (state.ERRORS, (state.FIRST, state.EVERY)),
    "times": (state.TIMES, planning.MULTIPLES),
    "share": (state.SHARE, planning.SHARES),
    "speed": (state.SPEED, planning.SPEEDS),
}


def read() -> None:
    """Take up what the address asks for, once a session; what makes no sense is passed over."""
    if READ in st.session_state:
        return
    st.session_state[READ] = True
    asked = st.query_params
    for parameter, (key, allowed) in CHOICES.items():
        by_text = {str(value): value for value in allowed}
        if asked.get(parameter) in by_text:
            st.session_state[key] = by_text[asked[parameter]]
    st.session_state[state.ASKED] = asked.get(STUDY)
    st.session_state[state.CURVES] = asked.get_all(PICKED)
    st.session_state[state.PLANNED] = asked.get(PLANNED)
    st.session_state[state.PLANNED_ERROR] = asked.get(ERROR)
    page = asked.get(PAGE, "")
    st.session_state[state.PAGE] = int(page) if page.isdecimal() and len(page) < 6 else 1
    st.session_state[state.COMPARED] = asked.get_all(CURVE) or None
    for written in asked.get_all(WINDOW):
        name, window = _window(written)
        if window:
            st.session_state[state.WINDOWS][name] = window


def write(
    shown: Iterable[Curve], view: state.View, named: Mapping[str, str | Sequence[str]]
) -> None:
    """Make the address that of what is on the page.

    Args:
        shown: the curves, whose windows are named where the reader has set them.
        view: the store, which knows the windows.
        named: what else the page shows, by parameter; what is empty is left out.
    """
    said: dict[str, str | list[str]] = {
        name: value if isinstance(value, str) else list(value)
        for name, value in named.items()
        if value
    }
    if st.session_state[state.PAGE] > 1:
        said[PAGE] = str(st.session_state[state.PAGE])
    for parameter, (key, _) in CHOICES.items():
        if st.session_state[key] != DEFAULTS[key]:
            said[parameter] = str(st.session_state[key])
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
    return {name: asked.get_all(name) if name in REPEATED else asked[name] for name in asked}


def _written(name: str, window: Window) -> str:
    # To the last digit: windows that are set together are told from others by their very ends.
    low, high = (
        "" if end is None else str(float(end)).removesuffix(".0")
        for end in (window.low, window.high)
    )
    return f"{name}:{low}:{high}"


def _window(written: str) -> tuple[str, Window | None]:
    """A curve's name and the window asked for; None where it is none."""
    name, *ends = written.rsplit(":", 2)
    try:
        low, high = (float(end) if end else None for end in ends)
        return name, Window(low, high)
    except ValueError:
        return name, None
