"""The store against a model of it: dictionaries that do what its words promise."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.curve import Point
from engine.laws.window import Window
from engine.study.store import NewCurve, Store, StoreError

SIZES = (100, 200)
errors = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=3)


class StoreMachine(RuleBasedStateMachine):
    """Studies that run, stop, fail, are deleted and put back; imports; windows; kills."""

    @initialize()
    def make(self):
        self.folder = Path(tempfile.mkdtemp(prefix="steepness-"))
        self.path, self.copies = self.folder / "study.db", 0
        self.states: dict[int, str] = {}  # of studies
        self.groups: dict[int, dict[str, str]] = {}  # states of a study's
        self.binned: set[int] = set()
        self.gone: set[int] = set()
        self.points: dict[str, dict[tuple[float, int], float]] = {}  # by curve
        self.windows: dict[str, Window] = {}
        self.open()

    def open(self):
        self.store = Store.open(self.path)
        self.store._connection.execute("PRAGMA synchronous = OFF")  # no power fails in a test

    def teardown(self):
        self.store.close()
        shutil.rmtree(self.folder)

    @property
    def here(self) -> list[int]:
        return sorted(set(self.states) - self.binned)

    def one(self, data, of=None) -> int:
        return data.draw(st.sampled_from(self.here if of is None else sorted(of)))

    @rule()
    def create(self):
        number = len(self.states) + len(self.gone)
        study = self.store.create_study(
            key=f"key {number}",
            name=f"study {number}",
            settings={},
            plan={},
            shards=[(str(size), 1.0) for size in SIZES],
            curves=[NewCurve(f"curve {number}", 0.9, "hash", "0", "measured here")],
            workers=1,
            device="CPU",
            device_reason="",
            version="0",
        )
        self.store.add_groups(study, [(f"on {size}", str(size), {}, 1.0) for size in SIZES])
        self.states[study] = "waiting"
        self.groups[study] = {f"on {size}": "waiting" for size in SIZES}
        self.curve = getattr(self, "curve", {}) | {study: f"curve {number}"}
        self.points[f"curve {number}"] = {}

    @precondition(lambda self: self.here)
    @rule(data=st.data(), state=st.sampled_from(["running", "stopped", "failed", "finished"]))
    def move(self, data, state):
        study = self.one(data)
        self.store.set_study(study, state)
        self.states[study] = state
        if state != "running":
            self.back(study, ("running",))

    @precondition(lambda self: self.here)
    @rule(data=st.data())
    def retry(self, data):
        study = self.one(data)
        self.store.retry_failed(study)
        self.back(study, ("running", "failed"))

    def back(self, study, states):
        for group, state in self.groups[study].items():
            self.groups[study][group] = "waiting" if state in states else state

    @precondition(lambda self: self.here)
    @rule(data=st.data(), size=st.sampled_from(SIZES))
    def begin(self, data, size):
        study = self.one(data)
        self.store.start_group(study, f"on {size}")
        self.groups[study][f"on {size}"] = "running"

    @precondition(lambda self: self.here)
    @rule(data=st.data(), size=st.sampled_from(SIZES), found=errors, fails=st.booleans())
    def end(self, data, size, found, fails):
        study = self.one(data)
        curve = self.curve[study]
        measured = {} if fails else {(float(size), seed): e for seed, e in enumerate(found)}
        self.store.end_group(
            study,
            f"on {size}",
            seconds=1.0,
            reason="it failed" if fails else "",
            candidates=[],
            decides=str(size),
            points=[(Point(curve, m, e, seed=seed), {}) for (m, seed), e in measured.items()],
        )
        self.groups[study][f"on {size}"] = "failed" if fails else "finished"
        if measured:
            kept = {key: e for key, e in self.points[curve].items() if key[0] != size}
            self.points[curve] = kept | measured

    @precondition(lambda self: self.here)
    @rule(data=st.data())
    def delete(self, data):
        study = self.one(data)
        if self.states[study] == "running":
            with pytest.raises(StoreError, match="stop it first"):
                self.store.bin_study(study)
        else:
            self.store.bin_study(study)
            self.binned.add(study)

    @precondition(lambda self: self.binned)
    @rule(data=st.data())
    def put_back(self, data):
        study = self.one(data, self.binned)
        self.store.restore_study(study)
        self.binned.remove(study)

    @rule()
    def delete_for_good(self):
        self.store.empty_bin()
        for study in self.binned:
            del self.points[self.curve[study]], self.states[study], self.groups[study]
        self.gone |= self.binned
        self.binned = set()
        self.windows = {name: w for name, w in self.windows.items() if name in self.points}

    @rule(name=st.sampled_from(["mine", "yours"]), found=errors)
    def bring(self, name, found):
        points = {(float(size), 0): e for size, e in enumerate(found, 10)}
        asked = [Point(name, m, e, seed=seed) for (m, seed), e in points.items()]
        if self.points.get(name, points) != points:
            with pytest.raises(StoreError, match="already has a curve named"):
                self.store.import_points(asked, "0")
        else:
            assert self.store.import_points(asked, "0") == len(points) * (name not in self.points)
            self.points[name] = points

    @rule(data=st.data(), low=st.none() | st.floats(1, 99), high=st.none() | st.floats(100, 1e9))
    def set_window(self, data, low, high):
        curve = data.draw(st.sampled_from(["mine", *self.points]))
        window = data.draw(st.sampled_from([None, Window(low, high)]))
        self.store.save_window(curve, window)
        self.windows.pop(curve, None)
        if window is not None:
            self.windows[curve] = window

    @rule()
    def come_again(self):
        self.store.close()
        self.open()

    @rule()
    def be_killed(self):
        """What a `kill -9` leaves: the file and its log as they are, and nobody who closes them."""
        self.copies += 1
        copy = self.folder / f"study{self.copies}.db"
        for suffix in ("", "-wal"):
            shutil.copy(f"{self.path}{suffix}", f"{copy}{suffix}")
        self.store.close()
        self.path = copy
        self.open()

    @invariant()
    def holds_what_was_written_and_nothing_else(self):
        if not hasattr(self, "store"):
            return
        self.store.check()
        shown = {row.id: row.state for row in self.store.studies()}
        assert shown == {study: self.states[study] for study in self.here}
        assert {row.id for row in self.store.binned()} == self.binned
        for study, groups in self.groups.items():
            assert {row.name: row.state for row in self.store.work(study)} == groups
        hidden = {self.curve[study] for study in self.binned}
        held = {name: points for name, points in self.points.items() if points}
        found = {
            curve.name: {(point.size, point.seed): point.error for point in curve.points}
            for curve in self.store.curves()
        }
        assert found == {name: points for name, points in held.items() if name not in hidden}
        assert self.store.windows() == self.windows


TestStore = StoreMachine.TestCase
TestStore.settings = settings(max_examples=8, stateful_step_count=20)
