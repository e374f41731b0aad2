"""How much the choice of window decides: the exponent of every window as a map. A click takes one.

The map's triangle has a cell for each first and last size. Where all cells agree, the window does
not matter and the exponent may be believed; where they drift, a plateau or floor is inside.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import streamlit as st

from dashboard import state, words
from dashboard.colours import GREY, of_domain
from dashboard.fold import fold
from dashboard.panel import FONT, as_text
from engine.laws.fit import Fit, Status
from engine.laws.window import Window
from engine.laws.window_map import WindowMap, window_map
from engine.numbers import number, with_interval

CELL = 40  # px of a cell with its number in it
MOST_NUMBERED = 12  # sizes, beyond which a cell is too small for a number
SMALL = 420  # px of the map where cells have no numbers
MARGIN = {"l": 64, "r": 8, "t": 8, "b": 56}  # px

remembered_map = lru_cache(maxsize=128)(window_map)


def sensitivity(fits: Sequence[Fit], key: str) -> None:
    """The map of one of the curves, folded away."""
    room = fold("How much the window decides", "map")
    if room is None:
        return
    with room:
        names = {words.marked(fit.curve.name): fit for fit in fits}
        fit = names[st.selectbox("Curve", list(names), key=f"{key}-map-curve", width=360)]
        found = remembered_map(fit.curve)
        if not found.low.size:
            st.caption("A map needs four sizes.")
            return
        chart = f"{key}-map-{fit.curve.name}-{st.session_state[state.RESET]}"

        def take() -> None:
            """Set the window of the cell that was clicked."""
            points = st.session_state[chart]["selection"]["points"]
            if points:
                low, high = points[0]["customdata"][:2]
                state.set_windows([(fit.curve, Window(float(low), float(high)))])

        st.plotly_chart(
            draw_map(found, fit, st.context.theme.type or "light"),
            key=chart,
            on_select=take,
            selection_mode="points",
            config={"displayModeBar": False},
            width="content",
            alt=f"Exponent of {fit.curve.name} in every window of four sizes or more",
        )
        st.caption(
            "Each cell is a window: its first size across, its last size upwards, the exponent of a"
            " plain power law inside. The framed one holds the sizes of the present window. Click a"
            " cell to take its window."
        )


def draw_map(found: WindowMap, fit: Fit, theme: str = "light") -> dict[str, Any]:
    """The map as a figure: a square for each window, darker the steeper.

    Args:
        found: of the curve of `fit`; at least one window.
        fit: whose window is framed.
        theme: "light" or "dark".
    """
    sizes = found.sizes
    low, high = sizes[found.low], sizes[found.high]
    fitted = np.array([status is not Status.SIZES_TOO_CLOSE for status in found.status])
    numbered = sizes.size <= MOST_NUMBERED
    side = CELL if numbered else max(5.0, SMALL / sizes.size)
    unit = as_text(fit.curve.unit or "samples")
    said = [
        with_interval(e, e - h, e + h) if ok else "sizes too close together"
        for e, h, ok in zip(found.exponent, found.half_width, fitted, strict=True)
    ]
    here = (low == fit.window_low) & (high == fit.window_high)
    ink = of_domain("", theme)
    span = int(side * (found.low.max() + 1))
    rise = int(side * (found.high.max() - found.high.min() + 1))
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers+text" if numbered else "markers",
                "x": found.low.tolist(),
                "y": found.high.tolist(),
                "text": [f"{e:.2f}" for e in found.exponent] if numbered else None,
                "textfont": {"size": 11, "color": ink},
                "customdata": [
                    [a, b, text]
                    for a, b, text in zip(low.tolist(), high.tolist(), said, strict=True)
                ],
                "marker": {
                    "symbol": "square",
                    "size": side - 2,
                    "color": found.exponent.tolist(),
                    "colorscale": [[0, _tint(fit, theme, 0.75)], [1, _tint(fit, theme, 0.05)]],
                    "line": {
                        "color": [("#c2410c" if at else GREY) for at in here.tolist()],
                        "width": [(3 if at else 0) for at in here.tolist()],
                    },
                },
                "unselected": {"marker": {"opacity": 1}, "textfont": {"color": ink}},
                "hovertemplate": f"%{{customdata[0]:,}} to %{{customdata[1]:,}} {unit}"
                "<br>%{customdata[2]}<extra></extra>",
            }
        ],
        "layout": {
            "width": MARGIN["l"] + MARGIN["r"] + max(span, 120),
            "height": MARGIN["t"] + MARGIN["b"] + max(rise, 80),
            "margin": MARGIN,
            "font": {"family": FONT, "size": 12},
            "clickmode": "event+select",
            "dragmode": False,
            "xaxis": _axis(sizes[: found.low.max() + 1], 0, f"first size, {unit}"),
            "yaxis": _axis(sizes[found.high.min() :], int(found.high.min()), "last size"),
        },
    }


def _tint(fit: Fit, theme: str, share: float) -> str:
    """The curve's colour mixed into the page's, so that a number on it can be read."""
    colour = of_domain(fit.curve.domain, theme).lstrip("#")
    ground = (255, 255, 255) if theme == "light" else (20, 23, 27)
    share *= 0.6  # letters of the page's colour have to stand out
    mixed = [
        round(share * int(colour[k : k + 2], 16) + (1 - share) * ground[k // 2]) for k in (0, 2, 4)
    ]
    return f"rgb({mixed[0]},{mixed[1]},{mixed[2]})"


def _axis(sizes: np.ndarray, first: int, title: str) -> dict[str, Any]:
    shown = range(0, sizes.size, max(1, sizes.size // MOST_NUMBERED))
    return {
        "tickvals": [first + k for k in shown],
        "ticktext": [_short(sizes[k]) for k in shown],
        "range": [first - 0.5, first + sizes.size - 0.5],
        "title": {"text": title},
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }


def _short(size: float) -> str:
    for scale, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= scale:
            return f"{number(size / scale, 2)}{letter}"
    return number(size)
