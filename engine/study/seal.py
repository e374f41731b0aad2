"""Seals: a checksum in every row, so that a damaged store is never taken for a sound one.

SQLite notices a page that makes no sense. It does not notice a bit that has turned over inside a
number or a text: of single bytes changed at random in a small store, one in twenty gave other
values without a word (26 November 2026). So triggers write a CRC-32 of its cells into every row
that is made or changed, and `damage` reads the whole store against them.
"""

import sqlite3
import struct
import zlib
from collections.abc import Sequence
from math import inf
from typing import Any

TABLES = ("study", "shard", "work", "candidate", "curve", "point", "fit_window")
BROKEN = (sqlite3.DatabaseError, UnicodeError)  # the latter where a text is broken, or a message
MOST_FAULTS = 3  # of SQLite's own check, that are quoted


def install(connection: sqlite3.Connection) -> None:
    """Teach a connection to seal; without it the triggers refuse to write."""
    connection.create_function("seal", -1, _seal, deterministic=True)


def seal_rows(connection: sqlite3.Connection) -> None:
    """Seal what there is, and from now on every row as it is written; part of a transaction.

    Points are sealed by who writes them: through a trigger each would take twice as long.
    """
    for table in TABLES:
        connection.execute(f"ALTER TABLE {table} ADD COLUMN seal INTEGER NOT NULL DEFAULT 0")
        sealing = f"UPDATE {table} SET seal = {sealed(connection, table)}"
        connection.execute(sealing)
        for event in ("UPDATE",) if table == "point" else ("INSERT", "UPDATE"):
            connection.execute(
                f"CREATE TRIGGER {table}_{event.lower()} AFTER {event} ON {table}"
                f" BEGIN {sealing} WHERE rowid = NEW.rowid; END"
            )
    connection.execute("ALTER TABLE revision ADD COLUMN schema INTEGER NOT NULL DEFAULT 0")
    connection.execute("UPDATE revision SET schema = ?", (_schema(connection),))


def damage(connection: sqlite3.Connection) -> str:
    """What is wrong with a store, in words; empty where it is sound. Reads all of it.

    Raises:
        sqlite3.DatabaseError: so much is wrong that it cannot be looked through.
    """
    if found := disorder(connection):
        return found
    if connection.execute("SELECT schema FROM revision").fetchone()[0] != _schema(connection):
        return "its tables are not the ones that were made"
    for table in TABLES:
        broken = f"SELECT COUNT(*) FROM {table} WHERE seal != {sealed(connection, table)}"
        (count,) = connection.execute(broken).fetchone()
        if count:
            return f"{count} of the rows in its table {table} are not as they were written"
    return ""


def disorder(connection: sqlite3.Connection) -> str:
    """What SQLite finds wrong with the order of a store, in words; empty where nothing is."""
    found = [row[0] for row in connection.execute(f"PRAGMA integrity_check({MOST_FAULTS})")]
    return "" if found == ["ok"] else "; ".join(found)


def columns(connection: sqlite3.Connection, table: str) -> tuple[list[str], list[str]]:
    """The columns that the seal of a table is of: those of texts and those of numbers."""
    texts, numbers = [], []
    for _, name, kind, *_ in connection.execute(f"PRAGMA table_info({table})"):
        if kind == "TEXT":
            texts.append(name)
        elif name != "seal" and (table, name) != ("point", "id"):  # which nothing refers to
            numbers.append(name)
    return texts, numbers


def sealed(connection: sqlite3.Connection, table: str) -> str:
    """What the seal of a row should be, in SQL."""
    texts, numbers = columns(connection, table)
    return f"seal({len(texts)}, {', '.join(texts + numbers)})"


def seal(texts: Sequence[str], numbers: Sequence[float | None]) -> int:
    """CRC-32 of a row's cells; infinity, which no column holds, stands for NULL.

    Raises:
        TypeError, struct.error: a cell is of another kind, which is damage.
    """
    whole = [inf if number is None else number for number in numbers]
    packed = struct.pack(f"<{len(whole)}d", *whole)
    return zlib.crc32("\0".join(texts).encode(), zlib.crc32(packed))


def _seal(count: int, *cells: Any) -> int:
    return seal(cells[:count], cells[count:])


def _schema(connection: sqlite3.Connection) -> int:
    made = connection.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL ORDER BY name")
    return zlib.crc32("\0".join(sql for (sql,) in made).encode())
