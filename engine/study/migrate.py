"""Brings a store of an earlier format to the present one, after a copy of it was laid beside it.

Format 1 (before several subjects a study): a study had one domain, data and model, and its groups
were all planned beforehand. Its points, candidates and windows are kept and shown; a study of it
that was not finished cannot go on, since shards are searched in another way now.
Format 2: a study could not be deleted.
Format 3: rows had no seals.
"""

import json
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from engine.study.location import unused
from engine.study.seal import disorder, seal_rows

SCHEMA_VERSION = 4  # of schema.sql
ENDED = "made by an earlier Steepness; its points are kept, run it anew to go on"

FROM_1 = """
CREATE TABLE shard (
    study INTEGER NOT NULL REFERENCES study(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    expected REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    PRIMARY KEY (study, name)
);
INSERT INTO shard
    SELECT study, shard, SUM(expected), CASE WHEN MIN(state = 'finished') THEN 'finished'
    ELSE 'failed' END FROM work GROUP BY study, shard;
ALTER TABLE curve ADD COLUMN subject INTEGER;
ALTER TABLE curve ADD COLUMN metric TEXT NOT NULL DEFAULT '';
UPDATE curve SET subject = 0 WHERE study IS NOT NULL;
UPDATE study SET state = 'stopped' WHERE state != 'finished';
"""


FROM_2 = "ALTER TABLE study ADD COLUMN binned REAL"


def migrate(connection: sqlite3.Connection, path: Path | None) -> None:
    """Bring an open store of an earlier format to the present one, all or nothing.

    Args:
        connection: to the store.
        path: of its file, which is copied beforehand; None: it has none.

    Raises:
        sqlite3.Error, OSError: it is damaged, or could not be copied or changed; it is as it was.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version < SCHEMA_VERSION:  # else another process was quicker
            if found := disorder(connection):
                raise sqlite3.DatabaseError(found)
            if path is not None:
                _copy(path, unused(path.with_name(f"{path.name}.format{version}")))
            if version < 2:
                _from_1(connection)
            if version < 3:
                connection.execute(FROM_2)
            seal_rows(connection)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _copy(path: Path, to: Path) -> None:
    """Copy a store with what is still in its log; half of a copy never bears the name."""
    making = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        with closing(sqlite3.connect(path)) as here, closing(sqlite3.connect(making)) as there:
            here.backup(there)
        making.rename(to)
    finally:
        with suppress(OSError):
            making.unlink()


def _from_1(connection: sqlite3.Connection) -> None:
    for statement in filter(str.strip, FROM_1.split(";")):
        connection.execute(statement)
    for study, settings, state in connection.execute("SELECT id, settings, state FROM study"):
        connection.execute(
            "UPDATE study SET settings = ?, reason = ? WHERE id = ?",
            (
                json.dumps(_settings(json.loads(settings))),
                "" if state == "finished" else ENDED,
                study,
            ),
        )


def _settings(old: dict[str, object]) -> dict[str, object]:
    """What was asked for, in the words of `engine.study.subject.Settings`."""
    subject = {name: old[name] for name in ("domain", "data", "model")}
    asked = {name: old.get(name) for name in ("preset", "minutes", "sizes", "seeds", "device")}
    return {"subjects": [{**subject, "treatment": ""}], **asked, "paths": []}
