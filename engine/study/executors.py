"""Executors: who runs the groups. All an executor knows is `run_group(spec) -> candidates`.

Here is what an executor says of it, how a worker trains, and the executor of this machine; that of
several machines is ray_executor. On this machine groups run in processes of one thread each: two
processes of one thread are 1.9x one, while one process of two threads on a busy machine is up to
25x slower (notes: performance, sections 1 and 3).
"""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import cache, partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from data.errors import DataError
from engine.domain_files import DomainError, own_code
from engine.study import forks
from engine.study.agenda import PlannedGroup
from engine.study.isolated import how, settle_in
from engine.tasks.load import TaskLoader
from engine.tasks.task import Task
from engine.training.group import run_group
from engine.training.spec import Candidate, GroupSpec

NO_MEMORY = "there was not enough memory"
TICK_SECONDS = 0.5  # how often the driver gets to beat and to look for a wish to stop


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
Executor = Callable[[list[PlannedGroup], TaskLoader, int], Generator[Event]]  # as run_here


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker says of a group."""

    candidates: list[Candidate]
    seconds: float
    reason: str = ""  # why there are none
    memory: bool = False  # whether it was for want of memory


@dataclass(slots=True)
class _Worker:
    """A process that trains one group at a time; its end shows as the end of its pipe."""

    process: BaseProcess
    pipe: Connection
    group: PlannedGroup | None = None
    began: float = 0.0

    def give(self, group: PlannedGroup, apart: bool) -> None:
        self.group, self.began = group, time.monotonic()
        try:
            self.pipe.send((group.spec, apart))
        except OSError:  # it is dead: `take` finds out
            return

    def take(self) -> Answer:
        """What it says of its group, which is then over."""
        seconds, self.group = time.monotonic() - self.began, None
        try:
            answer: Answer = self.pipe.recv()
        except (EOFError, OSError):
            self.end()
            return Answer([], seconds, last_words(how(self.process.exitcode)), memory=True)
        return answer

    def end(self) -> None:
        """End it now; a group under way is lost and will be trained again."""
        self.process.kill()  # even where someone has suspended it
        self.process.join()
        self.pipe.close()


def run_here(queue: list[PlannedGroup], loader: TaskLoader, workers: int) -> Generator[Event]:
    """Run groups in worker processes on this machine and tell what happens as it happens.

    The largest groups start first, so that no worker is left alone with one at the end, while one
    worker goes up from the smallest, so that the first points appear within seconds. A group that
    memory failed or whose worker died is tried once more when nothing else is left to do, one seed
    after the other and by the only worker: the others may have had the memory. A dead worker is
    replaced; the others do not notice. Closing the iterator ends the workers at once.

    Args:
        queue: groups to run; taken from it as they start. The listener may add to it at each event.
        loader: of the groups' tasks.
        workers: processes.
    """
    again: list[PlannedGroup] = []  # what is to be tried for the second time
    apart: set[str] = set()  # names of what is tried, or was, for the second time
    climbing: PlannedGroup | None = None  # what the worker that goes up from the smallest holds
    crew: list[_Worker] = []
    try:
        while queue or again or any(worker.group for worker in crew):
            if not queue and not any(worker.group for worker in crew):
                queue.append(again.pop(0))
                while crew:  # what idle ones hold of data and models is memory too
                    crew.pop().end()
            while queue and (len(crew) < workers or not all(worker.group for worker in crew)):
                worker = next((worker for worker in crew if not worker.group), None)
                if worker is None:
                    crew.append(worker := _hired(loader))
                group = taken(queue, smallest=climbing is None)
                climbing = climbing or group
                worker.give(group, apart=group.spec.name in apart)
                yield Started(group)
            heard = wait([worker.pipe for worker in crew if worker.group], TICK_SECONDS)
            yield Tick()
            for worker in [worker for worker in crew if worker.group and worker.pipe in heard]:
                ended = worker.group
                assert ended is not None
                answer = worker.take()
                climbing = None if ended is climbing else climbing
                if worker.pipe.closed:
                    crew.remove(worker)
                if not answer.reason:
                    yield Finished(ended, answer.candidates, answer.seconds)
                elif answer.memory and ended.spec.name not in apart:
                    apart.add(ended.spec.name)
                    again.append(ended)
                else:
                    yield Failed(ended, answer.reason, answer.seconds)
    finally:
        for worker in crew:
            worker.end()


def _hired(loader: TaskLoader) -> _Worker:
    context = forks.context(loader.device)
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, loader))
    process.start()
    theirs.close()  # else its end would never show in ours
    return _Worker(process, ours)


def taken(queue: list[PlannedGroup], smallest: bool) -> PlannedGroup:
    """Take the group to start next out of the queue: the longest one, or the shortest."""
    queue.sort(key=lambda group: group.seconds)
    return queue.pop(0 if smallest else -1)


def last_words(how: str) -> str:
    """What is said of a group whose worker died and had no chance to say it."""
    return (
        f"its worker process died, at the second try ({how}); if memory is short, end other"
        " programs or give fewer --workers"
    )


def answered(load: Callable[[], Task], spec: GroupSpec, apart: bool) -> Answer:
    """Train a group, in a worker: what came of it, or why nothing did. Raises nothing.

    Args:
        load: gives the group's task.
        spec: of the group.
        apart: one seed after the other, which takes less memory.
    """
    began = time.perf_counter()
    try:
        with own_code():
            task = load()
            began = time.perf_counter()
            specs = [replace(spec, seeds=(seed,)) for seed in spec.seeds] if apart else [spec]
            found = [run for each in specs for run in run_group(task, each)]
        return Answer(found, time.perf_counter() - began)
    except MemoryError as error:
        reason, memory = str(error) or NO_MEMORY, True
    except Exception as error:
        whole = isinstance(error, DomainError | DataError)  # they are sentences for the user
        reason, memory = str(error) if whole else f"{type(error).__name__}: {error}", False
    return Answer([], time.perf_counter() - began, reason, memory)


def _work(pipe: Connection, loader: TaskLoader) -> None:
    """A worker: trains what comes through the pipe, on one thread, until its driver ends."""
    settle_in()
    load = cache(loader)  # each task once for all the worker's groups
    while True:
        try:
            spec, apart = pipe.recv()
        except EOFError:  # the driver has ended
            return
        pipe.send(answered(partial(load, spec.domain, spec.data, spec.treatment), spec, apart))
