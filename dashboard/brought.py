"""Imported curves: what an import would meet in the store, the import itself, and its undoing.

The store's rule stands: nothing that a study measured is touched, and no curve of another content
takes a name in silence. What an import replaced is kept in the session until it is undone or
another import follows.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import streamlit as st

from dashboard import state, words
from engine import VERSION
from engine.curve import Curve, Point
from engine.study.store import Store, StoreError

UNDONE, NOT_UNDONE = "undone", "not undone"  # sentences for the next turn
Clash = Literal["", "same", "imported", "measured"]


@dataclass(frozen=True, slots=True)
class Brought:
    """An import that can be undone."""

    into: tuple[Curve, ...]
    out: tuple[Curve, ...]  # what it replaced

    @property
    def said(self) -> str:
        """What was imported, for a reader."""
        return f"{counted(len(self.into), 'curve')}, {counted(_points(self.into), 'point')}"


@dataclass(frozen=True, slots=True)
class Held:
    """What is in the store already."""

    names: frozenset[str]  # of all curves, with or without points
    imported: tuple[Curve, ...]

    def clash(self, curve: Curve) -> Clash:
        """What a curve to be imported meets under its name."""
        if curve.name not in self.names:
            return ""
        earlier = next((c for c in self.imported if c.name == curve.name), None)
        if earlier is None:
            return "measured"
        return "same" if Counter(earlier.points) == Counter(curve.points) else "imported"


def held(path: Path, view: state.View) -> Held:
    """The names and the imported curves in the store; nothing where it cannot be read."""
    try:
        names = _names(path, path.stat().st_ino, view.revision)
    except (StoreError, OSError):
        return Held(frozenset(), ())
    return Held(names, state.curves_of(path, state.IMPORTED, view.revision))


@lru_cache(maxsize=4)
def _names(path: Path, inode: int, revision: int) -> frozenset[str]:
    with Store.open(path, "read") as store:
        return frozenset(store.curve_names())


def prepare(curves: Sequence[Curve], there: Held, replaces: bool) -> Brought:
    """What an import would put in and take out; equal curves are left as they are.

    Args:
        curves: to be imported.
        there: what the store holds.
        replaces: whether an earlier import of a name goes; else the new curve takes another name.
    """
    into: list[Curve] = []
    out: list[Curve] = []
    taken = {*there.names, *(curve.name for curve in curves)}
    for curve in curves:
        clash = there.clash(curve)
        if clash == "same":
            continue
        if clash == "imported" and replaces:
            out += [earlier for earlier in there.imported if earlier.name == curve.name]
        elif clash:
            curve = _renamed(curve, taken)
            taken.add(curve.name)
        into.append(replace(curve, version=VERSION, origin="imported"))
    return Brought(tuple(into), tuple(out))


def _renamed(curve: Curve, taken: set[str]) -> Curve:
    """The curve under the first free name: "mine (2)"."""
    count = 2
    while f"{curve.name} ({count})" in taken:
        count += 1
    name = f"{curve.name} ({count})"
    points: tuple[Point, ...] = tuple(point._replace(curve=name) for point in curve.points)
    return replace(curve, name=name, points=points)


def take_in(order: Brought, path: Path) -> str:
    """Import; returns why it could not be done, or nothing."""
    try:
        with Store.open(path) as store:
            store.swap_imported(order.out, order.into)
    except (StoreError, OSError) as error:
        return str(error)
    st.session_state[state.BROUGHT] = order
    return ""


def tell_undone() -> None:
    """How undoing an import went, in the turn after it."""
    if trouble := st.session_state.pop(NOT_UNDONE, None):
        st.error(f"The import was not undone: {words.plain(trouble)}", icon=":material/error:")
    if said := st.session_state.pop(UNDONE, None):
        st.caption(said)


def offer_undo() -> None:
    """A line on what was imported last, with the way back; nothing where nothing was."""
    order: Brought | None = st.session_state[state.BROUGHT]
    if order is None:
        return
    said = f"Imported just now: {order.said}."
    if order.out:
        said += f" {counted(len(order.out), 'earlier curve')} gave way and can be put back."
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(said, width="content")
        st.button("Undo the import", icon=":material/undo:", on_click=_undo, args=(order,))


def _undo(order: Brought) -> None:
    try:
        with Store.open(st.session_state[state.STORE]) as store:
            store.swap_imported(order.into, order.out)
    except (StoreError, OSError) as error:
        st.session_state[NOT_UNDONE] = str(error)
        return
    st.session_state[state.BROUGHT] = None
    st.session_state[state.CURVES] = [curve.name for curve in order.out]
    st.session_state[UNDONE] = f"Undone: {order.said} taken out again."


def counted(number: int, thing: str) -> str:
    """A number of things: "1 curve", "38 points"."""
    return f"{number:,} {thing}{'s' * (number != 1)}"


def _points(curves: Sequence[Curve]) -> int:
    return sum(len(curve.points) for curve in curves)
