"""CSV cells: full precision for numbers, and text that no spreadsheet runs as a formula.

A cell that begins with = + - @ (or a tab or carriage return before one) is a formula to a
spreadsheet. `guard` puts an apostrophe before such text; `unguard` takes it away again, and leaves
every other text as it is. So it does after each sign inside a text that a spreadsheet of another
country, or a reader's own choice, takes for the end of a cell: `mine;=1+1` is two cells to Excel in
German. Numbers are not text and never pass through here.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

# = + - @, as East Asian keyboards write them too; white space that some skip before one.
FORMULA = "=+\\-@\uff1d\uff0b\uff0d\uff20\t\r"
ENDS = ",;|\t\r\n"  # of a cell, to somebody
BARE = re.compile(rf"(^|[{ENDS}])(['\"]*)(?=[{FORMULA}])")
GUARDED = re.compile(rf"(^|[{ENDS}])(['\"]*)'(?=[{FORMULA}])")
QUOTED = re.compile(r'[",;\t\r\n]')
WHOLE = 2.0**53  # whole floats below are written without a point: 1000 and not 1000.0


def guard(text: str) -> str:
    """`text` as it is written to a CSV cell."""
    return BARE.sub(r"\1\2'", text)


def unguard(cell: str) -> str:
    """The text that `guard` wrote as `cell`."""
    return GUARDED.sub(r"\1\2", cell)


def line(values: Iterable[str | float | None]) -> str:
    """One line of a CSV file, its end included; None is a blank cell.

    (The csv module leaves a lone carriage return unquoted, which no reader takes back.)
    """
    return ",".join(map(_cell, values)) + "\n"


def _cell(value: str | float | None) -> str:
    """Text guarded and quoted where it must be; numbers such that they read back equal."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return str(value)
    whole = float(value).is_integer() and abs(value) < WHOLE
    return str(int(value)) if whole else repr(float(value))


@lru_cache(maxsize=1024)  # a column says the same thing row after row
def _text(value: str) -> str:
    text = guard(value)
    return '"' + text.replace('"', '""') + '"' if QUOTED.search(text) else text
