"""The probe: how fast this machine trains a model, measured for half a second before planning."""

import time
from collections.abc import Callable

import torch

from engine.tasks.task import Task
from engine.training.spec import Speed

PROBE_SECONDS = 0.25  # for each of the three: +-10 % here, and nobody waits for it
PROBE_ROWS = 256  # of the validation split, on which evaluation and errors are timed


def measure(task: Task, model: str, capacity: int, batch: int) -> Speed:
    """Rows a second that one thread (or the GPU) trains and evaluates of one model."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the workers will run
    try:
        return _measure(task, model, capacity, batch)
    finally:
        torch.set_num_threads(threads)


def _measure(task: Task, model: str, capacity: int, batch: int) -> Speed:
    network = task.build(model, capacity, seed=0)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, weight_decay=0.0, fused=True)
    rows = task.shard(task.full, seed=0)
    batch = min(batch, len(rows))
    everything = torch.from_numpy(rows).to(task.device)
    part = task.part("validation", PROBE_ROWS)

    def train() -> None:
        loss = task.loss(network, everything[torch.randint(len(rows), (batch,))])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        loss.item()  # waits for the device

    return Speed(
        train=batch * _rate(train),
        evaluate=len(part.rows) * _rate(lambda: task.mean_loss(network, part).item()),
        test=len(part.rows) * _rate(lambda: task.errors(network, part)),
    )


def _rate(work: Callable[[], object]) -> float:
    """Times a second that `work` can be done, after a first call that picks kernels."""
    work()
    done, began = 0, time.perf_counter()
    while done == 0 or time.perf_counter() - began < PROBE_SECONDS:
        work()
        done += 1
    return done / (time.perf_counter() - began)
