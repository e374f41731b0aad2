"""Speed in `steepness bench fit`: CPU time, which tells more than the wall's on a shared machine.

Refits of power + floor three ways, one full forecast, everything that the page asks of a curve,
and the two commands for a points CSV.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import curve_fit, least_squares

from engine.bench.tasks import Task
from engine.curve import Curve, Point, write_points
from engine.laws.fit import fit
from engine.laws.forecast import forecast
from engine.laws.varpro import floor_fits
from engine.laws.zones import zones

Array = NDArray[np.float64]

REFITS, REFIT_SIZES = 1000, 20
SAMPLED = 10  # refits that scipy does, extrapolated to all
TIMED = 7  # times that what takes milliseconds is done; the median counts


def figures(task: Task) -> dict[str, str]:
    """Each in words, by what was done; `task` is the curve of one forecast."""
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

    pairs = zip(size.tolist(), np.exp(y[0]).tolist(), strict=True)
    points = tuple(Point("20 sizes", *pair) for pair in pairs)
    short = Curve("20 sizes", points)

    def everything(k: int) -> None:
        curve = replace(short, name=f"{k}")  # another name: zones are remembered by curve
        fit(curve)
        zones(curve)
        forecast(curve).error_at(4 * size)

    full = _seconds(lambda k: forecast(task.curve).error_at(task.sizes))
    whole = _seconds(everything)
    commands = _commands(short)
    return {
        "1,000 refits of 20 points, batched": f"{1e3 * batched:.1f} ms",
        "scipy least_squares from nine starts": f"{nine:.1f} s, {nine / batched:,.0f} times",
        "scipy curve_fit from one start": f"{one:.2f} s, {one / batched:,.0f} times",
        "largest SSE over that of nine starts": f"1 {ratio - 1:+.1e}",
        f"one forecast with its band, {len(task.curve.points)} points": f"{1e3 * full:.1f} ms",
        f"fit, zones, forecast and band, {REFIT_SIZES} points": f"{1e3 * whole:.1f} ms",
        **{
            f"steepness {name}, {REFIT_SIZES} points, from a fresh process": f"{seconds:.2f} s"
            for name, seconds in commands.items()
        },
    }


def _commands(curve: Curve) -> dict[str, float]:
    """CPU seconds of `steepness fit` and `steepness predict`, from Python's start on."""
    asked: dict[str, list[str]] = {"fit": [], "predict": ["--size", f"{4 * curve.sizes[-1]:.17g}"]}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "points.csv"
        path.write_text(write_points(curve.points), encoding="utf-8", newline="")
        found = {}
        for name, more in asked.items():
            command = [sys.executable, "-m", "engine.cli", name, str(path), *more]
            taken = []
            for _ in range(TIMED):
                before = os.times()
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                after = os.times()
                taken.append(sum(after[2:4]) - sum(before[2:4]))  # user and system, of children
            found[name] = float(np.median(taken))
    return found


def _seconds(do: Callable[[int], object]) -> float:
    """CPU seconds of one call, the median of TIMED."""
    taken = []
    for k in range(TIMED):
        begun = process_time()
        do(k)
        taken.append(process_time() - begun)
    return float(np.median(taken))
