"""Forecasting tasks: the sizes of a curve that an estimator may see, and those it is scored on.

Two files of measured curves, both laid beside the checkout and not in it:

published_92.csv.gz: the benchmark of Alabdulmohsin et al. 2022 (arXiv 2209.06640), 92 tasks in
four groups with the split of their column Training: images (IC), translation (NMT), language
(LM), BIG-Bench (BB). lcdb11_dev_300.csv.gz: 300 curves of LCDB 1.1 (Mohr & van Rijn 2022; Yan et
al. 2025), error against training-set size, seen up to a quarter of the largest size.
"""

import csv
import gzip
from collections.abc import Iterable
from dataclasses import dataclass, replace
from io import TextIOWrapper
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.curve import Curve, Point

Array = NDArray[np.float64]

PUBLISHED, LCDB = "published_92.csv.gz", "lcdb11_dev_300.csv.gz"
GROUPS = ("IC", "NMT", "LM", "BB", "LCDB")
CLIPPED = {"LCDB": (0.005, 1.0)}  # predicted errors are kept in it, for every estimator


class BenchError(Exception):
    """A folder of curves that cannot be read, in one sentence."""


@dataclass(frozen=True, slots=True)
class Task:
    """One curve, cut."""

    group: str
    name: str
    curve: Curve  # what may be seen
    sizes: Array  # what is asked for, (h,), repeats included
    errors: Array  # what was measured there, (h,)

    def score(self, predicted: Array) -> float:
        """RMSLE, eq. 6 of Alabdulmohsin et al.: root mean square of the difference of logs."""
        low, high = CLIPPED.get(self.group, (0.0, np.inf))
        difference = np.log(np.clip(predicted, max(low, 1e-300), high)) - np.log(self.errors)
        return float(np.sqrt(np.mean(difference**2)))


def read_tasks(folder: Path, every: int = 1) -> list[Task]:
    """All tasks of both files; of the LCDB curves only each `every`-th.

    Raises:
        BenchError: a file is missing or is not what its name says.
    """
    published = _tasks(folder / PUBLISHED)
    return published + _tasks(folder / LCDB)[::every]


def cut(task: Task, largest: float, reach: float) -> Task | None:
    """The same curve seen up to `largest` only and asked for up to `reach` times as much.

    Everything comes from the points that `task` may see. None where too little is left.
    """
    within = largest * (1 + 1e-3)
    seen = tuple(p for p in task.curve.points if p.size <= within)
    asked = [p for p in task.curve.points if within < p.size <= within * reach]
    if len({p.size for p in seen}) < 4 or not asked:
        return None
    sizes, errors = np.array([(p.size, p.error) for p in asked]).T
    return replace(task, curve=replace(task.curve, points=seen), sizes=sizes, errors=errors)


def thinned(task: Task, step: float) -> Task | None:
    """The same task seen at sizes at least a factor `step` apart, the largest kept."""
    kept: list[float] = []
    for size in np.unique(task.curve.sizes)[::-1].tolist():
        if not kept or size * step <= kept[-1] * (1 + 1e-3):
            kept.append(size)
    if len(kept) < 4:
        return None
    points = tuple(p for p in task.curve.points if p.size in kept)
    return replace(task, curve=replace(task.curve, points=points))


def _tasks(path: Path) -> list[Task]:
    try:
        with gzip.open(path) as file:
            rows = list(csv.DictReader(TextIOWrapper(file, encoding="utf-8")))
    except (OSError, EOFError) as fault:
        raise BenchError(f"cannot read {path}: {fault}; give its folder") from None
    named: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        named.setdefault(row.get("curve", ""), []).append(row)
    return [_task(name, held) for name, held in named.items()]


def _task(name: str, rows: Iterable[dict[str, str]]) -> Task:
    seen: list[Point] = []
    asked: list[Point] = []
    group = "LCDB"
    for row in rows:
        group = row.get("group") or group
        stderr = float(row["stderr"]) if row.get("stderr") else None
        point = Point(name, float(row["size"]), float(row["error"]), stderr=stderr)
        (seen if row["split"] == "fit" else asked).append(point)
    seen.sort(key=lambda point: point.size)
    ahead = [point for point in asked if point.error > 0]
    sizes, errors = np.array([(p.size, p.error) for p in ahead]).T
    return Task(group, name, Curve(name, tuple(seen)), sizes, errors)
