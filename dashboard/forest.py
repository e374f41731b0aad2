"""Exponents as a forest plot: one row a curve, its interval, and what others published beside it.

Pure: fits in, a Plotly figure out. The name stands over its row, so that long names keep their
width on a telephone; the number stands at the row's end.
"""

from collections.abc import Sequence
from typing import Any

from dashboard import words
from dashboard.colours import GREY, of_domain
from dashboard.panel import FONT, as_text
from engine.laws.fit import Fit
from engine.laws.published import PublishedLaw
from engine.numbers import number

ROW = 44  # px: a line of text over a mark
MARGIN = {"l": 8, "t": 8, "b": 48}  # px; the right one is as wide as the numbers in it
LETTER = 6.5  # px of a digit
ROOM = 0.06  # share of the axis left free at both ends
SAME_HEIGHT = 0.16  # rows that two published marks of one curve stand apart


def draw_forest(
    fits: Sequence[Fit], published: Sequence[PublishedLaw], theme: str = "light"
) -> dict[str, Any]:
    """The exponents of `fits`, top to bottom, with the published ones of the same error."""
    ink = of_domain("", theme)
    traces: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    reached = [0.0]
    said: list[str] = []
    for k, fit in enumerate(fits):
        y = -float(k)
        notes.append(_note(f"<b>{as_text(words.marked(fit.curve.name))}</b>", 0, y, ink, 15))
        found = fit.exponent
        said.append(fit.status.value if found is None else words.interval(found))
        notes.append(_note(said[-1], 1, y, ink, 0, xshift=8))
        if found is not None:
            reached += [found.low, found.high]
            traces.append(_mark(fit, y, theme))
        suited = [law for law in published if _suits(law, fit)]
        for j, law in enumerate(suited):
            low, high = law.exponent_low or law.exponent, law.exponent_high or law.exponent
            reached += [low, high, law.exponent]
            off = SAME_HEIGHT * (j - (len(suited) - 1) / 2)
            traces.append(_published(law, y - 0.12 - off))
    width = max(reached) - min(reached) or 1.0
    return {
        "data": traces,
        "layout": {
            "height": ROW * len(fits) + MARGIN["t"] + MARGIN["b"],
            "margin": MARGIN | {"r": 24 + LETTER * max(map(len, said), default=0)},
            "showlegend": False,
            "font": {"family": FONT, "size": 12},
            "hovermode": "closest",
            "annotations": notes,
            "xaxis": {
                "range": [min(reached) - ROOM * width, max(reached) + ROOM * width],
                "title": {"text": "exponent: left is steeper"},
                "zeroline": True,
                "zerolinecolor": GREY,
                "zerolinewidth": 1,
                "showgrid": True,
                "ticks": "outside",
                "nticks": 8,
            },
            "yaxis": {
                "range": [-len(fits) + 0.4, 0.75],
                "showticklabels": False,
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
        },
    }


def _suits(law: PublishedLaw, fit: Fit) -> bool:
    return (law.domain, law.metric) == (fit.curve.domain, fit.curve.metric)


def _mark(fit: Fit, y: float, theme: str) -> dict[str, Any]:
    found = fit.exponent
    assert found is not None
    colour = of_domain(fit.curve.domain, theme)
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [found.value],
        "y": [y],
        "marker": {"size": 9, "color": colour},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [found.high - found.value],
            "arrayminus": [found.value - found.low],
            "color": colour,
            "thickness": 2,
            "width": 0,
        },
        "hovertemplate": f"{as_text(words.marked(fit.curve.name))}<br>{words.interval(found)},"
        f" {words.LAW_NAMES[fit.law]}<br>{fit.n_sizes} sizes, {words.window(fit)}<extra></extra>",
    }


def _published(law: PublishedLaw, y: float) -> dict[str, Any]:
    """An open mark and, where a range over models was published, its line."""
    ends = (law.exponent_low, law.exponent_high)
    error = {}
    if ends[0] is not None and ends[1] is not None:
        error = {
            "error_x": {
                "type": "data",
                "symmetric": False,
                "array": [ends[1] - law.exponent],
                "arrayminus": [law.exponent - ends[0]],
                "color": GREY,
                "thickness": 1,
                "width": 0,
            }
        }
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [law.exponent],
        "y": [y],
        "marker": {"size": 7, "color": GREY, "symbol": "diamond-open"},
        **error,
        "hovertemplate": f"{law.source}<br>{law.model}: {number(law.exponent)}<extra></extra>",
    }


def _note(text: str, x: float, y: float, colour: str, lift: int, xshift: int = 0) -> dict[str, Any]:
    return {
        "text": text,
        "xref": "paper",
        "x": x,
        "y": y,
        "xanchor": "left",
        "yanchor": "middle",
        "xshift": xshift,
        "yshift": lift,
        "showarrow": False,
        "font": {"size": 12, "color": colour},
    }
