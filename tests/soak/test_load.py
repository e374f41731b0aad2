"""Stores and studies of a size that nobody has yet: what they cost, and that nothing grows."""

import os
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine import cli
from engine.curve import Point
from engine.laws.fit import fit
from engine.laws.propose import propose_window
from engine.study import executors
from engine.study.executors import Finished, Started
from engine.study.plan import Extent, Recipe, make_plan
from engine.study.run import Prepared, _create, run_study
from engine.study.search import Search
from engine.study.store import NewCurve, Store
from engine.study.subject import Settings, Subject
from engine.training.device import Device
from engine.training.spec import Pace, Schedule, Speed
from tests.budgets import train
from tests.studies import NAME, SIZES, make_study, measure

pytestmark = pytest.mark.soak

LADDER = tuple(10_000 * 2**k for k in range(8))
PACE = Pace(740.0, 1000, 0.28)
POINTS = int(os.environ.get("SOAK_POINTS", "1000000"))
SUBJECTS = 7  # 11 sizes each, of some 27 groups
TURNS = int(os.environ.get("SOAK_TURNS", "20000"))
READERS = 50


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


class Stopwatch:
    """CPU seconds of what was done, by its name."""

    def __init__(self):
        self.took: dict[str, str] = {}

    def __call__(self, name, do):
        began = time.process_time()
        found = do()
        self.took[name] = f"{time.process_time() - began:.1f} s"
        return found


def test_a_store_of_a_million_points(tmp_path, figures):
    path, watch = tmp_path / "study.db", Stopwatch()
    points = [
        Point(f"curve {c}", float(10 + k), 3.0 * (10 + k) ** -0.3 * (1 + seed / 100), seed=seed)
        for c in range(100)
        for k in range(POINTS // 300)
        for seed in range(3)
    ]
    before = resident()
    with Store.open(path) as store:
        watch("import", lambda: store.import_points(points, "0"))
    with Store.open(path, "read") as store:
        watch("check", store.check)
        watch("list", store.studies)
        curves = watch("read", store.curves)
    assert sum(len(curve.points) for curve in curves) == len(points)
    watch("fit one of 100", lambda: fit(curves[0], propose_window(curves[0])))
    out = str(tmp_path / "out.csv")
    watch("export", lambda: cli.main(["export", out, "--points", "--store", str(path)]))
    assert Path(out).read_text().count("\n") == len(points) + 1
    size = path.stat().st_size
    figures(
        f"a store of {len(points):,} points",
        file=f"{size / 1e6:.0f} MB",
        memory=f"{(resident() - before) / 1e6:.0f} MB",
        **watch.took,
    )


def test_a_study_of_two_thousand_groups(tmp_path, monkeypatch, figures):
    """The whole driver with trainings that cost nothing: memory and descriptors stay flat."""
    subjects = [Subject("images", "icons", f"model {k}") for k in range(SUBJECTS)]
    recipe = Recipe(None, 3, LADDER, (3e-4, 3e-3), Search(3, 2, 2, 3), Schedule(), PACE)
    speeds = {capacity: Speed(9.0, 9e4, 9e4) for capacity in LADDER}  # slow: cut into seeds
    extent = Extent(20_000, 20_000, 100, 100, "images")
    settings = Settings(tuple(subjects), "full", device="cpu")
    plan = make_plan(settings, *([each] * SUBJECTS for each in (recipe, extent, speeds)), workers=2)
    held: list[tuple[int, int]] = []

    def trained(queue, loader, workers):
        while queue:
            group = queue.pop()
            yield Started(group)
            yield Finished(group, train(group, best=lambda size: 2_000 * size**0.5), 0.1)
            held.append((descriptors(), resident()))

    monkeypatch.setattr(executors, "run_here", trained)
    curves = tuple(
        NewCurve(f"{s.label} top-1", 0.9, "", "", "", k, "top-1") for k, s in enumerate(subjects)
    )
    path, watch = tmp_path / "study.db", Stopwatch()
    device = Device("cpu", "a CPU", "said by the test")
    with Store.open(path) as store:
        _create(store, Prepared(settings, plan, device, curves))
        asked = {"device": device, "workers": 2, "show": lambda progress: None}
        watch("run", lambda: run_study(store, settings, **asked))
        (row,) = store.studies()
        watch("list", lambda: (store.studies(), store.work(row.id)))
        store.check()
    assert (row.state, row.done) == ("finished", row.total)
    (first, memory), (last, then) = held[len(held) // 10], held[-1]
    figures(
        f"a study of {len(held):,} groups",
        **watch.took,
        **{"descriptors then": first, "at the end": last},
        **{"memory grown by": f"{(then - memory) / 1e6:.0f} MB"},
    )
    assert last <= first


def test_fifty_readers_while_a_study_streams(tmp_path, figures):
    path = tmp_path / "study.db"
    sizes = [float(10 + k) for k in range(300)]
    study = make_study(path, "running", done=(), planned=sizes)
    over, reads = False, [0] * READERS

    def read(number):
        while not over:
            with Store.open(path, "read") as store:
                for curve in store.curves(study):
                    counts = {m: 0 for m in curve.sizes}
                    for m in curve.sizes:
                        counts[m] += 1
                    assert set(counts.values()) == {3}  # seeds: a size is there whole or not
            reads[number] += 1

    with ThreadPoolExecutor(READERS) as pool, Store.open(path) as store:
        reading = pool.map(read, range(READERS))
        held = []
        try:
            for size in sizes:
                measure(store, study, size)
                store.beat(study)
                held.append(descriptors())
        finally:
            over = True
        assert list(reading) == [None] * READERS
        log = path.with_name("study.db-wal").stat().st_size
        store.check()
    figures(
        f"{READERS} readers, one writer",
        writes=2 * len(sizes),
        reads=sum(reads),
        refused=0,
        log=f"{log / 1e6:.1f} MB",
    )
    assert descriptors() <= held[0]


def test_memory_and_descriptors_stay_flat_while_a_study_streams(tmp_path, figures):
    path = tmp_path / "study.db"
    make_study(path, "finished", done=SIZES)
    with Store.open(path) as store:
        study = store.studies()[0].id
        held = []
        for turn in range(TURNS):
            store.beat(study)
            measure(store, study, SIZES[turn % len(SIZES)], NAME)  # replaces what is there
            if turn % 10 == 0:
                with Store.open(path, "read") as reader:
                    reader.studies()
            if turn % (TURNS // 20) == TURNS // 20 - 1:
                held.append((descriptors(), resident()))
    fds, memory = zip(*held, strict=True)
    grown = (memory[-1] - memory[1]) / 1e6
    figures(
        f"{TURNS:,} ends of groups, {TURNS // 10:,} readers",
        **{"descriptors first": fds[1], "last": fds[-1], "memory grown by": f"{grown:.1f} MB"},
    )
    assert fds[-1] <= fds[1]
    assert grown < 10
