"""The store: one SQLite file in which the driver writes and everyone else reads.

The study's driver alone writes studies, groups, candidates and points; a group's result and the
points that it decides go in as one transaction, so that a `kill -9` leaves all of it or none. The
dashboard writes three small things of its own: where the user left a fit window, the wish that a
run should stop, and points made elsewhere, each in one transaction. WAL keeps readers and the
writer out of each other's way. Every row carries a seal (see seal.py), which `check` looks at.
"""

import json
import os
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from operator import attrgetter
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from engine.curve import Curve, Point, collector_paused, gather
from engine.domains import PARAMETERS
from engine.laws.window import Window
from engine.study import seal
from engine.study.migrate import SCHEMA_VERSION, migrate
from engine.study.seal import BROKEN

APPLICATION_ID = 0x53544550  # "STEP": SQLite's own mark for whose file this is
LOST_AFTER_SECONDS = 15.0  # the driver beats every second; a swapping machine may miss a few
SHARED_BYTES = 2**17  # SQLite's shared memory takes 32 KB, its log begins with little
BUSY_SECONDS = 10.0  # how long a write waits for another; one write takes milliseconds

State = Literal["waiting", "running", "stopped", "finished", "failed"]

MORE_SEEDS = (
    "more seeds"  # in the place of a size: what a subject may go on to once all are decided
)
IS_SIZE = f"h.name NOT LIKE '% / {MORE_SEEDS}'"
SCHEMA = (Path(__file__).parent / "schema.sql").read_text(encoding="utf-8")


# What a shard still costs is what was planned for it less what was planned for its ended groups:
# which groups a search will need is known only on the way.
# Summed first, then joined: summed for each shard anew, a thousand shards take seconds.
AHEAD = """
SELECT h.study, h.name, MAX(0, h.expected - COALESCE(spent.seconds, 0)) AS seconds
FROM shard h LEFT JOIN (
  SELECT study, shard, SUM(expected) AS seconds FROM work
  WHERE state IN ('finished', 'failed') GROUP BY study, shard
) spent ON spent.study = h.study AND spent.shard = h.name
WHERE h.state = 'waiting'
"""
STUDIES = f"""
SELECT s.*,
  (SELECT COUNT(*) FROM shard h WHERE h.study = s.id AND {IS_SIZE}) AS total,
  (SELECT COUNT(*) FROM shard h WHERE h.study = s.id AND {IS_SIZE} AND h.state != 'waiting')
    AS done,
  (SELECT SUM(seconds) FROM work w WHERE w.study = s.id AND w.state = 'finished') AS took,
  (SELECT SUM(expected) FROM work w WHERE w.study = s.id AND w.state = 'finished') AS expected_done,
  ahead.seconds AS ahead
FROM study s LEFT JOIN (
  SELECT study, SUM(seconds) AS seconds FROM ({AHEAD}) GROUP BY study
) ahead ON ahead.study = s.id
WHERE (s.binned IS NULL) = ? ORDER BY s.id DESC
"""


SHIPPED = "shipped: "  # before the name of a curve that comes with Steepness, as windows name it
NOT_BINNED = "(c.study IS NULL OR c.study IN (SELECT id FROM study WHERE binned IS NULL))"


class StoreError(Exception):
    """The store cannot be used; the message is one sentence for the user."""


class StoreDamaged(StoreError):
    """The store is not as it was written."""


class StoreGone(StoreError):
    """The open store is no longer the file at its path: it was deleted, moved or replaced."""


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A study as a list shows it."""

    id: int
    name: str
    state: State
    reason: str
    done: int  # sizes decided, of all subjects
    total: int  # sizes planned
    share: float  # of the work that is done, by the time it takes: 0 to 1
    created: float  # seconds since 1970, as all times here
    started: float | None
    seconds_left: float | None  # wall seconds, from what the finished groups really took
    device: str
    device_reason: str
    last_heard: float | None
    settings: dict[str, Any]

    @property
    def sizes(self) -> str:
        """How far it is, in words."""
        more = self.state == "running" and self.done == self.total and self.seconds_left
        return f"{self.done} of {self.total} sizes" + (", now more seeds" if more else "")


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One training that a study ran, chosen or not."""

    work: str  # its group
    shard: str
    model: str
    capacity: int
    learning_rate: float
    seed: int
    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One group of a study and how it stands."""

    name: str
    shard: str
    spec: dict[str, Any]
    expected: float
    state: State
    reason: str  # why it failed, the last time that it did; empty where it never has
    seconds: float | None

    @property
    def retried(self) -> bool:
        """Whether it failed before and is to be trained again, or is being."""
        return bool(self.reason) and self.state in ("waiting", "running")


@dataclass(frozen=True, slots=True)
class NewCurve:
    """A curve that a study or an import announces before its points come."""

    name: str
    guess: float | None
    data_hash: str
    version: str
    origin: str
    subject: int | None = None  # which of its study's; None for what no study measured
    metric: str = ""  # the metric's name: see engine.domains


P = ParamSpec("P")
R = TypeVar("R")


def _as_written(read: Callable[Concatenate["Store", P], R]) -> Callable[Concatenate["Store", P], R]:
    """Tell rows that are not of the shape in which they were written as damage, not as a crash."""

    @wraps(read)
    def checked(self: "Store", /, *arguments: P.args, **named: P.kwargs) -> R:
        try:
            return read(self, *arguments, **named)
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            raise _damaged(self.path, f"{type(error).__name__}: {error}") from error

    return checked


class Store:
    """An open store. Use `Store.open`; close it, or use it in a `with`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection
        self._file = _identity(path)

    @classmethod
    def open(cls, path: Path | str, mode: Literal["write", "read"] = "write") -> "Store":
        """Open the store at `path`; "write" makes it if it is not there.

        Raises:
            StoreError: it is missing (read), foreign, newer than us, or not writable.
            StoreDamaged: so much of it is damaged that this shows at once; see `check`.
        """
        path = Path(path)
        if path.is_dir():
            raise StoreError(f"{path} is a folder; --store wants a file, such as {path}/study.db.")
        if not _has_content(path):
            if mode == "read":
                raise StoreError(f"there is no store at {path}; `steepness run` makes one.")
            connection = _create(path)
            return cls(connection, path)
        connection = _connect(path, mode)
        try:
            found = connection.execute("PRAGMA application_id").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if found != APPLICATION_ID:
                raise StoreError(f"{path} is not a Steepness store; it was left as it is.")
            if version > SCHEMA_VERSION:
                raise StoreError(
                    f"the store {path} was made by a newer Steepness (format {version}, this one "
                    f"knows {SCHEMA_VERSION}); update Steepness or give another --store."
                )
            if version < SCHEMA_VERSION:
                connection = _migrated(connection, path, mode, version)
        except BROKEN as error:
            connection.close()
            if not _looks_like_sqlite(path):
                raise StoreError(
                    f"{path} is not a Steepness store; it was left as it is."
                ) from error
            raise _unreadable(path, error) from error
        except StoreError:
            connection.close()
            raise
        return cls(connection, path)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; a later call on this store fails."""
        self._connection.close()

    def check(self) -> None:
        """Read all of the store against its seals: a second and less for each 100,000 points.

        Raises:
            StoreDamaged: something in it is not as it was written.
        """
        try:
            found = seal.damage(self._connection)
        except BROKEN as error:
            found = str(error)
        if found:
            raise _damaged(self.path, found)

    def copy_to(self, path: Path) -> None:
        """Write all that this open store holds to another file, which must not be there.

        Raises:
            StoreError: it cannot be written.
        """
        try:
            with closing(sqlite3.connect(path)) as copy:
                self._connection.backup(copy)
        except sqlite3.Error as error:
            raise StoreError(f"no copy of the store can be made at {path} ({error}).") from error

    # -- reading -------------------------------------------------------------------------------

    @_as_written
    def revision(self) -> int:
        """A number that moves whenever a point or a state changed; windows are read each time."""
        return int(self._rows("SELECT counter FROM revision")[0][0])

    @staticmethod
    def mark(revision: int) -> int:
        """Which store a revision is of: a file's inode is given to the next one once it is gone."""
        return revision >> 32  # see schema.sql

    @_as_written
    def studies(self, now: float | None = None) -> list[StudyRow]:
        """All studies, newest first; one whose driver fell silent is shown as stopped."""
        now = time.time() if now is None else now
        return [_study_row(row, now) for row in self._rows(STUDIES, True)]

    @_as_written
    def binned(self) -> list[StudyRow]:
        """Studies that were deleted and can still be put back, newest first."""
        return [_study_row(row, time.time()) for row in self._rows(STUDIES, False)]

    @_as_written
    def study_plan(self, study: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Settings and plan of a study, as they were stored.

        Raises:
            StoreError: it was deleted for good.
        """
        rows = self._rows("SELECT settings, plan FROM study WHERE id = ?", study)
        if not rows:
            raise StoreError(f"the study {study} is not in {self.path} any more.")
        return json.loads(rows[0]["settings"]), json.loads(rows[0]["plan"])

    @_as_written
    def work(self, study: int) -> list[WorkRow]:
        """The groups of a study in the order of its plan."""
        rows = self._rows(
            "SELECT name, shard, spec, expected, state, reason, seconds FROM work"
            " WHERE study = ? ORDER BY rowid",
            study,
        )
        return [WorkRow(**{**dict(row), "spec": json.loads(row["spec"])}) for row in rows]

    @_as_written
    def ahead(self, study: int) -> dict[str, float]:
        """Seconds of one worker that each undecided shard should still take, as planned."""
        rows = self._rows(f"SELECT name, seconds FROM ({AHEAD}) WHERE study = ?", study)
        return {row["name"]: row["seconds"] for row in rows}

    @_as_written
    def candidates(self, study: int) -> list[CandidateRow]:
        """Every training of a study by the name of its shard, capacity, learning rate and seed."""
        rows = self._rows(
            "SELECT work, shard, model, capacity, learning_rate, seed, record FROM candidate"
            " WHERE study = ? ORDER BY shard, capacity, learning_rate, seed",
            study,
        )
        return [CandidateRow(**{**dict(row), "record": json.loads(row["record"])}) for row in rows]

    @_as_written
    def stamps(self, study: int | None) -> dict[str, tuple[int, int, float]]:
        """For each curve of a study that has points, in its order, what moves when these do.

        Those of None are the imported ones, which no study measured.
        """
        rows = self._tuples(
            "SELECT s.curve, s.n, s.last, p.written FROM (SELECT curve, COUNT(*) AS n,"
            " MAX(id) AS last FROM point WHERE curve IN (SELECT name FROM curve WHERE study IS ?)"
            " GROUP BY curve) s JOIN point p ON p.id = s.last JOIN curve c ON c.name = s.curve"
            " ORDER BY c.rowid",
            study,
        )
        return {curve: (n, last, written) for curve, n, last, written in rows}

    @_as_written
    def curves(self, study: int | None = None, names: Collection[str] | None = None) -> list[Curve]:
        """The curves that have points; those of one study, or all, or of these names alone."""
        only, arguments = _only(study, names)
        with self._snapshot():
            about = {
                row["name"]: row for row in self._rows(f"SELECT c.* FROM curve c{only}", *arguments)
            }
            newest = dict(
                self._tuples(
                    "SELECT p.curve, MAX(p.written) FROM point p JOIN curve c ON c.name = p.curve"
                    f"{only} GROUP BY p.curve",
                    *arguments,
                )
            )
            columns = ", ".join(f"p.{name}" for name in Point._fields)
            with collector_paused():
                points = map(
                    Point._make,
                    self._tuples(
                        f"SELECT {columns} FROM point p JOIN curve c ON c.name = p.curve"
                        f"{only} ORDER BY c.rowid",
                        *arguments,
                    ),
                )
                found = gather(points)
            counted = {
                (study, domain): capacity
                for study, domain, capacity in self._tuples(
                    "SELECT s.id, json_extract(d.value, '$.name'),"
                    " json_extract(d.value, '$.capacity')"
                    " FROM study s, json_each(s.plan, '$.domains') d"
                )
            }
        return [
            Curve(
                curve.name,
                curve.points,
                guess=about[curve.name]["guess"],
                data_hash=about[curve.name]["data_hash"],
                version=about[curve.name]["version"],
                origin=about[curve.name]["origin"],
                measured_on=time.strftime("%Y-%m-%d", time.localtime(newest[curve.name])),
                capacity=counted.get((about[curve.name]["study"], curve.domain)) or PARAMETERS,
            )
            for curve in found
        ]

    def curve_names(self, study: int | None = None) -> list[str]:
        """Names of all curves announced, with or without points; those of one study, or all."""
        rows = self._rows("SELECT name, study FROM curve ORDER BY rowid")
        return [row["name"] for row in rows if study is None or row["study"] == study]

    @_as_written
    def study_curves(self, study: int) -> list[NewCurve]:
        """The curves that a study announced, with or without points, in its order."""
        rows = self._rows(
            "SELECT name, guess, data_hash, version, origin, subject, metric FROM curve"
            " WHERE study = ? ORDER BY rowid",
            study,
        )
        return [NewCurve(**dict(row)) for row in rows]

    @_as_written
    def point_records(self, study: int) -> list[tuple[Point, dict[str, Any]]]:
        """Every point of a study with the record of how it was chosen."""
        rows = self._rows(
            "SELECT p.* FROM point p JOIN curve c ON c.name = p.curve WHERE c.study = ?"
            " ORDER BY c.rowid, p.size, p.seed",
            study,
        )
        return [
            (Point._make(row[n] for n in Point._fields), json.loads(row["record"])) for row in rows
        ]

    @_as_written
    def edges(
        self, study: int, names: Collection[str] | None = None
    ) -> dict[str, frozenset[float]]:
        """Sizes at which the largest capacity that was tried won, by the curve's name."""
        only, arguments = _only(study, names)
        found: dict[str, set[float]] = {}
        for curve, size in self._tuples(
            "SELECT p.curve, p.size FROM point p JOIN curve c ON c.name = p.curve"
            f"{only} AND json_extract(p.record, '$.capacity_at_edge')",
            *arguments,
        ):
            found.setdefault(curve, set()).add(size)
        return {curve: frozenset(sizes) for curve, sizes in found.items()}

    @_as_written
    def scores(
        self, study: int, names: Collection[str] | None = None
    ) -> list[tuple[str, float, dict[str, float]]]:
        """Curve, size and further figures of each point of a study that has some."""
        only, arguments = _only(study, names)
        rows = self._tuples(
            "SELECT p.curve, p.size, json_extract(p.record, '$.scores') AS scores"
            " FROM point p JOIN curve c ON c.name = p.curve"
            f"{only} AND scores != '{{}}' ORDER BY c.rowid, p.size, p.seed",
            *arguments,
        )
        return [(curve, size, json.loads(scores)) for curve, size, scores in rows]

    @_as_written
    def windows(self) -> dict[str, Window]:
        """Where the user left the fit window of each curve."""
        rows = self._rows("SELECT curve, low, high FROM fit_window")
        return {row["curve"]: Window(row["low"], row["high"]) for row in rows}

    def stop_wanted(self, study: int) -> bool:
        """Whether someone asked for this study to stop."""
        rows = self._rows("SELECT stop_wanted FROM study WHERE id = ?", study)
        return bool(rows and rows[0]["stop_wanted"])

    # -- what the page writes ------------------------------------------------------------------

    def save_window(self, curve: str, window: Window | None) -> None:
        """Remember the fit window of a curve, or forget it."""
        self.save_windows({curve: window})

    def save_windows(self, windows: Mapping[str, Window | None]) -> None:
        """Remember fit windows by the names of their curves, or forget those that are None."""
        with self._transaction() as write:
            write.executemany("DELETE FROM fit_window WHERE curve = ?", [(c,) for c in windows])
            write.executemany(
                "INSERT INTO fit_window (curve, low, high, saved) VALUES (?, ?, ?, ?)",
                [(c, w.low, w.high, time.time()) for c, w in windows.items() if w is not None],
            )

    def request_stop(self, study: int) -> None:
        """Ask the driver to stop; it finishes nothing more and keeps what is done."""
        with self._writing() as write:
            write.execute("UPDATE study SET stop_wanted = 1 WHERE id = ?", (study,))

    def bin_study(self, study: int) -> None:
        """Delete a study so that it can be put back; the same command then begins a new one.

        Raises:
            StoreError: it is running; nothing is changed.
        """
        row = next((row for row in self.studies() if row.id == study), None)
        if row is not None and row.state == "running":
            raise StoreError("a study that is running cannot be deleted; stop it first.")
        with self._writing() as write:
            write.execute(
                "UPDATE study SET binned = ?, key = key || '#' || id WHERE id = ?",
                (time.time(), study),
            )

    def restore_study(self, study: int) -> None:
        """Put a deleted study back."""
        with self._writing() as write:
            write.execute("UPDATE study SET binned = NULL WHERE id = ?", (study,))

    def empty_bin(self) -> None:
        """Delete for good what was deleted, with its points, candidates and windows.

        Windows of any other curve that is gone go too: a new one may take its name. Those of the
        curves that come with Steepness stay, which are in no store.
        """
        with self._writing() as write:
            write.execute("DELETE FROM study WHERE binned NOT NULL")
            write.execute(
                "DELETE FROM fit_window WHERE curve NOT IN (SELECT name FROM curve)"
                " AND curve NOT LIKE ?",
                (f"{SHIPPED}%",),
            )

    # -- what the driver writes ----------------------------------------------------------------

    def create_study(
        self,
        *,
        key: str,
        name: str,
        settings: dict[str, Any],
        plan: dict[str, Any],
        shards: Sequence[tuple[str, float]],
        curves: Sequence[NewCurve],
        workers: int,
        device: str,
        device_reason: str,
        version: str,
    ) -> int:
        """Write a new study with its shards (name, expected seconds) and curves."""
        with self._writing() as write:
            study = write.execute(
                "INSERT INTO study (key, name, settings, plan, state, created, workers, device,"
                " device_reason, version) VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?, ?, ?)",
                (
                    key,
                    name,
                    json.dumps(settings),
                    json.dumps(plan),
                    time.time(),
                    workers,
                    device,
                    device_reason,
                    version,
                ),
            ).lastrowid
            assert study is not None
            write.executemany(
                "INSERT INTO shard (study, name, expected) VALUES (?, ?, ?)",
                [(study, shard, expected) for shard, expected in shards],
            )
            _announce(write, curves, study)
        return study

    def add_groups(
        self, study: int, groups: Sequence[tuple[str, str, dict[str, Any], float]]
    ) -> None:
        """Queue groups (name, shard, spec, expected seconds)."""
        with self._writing() as write:
            write.executemany(
                "INSERT INTO work (study, name, shard, spec, expected) VALUES (?, ?, ?, ?, ?)",
                [
                    (study, group, shard, json.dumps(spec), expected)
                    for group, shard, spec, expected in groups
                ],
            )

    def set_study(
        self, study: int, state: State, reason: str = "", workers: int | None = None
    ) -> None:
        """Move a study to another state; starting it also clears a wish to stop."""
        running = state == "running"
        with self._writing() as write:
            write.execute(
                "UPDATE study SET state = ?, reason = ?, pid = ?, heartbeat = ?,"
                " started = CASE WHEN ? THEN ? ELSE started END,"
                " stop_wanted = CASE WHEN ? THEN 0 ELSE stop_wanted END,"
                " workers = COALESCE(?, workers) WHERE id = ?",
                (
                    state,
                    reason,
                    os.getpid() if running else None,
                    time.time(),
                    running,
                    time.time(),
                    running,
                    workers,
                    study,
                ),
            )
            if not running:  # a group that was under way goes back in the queue
                write.execute(
                    "UPDATE work SET state = 'waiting' WHERE study = ? AND state = 'running'",
                    (study,),
                )

    def beat(self, study: int) -> None:
        """Say that the driver is alive; moves no revision."""
        with self._transaction() as write:
            write.execute("UPDATE study SET heartbeat = ? WHERE id = ?", (time.time(), study))

    def go_on(
        self, study: int, settings: dict[str, Any], shards: Sequence[tuple[str, float]]
    ) -> None:
        """Change what is asked of a study, and what it waits for: shards (name, seconds), again."""
        with self._writing() as write:
            write.execute(
                "UPDATE study SET settings = ? WHERE id = ?", (json.dumps(settings), study)
            )
            write.executemany(
                "INSERT INTO shard (study, name, expected) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET state = 'waiting'",
                [(study, shard, expected) for shard, expected in shards],
            )

    def end_shard(self, study: int, shard: str) -> None:
        """Say that nothing more follows for a shard, where no group of it did."""
        with self._writing() as write:
            write.execute(
                "UPDATE shard SET state = 'finished' WHERE study = ? AND name = ?", (study, shard)
            )

    def start_group(self, study: int, group: str) -> None:
        """Mark a group as under way."""
        with self._writing() as write:
            write.execute(
                "UPDATE work SET state = 'running' WHERE study = ? AND name = ?",
                (study, group),
            )

    def retry_failed(self, study: int) -> None:
        """Put the failed groups of a study back in the queue; each keeps why it failed."""
        with self._writing() as write:
            write.execute(
                "UPDATE shard SET state = 'waiting' WHERE study = ?1 AND name IN"
                " (SELECT shard FROM work WHERE study = ?1 AND state = 'failed')",
                (study,),
            )
            write.execute(
                "UPDATE work SET state = 'waiting'"
                " WHERE study = ? AND state IN ('failed', 'running')",
                (study,),
            )

    def end_group(
        self,
        study: int,
        group: str,
        *,
        seconds: float,
        reason: str,
        candidates: Sequence[CandidateRow],
        decides: str | None,
        points: Sequence[tuple[Point, dict[str, Any]]],
    ) -> None:
        """Write how a group ended and the points that it decides, all or nothing.

        Args:
            study: the study's id.
            group: the group's name.
            seconds: what it took.
            reason: why it failed, in words for the user; empty where it finished.
            candidates: its trainings.
            decides: the shard whose search ends with this group; None: it goes on.
            points: of that shard, with their records; they replace earlier ones, which are there
                when a failed group of the shard was tried again.
        """
        with self._writing() as write:
            write.executemany(
                "INSERT INTO candidate (study, work, shard, model, capacity, learning_rate, seed,"
                " record) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        study,
                        row.work,
                        row.shard,
                        row.model,
                        row.capacity,
                        row.learning_rate,
                        row.seed,
                        json.dumps(row.record),
                    )
                    for row in candidates
                ],
            )
            write.executemany(
                "DELETE FROM point WHERE curve = ? AND size = ?",
                sorted({(point.curve, point.size) for point, _ in points}),
            )
            _insert_points(write, points)
            write.execute(
                "UPDATE shard SET state = ? WHERE study = ? AND name = ?",
                ("finished" if points else "failed", study, decides),
            )
            write.execute(
                "UPDATE work SET state = ?, reason = ?, seconds = ? WHERE study = ? AND name = ?",
                ("failed" if reason else "finished", reason, seconds, study, group),
            )

    def import_points(self, points: Sequence[Point], version: str) -> int:
        """Take in points made elsewhere; returns how many were new.

        Raises:
            StoreError: a curve of that name is here already with other points; nothing is changed.
        """
        held = {curve.name: curve for curve in self.curves()}
        fresh: list[Point] = []
        curves = gather(points)
        for curve in curves:
            if curve.name not in held:
                fresh += curve.points
            elif Counter(held[curve.name].points) != Counter(curve.points):
                raise StoreError(
                    f'the store already has a curve named "{curve.name}" with other points; '
                    "rename one of them and import again."
                )
        new = {point.curve for point in fresh}
        with self._writing() as write:
            announced = [NewCurve(name, None, "", version, "imported") for name in sorted(new)]
            _announce(write, announced, None)
            _insert_points(write, [(point, {}) for point in fresh])
        return len(fresh)

    def add_points(self, points: Sequence[Point], version: str) -> int:
        """Add points made elsewhere to their curves, as they come; returns how many were new.

        Raises:
            StoreError: a study measured one of the curves, or a point of that size and seed is
                there with another error; nothing is changed.
        """
        fresh: dict[Point, None] = {}
        with self._writing() as write:
            held = {curve: study for curve, study in self._tuples("SELECT name, study FROM curve")}
            for point in points:
                if held.get(point.curve) is not None:
                    raise StoreError(
                        f'the curve "{point.curve}" was measured by a study; give yours another'
                        " name."
                    )
                there = self._tuples(
                    "SELECT error FROM point WHERE curve = ? AND size = ? AND seed IS ?",
                    point.curve,
                    point.size,
                    point.seed,
                )
                if (point.error,) in there:
                    continue
                if there and point.seed is not None:
                    raise StoreError(
                        f'the curve "{point.curve}" has the error {there[0][0]:g} at size'
                        f" {point.size:g} and seed {point.seed}, not {point.error:g}; give the"
                        " curve another name, or each repeat a seed of its own."
                    )
                fresh[point] = None
            new = dict.fromkeys(point.curve for point in fresh if point.curve not in held)
            _announce(write, [NewCurve(name, None, "", version, "imported") for name in new], None)
            _insert_points(write, [(point, {}) for point in fresh])
        return len(fresh)

    def swap_imported(self, out: Sequence[Curve], into: Sequence[Curve]) -> None:
        """Take imported curves out of the store and put others in, both or neither.

        The same call the other way round undoes it; `out` holds what is to be found there, so that
        nothing is lost that came in between.

        Raises:
            StoreError: a curve of `out` is not there as it is given, or was measured by a study, or
                a name of `into` is taken; nothing is changed.
        """
        with self._writing() as write:
            held = {curve.name: curve for curve in self.curves()} if out else {}
            for curve in out:
                found = held.pop(curve.name, None)
                if found is None or Counter(found.points) != Counter(curve.points):
                    raise StoreError(
                        f'the curve "{curve.name}" has changed in the store since; it was left as'
                        " it is."
                    )
                if found.origin != "imported":
                    raise StoreError(
                        f'the curve "{curve.name}" was measured by a study, which an import does'
                        " not touch; give yours another name."
                    )
            taken = {*self.curve_names()} - {curve.name for curve in out}
            for curve in into:
                if curve.name in taken:
                    raise StoreError(
                        f'the store already has a curve named "{curve.name}"; give yours another'
                        " name."
                    )
            write.executemany("DELETE FROM curve WHERE name = ?", [(c.name,) for c in out])
            _announce(
                write,
                [NewCurve(c.name, c.guess, c.data_hash, c.version, "imported") for c in into],
                None,
            )
            for curve in into:
                _insert_points(write, [(point, {}) for point in curve.points], curve.measured_on)

    # -- the thin SQL rim ----------------------------------------------------------------------

    def _rows(self, sql: str, *arguments: object) -> list[sqlite3.Row]:
        try:
            return self._connection.execute(sql, arguments).fetchall()
        except BROKEN as error:
            raise _unreadable(self.path, error) from error

    def _tuples(self, sql: str, *arguments: object) -> list[tuple[Any, ...]]:
        """The same rows without their names: of a hundred thousand, half the time."""
        cursor = self._connection.cursor()
        cursor.row_factory = None
        try:
            return cursor.execute(sql, arguments).fetchall()
        except BROKEN as error:
            raise _unreadable(self.path, error) from error

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Let several reads see the store at one moment, whatever is written meanwhile."""
        if self._connection.in_transaction:
            yield
            return
        self._rows("BEGIN")
        try:
            yield
        finally:
            self._rows("COMMIT")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection
        if _identity(self.path) != self._file:  # what is written now, nobody would ever read
            raise StoreGone(f"the store {self.path} was deleted, moved or replaced meanwhile.")
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk has ended it already
                    connection.execute("ROLLBACK")
                raise
        except BROKEN as error:
            raise StoreError(
                f"the store {self.path} cannot be written ({error}).{_hint(self.path)}"
            ) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._transaction() as connection:
            yield connection
            connection.execute("UPDATE revision SET counter = counter + 1")


def _only(study: int | None, names: Collection[str] | None) -> tuple[str, tuple[object, ...]]:
    """The condition on curves `c` and its arguments: those of a study, or all; of these names."""
    condition = f" WHERE {NOT_BINNED}"
    arguments: tuple[object, ...] = ()
    if study is not None:
        condition, arguments = " WHERE c.study = ?", (study,)
    if names is None:
        return condition, arguments
    among = f"{condition} AND c.name IN (SELECT value FROM json_each(?))"
    return among, (*arguments, json.dumps(list(names)))


def _connect(path: Path, mode: Literal["write", "read"]) -> sqlite3.Connection:
    access = "rw" if mode == "write" else "ro"
    if mode == "write" and not os.access(path, os.W_OK):
        raise StoreError(f"the store {path} may not be written by you; give another --store.")
    if mode == "read" and not _has_log(path) and not _has_room(path.parent):
        access += "&immutable=1"  # SQLite could not make the files that readers share
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={access}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    seal.install(connection)
    return connection


def _migrated(
    found: sqlite3.Connection, path: Path, mode: Literal["write", "read"], version: int
) -> sqlite3.Connection:
    """A connection to a store of an earlier format, which is brought to the present one first.

    What may only be read is brought there in memory.
    """
    try:
        if mode == "read" and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
            memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            memory.row_factory = sqlite3.Row
            seal.install(memory)
            found.backup(memory)
            found.close()
            migrate(memory, None)
            return memory
        found.close()
        with closing(_connect(path, "write")) as writing:
            migrate(writing, path)
    except (OSError, *BROKEN) as error:
        raise StoreError(
            f"the store {path} is of an earlier format ({version}) and cannot be brought up to"
            f" date ({error}); it is as it was."
        ) from error
    return _connect(path, mode)


def _create(path: Path) -> sqlite3.Connection:
    """Make a whole store under another name and move it to `path`: no reader sees half of one."""
    if _has_log(path) and not _has_content(path):
        raise StoreError(
            f"there is no store at {path}, but the log of one that was deleted, {path}-wal: SQLite"
            " would mix them up. Move that file away, or give another --store."
        )
    making = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        making.touch()
        with closing(_connect(making, "write")) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA}")
            seal.seal_rows(connection)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")
        if path.exists() and not _has_content(path):  # see `open`
            path.unlink()
        with suppress(FileExistsError):  # someone else was quicker: theirs is the store
            os.link(making, path)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"no store can be made at {path} ({error}).") from error
    finally:
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                making.with_name(making.name + suffix).unlink()
    return _connect(path, "write")


def _has_content(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _has_room(folder: Path) -> bool:
    """Whether the small files can be made there that readers and the writer share."""
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > SHARED_BYTES


def _has_log(path: Path) -> bool:
    """Whether changes wait beside a store that are not in it yet."""
    return _has_content(path.with_name(f"{path.name}-wal"))


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file lies at a path; None where there is none."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_dev, about.st_ino


def _unreadable(path: Path, error: Exception) -> StoreError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
        return _damaged(path, str(error))
    return StoreError(f"the store {path} cannot be read ({error}).{_hint(path)}")


def _hint(path: Path) -> str:
    """What to do where a disk has no room, of which SQLite often says "disk I/O error" alone."""
    return "" if _has_room(path.parent) else " Its disk is full, or may not be written: make room."


def _damaged(path: Path, what: str) -> StoreDamaged:
    return StoreDamaged(
        f"the store {path} is damaged ({what}) and was left as it is. `steepness export OUT.csv"
        f" --points --store {path}` writes the points that can still be read."
    )


def _looks_like_sqlite(path: Path) -> bool:
    """Whether a file that SQLite refuses begins as one of its own.

    Not to be asked of a store that others have open in this process: closing a plain file drops
    the locks that all of it has on the same one (sqlite.org/howtocorrupt.html, section 2.2).
    """
    try:
        with path.open("rb") as file:
            return file.read(16) == b"SQLite format 3\x00"
    except OSError as error:
        raise StoreError(f"the store {path} cannot be read ({error.strerror}).") from error


def _announce(write: sqlite3.Connection, curves: Sequence[NewCurve], study: int | None) -> None:
    write.executemany(
        "INSERT INTO curve (study, name, subject, metric, guess, data_hash, version, origin)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (study, c.name, c.subject, c.metric, c.guess, c.data_hash, c.version, c.origin)
            for c in curves
        ],
    )


def _insert_points(
    write: sqlite3.Connection,
    decided: Sequence[tuple[Point, dict[str, Any]]],
    measured_on: str = "",
) -> None:
    """Write points with their records, as of now or as of the ISO date `measured_on`."""
    texts, numbers = seal.columns(write, "point")
    about, measured = attrgetter(*texts[:-1]), attrgetter(*numbers[:-1])  # then record, written
    day = time.strptime(measured_on, "%Y-%m-%d") if measured_on else None
    written = time.mktime(day) if day else time.time()

    def row(point: Point, record: dict[str, Any]) -> tuple[str | float | None, ...]:
        said = (*about(point), json.dumps(record) if record else "{}")
        counted = (*measured(point), written)
        return (*said, *counted, seal.seal(said, counted))

    names = [*texts, *numbers, "seal"]
    write.executemany(
        f"INSERT INTO point ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
        [row(point, record) for point, record in decided],
    )


def _study_row(row: sqlite3.Row, now: float) -> StudyRow:
    settings = json.loads(row["settings"])
    state, reason = row["state"], row["reason"]
    # A beat that is yet to come was before the clock was set back, and nobody has beaten since.
    if state == "running" and abs(now - row["heartbeat"]) > LOST_AFTER_SECONDS:
        state, reason = "stopped", "the run ended unexpectedly; resume it, nothing is lost"
    pace = (row["took"] / row["expected_done"]) if row["expected_done"] else 1.0
    ahead, gone = row["ahead"] or 0.0, row["expected_done"] or 0.0
    left = ahead * pace / max(1, row["workers"])
    return StudyRow(
        id=row["id"],
        name=row["name"],
        state=state,
        reason=reason,
        done=row["done"] or 0,
        total=row["total"],
        share=gone / (gone + ahead) if gone + ahead else 0.0,
        created=row["created"],
        started=row["started"],
        seconds_left=left if state in ("running", "waiting", "stopped") else None,
        device=row["device"],
        device_reason=row["device_reason"],
        last_heard=row["heartbeat"],
        settings=settings,
    )
