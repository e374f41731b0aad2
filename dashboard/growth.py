"""The growth law as a picture: the best model's parameters against the size of the data.

Pure: fitted laws in, a Plotly figure out. Marks and a line for each, labelled where they end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.figures import DOMAIN_COLOURS, FONT, GREY, as_text, ticks
from engine.laws.growth import Growth
from engine.numbers import with_interval

HEIGHT = 260  # px: a second chart, quieter than the first
ROOM = 0.15  # decades left free at the ends of both axes


@dataclass(frozen=True, slots=True)
class Line:
    """A fitted growth law and how it is named."""

    domain: str
    unit: str  # of its sizes
    label: str
    law: Growth


def draw_growth(
    lines: Sequence[Line], colours: Mapping[str, str] = DOMAIN_COLOURS
) -> dict[str, Any]:
    """The figure of fitted growth laws, at least one, in the colours of their domains."""
    traces: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for line in lines:
        law, exponent = line.law, line.law.exponent
        assert exponent is not None  # a law that was not fitted has a sentence, not a line
        colour = colours.get(line.domain, GREY)
        ends = law.sizes[[0, -1]]
        traces += [
            {
                "type": "scatter",
                "mode": "lines",
                "x": ends.tolist(),
                "y": law.predict(ends).tolist(),
                "line": {"color": colour, "width": 2},
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "mode": "markers",
                "x": law.sizes.tolist(),
                "y": law.parameters.tolist(),
                "marker": {"size": 7, "color": colour},
                "hovertemplate": f"%{{x:,}} {as_text(line.unit)}: %{{y:,.0f}} parameters"
                "<extra></extra>",
            },
        ]
        shown = with_interval(exponent.value, exponent.low, exponent.high)
        notes.append(
            {
                "text": f"{as_text(line.label)} {shown}",
                "x": float(np.log10(ends[-1])),
                "y": float(np.log10(law.predict(ends)[-1])),
                "xanchor": "right",
                "yanchor": "bottom",
                "xshift": -10,  # px: to the left above a line that rises
                "showarrow": False,
                "font": {"size": 12, "color": colour},
            }
        )
    units = " / ".join(dict.fromkeys(as_text(line.unit) for line in lines))
    sizes = np.log10(np.concatenate([line.law.sizes for line in lines]))
    parameters = np.log10(np.concatenate([line.law.parameters for line in lines]))
    return {
        "data": traces,
        "layout": {
            "height": HEIGHT,
            "margin": {"l": 60, "r": 20, "t": 24, "b": 48},
            "showlegend": False,
            "font": {"family": FONT, "size": 12},
            "annotations": notes,
            "xaxis": _axis(sizes, f"training {units}"),
            "yaxis": _axis(parameters, "parameters of the best model"),
        },
    }


def _axis(logs: NDArray[np.float64], title: str) -> dict[str, Any]:
    span = (float(logs.min()) - ROOM, float(logs.max()) + ROOM)
    return {
        "type": "log",
        **ticks(span),
        "tickformat": "~s",
        "title": {"text": title},
        "showline": True,
        "linecolor": GREY,
        "ticks": "outside",
    }
