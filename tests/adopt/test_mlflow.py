"""MLflow's runs, made by its client in its two local stores, read again; our store, sent to it."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.util import find_spec
from shutil import copyfile

import pytest

from engine.adopt.mlflow import ENVIRONMENT, all_runs, read
from engine.adopt.outside import outside
from engine.adopt.place import whose
from engine.adopt.runs import AdoptError
from engine.adopt.to_mlflow import send
from engine.cli import main
from engine.curve import Point, gather
from engine.exponents import exponent_row
from engine.laws.fit import fit
from engine.study.store import Store

pytestmark = [
    pytest.mark.skipif(
        any(find_spec(name) is None for name in ("mlflow", "sqlalchemy", "alembic")),
        reason="mlflow-skinny is not installed: steepness[mlflow]",
    ),
    pytest.mark.slow,  # its import alone takes seconds
]
ERRORS = {1000: (0.9, 0.5, 0.6), 2000: (0.8, 0.3, 0.4)}


def write(uri):
    """Two runs and one that failed in an experiment, one run in another."""
    with outside("MLflow", "test", ENVIRONMENT):
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=uri)
        place = client.create_experiment("cifar")
        for size, errors in ERRORS.items():
            run = client.create_run(place, run_name=f"n{size}", tags={"seed": "0"}).info.run_id
            client.log_param(run, "train_size", size)
            for step, error in enumerate(errors):
                client.log_metric(run, "test_error", error, step=step)
            client.set_terminated(run)
        failed = client.create_run(place).info.run_id
        client.log_param(failed, "train_size", 4000)
        client.log_metric(failed, "test_error", 0.1)
        client.set_terminated(failed, "FAILED")
        client.set_terminated(client.create_run(client.create_experiment("other")).info.run_id)


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mlflow")
    write(f"sqlite:///{folder / 'mlflow.db'}")
    write((folder / "mlruns").as_uri())
    return folder


@pytest.mark.parametrize("store", ["mlflow.db", "mlruns"])
def test_finished_runs_are_read_from_a_database_and_a_folder(stores, store):
    assert whose(str(stores / store)) == "mlflow"
    found = read(str(stores / store), "cifar")
    assert [(r.name, r.said["train_size"], r.said["seed"], r.measured) for r in found.runs] == [
        ("n1000", "1000", "0", {"test_error": (0.6,)}),
        ("n2000", "2000", "0", {"test_error": (0.4,)}),
    ]
    assert found.unfinished == {"FAILED": 1}


@pytest.mark.parametrize("store", ["mlflow.db", "mlruns"])
def test_every_step_is_read_of_the_metrics_that_are_asked_for(stores, store):
    found = read(str(stores / store), "cifar", courses=("test_error",))
    assert [run.measured["test_error"] for run in found.runs] == list(ERRORS.values())


def test_several_experiments_are_listed_when_none_is_named(stores):
    with pytest.raises(AdoptError, match=r"there are 2: .* there are cifar, other"):
        read(str(stores / "mlflow.db"))


def test_a_path_where_nothing_is_stays_empty(tmp_path):
    for source in (str(tmp_path / "mlruns"), f"sqlite:///{tmp_path / 'mlflow.db'}"):
        with pytest.raises(AdoptError, match="there is nothing at"):
            read(source)
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_somebody_else_is_left_as_it_is(tmp_path):
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as opened:
        opened.execute("CREATE TABLE experiments (a)")
    before = path.read_bytes()
    with pytest.raises(AdoptError, match="holds nothing of MLflow"):
        read(str(path))
    assert path.read_bytes() == before


def test_a_server_that_is_not_there_is_said_in_a_sentence():
    with pytest.raises(
        AdoptError, match=r"^MLflow cannot read http://\*\*\*@127\.0\.0\.1:9: .*127\.0\.0\.1"
    ) as told:
        read("http://me:se@cret@127.0.0.1:9")  # the port for what is to be thrown away
    assert "\n" not in str(told.value)
    assert "cret" not in str(told.value)


def test_telemetry_is_off_while_mlflow_is_used(stores):
    """In a process of its own: MLflow sends nothing from under pytest or CI anyway."""
    code = (
        "import sys; from engine.adopt.mlflow import read;"
        f"read({str(stores / 'mlflow.db')!r}, 'cifar');"
        "from mlflow.telemetry.client import get_telemetry_client;"
        "sys.exit(get_telemetry_client() is not None)"
    )
    plain = ("CI", "GITHUB_ACTIONS", "DO_NOT_TRACK", "PYTEST_CURRENT_TEST", "PYTEST_VERSION")
    environment = {k: v for k, v in os.environ.items() if k not in plain}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0


POINTS = (
    *(Point("a", 100 * 2**k, 2.0 * (100 * 2**k) ** -0.5, seed=s, metric="top-1 error")
      for k in range(5) for s in (0, 1)),
    Point("b", 100, 0.5, seconds=1.0),
    Point("b", 100, 0.5, seconds=1.0),  # a repeat that came out alike
    Point("b", 100, 0.5, seconds=2.0),  # and one that took longer
    Point("b", 200.5, 0.4, unit="seconds", parameters=1200, stderr=0.01, seconds=3.0),
)  # fmt: skip


def sent(uri, points=POINTS):
    curves = gather(points)
    return send(curves, [exponent_row(fit(curve)) for curve in curves], uri)


def runs_of(uri):
    with outside("MLflow", "test", ENVIRONMENT):
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=uri)
        return all_runs(client, client.get_experiment_by_name("steepness").experiment_id)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    uri = f"sqlite:///{tmp_path_factory.mktemp('sent') / 'mlflow.db'}"
    first = sent(uri)
    return uri, first, sent(uri)


@pytest.mark.parametrize("cut", range(1, 4))
def test_an_export_that_was_cut_off_is_sent_whole_by_the_next(cut, tmp_path):
    repeats = POINTS[-4:]
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    sent(uri, repeats[:cut])
    assert (sent(uri, repeats).points, len(runs_of(uri))) == (4 - cut, 5)


def test_a_store_is_sent_once_however_often_it_is_exported(exported):
    uri, first, again = exported
    assert (first.points, first.there, first.gone) == (len(POINTS), 0, 0)
    assert (again.points, again.there, again.gone) == (0, len(POINTS), 0)
    assert len(runs_of(uri)) == len(POINTS) + 2  # and one for each curve


def test_points_come_back_as_they_were_sent(exported):
    found = read(exported[0])
    back = sorted(
        (run.said["curve"], float(run.said["size"]), run.measured["error"][0])
        for run in found.runs
        if "size" in run.said
    )
    assert back == sorted((p.curve, p.size, p.error) for p in POINTS)


def test_a_curves_run_carries_its_fit_and_holds_its_points(exported):
    found = runs_of(exported[0])
    (curve,) = [run for run in found if run.data.tags.get("steepness.curve") == "a"]
    assert float(curve.data.tags["steepness.exponent"]) == pytest.approx(-0.5)
    below = [r for r in found if r.data.tags.get("mlflow.parentRunId") == curve.info.run_id]
    assert len(below) == 10


def test_a_store_of_our_own_is_no_place_to_export_to(tmp_path):
    with Store.open(tmp_path / "study.db"):
        pass
    with pytest.raises(AdoptError, match="holds nothing of MLflow"):
        sent(f"sqlite:///{tmp_path / 'study.db'}")


def test_the_command_sends_what_the_store_has_more(exported, tmp_path, capsys):
    copy, store = tmp_path / "mlflow.db", tmp_path / "study.db"
    copyfile(exported[0].removeprefix("sqlite:///"), copy)
    with Store.open(store) as opened:
        opened.import_points([*POINTS, Point("a", 3200, 0.03, seed=0)], "0")
    assert main(["export", f"sqlite:///{copy}", "--store", str(store)]) == 0
    said = f"1 points sent, {len(POINTS)} were there already: 2 curves"
    assert capsys.readouterr().out.splitlines() == [f'{said} in the experiment "steepness"']


def test_points_that_are_gone_from_the_store_are_counted_and_left(exported):
    uri, *_ = exported
    less = sent(uri, POINTS[:9] + POINTS[10:])
    assert (less.points, less.there, less.gone) == (0, len(POINTS) - 1, 1)
    assert len(runs_of(uri)) == len(POINTS) + 2


def test_a_run_that_an_export_could_not_end_is_ended_by_the_next(exported, tmp_path):
    copy = tmp_path / "mlflow.db"
    copyfile(exported[0].removeprefix("sqlite:///"), copy)
    uri = f"sqlite:///{copy}"
    with outside("MLflow", "test", ENVIRONMENT):
        from mlflow import MlflowClient

        run = runs_of(uri)[-1].info.run_id
        MlflowClient(tracking_uri=uri).update_run(run, status="RUNNING")
    assert (sent(uri).points, len(runs_of(uri))) == (1, len(POINTS) + 2)
    assert {run.info.status for run in runs_of(uri)} == {"FINISHED"}
