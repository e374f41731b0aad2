"""Whole studies through the command line, on the real icons where real workers train.

Interrupted studies are drivers and workers of their own, since that is what gets killed. What
needs no process is asked of `cli.main` in this one; `here` trains without workers, too.
"""

import json
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from engine import cli
from engine.curve import Point, read_points
from engine.study import agenda, executors, seal
from engine.study.store import Store
from tests.drivers import children, content, descendants, ended, inline, measure_at_once, noise

# Small enough for seconds, large enough that a kill can fall into training.
SIZES = (100, 200, 400)
RUN = ["run", "images", "--model", "mlp", "--sizes", "100,200,400", "--seeds", "2"]
TICK = 0.02  # seconds between two looks at a driver: its groups take tenths


@dataclass(frozen=True)
class Said:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str


@pytest.fixture
def steepness(capfd, monkeypatch):
    """Run a command in this process: no interpreter and no torch to start.

    An exception that the command does not turn into a sentence fails the test by itself.
    """
    measure_at_once(monkeypatch)  # nothing here depends on the speed

    def run(*arguments: object) -> Said:
        capfd.readouterr()
        try:
            code = cli.main(list(map(str, arguments)))
        except SystemExit as end:  # argparse
            code = end.code
        return Said(code, *capfd.readouterr())

    return run


@pytest.fixture
def here(monkeypatch):
    """Train in this process: for what workers have no part in."""
    monkeypatch.setattr(executors, "run_here", inline)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    return noise(tmp_path_factory.mktemp("pictures"))


def start(store: Path, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "engine.cli", *RUN, "--store", str(store), *more],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def training(path: Path) -> subprocess.Popen[bytes]:
    """A driver that has just given out its first group."""
    driver = start(path)
    while not _groups(path, "running"):
        assert driver.poll() is None
        time.sleep(TICK)
    return driver


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A study that a user's command ran from nothing to its end."""
    path = tmp_path_factory.mktemp("undisturbed") / "study.db"
    assert start(path).wait(timeout=900) == 0
    return path


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """The same study, planned and stopped before its first training; to be copied."""

    def stop(queue, loader, workers):
        raise KeyboardInterrupt
        yield

    path = tmp_path_factory.mktemp("planned") / "study.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(executors, "run_here", stop)
        cli.main([*RUN, "--store", str(path)])
    return path


@pytest.fixture
def path(planned, tmp_path):
    """A store of the test's own that holds the planned study: a driver begins to train at once."""
    return Path(shutil.copy(planned, tmp_path / "study.db"))


@pytest.mark.slow
def test_a_run_gives_every_metric_at_every_size_and_seed(undisturbed):
    with Store.open(undisturbed, "read") as store:
        curves = store.curves()
        (study,) = store.studies()
    assert (study.state, study.done) == ("finished", study.total)
    assert [curve.name.rsplit(" ", 1)[1] for curve in curves] == ["top-1", "top-5", "cross-entropy"]
    for curve in curves:
        cells = {(point.size, point.seed) for point in curve.points}
        assert cells == {(size, seed) for size in SIZES for seed in (0, 1)}
        assert 0 < min(curve.errors) < curve.guess


@pytest.mark.slow
def test_more_data_means_fewer_errors(undisturbed):
    with Store.open(undisturbed, "read") as store:
        for curve in store.curves():
            by_size = [curve.errors[curve.sizes == size].mean() for size in (SIZES[0], SIZES[-1])]
            assert by_size[1] < by_size[0]


@pytest.mark.slow
def test_every_training_is_kept_and_every_shard_had_the_same_budget(undisturbed):
    with Store.open(undisturbed, "read") as store:
        rows = store.candidates(store.studies()[0].id)
    for size in SIZES:
        shard = f"images icons mlp / {size}"
        searched = [row for row in rows if row.shard == shard and ", fit at" not in row.work]
        assert len(searched) == 2 * 2 * 2  # capacities, rates, seeds


def test_two_subjects_of_one_study_are_measured_on_the_same_shards(
    steepness, here, pictures, tmp_path
):
    path = tmp_path / "study.db"
    order = ["run", "images", "--data", "cifar10", "--data-path", pictures, "--model", "mlp"]
    order += ["--treatment", "weight-decay", "--sizes", "10", "--seeds", 2, "--store", path]
    assert steepness(*order).code == 0
    with Store.open(path, "read") as store:
        (study,) = store.studies()
        records = store.point_records(study.id)
    assert (study.done, study.total) == (2, 2)
    hashes = {
        curve: {(p.size, p.seed): record["shard_hash"] for p, record in records if p.curve == curve}
        for curve in ("images cifar10 mlp top-1", "images cifar10 mlp weight-decay top-1")
    }
    assert len(set(hashes["images cifar10 mlp top-1"].values())) == 2
    assert hashes["images cifar10 mlp top-1"] == hashes["images cifar10 mlp weight-decay top-1"]


@pytest.mark.slow
def test_running_a_finished_study_again_changes_nothing(steepness, undisturbed):
    before = content(undisturbed)
    assert steepness(*RUN, "--store", undisturbed).code == 0
    assert content(undisturbed) == before


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads processes from /proc")
def test_five_kills_of_the_driver_leave_the_points_of_an_undisturbed_run(
    undisturbed, planned, tmp_path
):
    moments = random.Random("five kills")
    kills, study = 0, 0
    path = Path(shutil.copy(planned, tmp_path / "study0.db"))
    while kills < 5:  # a study that ends between two kills is checked, and another one begun
        driver = start(path)
        while driver.poll() is None and not _groups(path, "running"):
            time.sleep(TICK)
        time.sleep(moments.uniform(0.0, 3.0))  # from the starting workers into their third group
        workers = descendants(driver.pid)
        if driver.poll() is None:
            driver.send_signal(signal.SIGKILL)
            driver.wait()
            kills += 1
            assert ended(workers), "a worker outlived its driver"
        else:
            assert content(path) == content(undisturbed)
            study += 1
            path = Path(shutil.copy(planned, tmp_path / f"study{study}.db"))
    assert start(path).wait(timeout=900) == 0
    assert content(path) == content(undisturbed)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads processes from /proc")
def test_a_group_whose_worker_was_killed_is_trained_again(undisturbed, path):
    driver = training(path)
    driver.send_signal(signal.SIGSTOP)  # it shall not end before its worker is found
    server = next(pid for pid in children(driver.pid) if "forkserver" in command_line(pid))
    os.kill(children(server)[0], signal.SIGKILL)
    driver.send_signal(signal.SIGCONT)
    assert driver.wait(timeout=900) == 0
    assert content(path) == content(undisturbed)


@pytest.mark.slow
def test_a_failed_group_is_tried_again_and_gives_the_points_of_an_undisturbed_run(
    steepness, undisturbed, path
):
    shutil.copy(undisturbed, path)
    with sqlite3.connect(path) as connection:
        seal.install(connection)
        (name, shard) = connection.execute("SELECT name, shard FROM work ORDER BY rowid").fetchone()
        connection.execute("UPDATE work SET state = 'failed', reason = '?' WHERE name = ?", (name,))
        connection.execute("UPDATE shard SET state = 'failed' WHERE name = ?", (shard,))
        connection.execute("DELETE FROM candidate WHERE work = ?", (name,))
        connection.execute("DELETE FROM point WHERE size = ?", (float(shard.rsplit(" / ")[-1]),))
        connection.execute("UPDATE study SET state = 'failed'")
    connection.close()
    again = steepness(*RUN, "--store", path)
    assert again.code == 0, again.err
    assert content(path) == content(undisturbed)


@pytest.mark.slow
def test_the_number_of_workers_does_not_change_a_point(steepness, undisturbed, path):
    assert steepness(*RUN, "--workers", 1, "--store", path).code == 0
    assert content(path)[1] == content(undisturbed)[1]


@pytest.mark.slow
def test_a_second_driver_is_refused_by_the_name_of_the_first(steepness, path):
    first = training(path)
    try:
        second = steepness(*RUN, "--store", path)
    finally:
        first.kill()
        first.wait()
    assert second.code == 1
    assert "another driver is running images icons mlp" in second.err


@pytest.mark.slow
@pytest.mark.parametrize("polite", ["SIGINT", "SIGTERM", "wish"])
def test_a_polite_stop_keeps_what_is_done_and_says_how_to_go_on(path, polite):
    driver = training(path)
    if polite == "wish":
        with Store.open(path) as store:
            store.request_stop(store.studies()[0].id)
    else:
        driver.send_signal(getattr(signal, polite))
    driver.wait(timeout=900)
    with Store.open(path, "read") as store:
        (study,) = store.studies()
        assert study.state == "stopped"
        assert "run it again to go on" in study.reason
        assert all(row.state != "running" for row in store.work(study.id))


def test_a_stop_in_the_middle_of_something_keeps_the_group_that_has_just_ended(
    steepness, monkeypatch, pictures, tmp_path
):
    def interrupted(queue, loader, workers):
        for event in inline(queue, loader, workers):
            if isinstance(event, executors.Finished):
                signal.raise_signal(signal.SIGINT)
            yield event

    monkeypatch.setattr(executors, "run_here", interrupted)
    path = tmp_path / "study.db"
    order = ["run", "images", "--data", "cifar10", "--data-path", pictures, "--model", "mlp"]
    steepness(*order, "--sizes", "10,20", "--seeds", 1, "--store", path)
    with Store.open(path, "read") as store:
        (study,) = store.studies()
    assert study.state == "stopped"
    assert len(_groups(path, "finished")) == 1


def command_line(pid: int) -> str:
    return (Path("/proc") / str(pid) / "cmdline").read_bytes().decode().replace("\0", " ")


def _groups(path: Path, state: str) -> list[str]:
    with Store.open(path, "read") as store:
        return [w.name for s in store.studies() for w in store.work(s.id) if w.state == state]


def test_an_estimate_says_what_would_be_trained_and_trains_nothing(steepness, tmp_path):
    path = tmp_path / "study.db"
    said = steepness("run", "images", "--minutes", 4, "--estimate", "--store", path)
    assert said.code == 0, said.err
    assert "sizes from" in said.out
    assert not path.exists()


def test_an_estimate_in_json_holds_what_the_page_shows(steepness):
    said = steepness("run", "images", "--minutes", 4, "--estimate", "--format", "json")
    answer = json.loads(said.out)
    assert {"sentence", "seconds", "device", "device_reason", "workers"} == set(answer)
    assert answer["seconds"] <= 240


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["run", "images", "--model", "tree"],
            "--model tree: choose from images: cnn, mlp, resnet",
        ),
        (["run", "images", "--data", "cats"], "--data cats: choose from"),
        (["run", "images", "--model", "words=cnn"], "--model words=cnn: choose from images: cnn"),
        (["run", "images", "--treatment", "spice"], "--treatment spice: choose from images: none"),
        (["run", "images", "--data-path", "nowhere"], "--data-path nowhere: there is nothing at"),
        (["run", "images", "--minutes", "0"], "'0' must be a positive finite number"),
        (["run", "images", "--sizes", "10,x"], "--sizes"),
        (["run", "music"], "there is no domain 'music': choose from images"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(steepness, arguments, sentence):
    said = steepness(*arguments)
    assert said.code == 2
    assert sentence in said.err


def test_a_size_beyond_the_data_is_one_sentence_and_exit_code_1(steepness, tmp_path):
    said = steepness("run", "images", "--sizes", "10,9999999", "--store", tmp_path / "s.db")
    assert said.code == 1
    assert "size 9,999,999 is more than the" in said.err
    assert said.err.splitlines()[-1].startswith("steepness: size")


def test_a_foreign_store_file_is_one_sentence_and_untouched(steepness, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    said = steepness(*RUN, "--store", path)
    assert said.code == 1
    assert "is not a Steepness store" in said.err
    assert path.read_text() == "hello"


def test_sizes_that_the_minutes_did_not_hold_are_told(
    steepness, here, pictures, tmp_path, monkeypatch
):
    monkeypatch.setattr(agenda, "OVER", 0.0)
    order = ["run", "images", "--data", "cifar10", "--data-path", pictures, "--model", "mlp"]
    said = steepness(*order, "--minutes", 30, "--seeds", 1, "--store", tmp_path / "study.db")
    assert said.code == 0, said.err
    assert re.search(r"finished, 0 of \d+ sizes. its minutes did not hold the \d+ larg", said.out)


def test_a_driver_is_refused_by_whatever_name_it_calls_the_store(steepness, path, tmp_path):
    link = tmp_path / "other.db"
    link.symlink_to(path)
    with FileLock(f"{path}.lock"):
        said = steepness(*RUN, "--store", link)
    assert said.code == 1
    assert "another driver is running a study" in said.err


def test_a_damaged_store_is_neither_run_in_nor_imported_into(steepness, path, tmp_path):
    damage(path)
    (tmp_path / "points.csv").write_text("curve,size,error\nmine,10,0.5\n")
    before = path.read_bytes()
    for order in (RUN, ["import", tmp_path / "points.csv"], ["status"], ["export", "out.csv"]):
        said = steepness(*order, "--store", path)
        assert said.code == 1
        assert "is damaged (" in said.err
    assert path.read_bytes() == before


def test_the_points_of_a_damaged_store_are_exported_and_it_still_counts_as_failed(
    steepness, path, tmp_path
):
    with Store.open(path) as store:
        store.import_points([Point("mine", 10.0, 0.5)], "0")
    damage(path)
    out = tmp_path / "out.csv"
    said = steepness("export", out, "--points", "--store", path)
    assert said.code == 1
    assert "is damaged" in said.err
    assert [point.error for point in read_points(out)] == [0.5]


def damage(path: Path) -> None:
    """Turn a bit over in the name of a store's study."""
    raw = bytearray(path.read_bytes())
    raw[raw.rindex(b"icons mlp")] ^= 1
    path.write_bytes(raw)


def test_an_export_that_the_disk_cannot_hold_leaves_the_earlier_one_whole(
    steepness, tmp_path, monkeypatch
):
    path, out = tmp_path / "study.db", tmp_path / "out.csv"
    with Store.open(path) as store:
        store.import_points([Point("mine", float(m), 0.5) for m in range(1, 2000)], "0")
    out.write_text("earlier")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    heard = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, before[1]))
    try:
        said = steepness("export", out, "--points", "--store", path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, heard)
    assert said.code == 1
    assert "out.csv cannot be written: File too large" in said.err
    assert out.read_text() == "earlier"
    assert sorted(tmp_path.glob("*out*")) == [out]


def test_a_store_deleted_under_its_driver_ends_the_run_and_what_it_measured_is_kept(
    steepness, pictures, tmp_path, monkeypatch
):
    path = tmp_path / "study.db"

    def robbed(queue, loader, workers):
        for event in inline(queue, loader, workers):
            yield event
            if isinstance(event, executors.Finished):
                path.unlink()

    monkeypatch.setattr(executors, "run_here", robbed)
    order = ["run", "images", "--data", "cifar10", "--data-path", pictures, "--model", "mlp"]
    said = steepness(*order, "--sizes", "10,20", "--seeds", 1, "--store", path)
    assert said.code == 1
    last = said.err.splitlines()[-1]  # what the page shows
    assert last.startswith("steepness: the store")
    assert "was deleted, moved or replaced meanwhile. The run has ended; what it" in last
    assert len(_groups(path.with_name("study.db.rescued"), "finished")) == 1


def test_a_store_deleted_as_its_study_is_taken_up_again_is_kept_too(
    steepness, pictures, tmp_path, monkeypatch
):
    path = tmp_path / "study.db"
    order = ["run", "images", "--data", "cifar10", "--data-path", pictures, "--model", "mlp"]
    order += ["--sizes", "10,20", "--seeds", 1, "--store", path]
    assert steepness(*order).code == 0
    measured = len(_groups(path, "finished"))
    taken_up = Store.retry_failed

    def robbed(store, study):
        path.unlink()
        taken_up(store, study)

    monkeypatch.setattr(Store, "retry_failed", robbed)
    said = steepness(*order)
    assert said.code == 1
    assert "The run has ended; what it had measured is in" in said.err
    assert len(_groups(path.with_name("study.db.rescued"), "finished")) == measured


def test_status_of_a_missing_store_says_how_to_make_one(steepness, tmp_path):
    said = steepness("status", "--store", tmp_path / "none.db")
    assert said.code == 1
    assert "`steepness run` makes one" in said.err


def test_no_command_prints_the_help_and_is_wrong_usage(steepness):
    assert steepness().code == 2


def test_a_study_is_resumed_without_saying_again_where_its_data_lie(
    steepness, here, pictures, tmp_path, monkeypatch
):
    path = tmp_path / "study.db"
    order = ["run", "images", "--data", "cifar10", "--model", "mlp"]
    order += ["--sizes", "10,20,40", "--seeds", "1", "--store", path]

    def stopped(*about):
        events = inline(*about)
        yield from (next(events), next(events))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(executors, "run_here", stopped)
        assert "stopped, 0 of 3 sizes" in steepness(*order, "--data-path", pictures).out
    again = steepness(*order)
    assert again.code == 0, again.err
    with Store.open(path, "read") as store:
        assert {point.size for point in store.curves()[0].points} == {10, 20, 40}
        assert store.curves()[0].guess == pytest.approx(0.9)
