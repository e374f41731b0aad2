"""Text in CSV cells: safe to open in a spreadsheet of any country, and equal when read back."""

import csv
import re
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cells import guard, line, unguard

HOSTILE = st.text("'=+-@\t\r\n;,|\"a \uff1d", max_size=12)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        ("mine;=1+1", "mine;'=1+1"),
        ("a|@x", "a|'@x"),
        ("a - b = c", "a - b = c"),
        ("it's", "it's"),
        ('a;"=1"', 'a;"\'=1"'),
        ("top-1", "top-1"),
        ("\uff1d1", "'\uff1d1"),
    ],
)
def test_an_apostrophe_stands_where_a_formula_could_begin_and_nowhere_else(
    text: str, cell: str
) -> None:
    assert guard(text) == cell
    assert unguard(cell) == text


@given(HOSTILE | st.text())
def test_a_guarded_text_comes_back(text: str) -> None:
    assert unguard(guard(text)) == text


@given(st.lists(HOSTILE, min_size=1, max_size=4))
def test_no_cell_begins_a_formula_wherever_a_reader_cuts_the_line(texts: list[str]) -> None:
    written = line(texts)
    for separator in (",", ";", "|", "\t"):
        for row in csv.reader(StringIO(written, newline=""), delimiter=separator):
            for cell in row:
                assert not cell.startswith(("=", "+", "-", "@", "\uff1d"))
    for cell in re.split(r"[,;|\t\r\n]", written.replace('"', "")):
        assert not cell.startswith(("=", "+", "-", "@", "\uff1d"))


@given(st.lists(HOSTILE | st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_a_line_reads_back_equal(texts: list[str]) -> None:
    (row,) = csv.reader(StringIO(line([*texts, "end"]), newline=""), strict=True)
    assert [unguard(cell) for cell in row] == [*texts, "end"]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (1000.0, "1000"),
        (2.0**53 - 1, "9007199254740991"),
        (2.0**53, "9007199254740992.0"),  # here 2^53 + 1 would be the same float
        (-(2.0**53), "-9007199254740992.0"),
    ],
)
def test_whole_floats_are_written_without_a_point_as_long_as_each_whole_number_has_its_own(
    value: float, cell: str
) -> None:
    assert line([value]) == f"{cell}\n"
