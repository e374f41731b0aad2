"""`steepness predict POINTS.csv`: the error at other sizes, or the size for an error; no torch."""

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path
from typing import Literal

from engine.arguments import positive
from engine.cells import line, unguard
from engine.columns import aligned, visible
from engine.curve import Curve, PointsError, gather, read_points
from engine.laws.forecast import REACH, Forecast, forecasts_together
from engine.numbers import number

HEADER = ("curve", "size", "error", "low", "high")


class SizesError(Exception):
    """A sizes CSV that cannot be read, in one sentence: line, value, rule."""


@dataclass(frozen=True, slots=True)
class PredictedRow:
    """One row of the answer; low and high are the ends of the 90 % band.

    Asked for a size they are errors. Asked for an error they are sizes, blank where the error is
    not reached, and `note` says why.
    """

    curve: str
    size: float | None
    error: float
    low: float | None
    high: float | None
    note: str


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `predict` to the subcommands; its namespace runs as `args.run(args)`."""
    parser = commands.add_parser(
        "predict",
        help="forecast the error at other sizes, or the size for an error",
        description="Forecast each curve of a points CSV, beside the others of its domain, metric"
        " and unit; low and high are a 90 % band.",
    )
    parser.add_argument("points", type=Path, metavar="POINTS.csv")
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument(
        "--size",
        type=positive,
        action="append",
        metavar="M",
        help="the error at this size; again for several",
    )
    asked.add_argument(
        "--at", type=Path, metavar="SIZES.csv", help="the error at each row: columns curve,size"
    )
    asked.add_argument(
        "--error",
        type=positive,
        metavar="E",
        help="the size for this error; low and high are then sizes, with luck and almost surely",
    )
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the forecasts; 0, or 1 with a line on stderr where a file or every curve is refused."""
    try:
        curves = gather(read_points(args.points))
    except PointsError as fault:
        print(f"{args.points}: {fault}", file=sys.stderr)
        return 1
    try:
        asked = _asked(args, curves)
    except SizesError as fault:
        print(f"{args.at}: {fault}", file=sys.stderr)
        return 1
    wanted = dict.fromkeys(name for name, _ in asked)
    held = forecasts_together(curves)
    found = {each.curve.name: each for each in held if each.curve.name in wanted}
    told = {name: held for name, held in found.items() if held.members is not None}
    if not told:
        first, more = next(iter(found.values())), len(found) - 1
        others = f" (and {more} more curve{'s' * (more > 1)})" if more else ""
        print(visible(f"{first.curve.name}: {first.notes[-1].message}{others}"), file=sys.stderr)
        return 1
    rows = (
        [_size_row(found[name], args.error) for name, _ in asked if name in told]
        if args.error is not None
        else _error_rows(told, asked)
    )
    notes = [f"{name}: {note.message}" for name, held in found.items() for note in held.notes]
    print(_shown(rows, notes, args.format), end="")
    if args.format != "table":
        for name in found.keys() - told.keys():
            print(visible(f"{name}: {found[name].notes[-1].message}"), file=sys.stderr)
    return 0


def _asked(args: argparse.Namespace, curves: Sequence[Curve]) -> list[tuple[str, float]]:
    """Curve and size of each row wanted, in order; the size is 0 where an error was given."""
    names = [curve.name for curve in curves]
    if args.at is not None:
        return read_sizes(args.at, names)
    return [(name, size) for name in names for size in (args.size or [0.0])]


def read_sizes(path: Path, names: Iterable[str]) -> list[tuple[str, float]]:
    """Read a sizes CSV: columns curve and size, others ignored.

    Raises:
        SizesError: the first fault found, with line number, value and rule.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as fault:
        raise SizesError(f"cannot be read: {fault.strerror}") from None
    except UnicodeDecodeError:
        raise SizesError("is not UTF-8: save it as CSV UTF-8") from None
    known = set(names)
    reader = csv.DictReader(StringIO(text, newline=""), strict=True)
    rows = []
    try:
        missing = {"curve", "size"} - set(reader.fieldnames or ())
        if missing:
            raise SizesError(f"line 1: column {min(missing)!r} is missing: add it")
        for row in reader:
            at, name, size = f"line {reader.line_num}", unguard(row["curve"] or ""), row["size"]
            if name not in known:
                raise SizesError(f"{at}: curve {name!r} is not in the points CSV: check its name")
            try:
                rows.append((name, positive(size or "")))
            except argparse.ArgumentTypeError as fault:
                raise SizesError(f"{at}: size {fault}") from None
    except csv.Error as fault:
        raise SizesError(f"line {reader.line_num}: not a CSV line, {fault}") from None
    if not rows:
        raise SizesError("it asks for no sizes: add lines below the header")
    return rows


def _error_rows(
    told: dict[str, Forecast], asked: Sequence[tuple[str, float]]
) -> list[PredictedRow]:
    """A row for each size wanted, in the order asked for."""
    sizes: dict[str, list[float]] = {}
    for name, size in asked:
        sizes.setdefault(name, []).append(size)
    waiting = {}
    for name, held in told.items():
        at = held.error_at(sizes[name])
        columns = (at.size, at.error, at.low, at.high, at.beyond)
        waiting[name] = iter(zip(*(column.tolist() for column in columns), strict=True))
    rows = []
    for name, _ in asked:
        if name in waiting:
            size, error, low, high, beyond = next(waiting[name])
            note = _beyond(told[name], size) if beyond else ""
            rows.append(PredictedRow(name, size, error, low, high, note))
    return rows


def _beyond(held: Forecast, size: float) -> str:
    largest = held.largest or size
    if size < largest:
        return f"far below the smallest size measured, {number(held.smallest or size)}"
    times = number(size / largest, 2)
    return f"{times} times the largest size: forecasts are tested up to {REACH:g} times"


def _size_row(held: Forecast, error: float) -> PredictedRow:
    needed = held.size_for(error)
    return PredictedRow(held.curve.name, needed.size, error, needed.low, needed.high, needed.note)


def _shown(
    rows: Sequence[PredictedRow], notes: Sequence[str], style: Literal["table", "csv", "json"]
) -> str:
    if style == "csv":
        cells = ((row.curve, row.size, row.error, row.low, row.high) for row in rows)
        return "".join([line(HEADER), *map(line, cells)])
    if style == "json":
        return json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False) + "\n"
    table = aligned([HEADER, *map(_cells, rows)])
    said = dict.fromkeys([*(f"{row.curve}: {row.note}" for row in rows if row.note), *notes])
    return "\n".join([table, *([""] if said else []), *map(visible, said)]) + "\n"


def _cells(row: PredictedRow) -> tuple[str, ...]:
    figures = (row.size, row.error, row.low, row.high)
    return (row.curve, *("-" if each is None else number(each, 4) for each in figures))
