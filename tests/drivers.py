"""Drivers of studies for tests: one that trains in this process, and what is seen of others."""

import io
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from engine.study import executors, isolated
from engine.study.store import Store
from engine.training import probe
from engine.training.group import run_group

forked = pytest.mark.skipif(sys.platform != "linux", reason="no fork server elsewhere")


def inline(queue, loader, workers):
    """What an executor promises, kept in this process."""
    tasks = {}
    while queue:
        group = queue.pop(0)
        yield executors.Started(group)
        about = group.spec.domain, group.spec.data, group.spec.treatment
        if about not in tasks:
            tasks[about] = loader(*about)
        yield executors.Finished(group, run_group(tasks[about], group.spec), 0.1)


def measure_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure speeds in this process and next to no time: for what does not depend on them."""
    monkeypatch.setattr(probe, "PROBE_SECONDS", 0.01)
    monkeypatch.setattr(isolated, "each", lambda device, work, *given: iter(work(*given)))


def noise(folder: Path) -> Path:
    """Sixty pictures of noise in the layout of CIFAR-10: nothing to learn, so training is short."""
    rng = np.random.default_rng(4)
    for split in ("train", "test"):
        cells = []
        for _ in range(60):
            pixels = rng.integers(0, 256, (8, 8, 3), np.uint8)
            Image.fromarray(pixels).save(file := io.BytesIO(), "PNG")
            cells.append({"bytes": file.getvalue(), "path": None})
        table = pa.table({"img": cells, "label": [label % 10 for label in range(60)]})
        pq.write_table(table, folder / f"{split}.parquet")
    return folder


def content(path: Path):
    """All that a study measured, without the clock's part."""
    with Store.open(path, "read") as store:
        (study,) = store.studies()
        points = [(p._replace(seconds=None), r) for p, r in store.point_records(study.id)]
        candidates = [
            replace(row, record={**row.record, "seconds": 0.0})
            for row in store.candidates(study.id)
        ]
        return study.state, points, candidates


def children(pid: int) -> list[int]:
    """Processes whose parent is `pid`, from /proc."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                found.append(int(entry.name))
    return found


def descendants(pid: int) -> list[int]:
    """Its children, theirs and so on: the server of workers, then the workers."""
    found = children(pid)
    return found + [each for child in found for each in descendants(child)]


def alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def ended(pids: list[int], seconds: float = 600.0) -> bool:
    """Whether all these processes end within some seconds."""
    deadline = time.monotonic() + seconds
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(alive(pid) for pid in pids)
