"""A group of models that are fitted in one go: one fit for each seed and learning rate.

There are no steps to stop at, so the validation loss of the fitted model is the one there is.
"""

import math
import time

import numpy as np
import torch

from data.shards import shard_hash
from engine.tasks.task import FittedTask, Part, Task
from engine.training.spec import Candidate, GroupSpec, Schedule, Speed

WHOLE = Schedule(batch=2**31, first_evaluation=1, floor_steps=0, max_steps=1)  # one step: all rows
TIMED_ROWS = 1024  # of a fit that is timed: a whole one may take minutes
TRAIN_PROBE = 512  # rows of the shard on which the training loss is reported


def run_fits(task: Task, spec: GroupSpec) -> list[Candidate]:
    """Fit every replica of a group, in the order of seeds and learning rates."""
    return [_fitted(task, spec, seed, rate) for seed in spec.seeds for rate in spec.learning_rates]


def _fitted(task: Task, spec: GroupSpec, seed: int, rate: float) -> Candidate:
    assert isinstance(task, FittedTask)
    began = time.perf_counter()
    rows = task.shard(spec.size, seed)
    model = task.fit(spec.model, spec.capacity, rate, rows, seed)
    watched = task.part("validation", spec.schedule.watched)
    validation = float(task.mean_loss(model, watched))
    train = float(task.mean_loss(model, Part("train", torch.from_numpy(rows[:TRAIN_PROBE]))))
    usable = math.isfinite(validation)
    return Candidate(
        model=spec.model,
        capacity=spec.capacity,
        parameters=task.parameters(model, spec.capacity),
        learning_rate=rate,
        size=spec.size,
        seed=seed,
        shard_hash=shard_hash(rows),
        status="finished" if usable else "failed",
        reason="" if usable else f"the loss became {validation}",
        steps=1,
        best_step=1,
        evaluations=1,
        validation_loss=validation if usable else None,
        train_loss=train,
        last_loss=validation if usable else None,
        last_train_loss=train,
        test=task.errors(model, task.part("test")) if usable else {},
        scores=task.scores(model) if usable and spec.scored and seed == 0 else {},
        seconds=time.perf_counter() - began,
    )


def measure(task: Task, model: str, capacity: int, rate: float) -> Speed:
    """Rows a second that one fit takes, and evaluates."""
    assert isinstance(task, FittedTask)
    rows = task.shard(min(TIMED_ROWS, task.full), seed=0)
    began = time.perf_counter()
    fitted = task.fit(model, capacity, rate, rows, seed=0)
    trained = time.perf_counter()
    part = task.part("validation", TIMED_ROWS)
    task.mean_loss(fitted, part)
    evaluated = time.perf_counter()
    task.errors(fitted, part)
    marks = np.diff([began, trained, evaluated, time.perf_counter()])
    train, evaluate, test = (float(max(seconds, 1e-6)) for seconds in marks)
    return Speed(len(rows) / train, len(part.rows) / evaluate, len(part.rows) / test)
