"""The draggable fit window: learning curves in panels, each with two edges and a band.

One Streamlit v2 component that owns Plotly.js; see window.js for how it behaves. This side hands
it panels as text, made once each, and hears of windows when the reader lets go of one.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.plotly_js import ADDRESS
from engine.curve import Curve
from engine.laws.fit import Fit
from engine.laws.repeats import summarize
from engine.laws.window import Window

HERE = Path(__file__).parent

_component = st.components.v2.component(
    "steepness_window",
    css=(HERE / "window.css").read_text(),
    js="".join((HERE / name).read_text() for name in ("plotly.js", "laws.js", "window.js")),
    isolate_styles=False,  # in a shadow root Plotly loses its own style sheet
)
_ahead = st.components.v2.component(
    "steepness_ahead", js="".join((HERE / name).read_text() for name in ("plotly.js", "ahead.js"))
)


def ahead() -> None:
    """Have the browser read what charts need while Python still computes them."""
    with st.container(key="ahead"):  # that page.py hides
        _ahead(key="ahead-of-charts", data=ADDRESS)


def written(panel: dict[str, Any], curve: Curve) -> str:
    """A panel of figures.draw_panel as the component takes it, with what a preview is fitted to."""
    points = [[row.size, row.log_mean, row.weight] for row in summarize(curve)]
    return json.dumps({**panel, "points": points}, separators=(",", ":"))


def fit_window(
    drawings: Sequence[str],
    layout: dict[str, Any],
    fits: Sequence[Fit],
    labels: Sequence[str],
    *,
    key: str,
    linked: bool,
    reset: int,
    group: int,
    on_change: Callable[[], None],
    on_undo: Callable[[], None],
) -> None:
    """Show panels with a fit window on each.

    Args:
        drawings: the panels, each from `written`, in the order of `fits`.
        layout: what they have in common, from figures.frame.
        fits: the fit on screen in each panel; its window is where the edges stand at first.
        labels: what the fit says above each window: its exponent and interval.
        key: of the component's state; `moved` reads it.
        linked: whether moving one window moves all of them.
        reset: when it changes, the edges go back to the windows of `fits`.
        group: so many panels belong together: a row is made of whole groups where they fit.
        on_change: called when the reader has let go of a window.
        on_undo: called when the keys for undo or redo were pressed; `wants_redo` tells which.
    """
    panels = [
        {
            "curve": fit.curve.name,
            "unit": fit.curve.unit or "samples",
            "label": label,
            "law": fit.law,
            "drawing": drawing,
            "window": [fit.window.low, fit.window.high],
        }
        for drawing, fit, label in zip(drawings, fits, labels, strict=True)
    ]
    _component(
        key=key,
        data={
            "layout": layout,
            "panels": panels,
            "linked": linked,
            "reset": reset,
            "group": group,
            "plotly": ADDRESS,
        },
        on_windows_change=on_change,
        on_undo_change=on_undo,
    )


def moved(key: str) -> dict[str, Window]:
    """The windows that the reader has set by hand in the component of this key."""
    state = st.session_state.get(key) or {}
    said = (state.get("windows") or {}).get("windows", {})
    return {curve: Window(low, high) for curve, (low, high) in said.items()}


def wants_redo(key: str) -> bool:
    """Whether the keys pressed last in the component of this key were those for redo."""
    return bool(((st.session_state.get(key) or {}).get("undo") or {}).get("redo"))
