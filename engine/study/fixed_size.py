"""Fixed-size curves: one capacity at every size where the search tried it, at its best rate.

The other view of a study: where a curve of fixed size leaves the best-fit envelope and goes flat,
it is the model that is full, not the data (a capacity floor; notes: method). Derived from the
candidates whenever asked, never stored.
"""

from collections.abc import Sequence
from dataclasses import replace

from engine.curve import Curve, gather
from engine.study.plan import stored_plan
from engine.study.search import choose
from engine.study.settle import point
from engine.study.store import Store
from engine.study.subject import shard_name
from engine.training.spec import Candidate

LEAST_SIZES = 2  # one point is no curve


def fixed_size_curves(store: Store, study: int) -> list[Curve]:
    """A curve for each curve of the study and each capacity, small to large."""
    record = store.study_plan(study)[1]
    parts = record.get("subjects")
    if not parts or "recipe" not in parts[0]:  # made by an earlier format, which kept no such plan
        return []
    plan = stored_plan(record)
    device = next(row.device for row in store.studies() if row.id == study)
    runs: dict[tuple[str, int], list[Candidate]] = {}
    for row in store.candidates(study):
        runs.setdefault((row.shard, row.capacity), []).append(Candidate(**row.record))
    found: list[Curve] = []
    for about in store.study_curves(study):
        assert about.subject is not None
        part = plan.subjects[about.subject]
        counted = plan.row(part.subject.domain).capacity
        metric = next(m for m in plan.metrics(part.subject.domain) if m.name == about.metric)
        for capacity in part.recipe.ladder:
            points = []
            for size in part.sizes:
                tried = runs.get((shard_name(part.subject, size), capacity), [])
                points += [
                    point(part, f"{about.name}, {capacity:,} {counted}", metric, run, device)
                    for run in _at_its_best_rate(tried, part.recipe.seeds)
                    if run.test.get(about.metric)
                ]
            if len({p.size for p in points}) >= LEAST_SIZES:
                (curve,) = gather(points)
                found.append(
                    replace(
                        curve,
                        guess=about.guess,
                        data_hash=about.data_hash,
                        version=about.version,
                        origin=about.origin,
                        capacity=counted,
                    )
                )
    return found


def _at_its_best_rate(runs: Sequence[Candidate], seeds: int) -> list[Candidate]:
    """A capacity's trainings at the rate that is best on the seeds of the search, all its seeds.

    A rate that only looked for the start of the search, on one seed, is left out.
    """
    by_rate: dict[float, list[Candidate]] = {}
    for run in runs:
        if run.seed < seeds:
            by_rate.setdefault(run.learning_rate, []).append(run)
    choice = choose([run for same in by_rate.values() if len(same) == seeds for run in same], 0)
    if choice is None:
        return []
    later = [r for r in runs if r.seed >= seeds and r.learning_rate == choice.learning_rate]
    return [*choice.runs, *later]
