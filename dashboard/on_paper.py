"""Panels where no page lays them out: in rows, with the fit windows that window.js else draws.

For the report, for notebooks and for the documentation. Pure.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

from dashboard import words
from dashboard.figures import PLOT_HEIGHT
from engine.laws.fit import Fit

COLUMNS = 3
WIDTH, LEFT, RIGHT = 1180, 62, 16  # px of a whole row, and around each plot area
TOP, BOTTOM = 66, 50
ACCENT = "#c2410c"  # of the fit window


def placed(figure: dict[str, Any], fits: Sequence[Fit], wide: float = WIDTH) -> dict[str, Any]:
    """The figure with its panels in rows, and with the windows that window.js else draws.

    Args:
        figure: of `fits`, from figures.draw.
        fits: at least one.
        wide: px of a whole row.
    """
    columns = min(COLUMNS, len(fits))
    rows = -(-len(fits) // columns)
    width = wide / columns
    height = rows * (PLOT_HEIGHT + TOP + BOTTOM)
    layout = dict(figure["layout"])
    layout |= {"width": wide, "height": height, "margin": dict.fromkeys("lrtb", 0)}
    layout |= {"paper_bgcolor": "#ffffff", "plot_bgcolor": "#ffffff"}
    shapes, labels = [*layout["shapes"]], []
    for k, fit in enumerate(fits):
        left = (k % columns) * width + LEFT
        top = (k // columns) * (PLOT_HEIGHT + TOP + BOTTOM) + TOP
        number_ = "" if k == 0 else str(k + 1)
        across = [left / wide, (left + width - LEFT - RIGHT) / wide]
        up = [1 - (top + PLOT_HEIGHT) / height, 1 - top / height]
        layout[f"xaxis{number_}"] = {**layout[f"xaxis{number_}"], "domain": across}
        layout[f"yaxis{number_}"] = {**layout[f"yaxis{number_}"], "domain": up}
        axes = {"xref": f"x{number_}", "yref": f"y{number_} domain"}
        low, high = (10.0**end for end in layout[f"xaxis{number_}"]["range"])
        ends = (fit.window.low or low, fit.window.high or high)
        shape = {**axes, "type": "rect", "x0": ends[0], "x1": ends[1], "y0": 0, "y1": 1}
        shapes.append(
            {**shape, "fillcolor": "rgba(194,65,12,0.06)", "line": {"color": ACCENT, "width": 1.5}}
        )
        labels.append(
            {
                "text": f"<b>{escape(words.exponent(fit))}</b>",
                "xref": f"x{number_} domain",
                "yref": axes["yref"],
                "x": 1,
                "y": 1.02,
                "xanchor": "right",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 13, "color": ACCENT},
            }
        )
    layout["shapes"] = shapes
    layout["annotations"] = [*layout["annotations"], *labels]
    return {"data": figure["data"], "layout": layout}
