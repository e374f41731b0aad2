"""Stores of any size with simulated curves in them, to time the page on.

Written through the store's own calls, with the plan, every candidate and the records of a study.
`python -m engine.bench.stores STORE STUDY EVERY LOW HIGH` goes on with one as its driver would.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.bench.made_up import made_up
from engine.curve import Point
from engine.domains import DOMAINS
from engine.study.plan import Extent, Plan, Recipe, SubjectPlan, plan_record, stored_plan
from engine.study.search import Search, choose
from engine.study.settle import candidate_row, point, record
from engine.study.store import NewCurve, Store
from engine.study.subject import Settings, Subject, shard_name
from engine.training.spec import Candidate, Pace, Schedule, Speed

LADDER = (5_000, 20_000, 80_000, 320_000)  # of capacities: every shard tries all of them
RATES = (1e-3, 3e-3)  # learning rates, likewise
NOISE = 0.02  # spread of log error between seeds
DOMAIN = "images"  # its metrics are so many curves a subject
DEVICE = "2 CPU cores"
BEAT_SECONDS = 0.5


def even_sizes(count: int) -> tuple[int, ...]:
    """So many sizes from 32 on over three and a half decades, even in logs."""
    return tuple(int(m) for m in np.geomspace(32, 32 * 2**12, count).round())


def write_imported(path: Path, n_curves: int, sizes: Sequence[int], n_seeds: int) -> None:
    """Import so many curves, as a page does with a file that a user gives it."""
    rng = np.random.default_rng(n_curves)
    points = [
        Point(f"curve {k + 1}", float(size), error, seed=seed)
        for k in range(n_curves)
        for size in sizes
        for seed, error in enumerate(_errors(k, size, n_seeds, rng))
    ]
    with Store.open(path) as store:
        store.import_points(points, "bench")


def begin_study(
    path: Path, n_subjects: int, sizes: Sequence[int], n_seeds: int, decided: int
) -> int:
    """A study that runs and has decided the first sizes of each subject; returns its id.

    Args:
        path: of the store.
        n_subjects: each is three curves, one a metric of DOMAIN.
        sizes: planned, ascending.
        n_seeds: of each size.
        decided: how many sizes are.
    """
    plan = _plan(n_subjects, tuple(sizes), n_seeds)
    shards = [shard_name(part.subject, size) for part in plan.subjects for size in part.sizes]
    settings = Settings(tuple(part.subject for part in plan.subjects), "standard", seeds=n_seeds)
    with Store.open(path) as store:
        study = store.create_study(
            key=settings.key,
            name=settings.name,
            settings=asdict(settings),
            plan=plan_record(plan),
            shards=[(shard, 10.0) for shard in shards],
            curves=[
                NewCurve(
                    f"{part.subject.label} {metric.name}",
                    None,
                    "",
                    "bench",
                    "measured here",
                    k,
                    metric.name,
                )
                for k, part in enumerate(plan.subjects)
                for metric in DOMAINS[DOMAIN].metrics
            ],
            workers=2,
            device=DEVICE,
            device_reason="simulated",
            version="bench",
        )
        store.add_groups(study, [(f"{shard}, search", shard, {}, 10.0) for shard in shards])
        store.set_study(study, "running")
        for k, part in enumerate(plan.subjects):
            for size in part.sizes[:decided]:
                _decide(store, study, k, part, size)
    return study


def go_on(path: Path, study: int, every: float, low: int, high: int) -> None:
    """Decide sizes `low` to `high` (places in the plan) of the first subject, one every so often.

    Prints the time of each, in seconds since 1970, when it is in the store.
    """
    with Store.open(path) as store:
        part = stored_plan(store.study_plan(study)[1]).subjects[0]
        for size in part.sizes[low:high]:
            until = time.time() + every
            while (left := until - time.time()) > 0:
                time.sleep(min(BEAT_SECONDS, left))
                store.beat(study)
            _decide(store, study, 0, part, size)
            print(time.time(), flush=True)


def _plan(n_subjects: int, sizes: tuple[int, ...], n_seeds: int) -> Plan:
    recipe = Recipe(
        minutes=None,
        seeds=n_seeds,
        ladder=LADDER,
        rates=(RATES[0], RATES[-1]),
        search=Search(),
        schedule=Schedule(),
        pace=Pace(steps=400.0, size=1000.0, growth=0.3),
    )
    extent = Extent(full=sizes[-1], rows=sizes[-1], validation=1000, test=1000, unit="images")
    speeds = {capacity: Speed(1e4, 3e4, 3e4) for capacity in LADDER}
    subjects = [Subject(DOMAIN, f"set-{k + 1}", "cnn") for k in range(n_subjects)]
    parts = [SubjectPlan(each, extent, sizes, recipe, speeds, 10.0) for each in subjects]
    return Plan(tuple(parts), workers=2, seconds=10.0 * len(sizes))


def _decide(store: Store, study: int, k: int, part: SubjectPlan, size: int) -> None:
    """Write the end of the search of one shard: all candidates, and the winner's points."""
    shard = shard_name(part.subject, size)
    runs = _runs(k, part, size)
    choice = choose(runs, len(runs))
    assert choice is not None
    store.end_group(
        study,
        f"{shard}, search",
        seconds=9.0,
        reason="",
        candidates=[candidate_row(f"{shard}, search", shard, run) for run in runs],
        decides=shard,
        points=[
            (
                point(part, f"{part.subject.label} {metric.name}", metric, run, DEVICE),
                record(choice, run),
            )
            for metric in DOMAINS[DOMAIN].metrics
            for run in choice.runs
        ],
    )


def _runs(k: int, part: SubjectPlan, size: int) -> list[Candidate]:
    """Every training of one shard; the capacity that suits a size grows with it."""
    rng = np.random.default_rng([k, size])
    best = np.log(300 * size**0.7)
    found = []
    for capacity in LADDER:
        for rate in RATES:
            worse = np.exp(0.02 * abs(np.log(capacity) - best) + 0.01 * (rate == RATES[0]))
            for seed, error in enumerate(_errors(k, size, part.recipe.seeds, rng)):
                error = float(error * worse)
                run = made_up(
                    *(size, capacity, rate, seed),
                    model=part.subject.model,
                    steps=400,
                    best_step=250,
                    evaluations=20,
                    validation_loss=4 * error,
                    train_loss=error,
                    last_loss=5 * error,
                    last_train_loss=error / 2,
                    test={
                        metric.name: error * (4.0 if metric.unit != "share" else 1 / (1 + j))
                        for j, metric in enumerate(DOMAINS[DOMAIN].metrics)
                    },
                    seconds=1.2,
                )
                found.append(run)
    return found


def _errors(k: int, size: int, n_seeds: int, rng: np.random.Generator) -> list[float]:
    """Errors of one size of curve `k`, whose law and plateau, and floor or none, are its own."""
    own = np.random.default_rng([k])
    coefficient, exponent, guess = own.uniform(2, 6), -own.uniform(0.2, 0.5), own.uniform(0.7, 1)
    floor = own.choice([0.0, 0.02, 0.05])
    error = ((coefficient * size**exponent) ** -4 + guess**-4) ** -0.25 + floor
    noisy: NDArray[np.float64] = error * np.exp(rng.normal(0, NOISE, n_seeds))
    return [float(each) for each in noisy]


if __name__ == "__main__":
    go_on(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), *map(int, sys.argv[4:6]))
