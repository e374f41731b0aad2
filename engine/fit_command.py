"""`steepness fit POINTS.csv`: the laws of a user's own curves, no store and no torch needed."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

from engine.arguments import positive
from engine.columns import aligned, visible
from engine.curve import PointsError, gather, read_points
from engine.exponents import exponent_row, write_exponents
from engine.laws.fit import Fit
from engine.laws.together import fits_together
from engine.laws.window import Window
from engine.numbers import number, with_interval

HEADER = ("curve", "law", "exponent", "floor", "window", "sizes", "seeds", "status")


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `fit` to the subcommands; its namespace runs as `args.run(args)`."""
    parser = commands.add_parser(
        "fit",
        help="fit a law to each curve of a points CSV",
        description="Fit a law to each curve of a points CSV; intervals are 90 %.",
    )
    parser.add_argument("points", type=Path, metavar="POINTS.csv")
    parser.add_argument(
        "--law",
        choices=("auto", "power", "power-floor"),
        default="auto",
        help="auto claims a floor only where the points tell one (default: auto)",
    )
    parser.add_argument(
        "--window",
        type=_window,
        default=None,
        metavar="auto|LOW:HIGH",
        help="sizes to fit; either end may be blank; auto leaves the plateau out (default: auto)",
    )
    parser.add_argument(
        "--guess",
        type=positive,
        metavar="ERROR",
        help="error of the best guess, where it is known: tells a plateau from a slow start",
    )
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the fits; 0, or 1 with a line on stderr where the file or every curve is refused."""
    try:
        curves = gather(read_points(args.points))
    except PointsError as fault:
        print(f"{args.points}: {fault}", file=sys.stderr)
        return 1
    if args.guess is not None:
        curves = [replace(curve, guess=args.guess) for curve in curves]
    fits = fits_together(curves, [args.window] * len(curves), args.law)
    if not any(found.exponent for found in fits):
        more = len(fits) - 1
        others = f" (and {more} more curve{'s' * (more > 1)})" if more else ""
        said = f"{fits[0].curve.name}: {fits[0].notes[-1].message}{others}"
        print(visible(said), file=sys.stderr)
        return 1
    print(_shown(fits, args.format), end="")
    return 0


def _window(written: str) -> Window | None:
    """Parse LOW:HIGH; None for "auto"."""
    if written == "auto":
        return None
    try:
        low, high = (float(end) if end else None for end in written.split(":"))
    except ValueError:
        sentence = f"window {written!r} is neither auto nor LOW:HIGH"
        raise argparse.ArgumentTypeError(sentence) from None
    try:
        return Window(low, high)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(str(fault)) from None


def _shown(fits: Sequence[Fit], style: Literal["table", "csv", "json"]) -> str:
    if style == "table":
        return _table(fits)
    rows = [exponent_row(found) for found in fits]
    if style == "csv":
        return write_exponents(rows)
    return json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False) + "\n"


def _table(fits: Sequence[Fit]) -> str:
    """Aligned columns, then the notes of each curve."""
    table = aligned([HEADER, *(_line(found) for found in fits)])
    notes = [f"{found.curve.name}: {note.message}" for found in fits for note in found.notes]
    return "\n".join([table, *([""] if notes else []), *map(visible, notes)]) + "\n"


def _line(found: Fit) -> tuple[str, ...]:
    exponent, floor = found.exponent, found.floor
    low, high = found.window_low, found.window_high
    return (
        found.curve.name,
        found.law,
        with_interval(exponent.value, exponent.low, exponent.high) if exponent else "-",
        with_interval(floor.value, floor.low, floor.high) if floor else "-",
        "-" if low is None or high is None else f"{number(low)} to {number(high)}",
        str(found.n_sizes),
        str(found.n_seeds),
        found.status.value,
    )
