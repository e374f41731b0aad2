"""The growth law as a picture: the best model's parameters against the size of the data.

Pure: fitted laws in, a Plotly figure out. Marks and a line for each, labelled where they end.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dashboard import words
from dashboard.colours import GREY, of_domain
from dashboard.panel import FONT, as_text, ticks
from engine.laws.growth import Growth
from engine.numbers import with_interval

HEIGHT = 260  # px: a second chart, quieter than the first
MARGIN = {"l": 60, "r": 20, "t": 28, "b": 48}  # px
LINE_HEIGHT = 16  # px between two labels
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")
ROOM = 0.15  # decades left free at the ends of both axes


def draw_growth(laws: Mapping[str, Growth], theme: str = "light") -> dict[str, Any]:
    """The figure of fitted growth laws by name, at least one, in the colours of their domains."""
    traces: list[dict[str, Any]] = []
    ends: list[tuple[float, float, str, str]] = []  # log10 of both, what it says, its colour
    reached: list[float] = []
    for k, (name, law) in enumerate(laws.items()):
        exponent = law.exponent
        assert exponent is not None  # a law that was not fitted has a sentence, not a line
        colour = of_domain(law.curve.domain, theme)
        sizes = (law.sizes[0], law.sizes[-1])
        line = law.predict(sizes).tolist()
        reached += [*law.parameters, *line]
        traces += [
            {
                "type": "scatter",
                "mode": "lines",
                "x": sizes,
                "y": line,
                "line": {"color": colour, "width": 2},
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "mode": "markers",
                "x": law.sizes,
                "y": law.parameters,
                "marker": {"size": 7, "color": colour, "symbol": SYMBOLS[k % len(SYMBOLS)]},
                "hovertemplate": f"{as_text(name)}<br>%{{x:,}} {_unit(law)}:"
                f" %{{y:,.0f}} {as_text(law.curve.capacity)}<extra></extra>",
            },
        ]
        shown = with_interval(exponent.value, exponent.low, exponent.high)
        says = f"{as_text(name)} {shown}"
        ends.append((float(np.log10(sizes[1])), float(np.log10(line[1])), says, colour))
    units = " / ".join(dict.fromkeys(map(_unit, laws.values())))
    counted = " / ".join(dict.fromkeys(as_text(law.curve.capacity) for law in laws.values()))
    parameters = _axis(reached, counted)
    return {
        "data": traces,
        "layout": {
            "height": HEIGHT,
            "margin": MARGIN,
            "showlegend": False,
            "font": {"family": FONT, "size": 12},
            "annotations": _labels(ends, parameters["range"]),
            "xaxis": _axis([m for law in laws.values() for m in law.sizes], f"training {units}"),
            "yaxis": parameters,
        },
    }


def _labels(
    ends: Sequence[tuple[float, float, str, str]], span: Sequence[float]
) -> list[dict[str, Any]]:
    """A label over the end of each line; one that would lie on another moves up.

    A line that is alone has the whole width above the chart for its label.
    """
    if len(ends) == 1:
        ((_, _, says, colour),) = ends
        place = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left"}
        look = {"yanchor": "bottom", "showarrow": False, "font": {"size": 12, "color": colour}}
        return [{"text": says, **place, **look, "xshift": -40, "yshift": 6}]
    scale = (HEIGHT - MARGIN["t"] - MARGIN["b"]) / (span[1] - span[0])  # px a decade
    notes = []
    taken = -float("inf")  # px above the axis that the label below reaches
    for x, y, says, colour in sorted(ends, key=lambda end: end[1]):
        lift = max(0.0, taken + LINE_HEIGHT - y * scale)
        taken = y * scale + lift
        notes.append(
            {
                "text": says,
                "x": x,
                "y": y,
                "xanchor": "right",
                "yanchor": "bottom",
                "xshift": -10,  # px: to the left above a line that rises
                "yshift": lift,
                "showarrow": False,
                "font": {"size": 12, "color": colour},
            }
        )
    return notes


def label(law: Growth, several: bool) -> str:
    """What a growth law is called: it belongs to a subject, not to one of its metrics."""
    if several or not law.curve.model:
        return words.marked(law.curve.name.rpartition(" ")[0] or law.curve.name)
    return words.model(law.curve.model)


def _unit(law: Growth) -> str:
    return as_text(law.curve.unit or "samples")


def _axis(shown: Sequence[float], title: str) -> dict[str, Any]:
    span = (float(np.log10(min(shown))) - ROOM, float(np.log10(max(shown))) + ROOM)
    return {
        "type": "log",
        **ticks(span),
        "tickformat": "~s",
        "title": {"text": title},
        "showline": True,
        "linecolor": GREY,
        "ticks": "outside",
    }
