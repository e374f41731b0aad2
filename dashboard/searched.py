"""What a study knows of its curves beyond their points, as Explore shows it.

The models that were tried at each size, whether a larger one might have won, the scores of the
largest shard, and what each treatment does to its curve.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import pandas as pd
import streamlit as st

from dashboard import panels, state, tables, words
from dashboard.figures import Extra
from engine.curve import Curve
from engine.laws.compare import compare
from engine.numbers import number
from engine.study.treated import treated_pairs

LARGEST = 2  # a winner at the edge of what was tried is a doubt where it is among the largest two

remembered_comparison = lru_cache(maxsize=512)(compare)  # pure in frozen values


def extras(
    curves: Sequence[Curve], about: state.Searched, fixed: Sequence[Curve] | None
) -> dict[str, Extra]:
    """What each panel shows besides its curve, by the curve's name.

    Args:
        curves: of one study.
        about: how they came about.
        fixed: its curves of fixed size, to be shown; None: the untreated curves instead.
    """
    rivals: dict[str, list[tuple[str, Curve]]] = {}
    for curve in fixed or ():
        rivals.setdefault(curve.name.rpartition(", ")[0], []).append((_label(curve), curve))
    if fixed is None:
        for plain, treated in treated_pairs(curves, about.about):
            rivals[treated.name] = [("untreated", plain)]
    return {
        curve.name: Extra(
            tuple(rivals.get(curve.name, ())), about.edges.get(curve.name, frozenset())
        )
        for curve in curves
    }


def _label(curve: Curve) -> str:
    return short(max(point.parameters or 0 for point in curve.points))


def short(parameters: int) -> str:
    """A number of parameters as a label: 15k, 1.1M."""
    for scale, letter in ((1e6, "M"), (1e3, "k")):
        if parameters >= scale:
            count = parameters / scale
            return f"{count:.0f}{letter}" if count >= 10 else f"{count:.1f}{letter}"
    return str(parameters)


def remarks(curves: Sequence[Curve], about: state.Searched) -> list[str]:
    """What the search leaves to say about curves, once for all the metrics of a subject."""
    too_small: dict[str, dict[str, None]] = {}  # where, and of whom
    scored: dict[str, None] = {}
    for curve in curves:
        if curve.name not in about.about:
            continue
        name = words.plain(words.marked(about.about[curve.name][0].label))
        largest, unit = _largest(curve)
        if at_edge := [size for size in largest if size in about.edges.get(curve.name, ())]:
            sizes = " and ".join(number(size) for size in at_edge)
            too_small.setdefault(f"at {sizes} {unit}", {})[f"**{name}**"] = None
        if curve.name in about.scores:
            size, scores = about.scores[curve.name]
            shown = ", ".join(f"{name} {number(score)}" for name, score in scores.items())
            scored[f"**{name}:** {words.plain(shown)} at {number(size)} {unit}."] = None
    said = list(scored)
    if too_small:
        found = "; ".join(f"{', '.join(those)} {where}" for where, those in too_small.items())
        said.insert(
            0,
            "The largest model may be too small: the largest that was tried won (hollow marks) for"
            f" {found}.",
        )
    return said


@lru_cache(maxsize=1024)
def _largest(curve: Curve) -> tuple[list[float], str]:
    """Its largest sizes and their unit: asked of a hundred curves at every turn."""
    return sorted({point.size for point in curve.points})[-LARGEST:], curve.unit


def legend(drawn: Mapping[str, Extra]) -> str:
    """What the grey lines of fixed sizes are, or why there are none."""
    if not any(extra.beside for extra in drawn.values()):
        return "No model was tried at two sizes yet, so there is no curve of fixed size to draw."
    return (
        "Grey: one model each at the sizes where it was tried, with how large it is. Where"
        " such a line leaves the best fit and goes flat, the model is full, not the data used up."
    )


def treatments(
    curves: Sequence[Curve], about: state.Searched, view: state.View, shown: Sequence[Curve]
) -> None:
    """What each treatment does to its curve; nothing where the study carries none.

    Args:
        curves: in which a treated curve finds its untreated one.
        about: how they came about.
        view: the store, which knows the windows.
        shown: the treated curves that are told of are among these.
    """
    rows = []
    names = {curve.name for curve in shown}
    for plain, treated in treated_pairs(curves, about.about):
        if treated.name not in names:
            continue
        window = state.window_of(plain, view).overlap(state.window_of(treated, view))
        found = remembered_comparison(plain, treated, window)
        subject = about.about[treated.name][0]
        rows.append(
            {
                "Treatment": words.plain(words.treatment(subject.treatment)),
                "Error": words.plain(treated.metric),
                "What it does": words.sentence(found.sentence)
                if found.ratio.n_sizes
                else "Cannot be compared: the two curves have no size in common yet.",
                "Curve": panels.named(plain),
                "Exponent differs by, 90 %": words.interval(found.exponent, "none"),
                "Error is multiplied by, 90 %": words.interval(found.level, "none"),
                "Sizes": str(found.ratio.n_sizes),
            }
        )
    if not rows:
        return
    with st.expander("What the treatments do", expanded=True):
        table = pd.DataFrame(rows).set_index("Treatment")
        if len({subject.label for subject, _ in about.about.values() if not subject.treatment}) < 2:
            table = table.drop(columns="Curve")  # there is but one that it can be
        tables.show(table, "treatments")
        st.caption(
            "Each treated curve against its untreated one, size by size and seed by seed, at the"
            " sizes inside both windows. A treatment that only shifts a curve multiplies the error"
            " by one factor; one that changes the exponent changes what more data is worth."
        )
