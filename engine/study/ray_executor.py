"""The executor of several machines: groups go to the workers of a Ray cluster.

A worker is an actor, a process with a CPU, or a part of a GPU, of its own for the whole study, so
that it imports torch and unpacks a task once. The driver keeps the order and tries again what was
lost; Ray finds the machines and tells which of them have died. A machine that joins is used from
then on, up to the number of workers. The driver packs each task once and puts it into Ray's object
store, from where each machine fetches it once.

The head of the cluster must live as long as the study: where it dies, Ray ends the driver after a
minute, and the same command goes on with what the store has.
"""

import time
from collections import Counter
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import ray
import torch
from ray.exceptions import ActorUnavailableError, RayError, RayTaskError

from engine import VERSION
from engine.domain_files import own_code
from engine.study.agenda import PlannedGroup
from engine.study.executors import (
    TICK_SECONDS,
    Answer,
    Event,
    Failed,
    Finished,
    Started,
    Tick,
    answered,
    last_words,
    taken,
)
from engine.study.ray_cluster import ClusterError, Share
from engine.study.ray_tasks import Packed, pack, unpack
from engine.tasks.load import TaskLoader
from engine.tasks.task import Task
from engine.training.spec import GroupSpec

LOSSES = 3  # of machines that a group bears: one that fells each it comes to must not fell them all
LOST = f"its machine was lost, at each of {LOSSES + 1} tries"
STARTS = 3  # of workers that may die one after the other before one says that it is there

About = tuple[str, str, str]  # domain, data, treatment


class _Trainer:
    """What runs on the cluster: one thread that trains one group at a time."""

    def __init__(self, device: str) -> None:
        torch.set_num_threads(1)
        self._device = device
        self._tasks: dict[About, Task] = {}

    def hello(self) -> tuple[str, str]:
        """Ray's name of its machine, and its versions."""
        return ray.get_runtime_context().get_node_id(), _versions()

    def train(self, spec: GroupSpec, apart: bool, packed: list[Any]) -> Answer:
        """Train a group; its task's reference is in a list, which Ray leaves for us to open.

        Raises:
            Exception: of whatever kind, the object store of this machine does not give the task;
                that is no fault of the group's, and so no answer.
        """
        about = spec.domain, spec.data, spec.treatment
        found = None if about in self._tasks else ray.get(packed[0])
        return answered(partial(self._task, about, found), spec, apart)

    def _task(self, about: About, found: Packed | Exception | None) -> Task:
        if isinstance(found, Exception):
            raise found
        if found is not None:
            self._tasks[about] = unpack(found, self._device)
        return self._tasks[about]


@dataclass(slots=True)
class _Worker:
    """An actor and what it was asked last."""

    actor: Any
    asked: Any  # reference to an answer that is still to come; None: nothing was asked
    machine: str = ""  # Ray's name of it; "" until the worker has said hello
    group: PlannedGroup | None = None
    began: float = 0.0
    dead: bool = False

    def give(self, group: PlannedGroup, apart: bool, packed: Any) -> None:
        self.group, self.began = group, time.monotonic()
        self.asked = self.actor.train.remote(group.spec, apart, [packed])

    def take(self) -> Answer:
        """What it says of its group, which is then over."""
        asked, self.asked, self.group = self.asked, None, None
        try:
            answer: Answer = ray.get(asked)
        except RayError as error:
            self.end()
            gone = not any(n["NodeID"] == self.machine and n["Alive"] for n in ray.nodes())
            cut_off = isinstance(error, (ActorUnavailableError, RayTaskError))  # or from its store
            lost = gone or cut_off
            reason = LOST if lost else last_words(f"Ray: {type(error).__name__}")
            return Answer([], time.monotonic() - self.began, reason, memory=not lost)
        return answer

    def end(self) -> None:
        """End it now; a group under way is lost and will be trained again."""
        self.dead = True
        ray.kill(self.actor)


@dataclass(slots=True)
class _Crew:
    """The workers: those that start, for which the cluster may have no room yet, and the others."""

    share: Share
    device: str
    starting: list[_Worker] = field(default_factory=list)
    there: list[_Worker] = field(default_factory=list)
    stillborn: int = 0  # of those that started last, one after the other

    def fill(self, count: int) -> None:
        """Hire up to a number."""
        trainer = ray.remote(_Trainer).options(num_cpus=self.share.cpus, num_gpus=self.share.gpus)
        for _ in range(count - len(self.starting) - len(self.there)):
            actor = trainer.remote(self.device)
            self.starting.append(_Worker(actor, actor.hello.remote()))

    def admit(self, heard: Sequence[Any]) -> None:
        """Take in those that say hello."""
        for worker in [each for each in self.starting if each.asked in heard]:
            self.starting.remove(worker)
            try:
                worker.machine, versions = ray.get(worker.asked)
            except RayError as error:
                worker.end()
                self.stillborn += 1
                if self.stillborn == STARTS:
                    why = str(error).strip().splitlines()[-1]
                    raise ClusterError(
                        f"no worker starts on the Ray cluster ({why}): install the same version of"
                        " Steepness, with the same libraries, on all of its machines."
                    ) from error
                continue
            worker.asked, self.stillborn = None, 0
            self.there.append(worker)
            if versions != _versions():
                raise ClusterError(
                    f"a machine of the Ray cluster has {versions} and this one {_versions()}, so"
                    " their points would not compare: install the same on both."
                )

    def end(self) -> None:
        for worker in (*self.starting, *self.there):
            worker.end()


def run_on_ray(
    queue: list[PlannedGroup], loader: TaskLoader, workers: int, share: Share
) -> Generator[Event]:
    """Run groups on the Ray cluster that was joined and tell what happens as it happens.

    The order, the events and the second try for want of memory are those of `run_here`, but that
    the second try is not alone: who shares its machine is Ray's to say. A group whose machine is
    lost is tried again, up to LOSSES times. Closing the iterator ends the workers at once.

    Args:
        queue: groups to run; taken from it as they start. The listener may add to it at each event.
        loader: of the groups' tasks, on the device that they are trained on.
        workers: on the whole cluster; those that it has no room for wait until it has.
        share: what each takes of its machine.

    Raises:
        ClusterError: no worker starts, or one has other versions than the driver.
    """
    tried: Counter[tuple[str, bool]] = Counter()  # in vain; by group, and whether a loss did it
    climbing: PlannedGroup | None = None  # what the worker that goes up from the smallest holds
    stored: dict[About, Any] = {}
    crew = _Crew(share, loader.device)
    try:
        while queue or any(worker.group for worker in crew.there):
            busy = sum(worker.group is not None for worker in crew.there)
            crew.fill(min(workers, busy + len(queue)))
            for worker in [each for each in crew.there if not each.group][: len(queue)]:
                group = taken(queue, smallest=climbing is None)
                climbing = climbing or group
                about = group.spec.domain, group.spec.data, group.spec.treatment
                if about not in stored:
                    stored[about] = yield from _stored(loader, about)
                worker.give(group, tried[group.spec.name, False] > 0, stored[about])
                yield Started(group)
            awaited = [each.asked for each in (*crew.starting, *crew.there) if each.asked]
            heard, _ = ray.wait(awaited, timeout=TICK_SECONDS)
            yield Tick()
            crew.admit(heard)
            for worker in [each for each in crew.there if each.asked in heard]:
                ended = worker.group
                assert ended is not None
                answer = worker.take()
                climbing = None if ended is climbing else climbing
                if worker.dead:
                    crew.there.remove(worker)
                if not answer.reason:
                    yield Finished(ended, answer.candidates, answer.seconds)
                elif _once_more(tried, ended.spec.name, answer):
                    queue.append(ended)
                else:
                    yield Failed(ended, answer.reason, answer.seconds)
    finally:
        crew.end()


def _once_more(tried: Counter[tuple[str, bool]], name: str, answer: Answer) -> bool:
    """Whether a group that gave nothing is to be tried again; counts that it was tried."""
    lost = answer.reason == LOST
    tried[name, lost] += 1
    return tried[name, lost] <= (LOSSES if lost else int(answer.memory))


def _stored(loader: TaskLoader, about: About) -> Generator[Tick, None, Any]:
    """Load a task and put it into the object store; the driver may look around meanwhile."""
    on_cpu = replace(loader, device="cpu")  # each worker puts it on its own
    with ThreadPoolExecutor(1) as thread:
        packing = thread.submit(_packed, on_cpu, about)
        while wait_for([packing], TICK_SECONDS).not_done:
            yield Tick()
    return ray.put(packing.result())


def _packed(loader: TaskLoader, about: About) -> Packed | Exception:
    """A task, or why there is none: a worker says it of each group that wants it, as elsewhere."""
    try:
        with own_code():
            return pack(loader(*about), about[0])
    except Exception as error:
        return error


def _versions() -> str:
    return f"Steepness {VERSION} with torch {torch.__version__}"
