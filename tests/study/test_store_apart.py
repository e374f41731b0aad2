"""Studies in one store lie apart: what is written or read of one leaves the others alone."""

import pytest

from engine.curve import Point
from engine.laws.window import Window
from engine.study.store import CandidateRow, NewCurve, Store

FACTOR = {"before": 1.0, "mine": 10.0, "after": 100.0}  # of what was planned: all else is alike
OWNER = {"study": "id", "shard": "study", "work": "study", "candidate": "study", "curve": "study"}


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "study.db") as opened:
        yield opened


def half_done(store, name):
    """A study with a group of every state; each has shards, groups and trainings of one name."""
    factor = FACTOR[name]
    study = store.create_study(
        key=name,
        name=name,
        settings={"of": name},
        plan={"domains": [{"name": name, "capacity": f"{name}s"}]},
        shards=[(str(size), factor * size) for size in (100, 200, 400, 800)],
        curves=[NewCurve(f"{name} {which}", 0.9, name, "0", "here", 0, which) for which in "ab"],
        workers=2,
        device="CPU",
        device_reason="",
        version="0",
    )
    groups = [("first", "100"), ("second", "200"), ("third", "400"), ("fourth", "800")]
    store.add_groups(study, [(group, shard, {"of": name}, factor) for group, shard in groups])
    store.set_study(study, "running", workers=3)
    for group, shard, reason in (("first", "100", ""), ("second", "200", "out of memory")):
        record = {"capacity_at_edge": True, "scores": {"bleu": 7.0}}
        made = Point(f"{name} a", float(shard), 0.5, domain=name, seed=0)
        store.end_group(
            study,
            group,
            seconds=3.0,
            reason=reason,
            candidates=[CandidateRow(group, shard, "cnn", 10, 1e-3, 0, {"of": name})],
            decides=shard,
            points=[] if reason else [(made, record)],
        )
    store.start_group(study, "third")
    return study


def rows(store, study):
    """All that a store holds of a study, cell by cell."""
    held = {
        table: store._tuples(f"SELECT * FROM {table} WHERE {column} = ?", study)
        for table, column in OWNER.items()
    }
    points = "SELECT p.* FROM point p JOIN curve c ON c.name = p.curve WHERE c.study = ?"
    return held | {"point": store._tuples(points, study)}


def decide(store, study):
    store.end_group(
        study,
        "third",
        seconds=9.0,
        reason="",
        candidates=[],
        decides="400",
        points=[(Point("mine a", 100.0, 0.4, seed=0), {}), (Point("mine a", 400.0, 0.3), {})],
    )


WRITES = {
    "start": lambda store, study: store.set_study(study, "running", workers=1),
    "stop": lambda store, study: store.set_study(study, "stopped", "as asked"),
    "beat": lambda store, study: store.beat(study),
    "go on": lambda store, study: store.go_on(study, {"width": 0.1}, [("100", 1.0), ("9", 1.0)]),
    "end a shard": lambda store, study: store.end_shard(study, "800"),
    "start a group": lambda store, study: store.start_group(study, "fourth"),
    "retry": lambda store, study: store.retry_failed(study),
    "end a group": decide,
    "queue": lambda store, study: store.add_groups(study, [("fifth", "800", {}, 1.0)]),
    "ask to stop": lambda store, study: store.request_stop(study),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_is_written_of_a_study_changes_its_rows_and_no_others(store, write):
    before, study, after = (half_done(store, name) for name in ("before", "mine", "after"))
    store._connection.execute("UPDATE study SET heartbeat = 1.0")
    others = rows(store, before), rows(store, after)
    own = rows(store, study)
    write(store, study)
    assert (rows(store, before), rows(store, after)) == others
    assert rows(store, study) != own


def test_a_size_that_failed_elsewhere_is_not_tried_again_here(store):
    half_done(store, "before")
    study = half_done(store, "mine")
    store.retry_failed(study)
    store.end_shard(study, "200")
    own = rows(store, study)["shard"]
    store.retry_failed(study)  # in which nothing has failed now
    assert rows(store, study)["shard"] == own


def test_of_several_deleted_studies_one_is_put_back_and_only_the_others_go_for_good(store):
    before, study, after = (half_done(store, name) for name in ("before", "mine", "after"))
    store.set_study(before, "stopped")
    store.set_study(study, "stopped")
    kept = rows(store, after)
    for name in ("before a", "mine a", "after a"):
        store.save_window(name, Window(1, 2))
    store.bin_study(before)
    store.bin_study(study)
    store.restore_study(study)
    assert [row.id for row in store.binned()] == [before]
    own = rows(store, study)
    store.empty_bin()
    assert not any(rows(store, before).values())
    assert (rows(store, study), rows(store, after)) == (own, kept)
    assert set(store.windows()) == {"mine a", "after a"}
    store.check()


def readings(store, study):
    """What every question about one study is answered with."""
    (row,) = (row for row in store.studies(now=0.0) if row.id == study)
    return {
        "row": row,
        "plan": store.study_plan(study),
        "work": store.work(study),
        "ahead": store.ahead(study),
        "candidates": store.candidates(study),
        "stamps": store.stamps(study),
        "curves": store.curves(study),
        "by name": store.curves(study, ["mine a", "before a", "after a"]),
        "names": store.curve_names(study),
        "announced": store.study_curves(study),
        "records": store.point_records(study),
        "edges": store.edges(study),
        "edges by name": store.edges(study, ["mine a", "before a", "after a"]),
        "scores": store.scores(study),
        "scores by name": store.scores(study, ["mine a", "before a", "after a"]),
        "stop": store.stop_wanted(study),
    }


@pytest.mark.parametrize("first", [True, False])
def test_what_is_read_of_a_study_is_the_same_whatever_lies_beside_it(store, tmp_path, first):
    if not first:
        half_done(store, "before")
    study = half_done(store, "mine")
    store.request_stop(study)
    alone = readings(store, study)
    after = half_done(store, "after")
    store.import_points([Point("imported", 10.0, 0.5)], "0")
    store.save_window("after a", Window(1, 2))
    assert readings(store, study) == alone
    assert not store.stop_wanted(after)
    assert alone["stop"]
    assert alone["plan"][0] == {"of": "mine"}
    assert [row.spec for row in alone["work"]] == [{"of": "mine"}] * 4
    assert alone["curves"][0].capacity == "mines"
    assert len(alone["candidates"]) == 2
    assert alone["edges"] == {"mine a": frozenset({100.0})}
    assert alone["scores"] == [("mine a", 100.0, {"bleu": 7.0})]
    assert list(alone["stamps"]) == ["mine a"]
    assert alone["names"] == ["mine a", "mine b"]
    assert alone["ahead"] == {"400": 4000.0, "800": 8000.0}
    assert [record["capacity_at_edge"] for _, record in alone["records"]] == [True]
