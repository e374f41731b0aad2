"""The probe: how fast this machine trains a model, measured for half a second before planning."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch

from engine.tasks.task import Task
from engine.training import loop, stack
from engine.training.adamw import AdamW
from engine.training.batches import batches
from engine.training.spec import Speed, Way

PROBE_SECONDS = 0.25  # for each of the three: +-10 % here, and nobody waits for it
PROBE_ROWS = 128  # of the validation split, on which evaluation and errors are timed
STACKED = 6  # replicas of a stack: two learning rates and three seeds, a standard study's
STEPS = 2  # of one call


def measure(task: Task, model: str, capacity: int, batch: int, way: Way = "plain") -> Speed:
    """Rows a second that one thread (or the GPU) trains, a way, and evaluates of one model.

    On a CPU in seconds of the process: what else the machine does this moment is no measure of the
    minutes to come.
    """
    clock = time.process_time if task.device.type == "cpu" else time.perf_counter
    with one_thread():
        network = task.build(model, capacity, seed=0)
        part = task.part("validation", PROBE_ROWS)
        train, rows = trainer(task, model, capacity, batch, way)
        return Speed(
            train=rows * _rate(train, clock),
            evaluate=len(part.rows) * _rate(lambda: task.mean_loss(network, part).item(), clock),
            test=len(part.rows) * _rate(lambda: task.errors(network, part), clock),
            way=way,
        )


def trainer(
    task: Task, model: str, capacity: int, batch: int, way: Way, steps: int = STEPS
) -> tuple[Callable[[], None], int]:
    """A call that trains for some steps and waits for the device, and the rows that it takes.

    Where replicas are stacked these are the rows of all STACKED of them.
    """
    rows = task.shard(task.full, seed=0)
    stream = batches(rows, batch, 0, task.lengths)
    count = STACKED if way == "stacked" else 1
    models = [task.build(model, capacity, seed) for seed in range(count)]
    optimizers = [AdamW(list(each.parameters()), rate=1e-4, decay=0.0) for each in models]
    alone = loop.trainer(task, models[0], optimizers[0], way)

    def train() -> None:
        drawn = np.stack([next(stream) for _ in range(steps * count)])  # (steps * count, batch)
        if way == "stacked":
            stack.advance(task, models, optimizers, drawn.reshape(steps, count, -1))
        else:
            alone(drawn)
        next(models[0].parameters()).sum().item()

    return train, steps * count * min(batch, len(rows))


@contextmanager
def one_thread() -> Iterator[None]:
    """As the workers will run."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _rate(work: Callable[[], object], clock: Callable[[], float]) -> float:
    """Times a second that `work` can be done, after a first call that picks kernels."""
    work()
    done, began = 0, clock()
    while done == 0 or clock() - began < PROBE_SECONDS:
        work()
        done += 1
    return done / (clock() - began)
