"""The growth law as a picture: the best model's parameters against the size of the data.

Pure: fitted laws in, a Plotly figure out. Marks and a line for each, labelled where they end.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dashboard import words
from dashboard.colours import GREY, of_domain
from dashboard.figures import FONT, as_text, ticks
from engine.laws.growth import Growth
from engine.numbers import with_interval

HEIGHT = 260  # px: a second chart, quieter than the first
ROOM = 0.15  # decades left free at the ends of both axes


def draw_growth(laws: Mapping[str, Growth], theme: str = "light") -> dict[str, Any]:
    """The figure of fitted growth laws by name, at least one, in the colours of their domains."""
    traces: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for name, law in laws.items():
        exponent = law.exponent
        assert exponent is not None  # a law that was not fitted has a sentence, not a line
        colour = of_domain(law.curve.domain, theme)
        ends = (law.sizes[0], law.sizes[-1])
        traces += [
            {
                "type": "scatter",
                "mode": "lines",
                "x": ends,
                "y": law.predict(ends).tolist(),
                "line": {"color": colour, "width": 2},
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "mode": "markers",
                "x": law.sizes,
                "y": law.parameters,
                "marker": {"size": 7, "color": colour},
                "hovertemplate": f"%{{x:,}} {_unit(law)}: %{{y:,.0f}} parameters<extra></extra>",
            },
        ]
        shown = with_interval(exponent.value, exponent.low, exponent.high)
        notes.append(
            {
                "text": f"{as_text(name)} {shown}",
                "x": float(np.log10(ends[-1])),
                "y": float(np.log10(law.predict(ends)[-1])),
                "xanchor": "right",
                "yanchor": "bottom",
                "xshift": -10,  # px: to the left above a line that rises
                "showarrow": False,
                "font": {"size": 12, "color": colour},
            }
        )
    units = " / ".join(dict.fromkeys(map(_unit, laws.values())))
    return {
        "data": traces,
        "layout": {
            "height": HEIGHT,
            "margin": {"l": 60, "r": 20, "t": 24, "b": 48},
            "showlegend": False,
            "font": {"family": FONT, "size": 12},
            "annotations": notes,
            "xaxis": _axis([m for law in laws.values() for m in law.sizes], f"training {units}"),
            "yaxis": _axis([p for law in laws.values() for p in law.parameters], "parameters"),
        },
    }


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
