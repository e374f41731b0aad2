"""A points CSV that some other program writes to, taken into a store as it grows.

A line counts once it is ended, so what is read while it is half written is left for the next look.
"""

import time
from collections.abc import Collection, Iterator
from pathlib import Path

from engine import VERSION
from engine.curve import PointsError, decoded, read_points
from engine.study.store import Store

LOOK_SECONDS = 1.0  # between two looks at the file


def whole_lines(path: Path) -> str:
    """The text of a file up to its last line's end; "" where it is not there yet.

    Raises:
        PointsError: it cannot be read, or is not UTF-8.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ""
    except OSError as fault:
        raise PointsError(f"cannot read {path}: {fault.strerror}") from None
    return decoded(content[: content.rfind(b"\n") + 1])


def take_in(text: str, store: Path) -> int:
    """Take the points of a growing file into a store; how many were new.

    Raises:
        PointsError: a line breaks a rule.
        StoreError: the store cannot be written, or holds another error for a size and seed.
    """
    if len(text.splitlines()) < 2:
        return 0  # a header and no points yet
    points = read_points(text)
    with Store.open(store) as opened:
        return opened.add_points(points, VERSION)


def faults(text: str) -> dict[int, str]:
    """The lines that are no points, by their numbers from 1, and what is wrong with each.

    A training that diverges writes such a line, and those after it still count.

    Raises:
        PointsError: the header breaks a rule.
    """
    header, *lines = text.splitlines(keepends=True)
    found = {}
    for number, line in enumerate(lines, 2):
        try:
            if line.strip():
                read_points(header + line)
        except PointsError as fault:
            if str(fault).startswith("line 1:"):
                raise
            found[number] = f"line {number}{str(fault).removeprefix('line 2')}"
    return found


def follow(path: Path, store: Path) -> Iterator[str]:
    """Take in what is there and what comes, for ever; says what was taken in and what left out."""
    before, wrong = "", dict[int, str]()
    while True:
        text = whole_lines(path)
        if text != before:
            if not text.startswith(before):
                wrong = {}  # the file was written anew
            before = text
            try:
                fresh = take_in(_without(text, wrong), store)
            except PointsError:
                known, wrong = wrong, faults(text)
                if wrong == known:
                    raise  # no line is wrong by itself
                yield from (f"{wrong[at]}: left out" for at in sorted({*wrong} - {*known}))
                fresh = take_in(_without(text, wrong), store)
            if fresh:
                yield f"{fresh} point{'s' * (fresh != 1)} taken in"
        time.sleep(LOOK_SECONDS)


def _without(text: str, wrong: Collection[int]) -> str:
    lines = enumerate(text.splitlines(keepends=True), 1)
    return "".join(line for number, line in lines if number not in wrong)
