"""A group: one model at one capacity on one shard, trained at several learning rates and seeds.

The rivals of one seed (same shard, same initial weights, same batches, other learning rates)
advance together to the next evaluation, so that a hopeless one can be dropped early. Seeds never
look at each other, so a group cut into single seeds gives the same numbers (where replicas are
stacked: but for rounding).

Evaluations lie at geometrically growing steps and training ends once the best validation loss is
long past in proportion (`patience`), or clearly risen, over a floor of steps: patience counted in
epochs is meaningless on a shard smaller than a batch, and a floor too low freezes the loss on an
early ledge and falsifies the curve (notes: performance, sections 4 and 11).
"""

import gc
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from data.shards import shard_hash
from engine.models.capacity import parameters
from engine.tasks.task import FittedTask, Part, Task
from engine.training import fitted, loop, stack
from engine.training.adamw import AdamW
from engine.training.batches import batches
from engine.training.memory import is_of_memory
from engine.training.spec import Candidate, GroupSpec, Schedule

PRUNE_GAP = 0.05  # a replica within 5 % of its best rival is never dropped (same section)
OVERFITTED = 1.1  # a loss so far over its best one does not come back: no ledge to be waited on
PRUNE_INTERVALS = 6  # nor one that would close the gap within so many further evaluations
TIE = 0.01  # less is not worth going on for after a rival has finished: seeds differ by more
RISEN = 1.02  # a loss so far over its lowest has left it; on a ledge it wobbles by a percent
# Then it is long past its best sooner. Of 51 trainings on 17 shards (eight families, SGD and labels
# of 40 % noise among them), followed to 1.5 times their best step or more, none came back to less:
# see README, "Training beside other loops".
RISEN_PATIENCE = 1.1
TIE_INTERVALS = 3  # at the pace of the last one; gains shrink, so this flatters it
APART = "seeds one after the other: the memory did not hold all at once"
TRAIN_PROBE = 512  # rows of the shard on which the training loss is reported: within some percent


@dataclass(slots=True)
class _Replica:
    """A training under way."""

    seed: int
    learning_rate: float
    model: nn.Module
    optimizer: loop.Optimizer
    train: Callable[[NDArray[np.int64]], None]  # for each of (steps, batch) rows a step
    best_loss: float = math.inf
    best_step: int = 0
    earlier_loss: float = math.inf  # best loss one evaluation ago
    last_loss: float = math.inf  # loss at the last evaluation
    best_weights: dict[str, Tensor] | None = None
    step: int = 0
    evaluations: int = 0
    seconds: float = 0.0
    status: Literal["running", "finished", "pruned", "capped", "failed"] = "running"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Rivals:
    """The replicas of one seed, which see the same batches."""

    seed: int
    rows: NDArray[np.int64]  # of the shard
    stream: Iterator[NDArray[np.int64]]  # of batches
    replicas: list[_Replica]

    @property
    def running(self) -> list[_Replica]:
        return [replica for replica in self.replicas if replica.status == "running"]


def run_group(task: Task, spec: GroupSpec) -> list[Candidate]:
    """Train every replica of a group; where the device's memory does not hold them all, in parts.

    Returns:
        One candidate for each seed and learning rate, in that order. The same spec gives the same
        numbers on the same machine and versions (CPU: bit for bit), apart from the seconds.

    Raises:
        MemoryError: the device's memory does not hold even one seed's replicas.
    """
    if isinstance(task, FittedTask):
        return fitted.run_fits(task, spec)
    try:
        found = _trained(task, spec)
        if task.device.type == "cuda":
            torch.cuda.empty_cache()  # for the processes beside this one
        return found
    except (MemoryError, RuntimeError) as error:
        if not is_of_memory(error):
            raise
        if len(spec.seeds) == 1:
            whose = "GPU" if task.device.type == "cuda" else "machine"
            raise MemoryError(
                f"the {whose}'s memory does not hold {len(spec.learning_rates)} models of"
                f" {spec.capacity:,} parameters; end other programs that use it or give fewer"
                " --workers."
            ) from None
    gc.collect()  # out here: the error above held on to what did not fit
    if task.device.type == "cuda":
        torch.cuda.empty_cache()
    parts = [run_group(task, replace(spec, seeds=(seed,))) for seed in spec.seeds]
    return [replace(run, reason=run.reason or APART) for part in parts for run in part]


def _trained(task: Task, spec: GroupSpec) -> list[Candidate]:
    schedule = spec.schedule
    watched = task.part("validation", schedule.watched)
    rivalries = [_rivalry(task, spec, seed) for seed in spec.seeds]
    step = 0
    for target in schedule.evaluations():
        _advance(task, spec, rivalries, target - step)
        step = target
        for rivals in rivalries:
            running = rivals.running
            for replica in running:
                _evaluate(task, replica, watched)
            _prune(rivals.replicas, schedule)
            for replica in running:
                _stop(replica, schedule)
        if not any(rivals.running for rivals in rivalries):
            break
    return [
        _record(task, spec, rivals, replica) for rivals in rivalries for replica in rivals.replicas
    ]


def _rivalry(task: Task, spec: GroupSpec, seed: int) -> _Rivals:
    rows = task.shard(spec.size, seed)
    stream = batches(rows, spec.schedule.batch, seed, task.lengths)
    replicas = [_start(task, spec, seed, rate) for rate in spec.learning_rates]
    return _Rivals(seed, rows, stream, replicas)


def _start(task: Task, spec: GroupSpec, seed: int, rate: float) -> _Replica:
    model = task.build(spec.model, spec.capacity, seed)
    optimizer = loop.optimizer(model, rate, spec.treatment)
    return _Replica(seed, rate, model, optimizer, loop.trainer(task, model, optimizer, spec.way))


def _advance(task: Task, spec: GroupSpec, rivalries: list[_Rivals], steps: int) -> None:
    """Train all that run, `steps` steps each, alone or stacked."""
    due: list[tuple[_Replica, NDArray[np.int64]]] = []
    for rivals in rivalries:
        if rivals.running:
            rows = np.stack([next(rivals.stream) for _ in range(steps)])  # (steps, batch)
            due += [(replica, rows) for replica in rivals.running]
    due.sort(key=lambda each: each[0].learning_rate)
    optimizers = [r.optimizer for r, _ in due if isinstance(r.optimizer, AdamW)]
    if spec.way == "stacked" and len(optimizers) == len(due) > 1:
        began = time.perf_counter()
        models = [replica.model for replica, _ in due]
        stack.advance(task, models, optimizers, np.stack([rows for _, rows in due], axis=1))
        each = (time.perf_counter() - began) / len(due)
        for replica, _ in due:
            replica.seconds += each
    else:
        for replica, rows in due:
            began = time.perf_counter()
            with torch.random.fork_rng(devices=[]):  # for dropout: from here alone
                torch.manual_seed(replica.seed * 2**32 + replica.step)
                replica.train(rows)
            replica.seconds += time.perf_counter() - began
    for replica, _ in due:
        replica.step += steps


def _evaluate(task: Task, replica: _Replica, watched: Part) -> None:
    began = time.perf_counter()
    loss = float(task.mean_loss(replica.model, watched))
    replica.seconds += time.perf_counter() - began
    replica.evaluations += 1
    replica.earlier_loss = replica.best_loss
    replica.last_loss = loss
    if not math.isfinite(loss):
        replica.status, replica.reason = "failed", f"the loss became {loss} at step {replica.step}"
    elif loss < replica.best_loss:
        replica.best_loss, replica.best_step = loss, replica.step
        state = replica.model.state_dict()
        replica.best_weights = {name: value.clone() for name, value in state.items()}


def _prune(replicas: list[_Replica], schedule: Schedule) -> None:
    """Drop replicas that are clearly worse than a rival, or would at great length come to the same.

    The first are far behind and not catching up. The second have a rival that has finished, and at
    the pace of their last evaluation would hardly pass it: the lowest rates, which take several
    times the steps of the middle one and tie with it.
    """
    leader = min(replica.best_loss for replica in replicas)
    finished = min((r.best_loss for r in replicas if _past(r)), default=-math.inf)
    for replica in replicas:
        if replica.status != "running" or replica.step < schedule.floor_steps:
            continue  # before, a low rate looks worse than it is
        gap = replica.best_loss - leader
        gain = replica.earlier_loss - replica.best_loss
        if gap > PRUNE_GAP * leader and gain < gap / PRUNE_INTERVALS:
            replica.status = "pruned"
            replica.reason = f"{gap / leader:.0%} behind a rival at step {replica.step}"
        elif replica.best_loss - TIE_INTERVALS * gain > (1 - TIE) * finished > 0:
            replica.status = "pruned"
            replica.reason = f"would hardly pass a rival that has finished, at step {replica.step}"


def _past(replica: _Replica) -> bool:
    """Whether it has finished beyond its lowest loss, and not on a ledge on the way there."""
    return replica.status == "finished" and _has_risen(replica)


def _has_risen(replica: _Replica) -> bool:
    """Whether its loss has left its lowest for good."""
    return replica.last_loss > RISEN * replica.best_loss


def _stop(replica: _Replica, schedule: Schedule) -> None:
    """End a replica whose best evaluation is long past, or that reached the bound on steps."""
    if replica.status != "running":
        return
    patience = schedule.patience
    if _has_risen(replica):
        patience = min(patience, RISEN_PATIENCE)
    past = max(patience * replica.best_step, replica.best_step + schedule.margin)
    overfitted = replica.last_loss > OVERFITTED * replica.best_loss
    floor = 0 if overfitted else schedule.floor_steps
    if replica.step >= max(past, floor):
        replica.status = "finished"
    elif replica.step >= schedule.max_steps:
        replica.status = "capped"
        replica.reason = f"still improving at {schedule.max_steps:,} steps"


def _record(task: Task, spec: GroupSpec, rivals: _Rivals, replica: _Replica) -> Candidate:
    """Measure the last weights on the shard, then the best ones there and on the test split."""
    seed, rows = rivals.seed, rivals.rows
    began = time.perf_counter()
    test: dict[str, float] = {}
    scores: dict[str, float] = {}
    train_loss = last_train_loss = None
    if replica.best_weights is not None:
        shard = Part("train", torch.from_numpy(rows[:TRAIN_PROBE]).to(task.device))
        last_train_loss = float(task.mean_loss(replica.model, shard))
        replica.model.load_state_dict(replica.best_weights)
        train_loss = float(task.mean_loss(replica.model, shard))
        test = task.errors(replica.model, task.part("test"))
        scores = task.scores(replica.model) if spec.scored and seed == 0 else {}
    assert replica.status != "running"
    return Candidate(
        model=spec.model,
        capacity=spec.capacity,
        parameters=parameters(replica.model),
        learning_rate=replica.learning_rate,
        size=spec.size,
        seed=seed,
        shard_hash=shard_hash(rows),
        status=replica.status,
        reason=replica.reason,
        steps=replica.step,
        best_step=replica.best_step,
        evaluations=replica.evaluations,
        validation_loss=replica.best_loss if replica.best_weights is not None else None,
        train_loss=train_loss,
        last_loss=replica.last_loss if math.isfinite(replica.last_loss) else None,
        last_train_loss=last_train_loss,
        test=test,
        scores=scores,
        seconds=replica.seconds + time.perf_counter() - began,
    )
