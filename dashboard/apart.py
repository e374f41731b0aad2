"""How far curves lie apart: the differences of their exponents, and of their floors, as matrices.

A curve goes by its place among those shown, so that both matrices number them alike. Floors are
compared of curves of one metric alone, and read from all sizes, since a window may leave them out.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import pandas as pd
import streamlit as st

from dashboard import panels, tables, words
from engine.curve import Curve
from engine.laws.compare import FloorDifference, compare_floors
from engine.laws.contrast import contrast
from engine.laws.fit import Fit
from engine.laws.interval import Interval

NONE_IN_SIGHT = Interval(0.0, 0.0, 0.0)  # what the engine says of two curves without a floor

remembered_contrast = lru_cache(maxsize=2048)(contrast)
remembered_floors = lru_cache(maxsize=512)(compare_floors)


def exponents(fits: Sequence[Fit]) -> None:
    """Each exponent less each that stands above it; bold where the interval leaves 0 out."""
    places = [k for k, found in enumerate(fits) if found.exponent]
    if len(places) < 2:
        return
    st.subheader("How far they lie apart")
    _matrix(fits, places, lambda above, below: _cell(remembered_contrast(above, below)), "apart")
    st.caption(
        "Exponent of the row less that of the numbered curve, 90 % interval: negative where the row"
        " is steeper, bold where the interval leaves 0 out. Curves over the same sizes are compared"
        " seed by seed, others as independent."
    )


def floors(fits: Sequence[Fit]) -> None:
    """Whether curves of one metric share a floor; nothing where no two have one metric."""
    metrics = [_metric(found.curve) for found in fits]
    places = [k for k, metric in enumerate(metrics) if metrics.count(metric) > 1]
    if not places:
        return
    st.subheader("Do they share a floor?")

    def cell(above: Fit, below: Fit) -> str:
        if _metric(above.curve) != _metric(below.curve):
            return ""
        return floor_cell(remembered_floors(above.curve, below.curve))

    _matrix(fits, places, cell, "floors")
    st.caption(
        "Floor of the row less that of the numbered curve of the same metric, 90 % interval: above"
        " 0 where the row's floor is higher, bold where the interval leaves 0 out: then they do not"
        " share one. “None in sight”: neither curve bends towards a floor. “Not identified”: the"
        " sizes of one of them are too few to tell. Of all sizes, whatever the windows."
    )


def _metric(curve: Curve) -> tuple[str, str, str]:
    """What an error is of: a cross-entropy by the word is no cross-entropy by the character."""
    return curve.metric, curve.domain, curve.unit


def floor_cell(found: FloorDifference) -> str:
    """A difference of floors in a cell: an interval, or why there is none."""
    if found.interval is None:
        return "not identified"
    return "none in sight" if found.interval == NONE_IN_SIGHT else _cell(found.interval)


def _cell(found: Interval | None) -> str:
    said = words.interval(found)
    return f"**{said}**" if found and not found.holds(0.0) else said


def _matrix(
    fits: Sequence[Fit], places: Sequence[int], cell: Callable[[Fit, Fit], str], key: str
) -> None:
    """A table whose rows and columns are the fits at `places`; blank above the diagonal.

    Args:
        fits: all that is shown; a place in it, from 1, is a curve's number.
        places: which of them.
        cell: of a fit and a later one.
        key: of the table.
    """
    rows = [
        {"Curve": f"{k + 1}  {panels.named(fits[k].curve)}"}
        | {f"less {j + 1}": cell(fits[j], fits[k]) if j < k else "" for j in places[:-1]}
        for k in places
    ]
    table = pd.DataFrame(rows).set_index("Curve")
    tables.show(table.loc[:, (table != "").any()], key)
