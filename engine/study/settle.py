"""What the end of a group settles: its candidates are kept and, once a search is over, its points.

A point is the test error of the shard's chosen candidate, one a metric and seed, with the record
of how it was chosen.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from engine.curve import Point
from engine.domains import DOMAINS, Metric
from engine.study.agenda import Agenda, Decision, PlannedGroup, trained_on
from engine.study.plan import Plan, SubjectPlan
from engine.study.search import Choice
from engine.study.store import CandidateRow, Store
from engine.training.spec import Candidate


def settle(
    store: Store,
    study: int,
    agenda: Agenda,
    group: PlannedGroup,
    candidates: Sequence[Candidate],
    seconds: float,
    reason: str = "",
) -> None:
    """Write a group's end and, where it was the last of its shard, the points of the shard.

    A repeat comes after the last: it writes its shard's points anew, its own among them.

    Args:
        store: where the study lies.
        study: its id.
        agenda: of the study; it is told.
        group: what ended.
        candidates: its trainings; none where it failed.
        seconds: what it took.
        reason: why it failed, in words for the user; empty where it finished.
    """
    agenda.end(group, candidates)
    shard = trained_on(group.spec)
    decision = agenda.decision(shard)
    store.end_group(
        study,
        group.spec.name,
        seconds=seconds,
        reason=reason,
        candidates=[candidate_row(group.spec.name, shard, run) for run in candidates],
        decides=shard if decision and group.shard == shard else None,
        points=_points(store, study, agenda.plan, decision) if decision else [],
    )


def point(part: SubjectPlan, curve: str, metric: Metric, run: Candidate, device: str) -> Point:
    """A training's test error as a point of a curve.

    Where no table of ours knows the metric's unit, the point itself says it.
    """
    return Point(
        curve=curve,
        size=run.size,
        error=run.test[metric.name],
        unit=part.extent.unit,
        metric=metric.title if part.subject.domain in DOMAINS else metric.label,
        domain=part.subject.domain,
        model=part.subject.model,
        seed=run.seed,
        parameters=run.parameters,
        seconds=run.seconds,
        device=device,
        split="test",
    )


def record(choice: Choice, run: Candidate) -> dict[str, Any]:
    """How a point was chosen, kept beside it."""
    return {
        "capacity": choice.capacity,
        "learning_rate": choice.learning_rate,
        "capacity_at_edge": choice.capacity_at_edge,
        "rate_at_edge": choice.rate_at_edge,
        "cut": choice.cut,
        "status": run.status,
        "shard_hash": run.shard_hash,
        "scores": run.scores,
    }


def _points(
    store: Store, study: int, plan: Plan, decision: Decision
) -> list[tuple[Point, dict[str, Any]]]:
    """The test errors of a shard's chosen candidate: one point a metric and seed."""
    choice, part = decision.choice, plan.subjects[decision.subject]
    if choice is None:
        return []
    device = next(row.device for row in store.studies() if row.id == study)
    decided: list[tuple[Point, dict[str, Any]]] = []
    for curve in store.study_curves(study):
        if curve.subject != decision.subject:
            continue
        metric = next(m for m in plan.metrics(part.subject.domain) if m.name == curve.metric)
        for run in choice.runs:
            if not run.test.get(metric.name):  # failed, or no mistake: neither fits on a log axis
                continue
            decided.append((point(part, curve.name, metric, run, device), record(choice, run)))
    return decided


def candidate_row(work: str, shard: str, run: Candidate) -> CandidateRow:
    """A training as the store keeps it, with the group that it belongs to and its shard."""
    return CandidateRow(
        work=work,
        shard=shard,
        model=run.model,
        capacity=run.capacity,
        learning_rate=run.learning_rate,
        seed=run.seed,
        record=asdict(run),
    )
