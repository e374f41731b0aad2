"""`steepness bench fit`: forecasts, bands and speed beside every published estimator.

Scores are RMSLE over a task's held-out points, averaged over tasks (`Task.score`). Ours are those
of mixtures learned without the task's fold (`engine.bench.learn`): the one that is shipped has
seen all of these tasks, and its row stands below only to show by how much that flatters. Figures
marked "published" are quoted with their source and were not measured here.
"""

import json
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import curve_fit, least_squares

from engine.bench import coverage
from engine.bench.learn import fold_of, kept_out_mixtures
from engine.bench.rivals import RIVALS, Seen
from engine.bench.tasks import GROUPS, Task, read_tasks
from engine.columns import aligned
from engine.curve import Curve, Point
from engine.laws.fit import fit
from engine.laws.forecast import Forecast, forecast, forecasts, prepared
from engine.laws.mixture import Mixture
from engine.laws.varpro import floor_fits
from engine.laws.zones import zones

Array = NDArray[np.float64]

OURS = "Steepness"
SHIPPED = "  as shipped, has seen these"
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
REFITS, REFIT_SIZES = 1000, 20
COVERAGE_REPLICATES = 15  # of each kind of simulated curve
SAMPLED = 10  # refits that scipy does, extrapolated to all
TIMED = 7  # times that what takes milliseconds is done; the median counts


def run(folder: Path, every: int, out: Path | None) -> int:
    """Print the tables and write the figures; 0."""
    tasks = read_tasks(folder, every)
    _say(f"{len(tasks)} tasks")
    kept_out = kept_out_mixtures()
    scores = {
        OURS: _scores(tasks, lambda stack: _ours(stack, kept_out)),
        SHIPPED: _scores(tasks, lambda stack: _ours(stack, {})),
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
        "bands": _bands(tasks, kept_out),
        "speed": _speed(tasks[0]),
    }
    _say("intervals of the exponent on simulated curves")
    figures["exponents"] = _exponents(coverage.rows(COVERAGE_REPLICATES))
    print(report(figures), end="")
    if out is not None:
        out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


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
    bands: list[tuple[str, ...]] = [("90 % band", *GROUPS)]
    for title, k in (("coverage", 0), ("mean interval score", 1)):
        bands.append((title, *(f"{figures['bands'][group][k]:.3f}" for group in GROUPS)))
    against = [
        f"{OURS} beats {name} on {share:.0%} of the published tasks"
        for name, share in figures["against"].items()
    ]
    speed = [f"{name}: {value}" for name, value in figures["speed"].items()]
    parts = [aligned(rows), aligned(bands), "\n".join(against), "\n".join(speed)]
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
    """RMSLE of each task; (N,)."""
    scores = np.empty(len(tasks))
    for stack in _stacks(tasks):
        held = [tasks[k] for k in stack]
        pairs = zip(held, predict(held), strict=True)
        scores[stack] = [task.score(predicted) for task, predicted in pairs]
    return scores


def _ours(stack: Sequence[Task], kept_out: dict[str, Mixture]) -> list[Array]:
    told = zip(_told(stack, kept_out), stack, strict=True)
    return [each.error_at(task.sizes).error for each, task in told]


def _told(stack: Sequence[Task], kept_out: dict[str, Mixture]) -> list[Forecast]:
    """Forecasts, each by the mixture that was learned without the task's fold, if one is given."""
    pairs = zip(forecasts([task.curve for task in stack]), stack, strict=True)
    return [
        replace(each, mixture=kept_out.get(fold_of(task), each.mixture)) for each, task in pairs
    ]


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
        if name not in (OURS, SHIPPED)
    }


def _bands(tasks: Sequence[Task], kept_out: dict[str, Mixture]) -> dict[str, list[float]]:
    """By group: the share of held-out points inside the 90 % band, and its mean interval score.

    The interval score (Gneiting & Raftery 2007, eq. 43) of log error: width + 20 times the miss.
    """
    rows: dict[str, list[tuple[float, float]]] = {group: [] for group in GROUPS}
    for stack in _stacks(tasks):
        held = [tasks[k] for k in stack]
        for task, each in zip(held, _told(held, kept_out), strict=True):
            at = each.error_at(task.sizes)
            low, high, truth = (np.log(values) for values in (at.low, at.high, task.errors))
            miss = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
            rows[task.group].append(
                (float((miss == 0).mean()), float((high - low + 20 * miss).mean()))
            )
    return {group: np.mean(held, axis=0).tolist() for group, held in rows.items() if held}


def _speed(task: Task) -> dict[str, str]:
    """CPU time of 1,000 refits of power + floor to 20 points, three ways; of one full forecast."""
    rng = np.random.default_rng(0)
    size = np.geomspace(100, 100 * 2.0**10, REFIT_SIZES)
    x = np.log(size)
    draws = 0.02 * rng.standard_normal((REFITS, REFIT_SIZES))
    y = np.log(3 * size**-0.35 + 0.05) + draws
    weight = np.ones((1, REFIT_SIZES))
    found = floor_fits(x, y, weight)
    batched = _seconds(lambda k: floor_fits(x, y, weight))

    u = x - x[0]
    low, high = [-20.0, -8.0, -30.0], [20.0, -1e-3, 5.0]

    def residuals(theta: Array, row: Array) -> Array:
        return np.asarray(np.logaddexp(theta[0] + theta[1] * u, theta[2]) - row)

    begun = process_time()
    best = []
    for row in y[:SAMPLED]:
        starts = [(row[0], b, row[-1] + c) for b in (-0.1, -0.4, -1.0) for c in (-3.0, -1.0, -0.3)]
        walks = [
            least_squares(residuals, start, bounds=(low, high), args=(row,), xtol=1e-12, ftol=1e-12)
            for start in starts
        ]
        best.append(min(2 * walk.cost for walk in walks))
    nine = (process_time() - begun) / SAMPLED * REFITS
    begun = process_time()
    for row in y[:SAMPLED]:
        curve_fit(
            lambda u, a, b, c: np.logaddexp(a + b * u, c), u, row, (row[0], -0.4, row[-1] - 1)
        )
    one = (process_time() - begun) / SAMPLED * REFITS
    ratio = float((found.sse[:SAMPLED] / np.array(best)).max())

    points = tuple(Point("20 sizes", *pair) for pair in zip(size, np.exp(y[0]), strict=True))
    short = Curve("20 sizes", points)

    def everything(k: int) -> None:
        curve = replace(short, name=f"{k}")  # another name: zones are remembered by curve
        fit(curve)
        zones(curve)
        forecast(curve).error_at(4 * size)

    full = _seconds(lambda k: forecast(task.curve).error_at(task.sizes))
    whole = _seconds(everything)
    return {
        "1,000 refits of 20 points, batched": f"{1e3 * batched:.1f} ms",
        "scipy least_squares from nine starts": f"{nine:.1f} s, {nine / batched:,.0f} times",
        "scipy curve_fit from one start": f"{one:.2f} s, {one / batched:,.0f} times",
        "largest SSE over that of nine starts": f"1 {ratio - 1:+.1e}",
        f"one forecast with its band, {len(task.curve.points)} points": f"{1e3 * full:.1f} ms",
        f"fit, zones, forecast and band, {REFIT_SIZES} points": f"{1e3 * whole:.1f} ms",
    }


def _seconds(do: Callable[[int], object]) -> float:
    """CPU seconds of one call, the median of TIMED."""
    taken = []
    for k in range(TIMED):
        begun = process_time()
        do(k)
        taken.append(process_time() - begun)
    return float(np.median(taken))


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
