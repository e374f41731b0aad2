"""Studies with a known truth, written into a store as a driver would: for tests of the pages.

Run as a program it is a driver that trains nothing: it writes the points of one size after
another into a study that is there already, so that a page can be seen to stream.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from engine.curve import Point
from engine.study.store import NewCurve, Store

SIZES = (31, 62, 125, 250, 500, 1000, 2000, 4000)
NAME = "images icons cnn"
# name, metric, coefficient, exponent, best guess: a roll-off from the guess into the power law
TRUTHS = (
    ("top-1", "top-1 error", 3.2, -0.24, 0.98),
    ("top-5", "top-5 error", 3.0, -0.36, 0.90),
    ("cross-entropy", "cross-entropy", 14.0, -0.27, 3.91),
)
SETTINGS = {
    "domain": "images",
    "data": "icons",
    "model": "cnn",
    "preset": "quick",
    "minutes": None,
    "sizes": None,
    "seeds": None,
    "device": "cpu",
}


def points(size: float, seeds: int = 3, noise: float = 0.02) -> Iterator[Point]:
    """The points of one size on all three curves; the same every time."""
    rng = np.random.default_rng(round(size))
    for name, metric, coefficient, exponent, guess in TRUTHS:
        error = ((coefficient * size**exponent) ** -4 + guess**-4) ** -0.25
        for seed in range(seeds):
            yield Point(
                f"{NAME} {name}",
                size,
                float(error * np.exp(rng.normal(0, noise))),
                unit="images",
                metric=metric,
                domain="images",
                model="cnn",
                seed=seed,
                parameters=150_000,
                seconds=1.2,
                device="2 CPU cores",
                split="test",
            )


def make_study(
    path: Path,
    state: str,
    reason: str = "",
    done: Sequence[float] = SIZES,
    planned: Sequence[float] = SIZES,
) -> int:
    """A store at `path` with one study that has measured `done` of the `planned` sizes."""
    with Store.open(path) as store:
        study = store.create_study(
            key="test",
            name=NAME,
            settings=SETTINGS,
            plan={},
            groups=[(f"cnn on {size:g}", f"{size:g}", {}, 10.0) for size in planned],
            curves=[
                NewCurve(f"{NAME} {name}", guess, "abc123", "0.1.0", "measured here")
                for name, _, _, _, guess in TRUTHS
            ],
            workers=2,
            device="2 CPU cores",
            device_reason="no GPU was found",
            version="0.1.0",
        )
        store.set_study(study, "running")
        for size in done:
            measure(store, study, size)
        if state != "running":
            store.set_study(study, state, reason)
    return study


def measure(store: Store, study: int, size: float) -> None:
    """Write what a driver writes when the shard of this size is decided."""
    store.end_group(
        study,
        f"cnn on {size:g}",
        seconds=9.0,
        reason="",
        candidates=[],
        decided=[(point, {}) for point in points(size)],
    )


def stream(path: Path, study: int, sizes: Sequence[float], every: float) -> None:
    """Measure `sizes` one by one, `every` seconds, beating as a driver does; then finish."""
    with Store.open(path) as store:
        for size in sizes:
            until = time.time() + every
            while time.time() < until:
                time.sleep(min(0.2, every))
                store.beat(study)
            measure(store, study, size)
            print(f"{size:g} {time.time()}", flush=True)
        store.set_study(study, "finished")


if __name__ == "__main__":
    stream(
        Path(sys.argv[1]), int(sys.argv[2]), [float(s) for s in sys.argv[4:]], float(sys.argv[3])
    )
