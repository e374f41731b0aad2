"""CSV cells: full precision for numbers, and text that no spreadsheet runs as a formula.

A cell that begins with = + - @ (or a tab or carriage return before one) is a formula to a
spreadsheet. `guard` puts an apostrophe before such text; `unguard` takes it away again, and leaves
every other text as it is. Numbers are not text and never pass through here.
"""

import re
from collections.abc import Iterable

FORMULA = ("=", "+", "-", "@", "\t", "\r")
QUOTED = re.compile(r'[",\r\n]')
WHOLE = 2.0**53  # whole floats below are written without a point: 1000 and not 1000.0


def guard(text: str) -> str:
    """`text` as it is written to a CSV cell."""
    return f"'{text}" if text.lstrip("'").startswith(FORMULA) else text


def unguard(cell: str) -> str:
    """The text that `guard` wrote as `cell`."""
    guarded = cell.startswith("'") and cell.lstrip("'").startswith(FORMULA)
    return cell[1:] if guarded else cell


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
        text = guard(value)
        return '"' + text.replace('"', '""') + '"' if QUOTED.search(text) else text
    if isinstance(value, int):
        return str(value)
    whole = float(value).is_integer() and abs(value) < WHOLE
    return str(int(value)) if whole else repr(float(value))
