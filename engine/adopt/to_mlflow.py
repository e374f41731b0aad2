"""A store's curves sent to MLflow: a run for each curve with its fit, and one for each point below.

Again sends only what is not there yet: each run carries a tag that tells it from all others. A
curve's tags are those of its latest fit. Nothing in MLflow is deleted. Needs mlflow-skinny.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from engine.adopt.mlflow import ENVIRONMENT, all_runs
from engine.adopt.outside import outside
from engine.adopt.place import check_whose, path_of, shown, uri_of
from engine.adopt.runs import AdoptError, text_of
from engine.curve import Curve, Point
from engine.exponents import ExponentRow

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "steepness"
KEY = "steepness.key"  # the tag that tells a run of ours from all others
PARENT = "mlflow.parentRunId"  # what MLflow's page nests runs by
LONGEST = 5000  # letters of a tag, in every store of MLflow
PARAMETERS = ("curve", "size", "unit", "metric", "domain", "model", "seed", "parameters", "device",
              "split")  # fmt: skip
METRICS = ("error", "stderr", "seconds")


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of it."""

    points: int  # new
    there: int  # were there already
    gone: int  # of earlier exports of these curves, which the store no longer has


def send(
    curves: Sequence[Curve],
    fits: Iterable[ExponentRow],
    target: str,
    experiment: str = EXPERIMENT,
    watch: Callable[[Iterable[Point]], Iterable[Point]] = iter,
) -> Sent:
    """Send curves, each with the row of its fit.

    Args:
        curves: with their points.
        fits: in the order of the curves.
        target: tracking URI, SQLite file (made where there is none) or folder of MLflow 2.
        experiment: made where there is none.
        watch: is given the points of each curve, to show how far it is.

    Raises:
        AdoptError: MLflow is not here or fails, the experiment was deleted, or something else lies
            where the target is.
    """
    if (path := path_of(target)) is not None and path.exists():
        check_whose(target, "mlflow", "MLflow")  # it would make its tables in anybody's database
    with outside("MLflow", f"write to {shown(target)}", ENVIRONMENT):
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=uri_of(target), registry_uri=uri_of(target))
        place = _experiment(client, experiment)
        held = {run.data.tags[KEY]: run for run in all_runs(client, place) if KEY in run.data.tags}
        points = there = 0
        known: set[str] = set()
        for curve, fit in zip(curves, fits, strict=True):
            parent = _curve(client, place, curve, fit, held)
            for point, key in _keyed(curve, watch):
                known.add(key)
                run = held.get(key)
                if run is not None and run.info.status == "FINISHED":
                    there += 1
                    continue
                _point(client, place, parent, point, key, run)
                points += 1
        names = {curve.name for curve in curves}
        gone = sum(
            key not in known and PARENT in run.data.tags and run.data.params.get("curve") in names
            for key, run in held.items()
        )
    return Sent(points, there, gone)


def _experiment(client: "MlflowClient", name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is None:
        return str(client.create_experiment(name))
    if found.lifecycle_stage != "active":
        raise AdoptError(
            f"MLflow's experiment {name!r} was deleted: restore it there, or name another by"
            " --experiment"
        )
    return str(found.experiment_id)


def _keyed(
    curve: Curve, watch: Callable[[Iterable[Point]], Iterable[Point]]
) -> Iterator[tuple[Point, str]]:
    """The points and their keys; of equal repeats the first, the second, ... have their own."""
    times: Counter[tuple[float, float, int | None]] = Counter()
    for point in watch(curve.points):
        repeat = float(point.size), float(point.error), point.seed  # 100 and 100.0 are one size
        times[repeat] += 1
        yield point, _key("point", curve.name, *repeat, times[repeat])


def _key(*parts: object) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()


def _curve(
    client: "MlflowClient", place: str, curve: Curve, fit: ExponentRow, held: dict[str, Any]
) -> str:
    """The run of a curve, with its fit as tags; its id."""
    from mlflow.entities import RunTag

    key = _key("curve", curve.name)
    run = held.get(key) or client.create_run(place, tags={KEY: key}, run_name=curve.name)
    told = {
        f"steepness.{name}": "" if value is None else str(value)[:LONGEST]
        for name, value in asdict(fit).items()
    }
    # A blank is written only over what an earlier fit said.
    tags = [RunTag(name, text) for name, text in told.items() if text or name in run.data.tags]
    client.log_batch(run.info.run_id, tags=tags)
    client.set_terminated(run.info.run_id)
    return str(run.info.run_id)


def _point(
    client: "MlflowClient", place: str, parent: str, point: Point, key: str, begun: Any
) -> None:
    """The run of a point; one that an earlier export could not end is ended."""
    from mlflow.entities import Metric, Param

    seed = "" if point.seed is None else f", seed {point.seed}"
    run = begun or client.create_run(
        place, tags={KEY: key, PARENT: parent}, run_name=f"{point.curve}, {point.size:g}{seed}"
    )
    said = {name: getattr(point, name) for name in PARAMETERS}
    measured = {name: getattr(point, name) for name in METRICS}
    client.log_batch(
        run.info.run_id,
        params=[Param(k, str(text_of(v))) for k, v in said.items() if v not in (None, "")],
        metrics=[
            Metric(k, v, run.info.start_time, 0) for k, v in measured.items() if v is not None
        ],
    )
    client.set_terminated(run.info.run_id)
