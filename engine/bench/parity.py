"""Loops of training compared: what they cost and whether they come to the same errors.

Pure: from what the training bench has kept to its table. Sums and ratios are of the sizes and seeds
that both the loop and the plain one have measured, so a bench that was stopped compares like with
like; what stands behind a figure, sizes, seeds and pairs, is told with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import linregress
from scipy.stats import t as student

from engine.bench.cases import Case
from engine.bench.kept import Cell, Loop, Wall
from engine.columns import aligned

LOOPS: tuple[Loop, ...] = ("plain", "resident", "ours")
CONFIDENCE = 0.95
HEAD = ("", "pairs", "CPU s", "ratio", "steps", "looks", "validating", "errors", "exponent")


@dataclass(frozen=True, slots=True)
class Parity:
    """Test errors beside the plain loop's, paired by size and seed."""

    pairs: int
    mean: float  # of the logs of their ratios
    half: float  # half of its 95 % interval
    slope: float | None  # of those logs over the log of the size: how far exponents differ
    slope_half: float | None  # both None of less than 3 pairs or one size


def pairs(cells: Sequence[Cell], loop: Loop) -> list[tuple[Cell, Cell]]:
    """A loop's cells and the plain loop's of the same size and seed, small to large."""
    mine = {(cell.size, cell.seed): cell for cell in cells if cell.loop == loop}
    plain = {(cell.size, cell.seed): cell for cell in cells if cell.loop == "plain"}
    return [(mine[place], plain[place]) for place in sorted(mine.keys() & plain.keys())]


def parity(found: Sequence[tuple[Cell, Cell]]) -> Parity | None:
    """How far a loop's test errors lie from the plain one's; None of less than 2 pairs."""
    if len(found) < 2:
        return None
    ratios = np.log([mine.test_error / plain.test_error for mine, plain in found])
    sizes = np.log([mine.size for mine, _ in found])
    half = (
        student.ppf(0.5 + CONFIDENCE / 2, len(found) - 1) * ratios.std(ddof=1) / len(found) ** 0.5
    )
    slope = slope_half = None
    if len(found) > 2 and len(set(sizes)) > 1:
        line = linregress(sizes, ratios)  # exponents are slopes, so their difference is one too
        slope = float(line.slope)
        slope_half = float(student.ppf(0.5 + CONFIDENCE / 2, len(found) - 2) * line.stderr)
    return Parity(len(found), float(ratios.mean()), float(half), slope, slope_half)


def table(case: Case, records: Sequence[Cell | Wall]) -> str:
    """What was measured of one case; "" where ours has measured nothing.

    Args:
        case: whose sizes would make a whole curve.
        records: of one machine and version.
    """
    cells = [each for each in records if isinstance(each, Cell) and each.case == case.name]
    mine, ours = [cell for cell in cells if cell.loop == "ours"], pairs(cells, "ours")
    if not ours:
        return "\n".join(map(_alone, sorted(mine, key=lambda cell: (cell.size, cell.seed))))
    sizes = sorted({mine.size for mine, _ in ours})
    seeds = len({mine.seed for mine, _ in ours})
    lines = [
        f"{case.name}: {len(sizes)} of {len(case.sizes)} sizes, {sizes[0]:,} to {sizes[-1]:,},"
        f" {seeds} seed{'s' * (seeds > 1)}; errors are {ours[0][0].metric}",
        aligned([HEAD, *(_row(loop, pairs(cells, loop)) for loop in LOOPS if pairs(cells, loop))]),
        "ours to plain, by size: "
        + ", ".join(
            f"{size:,} {_ratio([pair for pair in ours if pair[0].size == size]):.1f}x"
            for size in sizes
        ),
    ]
    walls = [each for each in records if isinstance(each, Wall) and each.case == case.name]
    if walls:
        lines.append(_wall(ours, walls[-1]))
    return "\n".join(lines) + "\n"


def everywhere(case: Case, records: Sequence[Cell | Wall]) -> str:
    """Errors beside the plain loop's on all machines; "" where fewer than two have pairs.

    Seconds differ between machines, errors by rounding alone: a size and seed that several have
    trained is one pair, of the machine that had it first.
    """
    cells = [each for each in records if isinstance(each, Cell) and each.case == case.name]
    by_machine = [
        pairs([cell for cell in cells if cell.machine == machine], "ours")
        for machine in dict.fromkeys(cell.machine for cell in cells)
    ]
    found = {(each[0].size, each[0].seed): each for its in reversed(by_machine) for each in its}
    there, same = sum(map(bool, by_machine)), parity([*found.values()])
    if there < 2 or same is None:
        return ""
    exponents = _about(same.slope, same.slope_half)
    return (
        f"{case.name}, {there} machines together: {same.pairs} pairs, errors"
        f" {_about(same.mean, same.half)}" + (f", exponents {exponents}" if exponents else "")
    )


def _alone(cell: Cell) -> str:
    return (
        f"{cell.case}, size {cell.size:,}, seed {cell.seed}, ours alone: {cell.cpu_seconds:.0f} s,"
        f" {cell.steps:,} steps, {cell.evaluations:,} looks,"
        f" {cell.validation_seconds / cell.cpu_seconds:.0%} validating,"
        f" {cell.metric} {cell.test_error:.4f}\n"
    )


def _row(loop: Loop, found: Sequence[tuple[Cell, Cell]]) -> tuple[str, ...]:
    cells = [mine for mine, _ in found]
    seconds = sum(cell.cpu_seconds for cell in cells)
    same = None if loop == "plain" else parity(found)
    return (
        loop,
        f"{len(found)}",
        f"{seconds:.0f}",
        f"{_ratio(found):.1f}x",
        f"{sum(cell.steps for cell in cells):,}",
        f"{sum(cell.evaluations for cell in cells):,}",
        f"{sum(cell.validation_seconds for cell in cells) / seconds:.0%}",
        _about(same.mean, same.half) if same else "",
        _about(same.slope, same.slope_half) if same else "",
    )


def _ratio(found: Sequence[tuple[Cell, Cell]]) -> float:
    """Seconds of the plain loop over those of another."""
    mine, plain = (sum(pair[which].cpu_seconds for pair in found) for which in (0, 1))
    return plain / mine


def _about(value: float | None, half: float | None) -> str:
    return "" if value is None else f"{value:+.3f} ± {half:.3f}"


def _wall(ours: Sequence[tuple[Cell, Cell]], wall: Wall) -> str:
    """The clock, and the plain loop on as many threads as serve it best."""
    places = set(wall.cells)
    timed = [plain.cpu_seconds for _, plain in ours if (plain.size, plain.seed) in places]
    alone = sum(timed) / max(1.0, wall.two_threads)
    idle = 1 - wall.worker_seconds / (2 * wall.clock_seconds)
    return (
        f"wall, {len(places)} cells: {wall.clock_seconds:.0f} s on two processes, the plain loop"
        f" {alone:.0f} s ({alone / wall.clock_seconds:.1f}x); {idle:.0%} of their time they start"
        f" or wait; {wall.peak_mb:.0f} MB the larger one"
    )
