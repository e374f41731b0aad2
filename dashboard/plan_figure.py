"""The forecast as a picture: what is measured, what is expected, how far that is honest. Pure."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dashboard.colours import GREY, clear, of_domain
from dashboard.expected import BEYOND
from dashboard.panel import AXIS, FONT, as_text, is_rate, ticks
from engine.laws.forecast import REACH, Forecast
from engine.laws.repeats import summarize

HEIGHT = 380  # px
MARGIN = {"l": 64, "r": 16, "t": 28, "b": 52}  # px
AHEAD = 64.0  # times the largest size that the picture reaches, unless more is asked about
ROOM = 0.1  # decades
GRID = "rgba(128, 128, 128, 0.25)"  # faint in both themes


def draw_forecast(
    forecast: Forecast, asked: Sequence[tuple[float, float]], theme: str = "light"
) -> dict[str, Any]:
    """The figure of a forecast that has something to say.

    Args:
        forecast: with members.
        asked: (size, error) of what the reader asks about.
        theme: "light" or "dark".
    """
    curve = forecast.curve
    assert forecast.largest is not None
    colour, ink = of_domain(curve.domain, theme), of_domain("", theme)
    rows = summarize(curve)
    end = max([AHEAD * forecast.largest, *(size * 1.5 for size, _ in asked)])
    ahead = np.geomspace(forecast.largest, end, 80)
    found = forecast.error_at(ahead)
    form = ".1%" if is_rate(curve.metric) else ".3g"
    unit = as_text(curve.unit or "samples")
    hover = f"%{{x:,.0f}} {unit}: %{{y:{form}}}<extra></extra>"
    line = {"type": "scatter", "mode": "lines", "x": ahead.tolist()}
    faint = {"width": 0, "color": colour}
    levels = [row.median for row in rows]
    levels += [*found.error.tolist(), found.low.min(), found.high.max()]
    levels += [error for _, error in asked]
    traces: list[dict[str, Any]] = [
        {**line, "y": found.high.tolist(), "line": faint, "hoverinfo": "skip"},
        {
            **line,
            "y": found.low.tolist(),
            "line": faint,
            "fill": "tonexty",
            "fillcolor": clear(colour, 0.16),
            "hoverinfo": "skip",
        },
        {
            **line,
            "y": found.error.tolist(),
            "line": {"color": colour, "width": 2, "dash": "dash"},
            "hovertemplate": hover,
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": [row.size for row in rows],
            "y": [row.median for row in rows],
            "marker": {"size": 7, "color": colour},
            "hovertemplate": hover,
        },
    ]
    if asked:
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [size for size, _ in asked],
                "y": [error for _, error in asked],
                "marker": {
                    "size": 11,
                    "symbol": "diamond-open",
                    "color": ink,
                    "line": {"width": 2},
                },
                "hovertemplate": hover,
            }
        )
    sizes = (float(np.log10(rows[0].size)) - ROOM, float(np.log10(end)) + ROOM)
    errors = (float(np.log10(min(levels))) - 0.03, float(np.log10(max(levels))) + 0.03)
    honest = REACH * forecast.largest
    return {
        "data": traces,
        "layout": {
            "height": HEIGHT,
            "margin": MARGIN,
            "showlegend": False,
            "font": {"family": FONT, "size": 12},
            "xaxis": {
                **AXIS,
                "gridcolor": GRID,
                **ticks(sizes),
                "tickformat": "~s",
                "title": {"text": f"training {unit}"},
            },
            "yaxis": {
                **AXIS,
                "gridcolor": GRID,
                **ticks(errors),
                "tickformat": "~%" if is_rate(curve.metric) else "~g",
                "title": {"text": as_text(curve.metric or "error")},
            },
            "shapes": [
                {
                    "type": "rect",
                    "xref": "x",
                    "yref": "paper",
                    "x0": honest,
                    "x1": 10 ** sizes[1],
                    "y0": 0,
                    "y1": 1,
                    "fillcolor": GREY,
                    "opacity": BEYOND,
                    "line": {"width": 0},
                    "layer": "below",
                }
            ],
            "annotations": [
                {
                    "text": f"past {REACH:g} times the data: a guess",
                    "x": 1,
                    "xref": "paper",
                    "xanchor": "right",
                    "y": 1,
                    "yref": "paper",
                    "yanchor": "bottom",
                    "showarrow": False,
                    "font": {"size": 11, "color": ink},
                }
            ],
        },
    }
