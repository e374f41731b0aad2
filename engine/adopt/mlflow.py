"""Runs of MLflow: a tracking server, a database or a folder `mlruns`, read by MLflow's own client.

Needs mlflow-skinny, and SQLAlchemy and Alembic for a database. Parameters, metrics and the user's
tags are read; no artifact or model is ever loaded (those can be pickles). Its telemetry is off.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from engine.adopt.outside import outside
from engine.adopt.place import check_whose, shown, uri_of
from engine.adopt.runs import Run, Runs, one_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_FILE_STORE": "true",  # MLflow 3 refuses the folder that MLflow 2 made
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # two lines for each run that is sent
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # 7 are minutes where no server is
}
NOT_THE_USERS = ("mlflow.", "steepness.")  # tags: the latter are of engine.adopt.to_mlflow
PAGE = 1000  # what the server gives at a time


def read(source: str, experiment: str | None = None, courses: Collection[str] = ()) -> Runs:
    """Read the finished runs of one or several experiments, the oldest first.

    Args:
        source: tracking URI, SQLite file or folder.
        experiment: name or pattern; None: the only one that has runs.
        courses: metrics of which every step is wanted; of the others the last is given.

    Raises:
        AdoptError: MLflow is not here or fails, or there is no such experiment.
    """
    check_whose(source, "mlflow", "MLflow")
    with outside("MLflow", f"read {shown(source)}", ENVIRONMENT):
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=uri_of(source), registry_uri=uri_of(source))
        found = {each.name: each.experiment_id for each in _experiments(client)}
        if experiment is None:
            found = {
                name: key for name, key in found.items() if client.search_runs([key], max_results=1)
            }
        names = one_of(found, experiment, "experiment", "--experiment")
        records = [(name, record) for name in names for record in all_runs(client, found[name])]
        runs, unfinished = [], dict[str, int]()
        for name, record in records:
            if record.info.status == "FINISHED":
                runs.append(_run(client, name, record, courses))
            else:
                unfinished[record.info.status] = unfinished.get(record.info.status, 0) + 1
    quoted = ", ".join(f'"{name}"' for name in names)
    return Runs(f"MLflow experiment {quoted}", names[0], tuple(runs), unfinished)


def _experiments(client: "MlflowClient") -> list[Any]:
    from mlflow.utils import get_results_from_paginated_fn

    def page(most: int, token: str | None) -> Any:
        return client.search_experiments(max_results=most, page_token=token)

    return list(get_results_from_paginated_fn(page, PAGE))


def all_runs(client: "MlflowClient", key: str) -> list[Any]:
    """The runs of an experiment that are not deleted, the oldest first."""
    from mlflow.utils import get_results_from_paginated_fn

    def page(most: int, token: str | None) -> Any:
        return client.search_runs(
            [key], max_results=most, order_by=["attributes.start_time ASC"], page_token=token
        )

    return list(get_results_from_paginated_fn(page, PAGE))


def _run(client: "MlflowClient", experiment: str, record: Any, courses: Collection[str]) -> Run:
    info, data = record.info, record.data
    tags = {key: value for key, value in data.tags.items() if not key.startswith(NOT_THE_USERS)}
    name = info.run_name or info.run_id
    own = {"run": name, "experiment": experiment}
    if info.end_time is not None and info.start_time is not None:
        own["duration"] = repr((info.end_time - info.start_time) / 1000)
    measured = {
        key: _course(client, info.run_id, key) if key in courses else (float(value),)
        for key, value in data.metrics.items()
    }
    return Run(name, {**own, **tags, **data.params}, measured)


def _course(client: "MlflowClient", run: str, metric: str) -> tuple[float, ...]:
    history = client.get_metric_history(run, metric)
    return tuple(float(m.value) for m in sorted(history, key=lambda m: (m.step, m.timestamp)))
