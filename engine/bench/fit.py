"""`steepness bench fit`: forecasts, bands and speed beside every published estimator.

Scores are RMSLE over a task's held-out points, averaged over tasks (`Task.score`). Ours are those
of mixtures learned without the task's fold (`engine.bench.learn`): the one that is shipped has
seen all of these tasks, and its row stands below only to show by how much that flatters. A task
"in company" is forecast beside the others of its data set, of which it sees what it sees of its
own curve and no more; every other row takes one curve alone. Figures marked "published" are
quoted with their source and were not measured here.
"""

import json
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bench import coverage, speed
from engine.bench.learn import data_set_of, fold_of, kept_out_mixtures
from engine.bench.rivals import RIVALS, Seen
from engine.bench.tasks import GROUPS, Task, read_tasks
from engine.columns import aligned
from engine.laws.forecast import Forecast, forecasts, in_company, prepared
from engine.laws.members import MEMBERS
from engine.laws.mixture import Mixture, shipped

Array = NDArray[np.float64]

OURS = "Steepness, one curve alone"
TOGETHER = "Steepness, in company"
SHIPPED = "  as shipped, has seen these"
EVENLY = "  its filter and both laws, averaged"
STACK = 24  # curves fitted together
PUBLISHED_GROUPS = GROUPS[:4]
# Mean RMSLE as published. M1 to M4 on NMT, LM, BB: tables 2 and 3 of Alabdulmohsin et al. 2022
# (arXiv 2209.06640), means ours. IC: the NSL-PFN paper's table as quoted in a public note.
QUOTED: dict[str, dict[str, float]] = {
    "M1 (published)": {"NMT": 0.220, "LM": 0.0176, "BB": 0.0149},
    "M2 (published)": {"NMT": 0.0400, "LM": 0.0013, "BB": 0.0149},
    "M3 (published)": {"NMT": 0.0578, "LM": 0.0027, "BB": 0.0087},
    "M4 (published)": {"IC": 0.0415, "NMT": 0.0150, "LM": 0.0012, "BB": 0.0093},
    "BNSL (published)": {"IC": 0.0406},
    "MCMC(M4) (published)": {"IC": 0.0422},
    "MCMC(BNSL) (published)": {"IC": 0.0645},
    "LC-PFN (published)": {"IC": 0.0428},
    "NSL-PFN (published)": {"IC": 0.0280},
}
COVERAGE_REPLICATES = 15  # of each kind of simulated curve


def run(folder: Path, every: int, out: Path | None) -> int:
    """Print the tables and write the figures; 0."""
    tasks = read_tasks(folder, every)
    _say(f"{len(tasks)} tasks")
    kept_out = kept_out_mixtures()
    seen = _told(tasks)
    alone = [
        replace(each, mixture=kept_out[fold_of(t)]) for each, t in zip(seen, tasks, strict=True)
    ]
    together = _in_company(tasks, alone)
    scores = {
        OURS: _ours(tasks, alone),
        TOGETHER: _ours(tasks, together),
        SHIPPED: _ours(tasks, seen),
        EVENLY: _ours(tasks, [replace(each, mixture=evenly()) for each in seen]),
    }
    for name, rival in RIVALS.items():
        scores[name] = _scores(tasks, lambda stack, rival=rival: _rival(rival, stack))  # type: ignore[misc]
        _say(f"{name} done")
    figures: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {platform.system()}, one process",
        "tasks": {group: sum(task.group == group for task in tasks) for group in GROUPS},
        "rmsle": {name: _by_group(tasks, each) for name, each in scores.items()},
        "published": QUOTED,
        "against": _against(tasks, scores),
        "bands": {OURS: _bands(tasks, alone), TOGETHER: _bands(tasks, together)},
        "gain": _gain(tasks, scores[TOGETHER] - scores[OURS]),
        "speed": speed.figures(tasks[0]),
    }
    _say("intervals of the exponent on simulated curves")
    figures["exponents"] = _exponents(coverage.rows(COVERAGE_REPLICATES))
    print(report(figures), end="")
    if out is not None:
        out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def evenly() -> Mixture:
    """The first three members with a third each, whatever the curve."""
    found = shipped()
    scores = np.zeros_like(found.coefficients)
    scores[0, MEMBERS.index("stay")] = -np.inf  # the first feature is one everywhere
    return replace(found, coefficients=scores)


def report(figures: dict[str, Any]) -> str:
    """The tables in words."""
    tasks = figures["tasks"]
    header = (
        "mean RMSLE / median",
        *(f"{group} ({tasks[group]})" for group in GROUPS),
        "92",
        "max",
    )
    rows = [header]
    for name, held in figures["rmsle"].items():
        cells = (_pair(held.get(group)) for group in GROUPS)
        rows.append((name, *cells, f"{held['all']:.4f}", f"{held['worst']:.3f}"))
    for name, quoted in figures["published"].items():
        cells = (f"{quoted[g]:.4f}" if g in quoted else "" for g in GROUPS)
        rows.append((name, *cells, "", ""))
    bands: list[tuple[str, ...]] = [("90 % band: coverage / mean interval score", *GROUPS)]
    for name, held in figures["bands"].items():
        pairs = (held[group] for group in GROUPS)
        bands.append((name, *(f"{inside:.3f} / {score:.3f}" for inside, score in pairs)))
    gain = ", ".join(
        f"{g} {mean:+.4f} ± {error:.4f}" for g, (mean, error) in figures["gain"].items()
    )
    against = [
        f"{OURS} beats {name} on {share:.0%} of the published tasks"
        for name, share in figures["against"].items()
    ]
    seconds = [f"{name}: {value}" for name, value in figures["speed"].items()]
    against.append(f"company changes the mean RMSLE (± standard error, task by task) by {gain}")
    parts = [aligned(rows), aligned(bands), "\n".join(against), "\n".join(seconds)]
    exponents: list[tuple[str, ...]] = [("coverage / width of 90 % exponents", *coverage.TRUTHS)]
    exponents += [(name, *cells) for name, cells in figures["exponents"].items()]
    parts.append(aligned(exponents))
    return "\n\n".join(parts) + "\n"


def _exponents(rows: Sequence[coverage.Row]) -> dict[str, list[str]]:
    """By estimator: for each truth the share of exponents held, and the median width over them."""
    held: dict[str, list[str]] = {}
    for name in dict.fromkeys(row.estimator for row in rows):
        for truth in coverage.TRUTHS:
            kind = [row for row in rows if (row.estimator, row.truth) == (name, truth)]
            share = np.mean([row.coverage for row in kind])
            width = np.median([row.width for row in kind])
            held.setdefault(name, []).append(f"{share:.3f} / {width:.2f}")
    return held


def _pair(held: Sequence[float] | None) -> str:
    return "" if held is None else f"{held[0]:.4f}/{held[1]:.4f}"


def _stacks(tasks: Sequence[Task]) -> Iterator[list[int]]:
    """Indices of tasks of like length, a stack at a time."""
    order = sorted(range(len(tasks)), key=lambda k: len(tasks[k].curve.points))
    for start in range(0, len(order), STACK):
        yield order[start : start + STACK]


def _scores(tasks: Sequence[Task], predict: Callable[[Sequence[Task]], list[Array]]) -> Array:
    """RMSLE of each task, forecast a stack at a time; (N,)."""
    scores = np.empty(len(tasks))
    for stack in _stacks(tasks):
        held = [tasks[k] for k in stack]
        pairs = zip(held, predict(held), strict=True)
        scores[stack] = [task.score(predicted) for task, predicted in pairs]
    return scores


def _told(tasks: Sequence[Task]) -> list[Forecast]:
    """The forecast of each task, by the mixture that is shipped."""
    told: dict[int, Forecast] = {}
    for stack in _stacks(tasks):
        told |= zip(stack, forecasts([tasks[k].curve for k in stack]), strict=True)
    return [told[k] for k in range(len(tasks))]


def _in_company(tasks: Sequence[Task], alone: Sequence[Forecast]) -> list[Forecast]:
    """The same beside the others of the data set, all by the mixture that has not seen the task."""
    rooms: dict[str, list[int]] = {}
    for k, task in enumerate(tasks):
        rooms.setdefault(data_set_of(task), []).append(k)
    together = list(alone)
    for room in rooms.values():
        for fold in {fold_of(tasks[k]) for k in room}:
            own = next(alone[k].mixture for k in room if fold_of(tasks[k]) == fold)
            held = in_company([replace(alone[k], mixture=own) for k in room])
            for k, each in zip(room, held, strict=True):
                if fold_of(tasks[k]) == fold:
                    together[k] = each
    return together


def _ours(tasks: Sequence[Task], told: Sequence[Forecast]) -> Array:
    """RMSLE of each task; (N,)."""
    pairs = zip(tasks, told, strict=True)
    return np.array([task.score(each.error_at(task.sizes).error) for task, each in pairs])


def _rival(fit: Callable[[Seen], Callable[[Array], Array]], stack: Sequence[Task]) -> list[Array]:
    predict = fit(Seen.of([prepared(task.curve) for task in stack]))
    longest = max(task.sizes.size for task in stack)
    x = np.log([np.resize(task.sizes, longest) for task in stack])
    return [row[: task.sizes.size] for row, task in zip(predict(x), stack, strict=True)]


def _by_group(tasks: Sequence[Task], scores: Array) -> dict[str, Any]:
    groups = np.array([task.group for task in tasks])
    table: dict[str, Any] = {
        group: [float(scores[groups == group].mean()), float(np.median(scores[groups == group]))]
        for group in GROUPS
    }
    published = scores[np.isin(groups, PUBLISHED_GROUPS)]
    return {**table, "all": float(published.mean()), "worst": float(published.max())}


def _against(tasks: Sequence[Task], scores: dict[str, Array]) -> dict[str, float]:
    """Share of the published tasks on which ours scores better than each rival."""
    published = np.array([task.group in PUBLISHED_GROUPS for task in tasks])
    ours = scores[OURS][published]
    return {
        name: float((ours < each[published]).mean())
        for name, each in scores.items()
        if name in RIVALS
    }


def _gain(tasks: Sequence[Task], change: Array) -> dict[str, tuple[float, float]]:
    """By group: mean of a change of RMSLE from task to task, and its standard error."""
    groups = np.array([task.group for task in tasks])
    table = {}
    for group in dict.fromkeys(groups.tolist()):
        own = change[groups == group]
        table[group] = float(own.mean()), float(own.std(ddof=min(1, own.size - 1)) / own.size**0.5)
    return table


def _bands(tasks: Sequence[Task], told: Sequence[Forecast]) -> dict[str, list[float]]:
    """By group: the share of held-out points inside the 90 % band, and its mean interval score.

    The interval score (Gneiting & Raftery 2007, eq. 43) of log error: width + 20 times the miss.
    """
    rows: dict[str, list[tuple[float, float]]] = {group: [] for group in GROUPS}
    for task, each in zip(tasks, told, strict=True):
        at = each.error_at(task.sizes)
        low, high, truth = (np.log(values) for values in (at.low, at.high, task.errors))
        miss = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
        rows[task.group].append((float((miss == 0).mean()), float((high - low + 20 * miss).mean())))
    return {group: np.mean(held, axis=0).tolist() for group, held in rows.items() if held}


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
