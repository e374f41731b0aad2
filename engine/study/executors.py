"""Executors: who runs the groups. All an executor knows is `run_group(spec) -> candidates`.

On this machine groups run in spawned processes of one thread each: two processes of one thread
are 1.9x one, while one process of two threads on a busy machine is up to 25x slower (notes:
performance, sections 1 and 3).
"""

import multiprocessing
import os
import threading
import time
from collections.abc import Generator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import wait as wait_for_sentinel

from engine.study.agenda import PlannedGroup
from engine.tasks.load import TaskLoader
from engine.tasks.task import Task
from engine.training.group import run_group
from engine.training.spec import Candidate, GroupSpec

TICK_SECONDS = 0.5  # how often the driver gets to beat and to look for a wish to stop
LIVES = 2  # a group that memory failed or whose worker died is tried again: another may have had it


@dataclass(frozen=True, slots=True)
class Started:
    """A group is under way."""

    group: PlannedGroup


@dataclass(frozen=True, slots=True)
class Finished:
    """A group's candidates."""

    group: PlannedGroup
    candidates: list[Candidate]
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """A group that gave nothing, and why."""

    group: PlannedGroup
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing happened; the driver may look around."""


Event = Started | Finished | Failed | Tick


def run_here(queue: list[PlannedGroup], loader: TaskLoader, workers: int) -> Generator[Event]:
    """Run groups in worker processes on this machine and tell what happens as it happens.

    The largest groups start first, so that no worker is left alone with one at the end, while one
    worker goes up from the smallest, so that the first points appear within seconds. Closing the
    iterator ends the workers at once.

    Args:
        queue: groups to run; taken from it as they start. The listener may add to it at each event.
        loader: of the groups' tasks.
        workers: processes.
    """
    lives: dict[str, int] = {}
    flying: dict[Future[tuple[list[Candidate], float]], tuple[PlannedGroup, float]] = {}
    climbing: PlannedGroup | None = None  # what the worker that goes up from the smallest holds
    pool, broken = _pool(loader, workers), False
    try:
        while queue or flying:
            if broken and not flying:
                _end(pool)
                pool, broken = _pool(loader, workers), False
            while queue and len(flying) < workers and not broken:
                queue.sort(key=lambda group: group.seconds)
                group = queue.pop(0 if climbing is None else -1)
                climbing = climbing or group
                flying[pool.submit(_run, group.spec)] = (group, time.monotonic())
                yield Started(group)
            ended, _ = wait(flying, timeout=TICK_SECONDS, return_when=FIRST_COMPLETED)
            yield Tick()
            for future in ended:
                group, began = flying.pop(future)
                climbing = None if group is climbing else climbing
                error = future.exception()
                seconds = time.monotonic() - began
                if error is None:
                    candidates, seconds = future.result()
                    yield Finished(group, candidates, seconds)
                    continue
                if not isinstance(error, BrokenProcessPool | MemoryError):
                    yield Failed(group, f"{type(error).__name__}: {error}", seconds)
                    continue
                dead = isinstance(error, BrokenProcessPool)
                broken |= dead  # one worker's death takes the pool with it, and all that flew
                lives[group.spec.name] = lives.get(group.spec.name, LIVES) - 1
                if lives[group.spec.name] > 0:
                    queue.append(group)
                else:
                    reason = "its worker process died twice (memory?)" if dead else str(error)
                    yield Failed(group, reason, seconds)
    finally:
        _end(pool)


def _pool(loader: TaskLoader, workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_prepare,
        initargs=(loader,),
    )


def _end(pool: ProcessPoolExecutor) -> None:
    """End the workers now; a group under way is lost and will be trained again."""
    for process in list((pool._processes or {}).values()):
        process.terminate()  # a pool's own shutdown would first let a long group end
    pool.shutdown(wait=True, cancel_futures=True)


_loader: TaskLoader | None = None  # a worker's own
_tasks: dict[tuple[str, str, str], Task] = {}  # each loaded once for all the worker's groups


def _prepare(loader: TaskLoader) -> None:
    """Set up a worker: one thread, and an end when its driver ends."""
    import signal

    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's to handle
    threading.Thread(target=_die_with_driver, daemon=True).start()
    torch.set_num_threads(1)
    global _loader
    _loader = loader


def _die_with_driver() -> None:
    """A `kill -9` of the driver must leave no orphan: wait for its end and end too."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait_for_sentinel([parent.sentinel])
    os._exit(1)


def _run(spec: GroupSpec) -> tuple[list[Candidate], float]:
    assert _loader is not None
    about = spec.domain, spec.data, spec.treatment
    if about not in _tasks:
        _tasks[about] = _loader(*about)
    began = time.perf_counter()
    return run_group(_tasks[about], spec), time.perf_counter() - began
