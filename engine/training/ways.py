"""Which way of computing a step is the fastest that gives the same answer: tried, and remembered.

Remembered by device, version, model, capacity and batch in the cache folder, because ways differ by
rounding: a study asked for again on the same machine should give the same numbers.
"""

import json
import time
from collections.abc import Callable
from math import inf
from pathlib import Path

import torch
from filelock import FileLock

from engine.tasks.task import Task
from engine.training.batches import batches
from engine.training.device import choose
from engine.training.probe import one_thread, trainer
from engine.training.spec import Way
from engine.training.stack import Stack, stackable

WORTH = 1.1  # a way must be so much faster than plain: the probe itself is right to 10 %
SMALL = 0.01  # seconds of a step that Python and the start of kernels can matter in
STRETCH = 6  # steps between two evaluations, at least: a stack is made anew for each stretch
LONG_STRETCH = 48  # the same on a CUDA device, where it is recorded: one from step 240 on
ROUNDS = 3
STACKED_ROWS = 32  # of the batch that a stack is tried with
STACKED_SAME = 1e-3  # of the loss: float32 sums differ by a thousandth of that
SAME = 0.05  # of the gradient's length that bfloat16 may be off: a batch's own noise is its length


def fastest(kept: Path, task: Task, model: str, capacity: int, batch: int) -> Way:
    """The way for groups of a model at a capacity.

    Args:
        kept: file that remembers the ways found before; a damaged one is begun anew.
        task: of the model.
        model: name of its family.
        capacity: parameters.
        batch: rows.
    """
    device = task.device.type
    about = (choose(device).name, torch.__version__, task.data_hash, model, capacity, batch)
    key = " / ".join(map(str, about))
    known = _read(kept)
    if key not in known:
        with one_thread():
            found = _found(task, model, capacity, batch)
        kept.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{kept}.lock"):  # another study may have found one meanwhile: it counts
            known = {key: found, **_read(kept)}
            kept.write_text(json.dumps(known, indent=1) + "\n")
    return known[key]


def agrees(task: Task, model: str, capacity: int, batch: int) -> bool:
    """Whether bfloat16 leaves the first batch's gradient as it is, within SAME of its length.

    Not where the processor lacks a layer in bfloat16: LSTMs on those with AVX2 alone.
    """
    rows = torch.from_numpy(next(batches(task.shard(task.full, 0), batch, 0, task.lengths)))
    network = task.build(model, capacity, seed=0)
    exact = _gradient(task, network, rows.to(task.device), half=False)
    try:
        half = _gradient(task, network, rows.to(task.device), half=True)
    except RuntimeError:
        return False
    return bool((half - exact).norm() <= SAME * exact.norm())


def stacks(task: Task, model: str, capacity: int) -> bool:
    """Whether replicas in one tensor have the loss that each has alone.

    Not where a layer is other than `Stack` knows it, such as one without a bias, or where the loss
    of a batch is no mean over its rows. Ours are held to it by tests; a user's own may be anything.
    """
    models = [task.build(model, capacity, seed) for seed in (0, 1)]
    if not all(map(stackable, models)):
        return False
    shard = task.shard(task.full, 0)
    rows = torch.from_numpy(shard[: 2 * (min(STACKED_ROWS, len(shard)) // 2)]).to(task.device)
    halves = rows.chunk(2)  # other rows for each: a batch's own mean would pass for that of both
    try:
        with torch.no_grad():
            together = task.loss(Stack(models), rows, ()).item()
            pairs = zip(models, halves, strict=True)
            apart = sum(task.loss(each, half, ()).item() for each, half in pairs) / 2
    except (RuntimeError, ValueError, StopIteration):
        return False
    return abs(together - apart) <= STACKED_SAME * abs(apart)


def _found(task: Task, model: str, capacity: int, batch: int) -> Way:
    ways: list[Way] = ["plain"]
    plain, _ = trainer(task, model, capacity, batch, "plain", steps=1)
    plain()
    small = _seconds(task, plain) < SMALL
    if small and stacks(task, model, capacity):
        ways.append("stacked")
    if not _emulated(task.device) and agrees(task, model, capacity, batch):
        ways.append("half")
    if task.device.type == "cuda" and _records(task, model, capacity, batch):
        ways.append("graph")
    stretch = LONG_STRETCH if task.device.type == "cuda" else STRETCH if small else 1
    tried = {way: trainer(task, model, capacity, batch, way, stretch) for way in ways}
    cost = dict.fromkeys(ways, inf)  # seconds a row
    for _ in range(ROUNDS):  # in turns: what else the machine does falls on all alike
        for way, (train, rows) in tried.items():
            cost[way] = min(cost[way], _seconds(task, train) / rows)
    best = min(ways, key=lambda way: cost[way])
    return best if cost[best] * WORTH <= cost["plain"] else "plain"


def _emulated(device: torch.device) -> bool:
    """Whether bfloat16 is certain to be slow: a processor without AVX-512 has no products in it.

    (CTC of 30,000 parameters with AVX2: 82 ms a step against 17 in float32.)
    """
    return device.type == "cpu" and torch.backends.cpu.get_cpu_capability() in ("DEFAULT", "AVX2")


def _records(task: Task, model: str, capacity: int, batch: int) -> bool:
    """Whether steps can be recorded: what looks at the device's numbers on the way cannot be."""
    train, _ = trainer(task, model, capacity, batch, "graph", LONG_STRETCH)
    try:
        train()
    except RuntimeError:
        return False
    return True


def _seconds(task: Task, work: Callable[[], None]) -> float:
    """Of the process on a CPU, so that a busy machine chooses alike; on the clock elsewhere."""
    clock = time.process_time if task.device.type == "cpu" else time.perf_counter
    began = clock()
    work()
    return clock() - began


def _gradient(task: Task, network: torch.nn.Module, rows: torch.Tensor, half: bool) -> torch.Tensor:
    network.zero_grad()
    with torch.autocast(task.device.type, torch.bfloat16, enabled=half):
        loss = task.loss(network, rows)
    loss.backward()  # type: ignore[no-untyped-call]
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])


def _read(kept: Path) -> dict[str, Way]:
    try:
        found: dict[str, Way] = json.loads(kept.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
