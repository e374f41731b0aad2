"""Every curve that can be looked at, wherever it comes from, under a name that is its own.

Studies in the store come first, the newest first, then imported points, then the recordings. A
recorded curve whose name a measured one has already is told apart by its day.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from dashboard import state, words
from engine.curve import Curve
from engine.domains import DOMAINS
from engine.recorded import Recording, recordings
from engine.study.subject import Subject

MARK = re.compile(r" (@\d+|\(recorded [^()]*\))$")  # what tells two curves of one name apart
OTHER = "other"  # the domain of curves that name none of ours


@dataclass(frozen=True, slots=True)
class Family:
    """Curves that differ in their metric alone: what one training run gives."""

    name: str
    domain: str
    curves: tuple[Curve, ...]  # the domain's first metric first


@lru_cache(maxsize=32)
def curves_of_recording(recording: Recording) -> tuple[Curve, ...]:
    """Its curves, read once."""
    return tuple(recording.curves)


def families(store: Path, view: state.View) -> list[Family]:
    """All that can be shown, domains in their usual order, the newest of each first."""
    found: dict[str, list[Curve]] = {}
    taken: set[str] = set()
    metrics = _metrics(store, view)
    for curve in _all(store, view):
        own = curve
        if curve.name in taken:
            own = _renamed(curve, f"recorded {words.day(curve.measured_on)}")
        taken.add(own.name)
        found.setdefault(_family(own, metrics.get(curve.name)), []).append(own)
    order = [*DOMAINS, OTHER]
    made = [Family(name, _domain(curves[0]), _main_first(curves)) for name, curves in found.items()]
    return sorted(made, key=lambda family: order.index(family.domain))


def about(store: Path, view: state.View) -> state.Searched:
    """What every curve is about, measured and recorded ones alike."""
    known: dict[str, tuple[Subject, str]] = {}
    edges: dict[str, frozenset[float]] = {}
    for curve in _recorded():
        said, _, metric = curve.name.rpartition(" ")
        parts = said.split()
        if len(parts) in (3, 4) and parts[0] in DOMAINS:
            known[curve.name] = (Subject(*parts), metric)
    for row in view.studies:
        found = state.searched(store, row.id, view.revision)
        known.update(found.about)
        edges.update(found.edges)
    return state.Searched(known, edges, {}, ())


def _all(store: Path, view: state.View) -> Iterable[Curve]:
    for row in view.studies:
        yield from state.curves_of(store, row.id, view.revision)
    yield from state.curves_of(store, state.IMPORTED, view.revision)
    yield from _recorded()


def _recorded() -> Iterable[Curve]:
    return [curve for recording in recordings() for curve in curves_of_recording(recording)]


def _renamed(curve: Curve, mark: str) -> Curve:
    name = f"{curve.name} ({mark})"
    return replace(
        curve, name=name, points=tuple(point._replace(curve=name) for point in curve.points)
    )


def _metrics(store: Path, view: state.View) -> dict[str, str]:
    """The metric's name of each curve that a study here announced, of whatever domain."""
    return {
        name: metric
        for row in view.studies
        for name, (_, metric) in state.searched(store, row.id, view.revision).about.items()
    }


def _family(curve: Curve, known: str | None) -> str:
    """The name without its metric, where it has the one that is known, or one of ours."""
    found = MARK.search(curve.name)
    mark = found[0] if found else ""
    name = curve.name.removesuffix(mark)
    domain = DOMAINS.get(curve.domain)
    said, _, metric = name.rpartition(" ")
    ours = metric == known or (
        domain is not None and metric in {each.name for each in domain.metrics}
    )
    return (said if ours else name) + mark


def _domain(curve: Curve) -> str:
    return curve.domain if curve.domain in DOMAINS else OTHER


def _main_first(curves: list[Curve]) -> tuple[Curve, ...]:
    domain = DOMAINS.get(curves[0].domain)
    order = [metric.title for metric in domain.metrics] if domain else []
    rank = {title: k for k, title in enumerate(order)}
    return tuple(sorted(curves, key=lambda curve: rank.get(curve.metric, len(order))))
