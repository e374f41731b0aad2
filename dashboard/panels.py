"""Curves with their fit windows, and the table of their fits below: what Explore and Run share."""

from collections.abc import Sequence
from functools import lru_cache

import pandas as pd
import streamlit as st

from dashboard import figures, state, words
from dashboard.window import fit_window, moved
from engine.curve import Curve
from engine.laws.fit import Fit, fit
from engine.laws.published import PUBLISHED
from engine.laws.repeats import summarize
from engine.laws.window import Window
from engine.numbers import number

OPEN = "open"  # an end of a window that takes in every size to come

remembered_fit = lru_cache(maxsize=512)(fit)  # pure in frozen values: one dragged curve, one fit


def show(curves: Sequence[Curve], view: state.View, key: str) -> list[Fit]:
    """Draw `curves` in a panel each, with windows, and their table; returns the fits."""
    law = st.session_state[state.LAW]
    fits = [remembered_fit(curve, state.window_of(curve, view), law) for curve in curves]

    def hear() -> None:
        """Keep the windows that the reader let go of."""
        said = moved(key)
        state.keep_windows((curve, said[curve.name]) for curve in curves if curve.name in said)

    fit_window(
        figures.draw(fits, PUBLISHED),
        fits,
        [words.exponent(found) for found in fits],
        key=key,
        linked=st.session_state[state.LINKED],
        reset=st.session_state[state.RESET],
        on_change=hear,
    )
    st.table(table(fits), border="horizontal")
    return fits


def table(fits: Sequence[Fit]) -> pd.DataFrame:
    """A row for each fit, as a reader sees it."""
    rows = [
        {
            "Curve": found.curve.name,
            "Law": words.LAW_NAMES[found.law],
            "Exponent, 90 %": words.interval(found.exponent, "none"),
            "Floor, 90 %": words.interval(found.floor, "none"),
            "Window": words.window(found),
            "Sizes": str(found.n_sizes),
            "Points": str(found.n_points),
            "Seeds": str(found.n_seeds),
            "Status": words.status(found),
        }
        for found in fits
    ]
    return pd.DataFrame(rows).set_index("Curve")


def by_numbers(fits: Sequence[Fit], key: str) -> None:
    """The same windows as boxes over the measured sizes: for keyboards and screen readers."""
    with st.expander("Set the windows by numbers"):
        for found in fits:
            with st.container(horizontal=True, vertical_alignment="center"):
                for end in ("start", "end"):
                    _end_box(found, end, f"{key}-{end}-{found.curve.name}")


def _end_box(found: Fit, end: str, key: str) -> None:
    """Choose the first or last size inside the window, or leave that end open."""
    sizes = [row.size for row in summarize(found.curve)]
    low, high = found.window.low, found.window.high
    stands = low and (found.window_low or low)
    if end == "end":
        stands = high and (found.window_high or high)
    nearest = OPEN if stands is None else min(sizes, key=lambda size: abs(size - stands))

    def hear() -> None:
        chosen = None if st.session_state[key] == OPEN else st.session_state[key]
        ends = (chosen, high) if end == "start" else (low, chosen)
        if None not in ends:
            ends = (min(ends), max(ends))  # an end moved past the other one
        state.set_windows([(found.curve, Window(*ends))])

    st.session_state[key] = nearest
    st.selectbox(
        f"{found.curve.name}, {end}",
        [OPEN, *sizes] if end == "start" else [*sizes, OPEN],
        format_func=lambda size: OPEN if size == OPEN else number(size),
        key=key,
        on_change=hear,
        width=260,
    )
