"""The zones of a panel, shaded and named: plateau on the left, floor on the right. Pure.

A zone is as dark as its chance, and its edge is as wide as the interval of where it ends.
"""

from typing import Any

import numpy as np

from dashboard.colours import GREY
from dashboard.panel import Spot
from engine.laws.interval import Interval
from engine.laws.zones import Zones

DARKEST = 0.16  # opacity of a zone that is certain
LIKELY = 0.5  # chance from which a zone is shown
LEAST_WIDTH = 0.16  # share of the size axis that a zone's name needs
FAR = 3.0  # decades beyond the axis: the shade goes on where the reader zooms out


def shade(
    spot: Spot, found: Zones, sizes: tuple[float, float]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Shapes and names of the zones of one panel.

    Args:
        spot: the panel.
        found: zones of its whole curve.
        sizes: range of its size axis, in log10.
    """
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    left, right = 10.0 ** (sizes[0] - FAR), 10.0 ** (sizes[1] + FAR)
    for name, chance, edge, low_side in (
        ("plateau", found.plateau_chance, found.plateau_end, True),
        ("floor", found.floor_chance, found.floor_begins, False),
    ):
        if edge is None or chance < LIKELY:
            continue
        near, far = (edge.low, edge.high) if low_side else (edge.high, edge.low)
        sure = (left, max(near, left)) if low_side else (min(near, right), right)
        opacity = DARKEST * chance
        shapes += [ground(spot, sure, opacity), ground(spot, (near, far), opacity / 2)]
        if _share(edge, sizes, low_side) >= LEAST_WIDTH:
            notes.append(_name(spot, name, chance, low_side))
    return shapes, notes


def ground(spot: Spot, ends: tuple[float, float], opacity: float) -> dict[str, Any]:
    """Grey behind all of a panel between two sizes."""
    return {
        "type": "rect",
        "xref": f"x{spot.number}",
        "yref": f"y{spot.number} domain",
        "x0": min(ends),
        "x1": max(ends),
        "y0": 0,
        "y1": 1,
        "fillcolor": GREY,
        "opacity": opacity,
        "line": {"width": 0},
        "layer": "below",
    }


def _share(edge: Interval, sizes: tuple[float, float], low_side: bool) -> float:
    """How much of the size axis a zone takes up."""
    at = float(np.log10(edge.value))
    return ((at - sizes[0]) if low_side else (sizes[1] - at)) / (sizes[1] - sizes[0])


def _name(spot: Spot, name: str, chance: float, low_side: bool) -> dict[str, Any]:
    sure = "" if chance > 0.95 else f", {100 * chance:.0f} % sure"
    return spot.note(
        f"{name}{sure}",
        xref=f"x{spot.number} domain",
        yref=f"y{spot.number} domain",
        x=0.01 if low_side else 0.99,
        y=0.01,
        xanchor="left" if low_side else "right",
        yanchor="bottom",
    )
