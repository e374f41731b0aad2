"""Text as a terminal may show it, and rows of it with their columns lined up."""

import re
from collections.abc import Sequence

# Control characters, and those that turn the direction of writing: a name from somebody's file
# could move the cursor, rename the window or show another name than it has.
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """Text from a file, with what is no letter written out as Python writes it."""
    return UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """One line for each row, two blanks between columns, no line end at the end."""
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    )
