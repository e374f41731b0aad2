"""Whole studies through the command line, on the real icons."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from engine.study.store import Store

# Small enough for seconds, large enough that a kill can fall into training.
RUN = ["run", "images", "--model", "mlp", "--sizes", "400,800,1600", "--seeds", "2"]


def steepness(*arguments: object, **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "engine.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        **more,
    )


def start(store: Path, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "engine.cli", *RUN, "--store", str(store), *more],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def content(path: Path):
    """All that a study measured, without the clock's part."""
    with Store.open(path, "read") as store:
        (study,) = store.studies()
        points = [(replace(p, seconds=None), r) for p, r in store.point_records(study.id)]
        candidates = [
            replace(row, record={**row.record, "seconds": 0.0})
            for row in store.candidates(study.id)
        ]
        return study.state, points, candidates


def children(pid: int) -> list[int]:
    """Processes whose parent is `pid`, from /proc."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                found.append(int(entry.name))
    return found


def alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def ended(pids: list[int], seconds: float = 10.0) -> bool:
    """Whether all these processes end within some seconds."""
    deadline = time.monotonic() + seconds
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(alive(pid) for pid in pids)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    path = tmp_path_factory.mktemp("undisturbed") / "study.db"
    done = steepness(*RUN, "--store", path)
    assert done.returncode == 0, done.stderr
    return path


@pytest.mark.slow
def test_a_run_gives_every_metric_at_every_size_and_seed(undisturbed):
    with Store.open(undisturbed, "read") as store:
        curves = store.curves()
        (study,) = store.studies()
    assert (study.state, study.done) == ("finished", study.total)
    assert [curve.name.rsplit(" ", 1)[1] for curve in curves] == ["top-1", "top-5", "cross-entropy"]
    for curve in curves:
        cells = {(point.size, point.seed) for point in curve.points}
        assert cells == {(size, seed) for size in (400, 800, 1600) for seed in (0, 1)}
        assert 0 < min(curve.errors) < curve.guess


@pytest.mark.slow
def test_more_data_means_fewer_errors(undisturbed):
    with Store.open(undisturbed, "read") as store:
        for curve in store.curves():
            by_size = [curve.errors[curve.sizes == size].mean() for size in (400, 1600)]
            assert by_size[1] < by_size[0]


@pytest.mark.slow
def test_every_training_is_kept_and_every_shard_had_the_same_budget(undisturbed):
    with Store.open(undisturbed, "read") as store:
        rows = store.candidates(store.studies()[0].id)
    for size in (400, 800, 1600):
        shard = f"images icons mlp / {size}"
        searched = [row for row in rows if row.shard == shard and ", fit at" not in row.work]
        assert len(searched) == 2 * 2 * 2  # capacities, rates, seeds


@pytest.mark.slow
def test_two_subjects_of_one_study_are_measured_on_the_same_shards(tmp_path):
    path = tmp_path / "study.db"
    order = ["run", "images", "--model", "mlp", "--treatment", "sgd"]
    done = steepness(*order, "--sizes", "200,400,800", "--seeds", 2, "--store", path)
    assert done.returncode == 0, done.stderr
    with Store.open(path, "read") as store:
        (study,) = store.studies()
        records = store.point_records(study.id)
    assert (study.done, study.total) == (6, 6)
    hashes = {
        curve: {(p.size, p.seed): record["shard_hash"] for p, record in records if p.curve == curve}
        for curve in ("images icons mlp top-1", "images icons mlp sgd top-1")
    }
    assert len(hashes["images icons mlp top-1"]) == 3 * 2
    assert hashes["images icons mlp top-1"] == hashes["images icons mlp sgd top-1"]


@pytest.mark.slow
def test_running_a_finished_study_again_changes_nothing(undisturbed):
    before = content(undisturbed)
    again = steepness(*RUN, "--store", undisturbed)
    assert again.returncode == 0
    assert content(undisturbed) == before


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads processes from /proc")
def test_ten_kills_of_the_driver_leave_the_points_of_an_undisturbed_run(undisturbed, tmp_path):
    moments = random.Random("ten kills")
    kills, study = 0, 0
    while kills < 10:  # a study that ends between two kills is checked, and another one begun
        path = tmp_path / f"study{study}.db"
        driver = start(path)
        time.sleep(moments.uniform(1.5, 9.0))
        workers = children(driver.pid)
        if driver.poll() is None:
            driver.send_signal(signal.SIGKILL)
            driver.wait()
            kills += 1
            assert ended(workers), "a worker outlived its driver"
        else:
            assert content(path) == content(undisturbed)
            study += 1
    assert steepness(*RUN, "--store", path).returncode == 0
    assert content(path) == content(undisturbed)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads processes from /proc")
def test_a_group_whose_worker_was_killed_is_trained_again(undisturbed, tmp_path):
    path = tmp_path / "study.db"
    driver = start(path)
    while not _started_groups(path):
        time.sleep(0.1)
    worker = next(pid for pid in children(driver.pid) if "spawn_main" in command_line(pid))
    os.kill(worker, signal.SIGKILL)
    assert driver.wait(timeout=240) == 0
    assert content(path) == content(undisturbed)


@pytest.mark.slow
def test_a_failed_group_is_tried_again_and_gives_the_points_of_an_undisturbed_run(
    undisturbed, tmp_path
):
    path = tmp_path / "study.db"
    shutil.copy(undisturbed, path)
    with sqlite3.connect(path) as connection:
        (name, shard) = connection.execute("SELECT name, shard FROM work ORDER BY rowid").fetchone()
        connection.execute("UPDATE work SET state = 'failed', reason = '?' WHERE name = ?", (name,))
        connection.execute("UPDATE shard SET state = 'failed' WHERE name = ?", (shard,))
        connection.execute("DELETE FROM candidate WHERE work = ?", (name,))
        connection.execute("DELETE FROM point WHERE size = 400")
        connection.execute("UPDATE study SET state = 'failed'")
    connection.close()
    again = steepness(*RUN, "--store", path)
    assert again.returncode == 0, again.stderr
    assert content(path) == content(undisturbed)


@pytest.mark.slow
def test_the_number_of_workers_does_not_change_a_point(undisturbed, tmp_path):
    path = tmp_path / "study.db"
    assert steepness(*RUN, "--workers", 1, "--store", path).returncode == 0
    assert content(path)[1] == content(undisturbed)[1]


@pytest.mark.slow
def test_a_second_driver_is_refused_by_the_name_of_the_first(tmp_path):
    path = tmp_path / "study.db"
    first = start(path)
    try:
        while not path.exists() or not _running(path):
            time.sleep(0.2)
        second = steepness(*RUN, "--store", path)
    finally:
        first.kill()
        first.wait()
    assert second.returncode == 1
    assert "another driver is running images icons mlp" in second.stderr


@pytest.mark.slow
@pytest.mark.parametrize("polite", ["SIGINT", "SIGTERM", "wish"])
def test_a_polite_stop_keeps_what_is_done_and_says_how_to_go_on(tmp_path, polite):
    path = tmp_path / "study.db"
    driver = start(path)
    while not path.exists() or not _running(path):
        time.sleep(0.2)
    if polite == "wish":
        with Store.open(path) as store:
            store.request_stop(store.studies()[0].id)
    else:
        driver.send_signal(getattr(signal, polite))
    driver.wait(timeout=20)
    with Store.open(path, "read") as store:
        (study,) = store.studies()
        assert study.state == "stopped"
        assert "run it again to go on" in study.reason
        assert all(row.state != "running" for row in store.work(study.id))


def command_line(pid: int) -> str:
    return (Path("/proc") / str(pid) / "cmdline").read_bytes().decode().replace("\0", " ")


def _started_groups(path: Path) -> list[str]:
    if not path.exists():
        return []
    with Store.open(path, "read") as store:
        return [w.name for s in store.studies() for w in store.work(s.id) if w.state == "running"]


def _running(path: Path) -> bool:
    with Store.open(path, "read") as store:
        return any(row.state == "running" for row in store.studies())


@pytest.mark.slow
def test_an_estimate_says_what_would_be_trained_and_trains_nothing(tmp_path):
    path = tmp_path / "study.db"
    said = steepness("run", "images", "--minutes", 4, "--estimate", "--store", path)
    assert said.returncode == 0, said.stderr
    assert "sizes from" in said.stdout
    assert not path.exists()


@pytest.mark.slow
def test_an_estimate_in_json_holds_what_the_page_shows(tmp_path):
    said = steepness("run", "images", "--minutes", 4, "--estimate", "--format", "json")
    answer = json.loads(said.stdout)
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
        (["run", "music"], "invalid choice: 'music'"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(arguments, sentence):
    said = steepness(*arguments)
    assert said.returncode == 2
    assert sentence in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.slow
def test_a_size_beyond_the_data_is_one_sentence_and_exit_code_1(tmp_path):
    said = steepness("run", "images", "--sizes", "10,9999999", "--store", tmp_path / "s.db")
    assert said.returncode == 1
    assert "size 9,999,999 is more than the" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_foreign_store_file_is_one_sentence_and_untouched(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    said = steepness(*RUN, "--store", path)
    assert said.returncode == 1
    assert "is not a Steepness store" in said.stderr
    assert path.read_text() == "hello"


def test_status_of_a_missing_store_says_how_to_make_one(tmp_path):
    said = steepness("status", "--store", tmp_path / "none.db")
    assert said.returncode == 1
    assert "`steepness run` makes one" in said.stderr


def test_no_command_prints_the_help_and_is_wrong_usage():
    assert steepness().returncode == 2


@pytest.mark.slow
@pytest.mark.shared
def test_cifar10_is_resumed_without_saying_again_where_it_lies(shared_data, tmp_path):
    path = tmp_path / "study.db"
    order = ["run", "images", "--data", "cifar10", "--model", "mlp"]
    order += ["--sizes", "100,200,400", "--seeds", "1"]
    first = steepness(*order, "--data-path", shared_data / "cifar10", "--store", path)
    assert first.returncode == 0, first.stderr
    again = steepness(*order, "--store", path)
    assert again.returncode == 0, again.stderr
    with Store.open(path, "read") as store:
        assert {point.size for point in store.curves()[0].points} == {100, 200, 400}
        assert store.curves()[0].guess == pytest.approx(0.9)
