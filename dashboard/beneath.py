"""Two strips beneath a panel, on its size axis: local slopes, and what the law leaves over. Pure.

Of `count` panels, panel k has its slopes on the axis y{count + 2k + 1} and its residuals on the one
after it; window.js places both.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.colours import GREY
from dashboard.panel import AXIS, Spot, Trace
from engine.laws.fit import Fit
from engine.laws.local import Local, local_slopes, residuals

Array = NDArray[np.float64]
BEYOND = (1e-3, 1e15)  # sizes: a line goes on where the reader zooms out
ROOM = 0.15  # share of a strip left free above and below
LEAST = 0.02  # half the height of a residual strip, at least: smaller ones are as good as none


def lowest(k: int, count: int) -> str:
    """The axis at the bottom of panel k, where its sizes are written."""
    return f"y{count + 2 * k + 2}"


def beneath(spot: Spot, fit: Fit, count: int) -> tuple[list[Trace], dict[str, Any]]:
    """The traces and axes of both strips of one panel."""
    slope, residual = f"y{count + 2 * spot.k + 1}", lowest(spot.k, count)
    slopes, left = local_slopes(fit.curve), residuals(fit)
    sizes = np.geomspace(fit.curve.sizes.min(), fit.curve.sizes.max(), 60)
    law = _slope(fit, sizes)
    traces = [
        _line(spot, "slope", slope, sizes, law),
        _marks(spot, "slope", slope, slopes, "local slope %{y:.3f}"),
        _line(spot, "residual", residual, np.array(BEYOND), np.zeros(2)),
        _marks(spot, "residual", residual, left, "%{y:+.1%} off the law"),
    ]
    axes = {
        _axis_name(slope): _axis(spot, "slope", _span(law.tolist() or [0.0], slopes), ".2~f"),
        _axis_name(residual): _axis(spot, "off the law", _span([-LEAST, LEAST], left), "+.0%"),
    }
    return traces, axes


def _marks(spot: Spot, kind: str, axis: str, rows: Sequence[Local], says: str) -> Trace:
    return spot.trace(
        kind,
        yaxis=axis,
        mode="markers",
        x=[row.size for row in rows],
        y=[row.value.value for row in rows],
        marker={"size": 5, "color": spot.colour},
        error_y={
            "type": "data",
            "array": [row.value.high - row.value.value for row in rows],
            "color": spot.colour,
            "thickness": 1,
            "width": 0,
        },
        hoverinfo="x+y",
        hovertemplate=f"%{{x:,.0f}} {spot.unit}: {says}<extra></extra>",
    )


def _slope(fit: Fit, sizes: Array) -> Array:
    """The law's own local slope: the exponent, and less of it the more of the error is floor."""
    if fit.exponent is None:
        return np.empty(0)
    floor = fit.floor.value if fit.floor else 0.0
    return np.asarray(fit.exponent.value * (1 - floor / fit.predict(sizes)))


def _line(spot: Spot, kind: str, axis: str, x: Array, y: Array) -> Trace:
    style = {"color": GREY, "width": 1, "dash": "dot"}
    return spot.line(f"{kind}line", x[: y.size], y, line=style, yaxis=axis)


def _span(levels: Sequence[float], rows: Sequence[Local]) -> tuple[float, float]:
    """From the lowest to the highest value, intervals left out: one wild one hides the rest."""
    values = [*levels, *(row.value.value for row in rows)]
    low, high = min(values), max(values)
    room = ROOM * ((high - low) or 1.0)
    return low - room, high + room


def _axis(spot: Spot, title: str, span: tuple[float, float], form: str) -> dict[str, Any]:
    return {
        **AXIS,
        "type": "linear",
        "range": list(span),
        "nticks": 4,
        "anchor": f"x{spot.number}",
        "tickformat": form,
        "title": {"text": title, "standoff": 6, "font": {"size": 11}},
    }


def _axis_name(axis: str) -> str:
    return f"yaxis{axis[1:]}"
