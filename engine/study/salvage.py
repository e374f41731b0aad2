"""What can still be read of a damaged store: its points, row by row, as far as they bear out."""

import sqlite3
from contextlib import closing
from pathlib import Path

from engine.curve import Point
from engine.study import seal

COLUMNS = "PRAGMA table_info(point)"
STRETCH = 20_000  # rows in a row that cannot be read, before what follows them is given up


def salvage(path: Path) -> list[Point]:
    """The points of a damaged store that are as they were written; the store is left as it is.

    A store of before the seals (format 3) has only SQLite's word for that.
    """
    columns = ", ".join(Point._fields)
    found: list[Point] = []
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        seal.install(connection)
        try:
            cells = seal.sealed(connection, "point")
            held = any(name == "seal" for _, name, *_ in connection.execute(COLUMNS))
        except seal.BROKEN:  # its first page, which says where everything else is
            return []
        sound = f"seal = {cells}" if held else "1"
        start, missed, alone = 0, 0, False
        while missed < STRETCH:
            # Python steps on to the next row before it hands one over: where the next is broken,
            # a sound one is lost with it. So after a fault a row is read alone.
            rows = f"SELECT id, {sound}, {columns} FROM point WHERE id >= ? ORDER BY id LIMIT ?"
            try:
                for at, is_sound, *values in connection.execute(rows, (start, 1 if alone else -1)):
                    start, missed = at + 1, 0
                    if is_sound:
                        found.append(Point._make(values))
                if not alone:
                    return found
                alone = False
            except seal.BROKEN:
                start, missed, alone = start + alone, missed + 1, True
    return found
