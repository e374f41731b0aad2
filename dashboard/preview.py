"""Curves before they are taken in, as a small plain picture: the medians, joined, on log-log axes.

Pure: curves in, a Plotly figure out. No window and no law: those come on Explore.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dashboard.colours import GREY, HUES
from dashboard.figures import spans
from dashboard.growth import SYMBOLS
from dashboard.panel import FONT, as_text, is_rate, ticks
from engine.curve import Curve
from engine.laws.repeats import SizeSummary, summarize

HEIGHT = 300  # px
MOST_CURVES = 8  # more lines in so small a picture tell nothing
MOST_SIZES = 400  # of a line; more are thinner than the line itself
LONGEST = 32  # letters of a name in the key


def draw_preview(curves: Sequence[Curve], theme: str = "light") -> dict[str, Any]:
    """The figure of curves of one metric and unit, at least one; `theme` is "light" or "dark"."""
    hues = [hue.light if theme == "light" else hue.dark for hue in HUES.values()]
    shown = [(curve, _thinned(summarize(curve))) for curve in curves[:MOST_CURVES]]
    shown = [(curve, rows) for curve, rows in shown if rows]
    metric, unit = curves[0].metric, as_text(curves[0].unit or "samples")
    said = ".2%" if is_rate(metric) else ".4g"
    sizes, errors = spans([row for _, rows in shown for row in rows], ())
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": as_text(_short(curve.name)),
                "x": [row.size for row in rows],
                "y": [row.median for row in rows],
                "customdata": [row.n for row in rows],
                "line": {"color": hues[k % len(hues)], "width": 1.2},
                "marker": {
                    "color": hues[k % len(hues)],
                    "size": 6,
                    "symbol": SYMBOLS[k % len(SYMBOLS)],
                },
                "hovertemplate": f"{as_text(_short(curve.name))}<br>%{{x:,}} {unit}:"
                f" %{{y:{said}}}, n = %{{customdata}}<extra></extra>",
            }
            for k, (curve, rows) in enumerate(shown)
        ],
        "layout": {
            "height": HEIGHT,
            "margin": {"l": 60, "r": 12, "t": 8, "b": 44},
            "font": {"family": FONT, "size": 12},
            "hovermode": "closest",
            "dragmode": False,
            "showlegend": len(shown) > 1,
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "xaxis": _axis(sizes, f"training {unit}", "~s"),
            "yaxis": _axis(errors, as_text(metric or "error"), "~%" if is_rate(metric) else "~g"),
        },
    }


def _thinned(rows: Sequence[SizeSummary]) -> list[SizeSummary]:
    if len(rows) <= MOST_SIZES:
        return list(rows)
    return [rows[k] for k in np.unique(np.linspace(0, len(rows) - 1, MOST_SIZES).astype(int))]


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "\u2026"


def _axis(span: tuple[float, float], title: str, form: str) -> dict[str, Any]:
    return {
        "type": "log",
        **ticks(span),
        "tickformat": form,
        "title": {"text": title, "standoff": 8},
        "showline": True,
        "linecolor": GREY,
        "ticks": "outside",
        "fixedrange": True,
    }
