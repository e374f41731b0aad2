import sqlite3
import time

import pytest

from engine.curve import Point
from engine.laws.window import Window
from engine.study.store import (
    LOST_AFTER_SECONDS,
    CandidateRow,
    NewCurve,
    Store,
    StoreError,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study.db"


@pytest.fixture
def store(path):
    with Store.open(path) as opened:
        yield opened


def new_study(store, key="k", curve="c"):
    return store.create_study(
        key=key,
        name="images icons cnn",
        settings={"domain": "images", "data": "icons", "model": "cnn"},
        plan={},
        groups=[("small", "100", {}, 2.0), ("large", "200", {}, 4.0)],
        curves=[NewCurve(curve, 0.99, "hash", "0.1.0", "measured here")],
        workers=2,
        device="CPU",
        device_reason="no GPU",
        version="0.1.0",
    )


def point(curve="c", size=100.0, error=0.5, seed=0):
    return Point(curve=curve, size=size, error=error, unit="images", seed=seed)


def end(store, study, group, decided=(), candidates=(), reason=""):
    store.end_group(
        study, group, seconds=3.0, reason=reason, candidates=candidates, decided=decided
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


def test_the_revision_moves_with_points_and_windows_but_not_with_heartbeats(store):
    study = new_study(store)
    before = store.revision()
    store.beat(study)
    assert store.revision() == before
    end(store, study, "small", [(point(), {})])
    store.save_window("c", Window(10, None))
    assert store.revision() == before + 2


def test_a_window_is_remembered_with_its_open_end(store, path):
    store.save_window("c", Window(10, 50))
    store.save_window("c", Window(20, None))
    with Store.open(path, "read") as reader:
        assert reader.windows() == {"c": Window(20, None)}


def test_a_silent_driver_is_shown_as_stopped(store):
    study = new_study(store)
    store.set_study(study, "running")
    assert store.studies()[0].state == "running"
    (later,) = store.studies(now=time.time() + LOST_AFTER_SECONDS + 1)
    assert later.state == "stopped"
    assert "unexpectedly" in later.reason


def test_the_remaining_time_follows_the_pace_of_the_finished_groups(store):
    study = new_study(store)
    store.set_study(study, "running")
    end(store, study, "small")  # took 3 s where 2 were expected; 4 expected on 2 workers are ahead
    assert store.studies()[0].seconds_left == pytest.approx(4 * (3 / 2) / 2)


def test_stopping_puts_a_group_under_way_back_in_the_queue(store):
    study = new_study(store)
    store.set_study(study, "running")
    store.start_group(study, "large")
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
    assert store.work(study)[0].state == "waiting"


def test_deciding_a_shard_again_replaces_its_points(store):
    study = new_study(store)
    end(store, study, "small", [(point(error=0.5), {}), (point(error=0.6, seed=1), {})])
    end(store, study, "large", [(point(error=0.4), {})])
    assert [p.error for p in store.curves()[0].points] == [0.4]


def test_candidates_come_back_with_their_records(store):
    study = new_study(store)
    row = CandidateRow("100", "cnn", 10_000, 1e-3, 0, {"steps": 7})
    end(store, study, "small", candidates=[row])
    assert store.candidates(study) == [row]


def test_importing_the_same_points_twice_changes_nothing(store):
    points = [point("mine", 10, 0.5, seed=None), point("mine", 20, 0.4, seed=None)]
    assert store.import_points(points, "0.1.0") == 2
    assert store.import_points(points, "0.1.0") == 0
    assert len(store.curves()[0].points) == 2


def test_importing_other_points_under_a_taken_name_is_refused(store):
    store.import_points([point("mine")], "0.1.0")
    with pytest.raises(StoreError, match='already has a curve named "mine"'):
        store.import_points([point("mine", error=0.9), point("other")], "0.1.0")
    assert [curve.name for curve in store.curves()] == ["mine"]


def test_a_missing_store_cannot_be_read_and_is_not_made(path):
    with pytest.raises(StoreError, match="there is no store at"):
        Store.open(path, "read")
    assert not path.exists()


def test_a_text_file_is_refused_and_left_as_it_is(path):
    path.write_text("these are my notes")
    with pytest.raises(StoreError, match="is not a Steepness store"):
        Store.open(path)
    assert path.read_text() == "these are my notes"


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
    with pytest.raises(StoreError, match=r"format 99, this one knows 1"):
        Store.open(path)


def test_a_folder_is_refused_with_a_better_name(tmp_path):
    with pytest.raises(StoreError, match="is a folder"):
        Store.open(tmp_path)


def test_a_store_in_a_place_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="no store can be made at"):
        Store.open(tmp_path / "file" / "study.db")


def test_a_store_in_anothers_place_is_told_from_it_by_its_revision(tmp_path):
    revisions = set()
    for name in ("first.db", "second.db", "third.db"):
        with Store.open(tmp_path / name) as store:
            revisions.add(store.revision())
    assert len(revisions) == 3
