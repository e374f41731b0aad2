"""What the end of a group settles: its candidates are kept and, once a shard is whole, its points.

A point is the test error of the shard's chosen candidate, one a metric and seed, with the record
of how it was chosen.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from engine.curve import Point
from engine.study import search
from engine.study.plan import PlannedGroup
from engine.study.store import CandidateRow, Store
from engine.training.group import Candidate, GroupSpec
from engine.training.task import IMAGE_METRICS


def settle(
    store: Store,
    study: int,
    group: PlannedGroup,
    candidates: Sequence[Candidate],
    seconds: float,
    reason: str = "",
) -> None:
    """Write a group's end and, where it was the last of its shard, the points of the shard.

    Args:
        store: where the study lies.
        study: its id.
        group: what ended.
        candidates: its trainings; none where it failed.
        seconds: what it took.
        reason: why it failed, in words for the user; empty where it finished.
    """
    beside = [row for row in store.work(study) if row.shard == group.shard]
    open_still = [
        row
        for row in beside
        if row.state not in ("finished", "failed") and row.name != group.spec.name
    ]
    decided: list[tuple[Point, dict[str, Any]]] = []
    if not open_still:
        earlier = [
            Candidate(**row.record) for row in store.candidates(study) if row.shard == group.shard
        ]
        planned = sum(len(row.spec["seeds"]) * len(row.spec["learning_rates"]) for row in beside)
        choice = search.choose([*earlier, *candidates], planned)
        decided = [] if choice is None else _points(store, study, group.spec, choice)
    rows = [
        CandidateRow(
            shard=group.shard,
            model=run.model,
            capacity=run.capacity,
            learning_rate=run.learning_rate,
            seed=run.seed,
            record=asdict(run),
        )
        for run in candidates
    ]
    store.end_group(
        study,
        group.spec.name,
        seconds=seconds,
        reason=reason,
        candidates=rows,
        decided=decided,
    )


def _points(
    store: Store, study: int, spec: GroupSpec, choice: search.Choice
) -> list[tuple[Point, dict[str, Any]]]:
    """The test errors of a shard's chosen candidate: one point a metric and seed."""
    device = next(row.device for row in store.studies() if row.id == study)
    decided: list[tuple[Point, dict[str, Any]]] = []
    for curve, metric in zip(store.curve_names(study), IMAGE_METRICS, strict=True):
        for run in choice.runs:
            error = run.test.get(metric.name)
            if not error:  # a seed that failed, or no mistake at all: neither fits on a log axis
                continue
            point = Point(
                curve=curve,
                size=run.size,
                error=error,
                unit="images",
                metric=metric.title,
                domain=spec.domain,
                model=spec.model,
                seed=run.seed,
                parameters=run.parameters,
                seconds=run.seconds,
                device=device,
                split="test",
            )
            record = {
                "capacity": choice.capacity,
                "learning_rate": choice.learning_rate,
                "capacity_at_edge": choice.capacity_at_edge,
                "rate_at_edge": choice.rate_at_edge,
                "cut": choice.cut,
                "status": run.status,
                "shard_hash": run.shard_hash,
            }
            decided.append((point, record))
    return decided
