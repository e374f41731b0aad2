"""A table that someone exported or pasted, as header and rows of cells: nothing interpreted yet.

Takes what spreadsheets and logs write: comma, semicolon, tab, bar or blanks between cells, with or
without byte order mark, any line ends, no header, Excel's "sep=;" line, UTF-16, Windows-1252. What
the cells mean is engine.messy_csv's. The strict format that Steepness writes is engine.curve's.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO

from engine.curve import PointsError

MOST_ROWS = 200_000  # twice the 10^5 points that a page must stay quick with (issue 5, Quality)
LOOKED_AT = 2_000  # rows that the separator and the decimal sign are told from
SEPARATORS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas", " ": "blanks"}
SEP_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
# A number as a person or a program writes one: sign, digits with marks, a power, a percent sign.
NUMERIC = re.compile(r"[-+\u2212]?[\d.,'\u2019\u00a0\u202f _]*\d\.?([eE][-+]?\d+)?\s*[%kKmMgGbB]?")
# What tells a decimal comma from a thousands comma, and the other way round.
GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+")  # 1,000: says nothing
COMMA = re.compile(r"[-+]?(\d{1,3}(\.\d{3})+|\d*),\d+([eE][-+]?\d+)?\s*%?")
POINT = re.compile(r"[-+]?(\d{1,3}(,\d{3})+|\d*)\.\d*([eE][-+]?\d+)?\s*%?")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it stands in a file."""

    header: tuple[str, ...]  # a name for each column, none blank, none twice
    rows: tuple[tuple[str, ...], ...]  # blank ones left out; not all of the header's width
    lines: tuple[int, ...]  # on which line of the file each row ends
    separator: str  # a key of SEPARATORS
    decimal_comma: bool  # whether its numbers look like 0,5
    named: bool  # whether the file had a header; else the names are "column 1", ...


def decoded(content: bytes) -> str:
    """The text of a file.

    Raises:
        PointsError: it is a spreadsheet or other binary file.
    """
    if content.startswith(b"PK\x03\x04") or content.startswith(b"\xd0\xcf\x11\xe0"):
        raise PointsError(
            "this is a spreadsheet or an archive, not text: save the table as CSV and take that"
        )
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    if b"\0" in content:
        at = content.find(b"\0")
        raise PointsError(
            f"this is no text: it has a zero byte at offset {at:,}; save the table as CSV, UTF-8"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")  # what Excel on Windows calls CSV


def read_sheet(text: str) -> Sheet:
    """Find the separator, the header and the decimal sign of a table.

    Raises:
        PointsError: it is empty, or has more than MOST_ROWS rows.
    """
    text = text.removeprefix("\ufeff")
    said = SEP_LINE.match(text)
    skipped = 1 if said else 0
    separator = said[1] if said else None
    body = text[said.end() :] if said else text
    # Old Macintosh line ends too; "\r\n" counts as one line either way.
    body = _without_remarks(body.replace("\r\n", "\n").replace("\r", "\n"))
    if separator not in SEPARATORS:
        separator = _separator(body)
    cells, lines = _cells(body, separator)
    if not cells:
        raise PointsError("there is no table here: paste rows of size and error with a header")
    named = sum(map(is_number, cells[0])) < 2
    header, rows = (cells[0], cells[1:]) if named else ([""] * len(cells[0]), cells)
    if not rows:
        raise PointsError("the table has a header and no rows: add lines below it")
    if len(rows) > MOST_ROWS:
        raise PointsError(
            f"{len(rows):,} rows are more than the {MOST_ROWS:,} that this page takes:"
            " split the file, or make it a points CSV, which `steepness import` takes"
        )
    return Sheet(
        header=_names(header),
        rows=tuple(map(tuple, rows)),
        lines=tuple(line + skipped for line in lines[named:]),
        separator=separator,
        decimal_comma=_decimal_comma(rows[:LOOKED_AT]),
        named=named,
    )


def is_number(cell: str) -> bool:
    """Whether a cell looks like a number, however it is written."""
    return NUMERIC.fullmatch(cell.strip()) is not None


def _without_remarks(text: str) -> str:
    """Lines before the table that begin with #, made blank; one that names its columns stays."""
    lines = text.split("\n")
    written = [at for at, line in enumerate(lines[:LOOKED_AT]) if line.strip()]
    first = next((at for at in written if not lines[at].lstrip().startswith("#")), 0)
    remarks = [at for at in written if at < first]
    if not remarks:
        return text
    separator = _separator("\n".join(lines[first:]))

    def cells(line: str) -> list[str]:
        return next(iter(_cells(line, separator)[0]), [])

    row = cells(lines[first])
    alike = [at for at in remarks if len(cells(lines[at])) == len(row)]
    if any(sum(map(is_number, cells(lines[at]))) > 1 for at in alike):
        return text  # rows of a curve whose name begins with #
    names = lines[remarks[-1]].lstrip("# \t")
    for at in remarks:
        lines[at] = ""
    if len(cells(names)) == len(row) and sum(map(is_number, row)) > 1:  # nothing else names them
        lines[remarks[-1]] = names
    return "\n".join(lines)


def _separator(text: str) -> str:
    """The separator that cuts the first rows into most columns of one width."""

    def score(separator: str) -> tuple[int, int]:
        cells, _ = _cells("\n".join(first), separator)
        width = len(cells[0]) if cells else 1
        alike = sum(len(row) == width for row in cells) if width > 1 else 0
        return alike, width

    first = [line for line in text[:200_000].split("\n") if line.strip()][:50]
    marks = [mark for mark in SEPARATORS if mark != " "]
    best = max(marks, key=score)  # of equals the first: a tab or semicolon is rarely in a number
    return best if score(best)[1] > 1 else max((",", " "), key=score)


def _cells(text: str, separator: str) -> tuple[list[list[str]], list[int]]:
    """The rows that are not blank, and the line on which each ends."""
    try:
        return _parsed(text, separator, csv.QUOTE_MINIMAL)
    except csv.Error:  # a quotation mark that does not close: it is a letter then
        try:
            return _parsed(text, separator, csv.QUOTE_NONE)
        except csv.Error as fault:
            raise PointsError(f"this is no table: {fault}; save it as CSV, UTF-8") from None


def _parsed(text: str, separator: str, quoting: int) -> tuple[list[list[str]], list[int]]:
    reader = csv.reader(
        StringIO(text, newline=""),
        delimiter=separator,
        quoting=quoting,  # type: ignore[arg-type]  # a literal type in the stubs only
        skipinitialspace=True,
        strict=True,
    )
    rows, lines = [], []
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if separator == " ":
                cells = [cell for cell in cells if cell]  # several blanks are one
            if any(cells):
                rows.append(cells)
                lines.append(reader.line_num)
    except csv.Error as fault:
        raise csv.Error(f"{fault}, on line {reader.line_num}") from None
    return rows, lines


def _names(header: Iterable[str]) -> tuple[str, ...]:
    """A name for each column: a blank one is counted, a second one of a name is numbered."""
    names: list[str] = []
    for place, written in enumerate(header, start=1):
        name = written or f"column {place}"
        count = 2
        while name in names:
            name = f"{written or f'column {place}'} ({count})"
            count += 1
        names.append(name)
    return tuple(names)


def _decimal_comma(rows: Iterable[list[str]]) -> bool:
    """Whether a comma is the decimal sign: some number needs it to be, and none forbids it."""
    comma = point = 0
    for row in rows:
        for cell in row:
            if "," in cell and not GROUPED.fullmatch(cell) and COMMA.fullmatch(cell):
                comma += 1
            elif "." in cell and POINT.fullmatch(cell):
                # 1.000 is a thousand where commas are decimal signs; it forbids nothing
                point += not re.fullmatch(r"[1-9]\d{0,2}(\.\d{3})+", cell)
    return comma > point
