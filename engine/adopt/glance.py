"""What runs have to tell, as a table, and how the names in it are probably meant.

For a person who has not said yet which name is what: a proposal to look at, never taken by itself.
"""

import shlex
from collections.abc import Iterable, Sequence

from engine.adopt.runs import Runs
from engine.columns import aligned, visible
from engine.messy_csv import Layout, guess_layout
from engine.sheet import Sheet, is_number

OWN = {"run", "trial", "experiment", "study", "duration"}  # names that a reader adds
MOST_NAMES = 60  # rows of the table
MOST_SHOWN = 3  # values of a name
LONGEST_SHOWN = 24  # letters of a value


def glance(runs: Runs) -> str:
    """A row for each name: in how many runs it is, and some of its values."""
    rows = [("name", "", "runs", "such as")]
    count = len(runs.runs)
    for name, what, values in _names(runs):
        shown = list(dict.fromkeys(map(_short, values)))
        more = ", ..." if len(shown) > MOST_SHOWN else ""
        rows.append((name, what, f"{len(values)} of {count}", ", ".join(shown[:MOST_SHOWN]) + more))
    left = len(rows) - 1 - MOST_NAMES
    counted = f"{count:,} run{'s' * (count != 1)}"
    said = f"{visible(runs.source)}: {counted}\n\n{aligned(rows[: MOST_NAMES + 1])}"
    return f"{said}\n(and {left} more names)" if left > 0 else said


def proposal(runs: Runs, asked: Sequence[str]) -> str:
    """A command that takes the runs in, with the names that are probably meant.

    Args:
        runs: that it is about.
        asked: what was on the command line until now, from the source on.
    """
    there = [
        (name, values[0])
        for name, _, values in _names(runs)
        if name not in OWN and not _tells_each_apart(values)
    ]
    names, first = [name for name, _ in there], tuple(value for _, value in there)
    sheet = Sheet(tuple(names), (first,), (0,), ",", False, True)
    guess = guess_layout(sheet) if names else Layout(None, None)
    seed = dict(guess.others).get("seed")

    def named(column: int | None) -> str:
        return "NAME" if column is None else shlex.quote(names[column])

    parts = ["steepness import", *map(shlex.quote, asked), "--size", named(guess.size)]
    parts += ["--accuracy" if guess.turn.accuracy else "--error", named(guess.error)]
    parts += ["--percent"] if guess.turn.percent else []
    if guess.curve is not None and guess.curve != seed:
        parts += ["--curve", named(guess.curve)]
    parts += ["--seed", named(seed)] if seed is not None else []
    return " ".join(parts)


def _names(runs: Runs) -> Iterable[tuple[str, str, list[str]]]:
    """Name, what it is, and its value in each run that has it: settings first, by name."""
    said: dict[str, list[str]] = {}
    measured: dict[str, list[str]] = {}
    for run in runs.runs:
        for name, text in run.said.items():
            if text:
                said.setdefault(name, []).append(text)
        for name, values in run.measured.items():
            measured.setdefault(name, []).append(f"{values[-1]:g}")
    for name in sorted(said):
        yield name, "setting", said[name]
    for name in sorted(measured):
        if name not in said:
            yield name, "measured", measured[name]


def _tells_each_apart(values: list[str]) -> bool:
    """Whether it is a name for each run, which no curve of several sizes has."""
    return len(set(values)) == len(values) > 1 and not is_number(values[0])


def _short(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= LONGEST_SHOWN else line[: LONGEST_SHOWN - 1] + "\u2026"
