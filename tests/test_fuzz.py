"""A taste of tests/fuzz.py in every run of the tests; tests/soak has more."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from engine.curve import PointsError
from engine.messy_csv import guess_layout, read
from engine.sheet import decoded, read_sheet
from engine.study.store import Store, StoreError
from tests import fuzz

READ = {  # of each seed, how many rows become points; what our own files hold is read whole
    "ours.csv": 2, "german_excel.csv": 2, "sep_line.csv": 2, "tabs.tsv": 2, "blanks.txt": 2,
    "bars.csv": 2,    "crooked.csv": 1, "utf16.csv": 1, "cp1252.csv": 0, "mac_no_header.csv": 2,
}  # fmt: skip


def test_every_seed_is_known() -> None:
    assert {path.name for path in fuzz.CORPUS} == set(READ)


@pytest.mark.parametrize("seed", fuzz.CORPUS, ids=lambda path: path.name)
def test_a_seed_gives_the_points_that_a_person_would_read(seed: Path) -> None:
    sheet = read_sheet(decoded(seed.read_bytes()))
    try:
        points = read(sheet, guess_layout(sheet)).points
    except PointsError:
        points = ()
    assert len(points) == READ[seed.name]


@pytest.mark.parametrize(("kind", "count"), [("csv", 1_500), ("store", 300)])
def test_damaged_files_are_read_or_refused_and_never_crash(kind: str, count: int) -> None:
    became, crashed, _ = fuzz.run(kind, count, seed=0)
    assert crashed == []
    assert sum(became.values()) == count


@pytest.mark.parametrize(
    ("damage", "read"),
    [
        ("DELETE FROM revision", Store.revision),
        ("DROP TABLE revision", Store.revision),
        ("UPDATE point SET written = 1e300", Store.curves),
    ],
)
def test_rows_of_another_shape_are_told_as_damage(
    tmp_path: Path, damage: str, read: Callable[[Store], object]
) -> None:
    """What the fuzz found: each was a traceback."""
    path = tmp_path / "study.db"
    path.write_bytes(fuzz.stores()[1])
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("seal", -1, lambda *_: "")  # the triggers ask for it
        connection.execute(damage)
        connection.commit()
    with Store.open(path, "read") as store, pytest.raises(StoreError, match="is damaged"):
        read(store)
