"""The growth law as a picture: the best model's parameters against the size of the data.

Pure: growth laws in, a Plotly figure out. One set of marks for each model family, labelled where
it ends; the line only where a law was fitted. Colours are the page's domain colours.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dashboard.figures import DOMAIN_COLOURS, FONT, GREY, as_text
from engine.laws.growth import Growth
from engine.numbers import with_interval

HEIGHT = 260  # px: a second chart, quieter than the first


def draw_growth(laws: Sequence[tuple[str, str, str, Growth]]) -> dict[str, Any]:
    """The figure of growth laws.

    Args:
        laws: for each, its domain, its unit of size, its label and the law.
    """
    traces: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for domain, unit, label, law in laws:
        colour = DOMAIN_COLOURS.get(domain, GREY)
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": law.sizes.tolist(),
                "y": law.parameters.tolist(),
                "marker": {"size": 7, "color": colour},
                "hovertemplate": f"%{{x:,}} {as_text(unit)}: %{{y:,.0f}} parameters<extra></extra>",
            }
        )
        said = as_text(label)
        if law.exponent is not None:
            ends = law.sizes[[0, -1]]
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "x": ends.tolist(),
                    "y": law.predict(ends).tolist(),
                    "line": {"color": colour, "width": 2},
                    "hoverinfo": "skip",
                }
            )
            shown = with_interval(law.exponent.value, law.exponent.low, law.exponent.high)
            said += f" {shown}"
        if law.sizes.size:
            notes.append(
                {
                    "text": said,
                    "x": float(np.log10(law.sizes[-1])),
                    "y": float(np.log10(law.parameters[-1])),
                    "xanchor": "right",
                    "yanchor": "bottom",
                    "yshift": 6,
                    "showarrow": False,
                    "font": {"size": 12, "color": colour},
                }
            )
    units = " / ".join(dict.fromkeys(unit for _, unit, _, _ in laws))
    axis = {"type": "log", "dtick": 1, "showline": True, "linecolor": GREY, "ticks": "outside"}
    return {
        "data": traces,
        "layout": {
            "height": HEIGHT,
            "margin": {"l": 60, "r": 20, "t": 24, "b": 48},
            "showlegend": False,
            "font": {"family": FONT, "size": 12},
            "annotations": notes,
            "xaxis": {**axis, "tickformat": "~s", "title": {"text": f"training {as_text(units)}"}},
            "yaxis": {**axis, "tickformat": "~s", "title": {"text": "parameters of best model"}},
        },
    }
