"""Studies with a known truth, written into a store as a driver would: for tests of the pages."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.curve import Point
from engine.study.store import NewCurve, Store

SIZES = (31, 62, 125, 250, 500, 1000, 2000, 4000)
NAME = "images icons cnn"
RUNGS = (5_000, 15_000, 40_000, 120_000, 360_000)  # of parameters; the best model grows
# name, metric, coefficient, exponent, best guess: a roll-off from the guess into the power law
TRUTHS = (
    ("top-1", "top-1 error", 3.2, -0.24, 0.98),
    ("top-5", "top-5 error", 3.0, -0.36, 0.90),
    ("cross-entropy", "cross-entropy", 14.0, -0.27, 3.91),
)
SETTINGS = {
    "subjects": [{"domain": "images", "data": "icons", "model": "cnn", "treatment": ""}],
    "preset": "quick",
    "minutes": None,
    "sizes": None,
    "seeds": None,
    "device": "cpu",
    "paths": [],
}


def points(
    size: float, seeds: int = 3, noise: float = 0.02, name: str = NAME, factor: float = 1.0
) -> Iterator[Point]:
    """The points of one size on the three curves of one subject; the same every time.

    `factor` multiplies every error, as a treatment might.
    """
    rng = np.random.default_rng(round(size))
    for short, metric, coefficient, exponent, guess in TRUTHS:
        error = factor * ((coefficient * size**exponent) ** -4 + guess**-4) ** -0.25
        for seed in range(seeds):
            yield Point(
                f"{name} {short}",
                size,
                float(error * np.exp(rng.normal(0, noise))),
                unit="images",
                metric=metric,
                domain="images",
                model="cnn",
                seed=seed,
                parameters=min(RUNGS, key=lambda rung: abs(np.log(rung / (300 * size**0.7)))),
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
    treatments: Sequence[str] = (),
    records: Mapping[float, dict[str, Any]] = MappingProxyType({}),
) -> int:
    """A store at `path` with one study that has measured `done` of the `planned` sizes.

    Args:
        path: of the store.
        state: of the study.
        reason: why it is in that state.
        done: sizes measured.
        planned: sizes planned.
        treatments: subjects beside the untreated one; each makes the errors a tenth larger.
        records: what the points of a size say about how they were chosen.
    """
    (plain,) = SETTINGS["subjects"]
    subjects = [plain, *({**plain, "treatment": name} for name in treatments)]
    names = [f"{NAME} {subject['treatment']}".strip() for subject in subjects]
    with Store.open(path) as store:
        study = store.create_study(
            key=f"test {names}",
            name=", ".join(names),
            settings={**SETTINGS, "subjects": subjects},
            plan={"subjects": [{"sizes": list(planned)} for _ in subjects]},
            shards=[(f"{name} / {size:g}", 10.0) for name in names for size in planned],
            curves=[
                NewCurve(f"{name} {m}", guess, "abc123", "0.1.0", "measured here", index, m)
                for index, name in enumerate(names)
                for m, _, _, _, guess in TRUTHS
            ],
            workers=2,
            device="2 CPU cores",
            device_reason="no GPU was found",
            version="0.1.0",
        )
        store.add_groups(
            study,
            [
                (f"{name} on {size:g}", f"{name} / {size:g}", {}, 10.0)
                for name in names
                for size in planned
            ],
        )
        store.set_study(study, "running")
        for index, name in enumerate(names):
            for size in done:
                measure(store, study, size, name, 1.1 if index else 1.0, records.get(size, {}))
        if state != "running":
            store.set_study(study, state, reason)
    return study


@contextmanager
def alive(store: Path, study: int) -> Iterator[None]:
    """A study whose driver beats: after 15 s of silence the page takes it for stopped."""
    ended = threading.Event()

    def beat() -> None:
        with Store.open(store) as opened:
            while not ended.wait(1):
                opened.beat(study)

    driver = threading.Thread(target=beat)
    driver.start()
    try:
        yield
    finally:
        ended.set()
        driver.join()


def measure(
    store: Store,
    study: int,
    size: float,
    name: str = NAME,
    factor: float = 1.0,
    record: dict[str, Any] | None = None,
) -> None:
    """Write what a driver writes when the shard of this size is decided."""
    store.end_group(
        study,
        f"{name} on {size:g}",
        seconds=9.0,
        reason="",
        candidates=[],
        decides=f"{name} / {size:g}",
        points=[(point, record or {}) for point in points(size, name=name, factor=factor)],
    )


def everything(path):
    """All that a store says, by every way of reading it."""
    with Store.open(path, "read") as store:
        store.check()
        found = [store.studies(now=0), store.binned(), store.curves(), store.windows()]
        for row in store.studies(now=0):
            found += [store.study_plan(row.id), store.work(row.id), store.ahead(row.id)]
            found += [store.candidates(row.id), store.point_records(row.id), store.edges(row.id)]
        return repr(found)
