import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

import engine.study.store
from engine.curve import Point, gather
from engine.laws.window import Window
from engine.study import seal
from engine.study.migrate import migrate
from engine.study.salvage import salvage
from engine.study.store import (
    LOST_AFTER_SECONDS,
    MORE_SEEDS,
    CandidateRow,
    NewCurve,
    Store,
    StoreDamaged,
    StoreError,
    StoreGone,
)
from tests.studies import everything

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study.db"


@pytest.fixture
def store(path):
    with Store.open(path) as opened:
        yield opened


def new_study(store, key="k", curve="c"):
    study = store.create_study(
        key=key,
        name="images icons cnn",
        settings={},
        plan={},
        shards=[("100", 2.0), ("200", 4.0)],
        curves=[NewCurve(curve, 0.99, "hash", "0.1.0", "measured here")],
        workers=2,
        device="CPU",
        device_reason="no GPU",
        version="0.1.0",
    )
    store.add_groups(study, [("small", "100", {}, 2.0), ("large", "200", {}, 4.0)])
    return study


def point(curve="c", size=100.0, error=0.5, seed=0):
    return Point(curve=curve, size=size, error=error, unit="images", seed=seed)


def end(store, study, group, points=(), candidates=(), reason=""):
    store.end_group(
        study,
        group,
        seconds=3.0,
        reason=reason,
        candidates=candidates,
        decides={"small": "100", "large": "200"}[group],
        points=points,
    )


def test_a_point_comes_back_as_it_was_written(store):
    study = new_study(store)
    written = Point(
        "c", 100, 0.25, "images", "top-1 error", "images", "cnn", 2, 99, None, 1.5, "CPU"
    )
    end(store, study, "small", [(written, {"shard_hash": "abc"})])
    (curve,) = store.curves()
    assert curve.points == (written,)
    assert (curve.guess, curve.data_hash, curve.origin) == (0.99, "hash", "measured here")
    assert store.point_records(study) == [(written, {"shard_hash": "abc"})]


def test_a_point_is_there_for_the_next_reader_at_once(store, path):
    study = new_study(store)
    with Store.open(path, "read") as reader:
        assert reader.curves() == []
        end(store, study, "small", [(point(), {})])
        assert len(reader.curves()[0].points) == 1


def test_a_failing_write_leaves_nothing_of_itself(store):
    study = new_study(store)
    twice = [(point(seed=1), {}), (point(seed=1), {})]
    with pytest.raises(StoreError):
        end(store, study, "small", twice)
    assert store.curves() == []
    assert store.work(study)[0].state == "waiting"


def test_the_revision_moves_with_points_but_not_with_windows_or_heartbeats(store):
    study = new_study(store)
    before = store.revision()
    store.beat(study)
    assert store.revision() == before
    end(store, study, "small", [(point(), {})])
    store.save_window("c", Window(10, None))
    assert store.revision() == before + 1


def test_the_stamp_of_a_curve_moves_when_its_points_do(store):
    study = new_study(store)
    assert store.stamps(study) == {}
    end(store, study, "small", [(point(error=0.5), {})])
    first = store.stamps(study)
    store.save_window("c", Window(10, None))
    assert store.stamps(study) == first
    end(store, study, "small", [(point(error=0.4), {})])  # decided anew: as many points as before
    assert store.stamps(study).keys() == first.keys()
    assert store.stamps(study) != first


def test_curves_that_no_study_measured_have_stamps_of_their_own(store):
    study = new_study(store)
    end(store, study, "small", [(point(), {})])
    store.import_points([point("mine")], "0.1.0")
    assert list(store.stamps(None)) == ["mine"]
    assert list(store.stamps(study)) == ["c"]


def test_a_curve_was_measured_on_the_day_of_its_last_point(store):
    points = [point(curve, size) for curve in ("early", "late", "between") for size in (10.0, 20.0)]
    store.import_points(points, "0.1.0")
    with store._writing() as write:
        for curve, day in (("early", 11), ("late", 13), ("between", 12)):
            for size, month in ((10.0, 3), (20.0, 2)):
                written = time.mktime((2026, month, day, 12, 0, 0, 0, 0, -1))
                write.execute(
                    "UPDATE point SET written = ? WHERE curve = ? AND size = ?",
                    (written, curve, size),
                )
    days = {curve.name: curve.measured_on for curve in store.curves()}
    assert days == {"early": "2026-03-11", "late": "2026-03-13", "between": "2026-03-12"}


def test_more_curves_can_be_asked_for_than_sqlite_takes_arguments(store):
    end(store, new_study(store), "small", [(point(), {})])
    names = [f"curve {k}" for k in range(300_000)]
    assert [curve.name for curve in store.curves(names=[*names, "c"])] == ["c"]


def test_curves_are_read_by_name(store):
    study = new_study(store)
    end(store, study, "small", [(point(), {"capacity_at_edge": True})])
    assert [curve.name for curve in store.curves(study, ["c"])] == ["c"]
    assert store.curves(study, ["other"]) == []
    assert store.edges(study, ["other"]) == {}


def test_a_window_is_remembered_with_its_open_end(store, path):
    store.save_window("c", Window(10, 50))
    store.save_window("c", Window(20, None))
    with Store.open(path, "read") as reader:
        assert reader.windows() == {"c": Window(20, None)}


def test_windows_are_remembered_and_forgotten_in_one_write(store):
    store.save_window("a", Window(10, 50))
    store.save_windows({"a": None, "b": Window(20, None), "c": Window(None, 7)})
    assert store.windows() == {"b": Window(20, None), "c": Window(None, 7)}


def test_edges_and_scores_are_those_of_the_points_that_have_some(store):
    study = new_study(store)
    records = [
        (point(size=100.0, seed=0), {"capacity_at_edge": True, "scores": {"bleu": 7.5}}),
        (point(size=100.0, seed=1), {"capacity_at_edge": False, "scores": {}}),
        (point(size=200.0, seed=0), {}),
    ]
    end(store, study, "small", records)
    assert store.edges(study) == {"c": frozenset({100.0})}
    assert store.scores(study) == [("c", 100.0, {"bleu": 7.5})]


@pytest.mark.parametrize("passed", [LOST_AFTER_SECONDS + 1, -3600.0])  # the clock was set back
def test_a_silent_driver_is_shown_as_stopped(store, passed):
    study = new_study(store)
    store.set_study(study, "running")
    assert store.studies()[0].state == "running"
    (later,) = store.studies(now=time.time() + passed)
    assert later.state == "stopped"
    assert "unexpectedly" in later.reason


def test_a_driver_that_beats_is_alive_however_long_ago_it_began(store, monkeypatch):
    study = new_study(store)
    store.set_study(study, "running")
    later = time.time() + 100 * LOST_AFTER_SECONDS
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: later)
        store.beat(study)
    assert store.studies(now=later + 1.0)[0].state == "running"


def test_what_one_study_did_tells_nothing_of_another(store):
    other = new_study(store)
    study = new_study(store, "k2", "d")
    end(store, study, "small", [(point("d"), {})])
    end(store, study, "large", reason="out of memory")
    store.start_group(other, "small")
    store.retry_failed(study)
    assert [row.state for row in store.work(other)] == ["running", "waiting"]
    assert [row.state for row in store.work(study)] == ["finished", "waiting"]
    first, second = store.studies()
    assert (first.id, first.done, second.id, second.done) == (study, 1, other, 0)
    assert (second.share, second.seconds_left) == (0.0, (2.0 + 4.0) / 2)  # as it was planned
    assert first.seconds_left == 4.0 * (3.0 / 2.0) / 2  # what failed is ahead and sets no pace
    assert store.ahead(other) == {"100": 2.0, "200": 4.0}
    assert store.curves(other) == []


def test_a_running_study_tells_its_drivers_process_and_a_stopped_one_none(store):
    study = new_study(store)
    store.set_study(study, "running")
    assert store._tuples("SELECT pid FROM study") == [(os.getpid(),)]
    store.set_study(study, "stopped")
    assert store._tuples("SELECT pid FROM study") == [(None,)]


def test_a_size_that_brought_no_point_has_failed(store):
    study = new_study(store)
    end(store, study, "small", [(point(), {})])
    end(store, study, "large", reason="out of memory")
    states = store._tuples("SELECT name, state FROM shard ORDER BY name")
    assert states == [("100", "finished"), ("200", "failed")]


def test_a_size_of_which_nothing_more_follows_is_finished_and_the_others_wait(store):
    study = new_study(store)
    store.end_shard(study, "200")
    states = store._tuples("SELECT name, state FROM shard ORDER BY name")
    assert states == [("100", "waiting"), ("200", "finished")]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_what_is_ahead_is_shared_by_the_workers(store, workers):
    study = new_study(store)
    store.set_study(study, "running", workers=workers)
    assert store.studies()[0].seconds_left == pytest.approx((2.0 + 4.0) / workers)


def test_a_study_that_plans_no_work_has_done_no_share_of_it(store):
    study = new_study(store)
    store._connection.execute("UPDATE shard SET expected = 0")
    (row,) = store.studies()
    assert (row.id, row.share, row.seconds_left) == (study, 0.0, 0.0)


def test_the_remaining_time_follows_the_pace_of_the_finished_groups(store):
    study = new_study(store)
    store.set_study(study, "running")
    end(store, study, "small")  # took 3 s where 2 were expected; 4 expected on 2 workers are ahead
    assert store.studies()[0].seconds_left == pytest.approx(4 * (3 / 2) / 2)


def test_the_pace_is_that_of_all_finished_groups_together(store):
    study = new_study(store)
    store.add_groups(study, [("wider", "200", {}, 1.0), ("again", "200", {}, 0.5)])
    for group, seconds, reason in (
        ("wider", 4.0, ""),
        ("again", 2.0, ""),
        ("small", 9.0, "broken"),
    ):
        store.end_group(
            study, group, seconds=seconds, reason=reason, candidates=[], decides=None, points=[]
        )
    assert store.ahead(study) == {"100": 0.0, "200": 4.0 - 1.0 - 0.5}  # a failed group is not ahead
    (row,) = store.studies()
    assert row.seconds_left == pytest.approx(2.5 * (4.0 + 2.0) / (1.0 + 0.5) / 2)


def test_half_of_the_work_done_is_a_share_of_a_half(store):
    study = new_study(store)
    store.add_groups(study, [("wider", "200", {}, 3.0)])  # of 2 and 4 that were expected
    store.end_group(study, "wider", seconds=3.0, reason="", candidates=[], decides=None, points=[])
    assert store.studies()[0].share == 0.5


def test_what_a_shard_still_costs_shrinks_as_its_groups_end(store):
    study = new_study(store)
    store.set_study(study, "running")
    store.add_groups(study, [("wider", "200", {}, 1.0)])
    store.end_group(study, "wider", seconds=1.0, reason="", candidates=[], decides=None, points=[])
    row = store.studies()[0]
    assert (row.done, row.total) == (0, 2)  # sizes: the second one's search goes on
    assert row.seconds_left == pytest.approx((2 + 4 - 1) / 2)
    assert row.share == pytest.approx(1 / (1 + 2 + 3))


def test_what_stands_for_more_seeds_is_ahead_and_is_no_size(store):
    study = new_study(store)
    store.go_on(study, {"width": 0.04}, [(f"c / {MORE_SEEDS}", 10.0)])
    assert store.study_plan(study)[0] == {"width": 0.04}
    assert store.ahead(study)[f"c / {MORE_SEEDS}"] == 10.0
    assert store.studies()[0].total == 2
    end(store, study, "small", [(point(), {})])
    end(store, study, "large", [(point(size=200.0), {})])
    store.set_study(study, "running")
    row = store.studies()[0]
    assert (row.done, row.sizes) == (2, "2 of 2 sizes, now more seeds")
    store.end_shard(study, f"c / {MORE_SEEDS}")
    row = store.studies()[0]
    assert (row.share, row.sizes) == (1.0, "2 of 2 sizes")
    store.go_on(study, {"width": 0.02}, [(f"c / {MORE_SEEDS}", 99.0)])
    assert store.ahead(study) == {f"c / {MORE_SEEDS}": 10.0}  # as it was planned
    store.check()


def test_a_decided_shard_costs_nothing_more_though_its_search_was_shorter_than_planned(store):
    study = new_study(store)
    store.set_study(study, "running")
    end(store, study, "large", [(point(size=200), {})])
    row = store.studies()[0]
    assert row.done == 1
    assert row.seconds_left == pytest.approx(2 * (3 / 4) / 2)


def test_stopping_puts_a_group_under_way_back_in_the_queue(store):
    study = new_study(store)
    store.set_study(study, "running")
    store.start_group(study, "large")
    assert [row.state for row in store.work(study)] == ["waiting", "running"]
    store.set_study(study, "stopped")
    assert [row.state for row in store.work(study)] == ["waiting", "waiting"]


def test_starting_again_clears_an_old_wish_to_stop(store):
    study = new_study(store)
    store.request_stop(study)
    assert store.stop_wanted(study)
    store.set_study(study, "running")
    assert not store.stop_wanted(study)


def test_a_failed_group_keeps_its_reason_and_can_be_tried_again(store):
    study = new_study(store)
    end(store, study, "small", reason="out of memory")
    assert (store.work(study)[0].state, store.work(study)[0].reason) == ("failed", "out of memory")
    store.retry_failed(study)
    (again, never) = store.work(study)
    assert (again.state, again.retried, never.retried) == ("waiting", True, False)
    store.start_group(study, "small")
    assert store.work(study)[0].retried
    end(store, study, "small", [(point(), {})])
    assert (store.work(study)[0].state, store.work(study)[0].retried) == ("finished", False)


def test_trying_again_puts_a_group_that_was_under_way_back_too(store):
    study = new_study(store)
    store.start_group(study, "large")
    store.retry_failed(study)
    assert [row.state for row in store.work(study)] == ["waiting", "waiting"]


def test_deciding_a_shard_again_replaces_its_points(store):
    study = new_study(store)
    end(store, study, "small", [(point(error=0.5), {}), (point(error=0.6, seed=1), {})])
    end(store, study, "large", [(point(error=0.4), {})])
    assert [p.error for p in store.curves()[0].points] == [0.4]


def test_candidates_come_back_with_their_records(store):
    study = new_study(store)
    row = CandidateRow("small", "100", "cnn", 10_000, 1e-3, 0, {"steps": 7})
    end(store, study, "small", candidates=[row])
    assert store.candidates(study) == [row]


def test_importing_the_same_points_twice_changes_nothing(store):
    points = [point("mine", 10, 0.5, seed=None), point("mine", 20, 0.4, seed=None)]
    assert store.import_points(points, "0.1.0") == 2
    assert store.import_points(points, "0.1.0") == 0
    assert len(store.curves()[0].points) == 2


def test_what_one_curve_holds_says_nothing_against_the_points_of_another(store):
    store.add_points([point("mine", error=0.5)], "0.1.0")
    assert store.add_points([point("yours", error=0.4), point("yours", 200.0)], "0.1.0") == 2
    assert store.add_points([point("yours", error=0.4)], "0.1.0") == 0
    with pytest.raises(StoreError, match=r'"yours" has the error 0\.4 at size 100 and seed 0'):
        store.add_points([point("yours", error=0.5)], "0.1.0")


def test_importing_other_points_under_a_taken_name_is_refused(store):
    store.import_points([point("mine")], "0.1.0")
    with pytest.raises(StoreError, match='already has a curve named "mine"'):
        store.import_points([point("mine", error=0.9), point("other")], "0.1.0")
    assert [curve.name for curve in store.curves()] == ["mine"]


def test_a_missing_store_cannot_be_read_and_is_not_made(path):
    with pytest.raises(StoreError, match="there is no store at"):
        Store.open(path, "read")
    assert not path.exists()


@pytest.mark.parametrize("text", ["these are my notes", "x"])
def test_a_text_file_is_refused_and_left_as_it_is(path, text):
    path.write_text(text)
    with pytest.raises(StoreError, match="is not a Steepness store"):
        Store.open(path)
    assert path.read_text() == text


@pytest.mark.parametrize("place", ["results/of 2026/study.db", "empty.db"])
def test_a_store_is_made_in_new_folders_and_in_the_place_of_an_empty_file(tmp_path, place):
    (tmp_path / "empty.db").touch()
    with Store.open(tmp_path / place) as store:
        store.check()
        assert store.studies() == []


def test_another_programs_database_is_refused_and_left_as_it_is(path):
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE diary (day TEXT)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is not a Steepness store"):
        Store.open(path)
    assert path.read_bytes() == before


def test_a_store_of_a_newer_format_is_refused_with_both_numbers(store, path):
    store.close()
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(StoreError, match=r"format 99, this one knows 4"):
        Store.open(path)


@pytest.mark.parametrize("another_programs", [True, False])
def test_a_file_that_is_refused_is_not_held_open(path, monkeypatch, another_programs):
    path.write_bytes(b"" if another_programs else b"no database at all")
    if another_programs:
        with closing(sqlite3.connect(path)) as raw:
            raw.execute("CREATE TABLE things (thing)")
    connect, opened = engine.study.store._connect, []
    monkeypatch.setattr(
        "engine.study.store._connect", lambda *asked: opened.append(connect(*asked)) or opened[-1]
    )
    with pytest.raises(StoreError):
        Store.open(path)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


def test_a_folder_is_refused_with_a_better_name(tmp_path):
    with pytest.raises(StoreError, match="is a folder"):
        Store.open(tmp_path)


def test_a_store_in_a_place_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="no store can be made at"):
        Store.open(tmp_path / "file" / "study.db")


def test_a_store_in_anothers_place_is_told_from_it_by_its_revision(tmp_path):
    marks = set()
    for name in ("first.db", "second.db", "third.db"):
        with Store.open(tmp_path / name) as store:
            before = store.revision()
            end(store, new_study(store), "small", [(point(), {})])
            assert Store.mark(store.revision()) == Store.mark(before)
            marks.add(Store.mark(before))
    assert len(marks) == 3


def test_a_revision_counts_up_to_2_to_the_32_within_its_mark():
    assert [Store.mark((7 << 32) + n) for n in (0, 1, 2**32 - 1, 2**32)] == [7, 7, 7, 8]


FORMAT_1 = """
CREATE TABLE study (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
  settings TEXT NOT NULL, plan TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
  created REAL NOT NULL, started REAL, pid INTEGER, heartbeat REAL,
  workers INTEGER NOT NULL DEFAULT 1, device TEXT NOT NULL, device_reason TEXT NOT NULL,
  version TEXT NOT NULL, stop_wanted INTEGER NOT NULL DEFAULT 0);
CREATE TABLE work (study INTEGER NOT NULL, name TEXT NOT NULL, shard TEXT NOT NULL,
  spec TEXT NOT NULL, expected REAL NOT NULL, state TEXT NOT NULL DEFAULT 'waiting',
  reason TEXT NOT NULL DEFAULT '', seconds REAL, PRIMARY KEY (study, name));
CREATE TABLE candidate (study INTEGER NOT NULL, work TEXT NOT NULL, shard TEXT NOT NULL,
  model TEXT NOT NULL, capacity INTEGER NOT NULL, learning_rate REAL NOT NULL,
  seed INTEGER NOT NULL, record TEXT NOT NULL,
  PRIMARY KEY (study, work, capacity, learning_rate, seed));
CREATE TABLE curve (name TEXT PRIMARY KEY, study INTEGER, guess REAL, data_hash TEXT NOT NULL,
  version TEXT NOT NULL, origin TEXT NOT NULL);
CREATE TABLE point (id INTEGER PRIMARY KEY, curve TEXT NOT NULL, size REAL NOT NULL,
  error REAL NOT NULL, unit TEXT NOT NULL, metric TEXT NOT NULL, domain TEXT NOT NULL,
  model TEXT NOT NULL, seed INTEGER, parameters INTEGER, stderr REAL, seconds REAL,
  device TEXT NOT NULL, split TEXT NOT NULL, record TEXT NOT NULL DEFAULT '{}',
  written REAL NOT NULL, UNIQUE (curve, size, seed));
CREATE TABLE fit_window (curve TEXT PRIMARY KEY, low REAL, high REAL, saved REAL NOT NULL);
CREATE TABLE revision (counter INTEGER NOT NULL);
INSERT INTO revision VALUES (7);
INSERT INTO study (id, key, name, settings, plan, state, created, device, device_reason, version)
  VALUES (1, 'k', 'images icons cnn', '{"domain": "images", "data": "icons", "model": "cnn",
  "preset": "quick", "minutes": null, "sizes": null, "seeds": null, "device": "cpu"}', '{}',
  'running', 0, 'CPU', 'no GPU', '0.1.0');
INSERT INTO work VALUES (1, 'g', '100', '{}', 2.0, 'finished', '', 3.0);
INSERT INTO curve VALUES ('c', 1, 0.99, 'hash', '0.1.0', 'measured here');
INSERT INTO point VALUES (1, 'c', 100, 0.5, 'images', 'top-1 error', 'images', 'cnn', 0, 99, NULL,
  1.5, 'CPU', 'test', '{}', 0);
INSERT INTO fit_window VALUES ('c', 10, NULL, 0);
PRAGMA application_id = 0x53544550;
PRAGMA user_version = 1;
"""


@pytest.mark.parametrize("mode", ["read", "write"])
def test_a_store_of_the_first_format_opens_with_all_it_holds_and_a_copy_is_kept(path, mode):
    raw = sqlite3.connect(path)
    raw.executescript(FORMAT_1)
    raw.close()
    with Store.open(path, mode) as store:
        (study,) = store.studies()
        assert [point.error for point in store.curves(study.id)[0].points] == [0.5]
        assert store.windows() == {"c": Window(10, None)}
        assert (study.state, study.done, study.total) == ("stopped", 1, 1)
        assert "run it anew" in study.reason
        subject = {"domain": "images", "data": "icons", "model": "cnn", "treatment": ""}
        assert study.settings["subjects"] == [subject]
    kept = sqlite3.connect(path.with_name("study.db.format1"))
    assert kept.execute("PRAGMA user_version").fetchone() == (1,)
    kept.close()


def test_of_the_first_formats_curves_a_studys_own_get_its_one_subject(path):
    raw = sqlite3.connect(path)
    raw.executescript(FORMAT_1)
    raw.execute("INSERT INTO curve VALUES ('mine', NULL, NULL, '', '0.1.0', 'imported')")
    raw.commit()
    raw.close()
    with Store.open(path) as store:
        assert [curve.subject for curve in store.study_curves(1)] == [0]
        assert store._rows("SELECT subject FROM curve WHERE name = 'mine'")[0]["subject"] is None


def test_a_size_of_the_first_format_is_finished_where_all_its_groups_are(path):
    raw = sqlite3.connect(path)
    raw.executescript(FORMAT_1)
    for group, shard, state in (("h", "200", "finished"), ("i", "200", "waiting")):
        raw.execute(
            "INSERT INTO work (study, name, shard, spec, expected, state) VALUES (1, ?, ?, '{}',"
            " 2.0, ?)",
            (group, shard, state),
        )
    raw.commit()
    raw.close()
    with Store.open(path) as store:
        shards = store._tuples("SELECT name, expected, state FROM shard ORDER BY name")
        assert shards == [("100", 2.0, "finished"), ("200", 4.0, "failed")]


def imported(*points):
    return [replace(curve, version="0.1.0") for curve in gather(points)]


def test_imported_curves_can_be_taken_out_again(store):
    curves = imported(point("mine"), point("other"))
    store.swap_imported([], curves)
    assert [(c.name, c.origin) for c in store.curves()] == [
        ("mine", "imported"),
        ("other", "imported"),
    ]
    store.swap_imported(curves[:1], [])
    assert [curve.name for curve in store.curves()] == ["other"]
    store.swap_imported(curves[1:], [])
    assert store.curves() == []


def test_an_import_that_replaced_a_curve_is_undone_by_the_same_call_the_other_way(store):
    store.import_points([point("mine")], "0.0.9")
    with store._writing() as write:
        write.execute("UPDATE point SET written = 1.7e9")
    earlier = store.curves()
    later = imported(point("mine", error=0.9), point("new"))
    store.swap_imported(earlier, later)
    assert [c.points[0].error for c in store.curves()] == [0.9, 0.5]
    store.swap_imported(later, earlier)
    assert store.curves() == earlier


def test_a_curve_that_changed_since_is_not_taken_out(store):
    curves = imported(point("mine"))
    store.swap_imported([], curves)
    store.swap_imported(curves, imported(point("mine", error=0.9)))
    with pytest.raises(StoreError, match='"mine" has changed in the store since'):
        store.swap_imported(curves, [])
    assert store.curves()[0].points[0].error == 0.9


def test_what_a_study_measured_is_neither_taken_out_nor_covered(store):
    study = new_study(store)
    end(store, study, "small", [(point(), {})])
    with pytest.raises(StoreError, match="was measured by a study"):
        store.swap_imported(store.curves(), [])
    with pytest.raises(StoreError, match='already has a curve named "c"'):
        store.swap_imported([], imported(point("new"), point("c")))
    assert [curve.name for curve in store.curves()] == ["c"]


def test_what_lies_ahead_of_a_shard_is_what_was_planned_less_what_has_ended(store):
    study = new_study(store)
    store.add_groups(study, [("more", "200", {}, 1.5)])
    assert store.ahead(study) == {"100": 2.0, "200": 4.0}
    store.end_group(study, "more", seconds=3.0, reason="", candidates=(), decides=None, points=())
    assert store.ahead(study) == {"100": 2.0, "200": 2.5}
    end(store, study, "small", [(point(), {})])
    assert store.ahead(study) == {"200": 2.5}


def back_to(path: Path, version: int) -> None:
    """Make a store one of an earlier format, which knew fewer columns and no seals."""
    raw = sqlite3.connect(path)
    for table in seal.TABLES:
        raw.execute(f"DROP TRIGGER IF EXISTS {table}_insert")
        raw.execute(f"DROP TRIGGER {table}_update")
        raw.execute(f"ALTER TABLE {table} DROP COLUMN seal")
    if version < 3:
        raw.execute("ALTER TABLE study DROP COLUMN binned")
    raw.execute("ALTER TABLE revision DROP COLUMN schema")
    raw.execute(f"PRAGMA user_version = {version}")
    raw.commit()
    raw.close()


@pytest.mark.parametrize("mode", ["read", "write"])
@pytest.mark.parametrize("version", [2, 3])
def test_a_store_of_an_earlier_format_opens_with_all_it_holds_and_a_copy_is_kept(
    path, mode, version
):
    with Store.open(path) as store:
        study = new_study(store)
        end(store, study, "small", [(point(), {})])
        store.save_window("c", Window(10, None))
    back_to(path, version)
    for _ in range(2):  # and again, when nothing is to be brought up to date any more
        with Store.open(path, mode) as store:
            store.check()
            assert [row.id for row in store.studies()] == [study]
            assert store.curves()[0].points == (point(),)
            assert store.windows() == {"c": Window(10, None)}
    assert path.with_name(f"study.db.format{version}").exists()


def test_a_copy_of_an_earlier_format_is_never_written_over(store, path):
    store.close()
    back_to(path, 3)
    path.with_name("study.db.format3").write_text("an earlier copy")
    Store.open(path).close()
    assert path.with_name("study.db.format3").read_text() == "an earlier copy"
    assert path.with_name("study.db.format3.2").exists()


def test_where_the_copy_fails_a_store_of_an_earlier_format_is_as_it_was(store, path, tmp_path):
    store.close()
    back_to(path, 3)
    other = tmp_path / "elsewhere" / "study.db"
    other.parent.mkdir()
    other.write_text("no database, whose copy fails half way" * 1000)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        seal.install(connection)
        with pytest.raises(sqlite3.DatabaseError):
            migrate(connection, other)
        assert not connection.in_transaction
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
    assert os.listdir(other.parent) == [other.name]


def test_of_two_that_bring_a_store_up_to_date_the_later_finds_it_done(store, path):
    migrate(store._connection, path)
    store.check()
    assert not path.with_name("study.db.format4").exists()


def test_a_damaged_store_of_an_earlier_format_is_not_touched(store, path):
    new_study(store)
    store.close()
    back_to(path, 3)
    raw = bytearray(path.read_bytes())
    raw[4096:8192] = bytes(4096)
    path.write_bytes(raw)
    with pytest.raises(StoreError, match="cannot be brought up to date"):
        Store.open(path)
    assert path.read_bytes() == raw
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("version", [2, 3, 4])
def test_a_store_where_nothing_may_be_written_can_be_read(store, path, monkeypatch, version):
    store.import_points([point("mine")], "0.1.0")
    store.close()
    if version < 4:
        back_to(path, version)
    before = path.read_bytes()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with Store.open(path, "read") as reader:
        reader.check()
        assert reader.curve_names() == ["mine"]
    with pytest.raises(StoreError, match="may not be written by you; give another --store"):
        Store.open(path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]  # not even SQLite's own files beside it


@pytest.mark.parametrize("refused", ["file", "folder"])
def test_an_earlier_store_is_read_where_either_it_or_its_folder_may_not_be_written(
    store, path, monkeypatch, refused
):
    store.import_points([point("mine")], "0.1.0")
    store.close()
    back_to(path, 3)
    before = path.read_bytes()
    shut = path if refused == "file" else path.parent
    monkeypatch.setattr(os, "access", lambda asked, mode: Path(asked) != shut)
    with Store.open(path, "read") as reader:
        assert reader.curve_names() == ["mine"]
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", [3, 4])
def test_an_open_store_can_be_read_by_another_thread(store, path, monkeypatch, version):
    store.import_points([point("mine")], "0.1.0")
    store.close()
    if version < 4:
        back_to(path, version)
        monkeypatch.setattr(os, "access", lambda asked, mode: False)
    with Store.open(path, "read") as reader, ThreadPoolExecutor(1) as other:
        assert other.submit(reader.curve_names).result() == ["mine"]


def test_a_store_that_goes_as_it_is_opened_is_one_sentence(path, monkeypatch):
    monkeypatch.setattr("engine.study.store._has_content", lambda asked: True)
    with pytest.raises(StoreError, match="cannot be read"):
        Store.open(path, "read")


def test_a_broken_store_that_may_not_be_looked_into_is_one_sentence(path, monkeypatch):
    path.write_bytes(b"no database at all")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StoreError, match=r"cannot be read \(Permission denied\)"):
        Store.open(path)


@pytest.fixture
def full(store, path):
    """A store with some of everything, closed."""
    study = new_study(store)
    candidates = [CandidateRow("small", "100", "cnn", 10, 1e-3, seed, {}) for seed in range(9)]
    end(store, study, "small", [(point(seed=n), {"capacity": n}) for n in range(60)], candidates)
    store.save_window("c", Window(10, None))
    store.close()
    return path


def pages(path, size=4096):
    return range(path.stat().st_size // size)


def spoilt(path, tmp_path, change):
    """A copy of a store with its bytes changed by `change`."""
    raw = bytearray(path.read_bytes())
    change(raw)
    copy = tmp_path / "spoilt.db"
    copy.write_bytes(raw)
    return copy


def test_a_byte_changed_in_any_page_is_told_or_changes_nothing(full, tmp_path):
    rng, truth, told = random.Random("pages"), everything(full), 0

    for page in [*pages(full)] * 3:

        def change(raw, start=4096 * page):
            raw[start + rng.randrange(4096)] ^= 1 << rng.randrange(8)

        try:
            assert everything(spoilt(full, tmp_path, change)) == truth
        except StoreError:
            told += 1
    assert told  # most bytes of so small a store are empty


@pytest.mark.parametrize("filling", [bytes(4096), bytes(range(256)) * 16])
def test_a_page_that_is_wiped_is_told(full, tmp_path, filling):
    for page in pages(full):

        def wipe(raw, start=4096 * page):
            raw[start : start + 4096] = filling

        with pytest.raises(StoreError):
            everything(spoilt(full, tmp_path, wipe))


def test_a_store_cut_off_at_any_page_is_told(full, tmp_path):
    for page in pages(full):
        if page:  # of nothing at all a new store is made

            def cut(raw, end=4096 * page):
                del raw[end:]

            with pytest.raises(StoreError):
                everything(spoilt(full, tmp_path, cut))


def test_a_number_changed_behind_our_back_is_told_with_the_way_to_what_is_left(full):
    raw = sqlite3.connect(full)
    raw.execute("DROP TRIGGER point_update")
    raw.execute("UPDATE point SET error = 0.4 WHERE seed = 7")
    raw.commit()
    raw.close()
    with (
        Store.open(full, "read") as store,
        pytest.raises(StoreDamaged, match=r"its tables are not .*`steepness export OUT.csv --poi"),
    ):
        store.check()
    assert {p.seed for p in salvage(full)} == {*range(60)} - {7}


def test_a_number_changed_and_the_tables_put_back_as_they_were_is_told_by_its_row(full):
    raw = sqlite3.connect(full)
    (trigger,) = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'work_update'").fetchone()
    raw.execute("DROP TRIGGER work_update")
    raw.execute("UPDATE work SET expected = 5.0 WHERE name = 'large'")
    raw.execute(trigger)
    raw.commit()
    raw.close()
    with (
        Store.open(full, "read") as store,
        pytest.raises(StoreDamaged, match=r"\(1 of the rows in its table work"),
    ):
        store.check()


def test_a_sound_store_has_no_words_of_damage(store):
    end(store, new_study(store), "small", [(point(), {})])
    assert seal.damage(store._connection) == ""


def test_a_change_of_one_row_does_not_seal_the_damage_of_another(store):
    study = new_study(store)
    with closing(sqlite3.connect(store.path)) as raw:
        triggers = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        (made,) = [sql for name, sql in triggers if name == "work_update"]
        raw.execute("DROP TRIGGER work_update")
        raw.execute("UPDATE work SET expected = 99 WHERE name = 'large'")
        raw.execute(made)
        raw.commit()
    store.start_group(study, "small")
    assert "1 of the rows" in seal.damage(store._connection)
    with pytest.raises(StoreDamaged, match="1 of the rows in its table work"):
        store.check()


def test_an_index_that_misses_a_row_is_told_though_every_row_is_sound(full):
    with closing(sqlite3.connect(full)) as raw:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_curve_1'"
        (page,) = raw.execute(query).fetchone()
    spoilt = bytearray(full.read_bytes())
    start, end = (page - 1) * 4096, page * 4096
    spoilt[spoilt.rindex(b"c", start, end)] = ord("d")
    full.write_bytes(spoilt)
    with Store.open(full, "read") as store, pytest.raises(StoreDamaged, match="missing from index"):
        store.check()


def test_pages_that_are_lost_after_opening_are_told_by_every_reader(full):
    raw = bytearray(full.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    full.write_bytes(raw)
    with Store.open(full, "read") as store:
        for read in (store.curve_names, store.windows, lambda: store.edges(1)):
            with pytest.raises(StoreDamaged, match=r"is damaged \(database disk image"):
                read()


def test_points_outside_of_a_damaged_page_can_be_salvaged(full, tmp_path):
    with Store.open(full, "read") as store:
        points = store.curves()[0].points
    saved = []
    for page in pages(full):

        def wipe(raw, start=4096 * page):
            raw[start : start + 4096] = bytes(4096)

        found = salvage(spoilt(full, tmp_path, wipe))
        assert set(found) <= set(points)
        saved.append(len(found))
    assert max(saved) == len(points)  # the page held something else
    assert sorted(saved)[len(saved) // 2] > 0


def test_a_damaged_page_takes_no_point_of_another_page_with_it(store, path, tmp_path, monkeypatch):
    monkeypatch.setattr("engine.study.salvage.STRETCH", 200)  # a page holds some 75 of them
    seeds = range(200)
    store.import_points([point(seed=seed) for seed in seeds], "0.1.0")
    store.close()
    lost = []
    for page in pages(path):

        def wipe(raw, start=4096 * page):
            raw[start : start + 4096] = bytes(4096)

        found = {p.seed for p in salvage(spoilt(path, tmp_path, wipe))}
        if found:
            lost += {*seeds} - found
    assert sorted(lost) == [*seeds]  # each point lies on one page


def test_points_of_a_store_from_before_the_seals_can_be_salvaged(full):
    back_to(full, 3)
    assert {p.seed for p in salvage(full)} == {*range(60)}


def test_a_full_disk_ends_one_write_and_spoils_nothing(store):
    study = new_study(store)
    end(store, study, "small", [(point(), {})])
    (size,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {size}")
    many = [(point(size=200.0, seed=seed), {}) for seed in range(1000)]
    with pytest.raises(StoreError, match="cannot be written"):
        end(store, study, "large", many)
    assert store.work(study)[1].state == "waiting"
    store.check()
    store._connection.execute(f"PRAGMA max_page_count = {2**30}")
    end(store, study, "large", many)
    assert len(store.curves()[0].points) == 1001


def test_a_copy_that_cannot_be_written_is_one_sentence(store, tmp_path):
    with pytest.raises(StoreError, match=r"no copy of the store can be made at .*nowhere"):
        store.copy_to(tmp_path / "nowhere" / "kept.db")


@pytest.mark.parametrize("replaced", [False, True])
def test_a_store_taken_away_while_open_refuses_to_be_written_and_can_be_kept(
    store, path, tmp_path, replaced
):
    study = new_study(store)
    end(store, study, "small", [(point(), {})])
    for file in list(path.parent.iterdir()):
        file.unlink()
    if replaced:
        Store.open(path).close()
    with pytest.raises(StoreGone, match="was deleted, moved or replaced"):
        store.beat(study)
    store.copy_to(tmp_path / "kept.db")
    with Store.open(tmp_path / "kept.db", "read") as kept:
        kept.check()
        assert kept.curves() == store.curves()


def test_a_store_whose_beginning_is_lost_is_told_from_a_file_that_never_was_one(full):
    raw = bytearray(full.read_bytes())
    raw[16:4096] = bytes(4080)  # what is left says that SQLite made it
    full.write_bytes(raw)
    with pytest.raises(StoreDamaged, match="is damaged"):
        Store.open(full)


def test_a_store_that_another_program_holds_is_neither_damaged_nor_on_a_full_disk(
    full, monkeypatch
):
    monkeypatch.setattr("engine.study.store.BUSY_SECONDS", 0.0)
    with closing(sqlite3.connect(full, isolation_level=None)) as holding:
        holding.execute("PRAGMA locking_mode = EXCLUSIVE")
        holding.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match=r"cannot be read \(.*locked\)\.$") as refused:
            Store.open(full, "read").studies()
    assert not isinstance(refused.value, StoreDamaged)


def test_the_log_of_a_deleted_store_is_not_mixed_into_a_new_one(store, path, tmp_path):
    store.import_points([point("mine")], "0.1.0")
    log = shutil.copy(path.with_name("study.db-wal"), tmp_path / "log")
    store.close()
    path.unlink()
    shutil.copy(log, path.with_name("study.db-wal"))
    with pytest.raises(StoreError, match="Move that file away"):
        Store.open(path)
    assert not path.exists()


OPENED = """
import sys
from engine.study.store import Store
with Store.open(sys.argv[1]) as store:
    store.studies()
"""


def test_opening_a_store_again_leaves_the_locks_of_those_who_have_it_open(store, path):
    study = new_study(store)
    Store.open(path, "read").close()  # POSIX: closing a plain file of it would drop all locks here
    subprocess.run([sys.executable, "-c", OPENED, str(path)], cwd=ROOT, check=True)  # not the last
    end(store, study, "small", [(point(), {})])
    with Store.open(path, "read") as reader:
        assert [len(curve.points) for curve in reader.curves()] == [1]


def test_a_reader_opens_while_a_write_is_under_way(store, path, monkeypatch):
    monkeypatch.setattr("engine.study.store.BUSY_SECONDS", 0.0)
    with store._writing(), Store.open(path, "read") as reader:
        assert reader.studies() == []


def test_many_readers_hold_up_no_write_and_see_no_half_of_one(store, path):
    study = new_study(store)
    ended, together = False, Barrier(13)

    def read(number):
        together.wait()
        while not ended:
            with Store.open(path, "read") as reader:
                found = [len(curve.points) for curve in reader.curves()]
                assert found in ([], [3], [6])

    with ThreadPoolExecutor(12) as readers:
        reading = readers.map(read, range(12))
        try:
            together.wait()
            end(store, study, "small", [(point(seed=seed), {}) for seed in range(3)])
            for _ in range(20):
                store.beat(study)
            end(store, study, "large", [(point(size=200.0, seed=seed), {}) for seed in range(3)])
        finally:
            ended = True
        assert list(reading) == [None] * 12


def test_a_deleted_study_is_out_of_sight_and_can_be_put_back(store):
    study = new_study(store)
    end(store, study, "small", [(point(), {})])
    before = store.studies(now=0.0), store.curves()
    store.bin_study(study)
    assert (store.studies(), store.curves()) == ([], [])
    assert [row.id for row in store.binned()] == [study]
    store.restore_study(study)
    assert (store.studies(now=0.0), store.curves()) == before


def test_after_a_study_was_deleted_the_same_one_can_be_begun_anew(store):
    first = new_study(store)
    store.bin_study(first)
    second = new_study(store, curve="c @2")
    assert [row.id for row in store.studies()] == [second]
    store.restore_study(first)
    assert [row.id for row in store.studies()] == [second, first]


def test_the_same_study_can_be_deleted_again_and_again(store):
    studies = []
    for curve in ("c", "c @2", "c @3"):
        studies.append(new_study(store, curve=curve))
        store.bin_study(studies[-1])
    assert sorted(row.id for row in store.binned()) == studies


def test_what_is_deleted_for_good_leaves_nothing_behind(store):
    study = new_study(store)
    store.bin_study(study)
    store.empty_bin()
    assert store.binned() == []
    assert store.curve_names() == []
    assert store.candidates(study) == []


def test_windows_of_curves_that_are_gone_for_good_go_with_them(store):
    gone, _ = new_study(store), new_study(store, "k2", "kept")
    kept = ("kept", "shipped: images icons cnn top-1")
    for curve in ("c", "of an import that was undone", *kept):
        store.save_window(curve, Window(1, 2))
    store.bin_study(gone)
    assert len(store.windows()) == 4
    store.empty_bin()
    assert set(store.windows()) == set(kept)


def test_the_plan_of_a_study_that_is_gone_is_one_sentence(store):
    study = new_study(store)
    store.bin_study(study)
    assert store.study_plan(study) == ({}, {})
    store.empty_bin()
    with pytest.raises(StoreError, match=rf"the study {study} is not in .* any more"):
        store.study_plan(study)


def test_a_running_study_is_not_deleted(store):
    study = new_study(store)
    store.set_study(study, "running")
    with pytest.raises(StoreError, match="stop it first"):
        store.bin_study(study)
    assert [row.id for row in store.studies()] == [study]
