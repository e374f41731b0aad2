"""What runs have to tell, as a table, and how the names in it are probably meant.

For a person who has not said yet which name is what: a proposal to look at, never taken by itself.
"""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

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


def proposal(runs: Runs, asked: Sequence[str], said: Mapping[str, Any]) -> str:
    """A command that takes the runs in, with the names that are probably meant.

    Args:
        runs: that it is about.
        asked: what was on the command line, from the source on, of which nothing is guessed.
        said: what was said of the size, error, accuracy, percent, curve and seed; else it is false.
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

    def option(name: str, column: int | None) -> list[str]:
        given = said[name]
        names = given if isinstance(given, list) else [given]
        return (
            [word for each in names for word in (f"--{name}", shlex.quote(each))]
            if given
            else [f"--{name}", named(column)]
        )

    parts = ["steepness import", *map(shlex.quote, asked), *option("size", guess.size)]
    is_said = said["error"] or said["accuracy"]
    accuracy = said["accuracy"] or (not is_said and guess.turn.accuracy)
    parts += option("accuracy" if accuracy else "error", guess.error)
    parts += ["--percent"] if said["percent"] or (not is_said and guess.turn.percent) else []
    if said["curve"] or (guess.curve is not None and guess.curve != seed):
        parts += option("curve", guess.curve)
    parts += option("seed", seed) if said["seed"] or seed is not None else []
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
