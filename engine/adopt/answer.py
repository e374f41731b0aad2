"""From runs to points: which name is the size, which the error, which runs are one curve.

What is asked is a Question; nothing of it is guessed. The cells are read and checked by
`engine.messy_csv`, as those of a table on the page are; what is left out is said, run by run.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from math import isfinite

from engine.adopt.runs import AdoptError, Run, Runs, listed
from engine.curve import Point
from engine.messy_csv import Fault, Layout, Turn, is_accuracy, metric_of, number, read, unit_of
from engine.sheet import Sheet

OTHERS = ("seed", "model", "parameters", "seconds")  # fields that a name can tell, if it is said


@dataclass(frozen=True, slots=True)
class Question:
    """Which name of the runs is what."""

    size: str
    error: str
    accuracy: bool = False  # `error` names an accuracy from 0 to 1; the error is 1 - it
    percent: bool = False  # it lies from 0 to 100
    best: bool = False  # of all its steps the best, not the last
    curve: tuple[str, ...] = ()  # runs that agree in these are one curve
    seed: str | None = None
    repeats: bool = False  # runs of one curve and size are repeats, though no seed is known
    score: str | None = None  # or the one with the lowest (highest) of this counts, alone
    highest: bool = False
    model: str | None = None
    parameters: str | None = None
    seconds: str | None = None
    unit: str = ""
    metric: str = ""  # "": as the error's name says


@dataclass(frozen=True, slots=True)
class Answer:
    """The points, and in a sentence each what was left out and why."""

    points: tuple[Point, ...]
    left_out: tuple[str, ...]


def answer(runs: Runs, question: Question) -> Answer:
    """The points of the runs.

    Raises:
        AdoptError: no run has one of the names, an accuracy was named as an error, or it is not
            said which of several runs of one curve, size and seed counts.
    """
    _check(runs, question)
    left_out: list[str] = []
    rows = [(run, _cells(run, question)) for run in runs.runs]
    for field, name in _needed(question):
        without = [run.name for run, cells in rows if not cells[field]]
        if without:
            left_out.append(f"{counted(without)} without {name}: {listed(without)}")
        rows = [(run, cells) for run, cells in rows if cells[field]]
    rows, lost = _chosen(rows, question)
    _told_apart(runs, rows, question)
    if lost:
        left_out.append(lost)
    points, faults = _points(runs, rows, question)
    return Answer(points, (*left_out, *faults))


def counted(runs: Sequence[object]) -> str:
    """How many runs: "1 run", "12 runs"."""
    return f"{len(runs):,} run{'s' * (len(runs) != 1)}"


def _check(runs: Runs, question: Question) -> None:
    if not runs.runs:
        raise AdoptError(f"{runs.source} has no finished run: nothing was taken in")
    for name in (question.size, question.error, question.score, question.seed, question.model,
                 question.parameters, question.seconds, *question.curve):  # fmt: skip
        if name is not None and not any(name in r.said or name in r.measured for r in runs.runs):
            names = {n for run in runs.runs for n in (*run.said, *run.measured)}
            near = sorted(names, key=lambda n: (-SequenceMatcher(None, n, name).ratio(), n))
            raise AdoptError(f"no run of {runs.source} has {name!r}: there are {listed(near)}")
    if question.size == question.error:
        raise AdoptError(f"{question.size!r} cannot be both size and error: name another for one")
    way = f"take it by --accuracy {question.error}, if it lies from 0 to 1"
    if not question.accuracy and question.error in runs.rising:
        raise AdoptError(f"the study maximises {question.error!r}, so it is no error: {way}")
    if not question.accuracy and is_accuracy(question.error):
        raise AdoptError(f"{question.error!r} is named as an accuracy, not as an error: {way}")


def _needed(question: Question) -> list[tuple[str, str]]:
    needed = [("size", question.size), ("error", question.error)]
    needed += [(f"curve {k}", name) for k, name in enumerate(question.curve)]
    return needed if question.score is None else [*needed, ("score", question.score)]


def _cells(run: Run, question: Question) -> dict[str, str]:
    """What a run says of each field, as text; "" where nothing."""
    cells = {"size": _said(run, question.size)}
    cells["error"] = _measured(run, question.error, max if question.accuracy else min, question)
    best = max if question.highest else min
    cells["score"] = _measured(run, question.score, best, question) if question.score else ""
    for k, name in enumerate(question.curve):
        cells[f"curve {k}"] = _said(run, name)
    for field in OTHERS:
        name = getattr(question, field)
        cells[field] = _said(run, name) if name else ""
    return cells


def _said(run: Run, name: str) -> str:
    """A setting, or else the last value of a metric."""
    if name in run.said:
        return run.said[name].strip()
    return repr(run.measured[name][-1]) if name in run.measured else ""


def _measured(
    run: Run, name: str, best: Callable[[Iterable[float]], float], question: Question
) -> str:
    """A metric's last or best value, or else what a setting of that name says."""
    if name not in run.measured:
        return run.said.get(name, "").strip()
    values = run.measured[name]
    finite = [value for value in values if isfinite(value)]
    return repr(best(finite) if question.best and finite else values[-1])


Rows = list[tuple[Run, dict[str, str]]]


def _chosen(rows: Rows, question: Question) -> tuple[Rows, str]:
    """Of the runs of one curve, size and seed the one that counts; what became of the others."""
    same: dict[tuple[str, ...], Rows] = {}
    for run, cells in rows:
        key = [cells[f"curve {k}"] for k in range(len(question.curve))]
        key += [_like(cells["size"]), _like(cells["seed"])]
        same.setdefault(tuple(key), []).append((run, cells))
    several = [group for group in same.values() if len(group) > 1]
    if question.score is None:
        if several and (question.seed or not question.repeats):
            raise AdoptError(_unsaid(several[0], question))
        return rows, ""
    sign = -1 if question.highest else 1
    kept = [min(group, key=lambda row: _rank(row[1]["score"], sign)) for group in same.values()]
    which = "highest" if question.highest else "lowest"
    lost = len(rows) - len(kept)
    said = f"{lost:,} of {len(rows):,} runs that did not have the {which} {question.score}"
    return kept, f"{said} of their curve, size and seed" if lost else ""


def _rank(score: str, sign: int) -> tuple[bool, float]:
    """For sorting: what is no number comes last."""
    try:
        value = number(score)
    except ValueError:
        return True, 0.0
    return (False, sign * value) if isfinite(value) else (True, 0.0)


def _like(cell: str) -> str:
    """1000 and 1e3 are one size."""
    try:
        return repr(number(cell))
    except ValueError:
        return cell


def _unsaid(group: Rows, question: Question) -> str:
    names = listed(run.name for run, _ in group)
    size, seed = group[0][1]["size"], group[0][1]["seed"]
    where = f"size {size} and seed {seed or 'blank'}" if question.seed else f"size {size}"
    ways = "--curve NAME tells them apart"
    ways += "" if question.seed else ", --seed NAME too; --repeats takes them for repeats"
    return (
        f"{counted(group)} of one curve have {where}: {names}. Say how they differ or which counts:"
        f" {ways}; --lowest NAME keeps the one with the lowest NAME, such as a validation loss"
    )


def _points(
    runs: Runs, rows: Rows, question: Question
) -> tuple[tuple[Point, ...], tuple[str, ...]]:
    """The points by the rules of `engine.messy_csv`, and a sentence for each broken rule."""
    if not rows:
        return (), ()
    names = {"size": question.size, "error": question.error, "curve": "curve"}
    names |= {field: name for field in OTHERS if (name := getattr(question, field))}
    metric = question.metric or metric_of(question.error)
    # The curve is named by its metric too: so another metric of the same runs can come in later.
    table = tuple(
        tuple(
            f"{_curve(runs, cells, question)} {metric}".strip()
            if field == "curve"
            else cells[field]
            for field in names
        )
        for _, cells in rows
    )
    places = {field: k for k, field in enumerate(names)}
    sheet = Sheet(tuple(names.values()), table, tuple(range(len(rows))), ",", False, True)
    layout = Layout(
        size=places["size"],
        error=places["error"],
        curve=places["curve"],
        turn=_turn(question),
        unit=question.unit or unit_of(question.size),
        metric=metric,
        others=tuple((field, places[field]) for field in OTHERS if field in places),
    )
    reading = read(sheet, layout)
    broken: dict[tuple[str, str, bool], list[Fault]] = {}
    for fault in reading.faults:
        broken.setdefault((fault.column, fault.rule, fault.left_out), []).append(fault)
    return reading.points, tuple(
        f"{'' if left_out else f'only the {column} of '}{counted(faults)}: {column}"
        f" {faults[0].value!r} {rule} ({listed(rows[fault.line][0].name for fault in faults)})"
        for (column, rule, left_out), faults in broken.items()
    )


def _told_apart(runs: Runs, rows: Rows, question: Question) -> None:
    parts: dict[str, list[str]] = {}
    for _, cells in rows:
        name = _curve(runs, cells, question)
        told = [cells[f"curve {k}"] for k in range(len(question.curve))]
        if parts.setdefault(name, told) != told:
            raise AdoptError(
                f"two curves would both be named {name!r}: name other settings by --curve"
            )


def _curve(runs: Runs, cells: Mapping[str, str], question: Question) -> str:
    if not question.curve:
        return runs.name
    return " ".join(cells[f"curve {k}"] for k in range(len(question.curve)))


def _turn(question: Question) -> Turn:
    if question.accuracy:
        return Turn.ACCURACY_PERCENT if question.percent else Turn.ACCURACY
    return Turn.PERCENT if question.percent else Turn.AS_IS
