"""How the windows of several curves are set together: each its own, one for all, the same decades.

One choice for Explore and Compare, and it never says what is not so: where the hand, an undo or
another study leaves the windows otherwise, each is its own again.
"""

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from engine.curve import Curve
from engine.laws.window import Window

DECADES = tuple(step / 4 for step in range(2, 17))  # past the plateau, to choose from
HELP = (
    "One for all: every window is that of the first curve, and they move together. Same decades:"
    " each begins where its own plateau is proposed to end and reaches as far, in decades of data,"
    " as every other."
)


def choose(curves: Sequence[Curve], view: state.View) -> None:
    """The choice, and how many decades where it asks for that."""
    if not kept(curves, view):
        st.session_state[state.WINDOWED] = state.OWN_WINDOWS

    def set_all() -> None:
        state.set_windows(
            zip(curves, wanted(curves, view, st.session_state[state.WINDOWED]), strict=True)
        )

    st.segmented_control(
        "Windows",
        [state.OWN_WINDOWS, state.ONE_WINDOW, state.SAME_DECADES],
        key=state.WINDOWED,
        persist_state="session",
        required=True,
        on_change=set_all,
        help=HELP,
        width="content",
    )
    if st.session_state[state.WINDOWED] == state.SAME_DECADES:
        st.slider(
            "Decades past the plateau",
            DECADES[0],
            DECADES[-1],
            step=DECADES[1] - DECADES[0],
            key=state.DECADES,
            persist_state="session",
            on_change=set_all,
            width=220,
        )
    st.session_state[state.WAY] = now()


def now() -> tuple[str, float]:
    """How windows are to be set together."""
    return st.session_state[state.WINDOWED], st.session_state[state.DECADES]


def wanted(curves: Sequence[Curve], view: state.View, way: str) -> list[Window]:
    """The windows as `way` wants them; as they are where each is its own."""
    if way == state.SAME_DECADES:
        return [past_plateau(curve, st.session_state[state.DECADES]) for curve in curves]
    if way == state.ONE_WINDOW:
        return [state.window_of(curve, view) for curve in curves[:1]] * len(curves)
    return [state.window_of(curve, view) for curve in curves]


def kept(curves: Sequence[Curve], view: state.View) -> bool:
    """Whether the windows are as the choice says."""
    way = st.session_state[state.WINDOWED]
    return way == state.OWN_WINDOWS or (
        wanted(curves, view, way) == wanted(curves, view, state.OWN_WINDOWS)
    )


def past_plateau(curve: Curve, decades: float) -> Window:
    """The window of so many decades from where the plateau of a curve ends."""
    low = state.proposed_window(curve).low or float(curve.sizes.min())
    return Window(low, low * 10**decades)
