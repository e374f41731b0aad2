"""One panel of a chart: its axes, its colour, its words, for every trace that goes into it. Pure.

What the files that draw into panels share: the look of an axis, text that Plotly must not act on.
"""

from html import escape
from typing import Any

import numpy as np

from dashboard.colours import GREY, HUES, of_domain
from engine.curve import Point
from engine.domains import DOMAINS
from engine.laws.fit import Fit

FONT = '"Source Sans", sans-serif'  # Streamlit's own, served by the page itself

Trace = dict[str, Any]

AXIS = {
    "type": "log",
    "showline": True,
    "linecolor": GREY,
    "linewidth": 1,
    "gridcolor": "#dadde1",
    "gridwidth": 1,
    "zeroline": False,
    "ticks": "outside",
    "ticklen": 4,
    "tickcolor": GREY,
    "tickfont": {"size": 11},
    "nticks": 6,
}


def as_text(text: str) -> str:
    """Text from a user's file, which Plotly would read as markup or as a template."""
    return escape(text).replace("%{", "% {")


def is_rate(metric: str) -> bool:
    """Whether errors of this metric are shares, written in percent."""
    return metric.endswith("error") or metric.endswith("rate")


class Spot:
    """A panel's number, axes and colour, for every trace that goes into it."""

    def __init__(self, k: int, fit: Fit) -> None:
        point = fit.curve.points[0]
        self.k = k
        self.number = "" if k == 0 else str(k + 1)
        self.domain = point.domain if point.domain in HUES else "other"
        self.colour = of_domain(point.domain)
        self.unit = as_text(point.unit or "samples")
        self.metric = as_text(point.metric or "error")
        self.measured = as_text(_measured(point))  # on the axis
        self.rate = is_rate(point.metric)  # of an unnamed one nothing is known
        self.format = ".1%" if self.rate else ".3g"

    def trace(self, kind: str, **more: Any) -> Trace:
        return {
            "type": "scatter",
            "uid": f"{kind}-{self.domain}-{self.k}",
            "xaxis": f"x{self.number}",
            "yaxis": f"y{self.number}",
            "hoverinfo": "skip",
            **more,
        }

    def line(self, kind: str, x: Any, y: Any, **style: Any) -> Trace:
        x, y = np.asarray(x, float).tolist(), np.asarray(y, float).tolist()
        return self.trace(kind, mode="lines", x=x, y=y, line=style.pop("line"), **style)

    def note(self, text: str, **more: Any) -> dict[str, Any]:
        return {"text": text, "showarrow": False, "font": {"size": 11, "color": GREY}, **more}


def _measured(point: Point) -> str:
    """A metric with its unit, where one of our domains says what that is; shares are in %."""
    metrics = DOMAINS[point.domain].metrics if point.domain in DOMAINS else ()
    units = [m.unit for m in metrics if m.title == point.metric and m.unit != "share"]
    return ", ".join([point.metric or "error", *units])


def ticks(span: tuple[float, float]) -> dict[str, Any]:
    """The range of an axis and where its labels stand: 1, 2, 5 in each decade, if they fit."""
    decades = span[1] - span[0]
    step = None if decades < 1 else "D2" if decades < 3.5 else 1  # None: Plotly's round numbers
    return {"range": list(span), "dtick": step}
