"""A figure on linear axes instead of logarithmic ones: how the error looks to who pays for it.

Traces are in the data's own units either way; only the axes and what hangs on them change. Both
axes begin at 0, so that the floor and what is left to win are seen in proportion. Pure.
"""

import re
from typing import Any

AXIS_NAME = re.compile(r"[xy]axis\d*")
ROOM = 1.04  # the axis ends so far beyond the last value


def linear(figure: dict[str, Any]) -> dict[str, Any]:
    """A figure of figures.draw, its logarithmic axes made linear."""
    layout = dict(figure["layout"])
    ends: dict[str, float] = {}  # of each logarithmic axis: "x", "y2", ...
    for name, axis in layout.items():
        if AXIS_NAME.fullmatch(name) and axis["type"] == "log":
            ends[name.replace("axis", "")] = end = _end(figure, name)
            layout[name] = {**axis, "type": "linear", "range": [0.0, end], "dtick": None}
    layout["uirevision"] = "linear"  # a zoom on the other axes means nothing here
    layout["annotations"] = [_moved(note, ends) for note in layout["annotations"]]
    return {"data": figure["data"], "layout": layout}


def _end(figure: dict[str, Any], name: str) -> float:
    """Just past the largest measured or expected: the room of a logarithmic axis is too much."""
    letter, number = name[0], name[5:]
    kinds = ("seeds", "median", "ahead", *(("level",) if letter == "y" else ()))
    values = [
        value
        for trace in figure["data"]
        if trace[f"{letter}axis"] == f"{letter}{number}"
        and trace["uid"].split("-")[0].rstrip("0123456789") in (*kinds, "beside")
        for value in trace[letter]
    ]
    return ROOM * max(values, default=1.0)


def _moved(note: dict[str, Any], ends: dict[str, float]) -> dict[str, Any]:
    """A note at the same place: Plotly takes logs of places on logarithmic axes alone."""
    return note | {
        letter: min(10.0 ** note[letter], ends[axis])
        for letter in "xy"
        if (axis := note.get(f"{letter}ref", "")) in ends
    }
