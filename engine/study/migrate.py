"""Brings a store of an earlier format to the present one, after a copy of it was laid beside it.

Format 1 (before several subjects a study): a study had one domain, data and model, and its groups
were all planned beforehand. Its points, candidates and windows are kept and shown; a study of it
that was not finished cannot go on, since shards are searched in another way now.
Format 2: a study could not be deleted.
"""

import json
import shutil
import sqlite3
from pathlib import Path

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


FROM_2 = """
ALTER TABLE study ADD COLUMN binned REAL;
PRAGMA user_version = 3;
"""


def migrate(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Bring an open store of an earlier format to the present one, all or nothing.

    Raises:
        sqlite3.Error, OSError: it could not be copied or changed; it is as it was.
    """
    with connection:  # a copy of the bare file would miss what is still in the log
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy2(path, path.with_name(f"{path.name}.format{version}"))
    connection.execute("BEGIN IMMEDIATE")
    if version < 2:
        _from_1(connection)
    for statement in filter(str.strip, FROM_2.split(";")):
        connection.execute(statement)
    connection.execute("COMMIT")


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
