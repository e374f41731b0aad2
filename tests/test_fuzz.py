"""A taste of tests/fuzz.py in every run of the tests; tests/soak has more."""

from pathlib import Path

import pytest

from engine.curve import PointsError
from engine.messy_csv import guess_layout, read
from engine.sheet import decoded, read_sheet
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
