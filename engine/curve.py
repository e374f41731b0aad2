"""Point and Curve: the vocabulary that everything else speaks, and the points CSV in and out.

A point is one measurement: the error that a model reached after training on `size` samples.
A curve is the points that differ only in size and seed. Neither knows how it was trained or how
it will be fitted. Words and file format: see README, "Points CSV".
"""

import csv
import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from itertools import islice, repeat
from math import inf
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.cells import line, unguard
from engine.domains import PARAMETERS

LARGEST_WHOLE = 2**63 - 1  # what the store, an SQLite file, holds in an integer
REQUIRED = ("curve", "size", "error")


class Point(NamedTuple):
    """One measurement on a learning curve; several with one curve and size are repeats (seeds).

    A tuple, and no dataclass: of those a hundred thousand take eight times as long to make.
    """

    curve: str
    size: float  # training-set size m, in `unit`; > 0
    error: float  # in the metric's own unit; > 0
    unit: str = ""  # what a size counts: images, tokens, seconds, ...
    metric: str = ""  # "top-1 error", "top-5 error", "cross-entropy", ...
    domain: str = ""
    model: str = ""
    seed: int | None = None
    parameters: int | None = None  # trained numbers in the model
    stderr: float | None = None  # standard error of `error`, same unit
    seconds: float | None = None  # device seconds spent on this point
    device: str = ""
    split: str = ""  # which split the error was measured on: "test", ...


@dataclass(frozen=True, slots=True)
class Curve:
    """All points of one curve, ordered by size and then seed."""

    name: str
    points: tuple[Point, ...]
    guess: float | None = None  # best-guess level: the error of knowing the labels' shares only
    data_hash: str = ""  # of the data the points were trained on
    version: str = ""  # of Steepness, when it made the points
    origin: str = ""  # "measured here", "shipped", "imported": said wherever it is shown
    measured_on: str = ""  # ISO date of the newest point
    capacity: str = PARAMETERS  # what those of its points count, as of forests leaves

    def __hash__(self) -> int:
        """Of its name and last point alone: fits are looked up by their curve all the time."""
        return hash((self.name, len(self.points), self.points[-1:], self.guess))

    @property
    def sizes(self) -> NDArray[np.float64]:
        """Sizes of all points, repeats included; (n_points,)."""
        return np.array([point.size for point in self.points], dtype=np.float64)

    @property
    def errors(self) -> NDArray[np.float64]:
        """Errors of all points; (n_points,)."""
        return np.array([point.error for point in self.points], dtype=np.float64)

    @property
    def unit(self) -> str:
        """What a size counts."""
        return self._said("unit")

    @property
    def metric(self) -> str:
        """What an error measures."""
        return self._said("metric")

    @property
    def domain(self) -> str:
        """Domain of the points."""
        return self._said("domain")

    @property
    def model(self) -> str:
        """Model family of the points."""
        return self._said("model")

    @property
    def device(self) -> str:
        """Device or devices that the points were measured on."""
        return self._said("device")

    def _said(self, field: str) -> str:
        """What the points say in `field`; several answers are joined by "; "."""
        return "; ".join(dict.fromkeys(filter(None, (getattr(p, field) for p in self.points))))


def gather(points: Iterable[Point]) -> list[Curve]:
    """Group points by curve name, in order of first appearance."""
    rooms: dict[str, list[Point]] = {}
    for point in points:
        rooms.setdefault(point.curve, []).append(point)
    return [
        Curve(name, tuple(sorted(held, key=lambda p: (p.size, -1 if p.seed is None else p.seed))))
        for name, held in rooms.items()
    ]


class PointsError(ValueError):
    """A points CSV that cannot be read, in one sentence: line, value, rule."""


class ColumnMissing(PointsError):
    """It has no column of that name: perhaps it is a table of another kind."""


def read_points(source: str | Path) -> list[Point]:
    """Read a points CSV.

    Args:
        source: the Path of a file, or its text as a str. UTF-8 with or without BOM, LF or CRLF,
            comma-separated; the header names `curve`, `size`, `error` and any other fields of
            `Point` in any order. Other columns are ignored: a user's own remarks may stay.

    Returns:
        The points in the order of the file.

    Raises:
        PointsError: the first fault found, with line number, value and rule.
    """
    text = decoded(_content(source)) if isinstance(source, Path) else source.removeprefix("\ufeff")
    with collector_paused():
        return _points(text)


def write_points(points: Iterable[Point]) -> str:
    """The points as CSV text with a column for each field; `read_points` gives them back equal."""
    return "".join([line(Point._fields), *map(line, points)])


def _points(text: str) -> list[Point]:
    header, rows = _table(text)
    for name in READERS:
        if name not in header and name in REQUIRED:
            found = ",".join(header)
            raise ColumnMissing(f"line 1: column {name!r} is missing from {found!r}: add it")
        if header.count(name) > 1:
            raise PointsError(f"line 1: column {name!r} stands twice: remove one")
    if not rows:
        raise PointsError("the file holds no points: add lines below the header")
    cells = dict(zip(header, zip(*rows, strict=True), strict=True))
    columns = (
        _column(text, name, cells[name])
        if name in cells
        else repeat(Point._field_defaults[name], len(rows))
        for name in Point._fields
    )
    return list(map(Point._make, zip(*columns, strict=True)))


@contextmanager
def collector_paused() -> Iterator[None]:
    """Hold the garbage collector, which doubles the time of a million rows that make no cycles."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise PointsError(f"cannot read {path}: {fault.strerror}") from None


def decoded(content: bytes) -> str:
    """The text of a points CSV.

    Raises:
        PointsError: it is a store, or not UTF-8.
    """
    if content.startswith(b"SQLite format 3\0"):
        raise PointsError(
            "this is a store and no points CSV: steepness export points.csv --points --store FILE"
            " writes its points into one"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        rule = f"byte {fault.object[fault.start]:#04x} at offset {fault.start} is not UTF-8"
        raise PointsError(f"{rule}: save the file as CSV UTF-8") from None


def _table(text: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows, all of one width; blank lines are no rows."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        lines = list(filter(None, reader))
    except csv.Error as fault:
        raise PointsError(f"line {reader.line_num}: not a CSV line, {fault}: mend it") from None
    if not lines:
        raise PointsError("the file is empty: a points CSV needs a header, curve,size,error")
    header = [name.strip() for name in lines[0]]
    rows = lines[1:]
    for index, row in enumerate(rows):
        if len(row) != len(header):
            counts = f"{len(row)} cells, but the header names {len(header)} columns"
            raise PointsError(f"line {_line(text, index)}: {counts}")
    return header, rows


def _line(text: str, index: int) -> int:
    """The line in the file on which the data row `index`, counted from 0, ends."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    next(islice(filter(None, reader), index + 1, None))
    return int(reader.line_num)


def _column(text: str, name: str, cells: Sequence[str]) -> list[str | float | None]:
    """The values of one column; each distinct cell is converted once."""
    convert, rule = READERS[name]
    values = {}
    for written in dict.fromkeys(cells):
        try:
            values[written] = convert(written)
        except (ValueError, OverflowError):
            at = _line(text, cells.index(written))
            raise PointsError(f"line {at}: {name} {written!r} {rule}") from None
    return [values[written] for written in cells]


def _name(written: str) -> str:
    if not written.strip():
        raise ValueError(written)
    return unguard(written)


def _positive(written: str) -> float:
    value = float(written)
    if not 0 < value < inf:
        raise ValueError(written)
    return value


def _measure(written: str) -> float | None:
    if not written.strip():
        return None
    value = float(written)
    if not 0 <= value < inf:
        raise ValueError(written)
    return value


def _whole(written: str) -> int | None:
    if not written.strip():
        return None
    try:
        value = int(written)
    except ValueError:
        if not float(written).is_integer():  # 3.0 is how a table with blanks writes 3
            raise
        value = int(float(written))
    if abs(value) > LARGEST_WHOLE:
        raise ValueError(written)
    return value


Convert = Callable[[str], str | float | None]
TEXT: tuple[Convert, str] = (unguard, "is text")
# For each column, how a cell is read and which rule a refused one broke.
READERS: dict[str, tuple[Convert, str]] = {
    "curve": (_name, "must not be blank"),
    "size": (_positive, "must be a positive finite number"),
    "error": (_positive, "must be a positive finite number"),
    "unit": TEXT,
    "metric": TEXT,
    "domain": TEXT,
    "model": TEXT,
    "seed": (_whole, "must be a whole number below 2^63, or blank"),
    "parameters": (_whole, "must be a whole number below 2^63, or blank"),
    "stderr": (_measure, "must be a finite number of at least 0, or blank"),
    "seconds": (_measure, "must be a finite number of at least 0, or blank"),
    "device": TEXT,
    "split": TEXT,
}
