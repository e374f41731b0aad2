"""`steepness bench training`: whole curves, the engine's beside the loops that users write.

A cell is one shard of one seed at each learning rate of its case, by one loop. All run in turns in
one process of one thread, on the same data, models, seeds, learning rates and schedules, and are
told in process time, so that other work on the machine falls on all alike; ratios are to be
trusted, seconds less. Each cell is kept the moment it ends, and cells come in an order that shows
something of every family early, so the bench may be stopped and goes on later. Ours trains the
seeds of a size as one group, as a study does, and its seconds are shared out evenly among them.
"""

import hashlib
import math
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from torch import nn

import engine
from engine import VERSION
from engine.bench import cases, plain
from engine.bench.cases import CASES, Case, CaseError
from engine.bench.kept import Cell, KeptError, Loop, Wall, append, make, measured_by, read
from engine.bench.parity import everywhere, pairs, table
from engine.bench.plain import train_plain, train_resident
from engine.bench.steps import two_threads
from engine.study.agenda import PlannedGroup
from engine.study.executors import Failed, Finished, run_here
from engine.study.location import default_cache
from engine.study.presets import RECIPES
from engine.tasks.load import TaskLoader
from engine.tasks.task import Part, Task
from engine.training.device import choose
from engine.training.group import run_group
from engine.training.spec import Candidate, GroupSpec

ROUND: dict[Loop, int] = {"ours": 0, "plain": 0, "resident": 2}  # rounds that a loop comes later
USERS_OWN = ("arrays.py", "estimators.py")  # of engine/tasks
LONGER = 1.5  # what a cell may take of the longest of its loop so far: sizes double

Trained = tuple[float, float, float, int, int]
"""Validation loss, test error of the best rate; of all rates validation seconds, looks, steps."""


def run(names: Sequence[str], seeds: int, kept: Path, minutes: float | None, *, wall: bool) -> int:
    """Measure what is not there yet, as far as the minutes go, and print what there is.

    Args:
        names: of cases, none means all.
        seeds: of each size.
        kept: file that measurements are read from and added to.
        minutes: on the clock; 0 measures nothing, None goes on to the end. A loop's first cell of
            a case, of which nothing is known, is begun whatever it takes.
        wall: whether to measure then, of what is there, two processes of ours on the clock.

    Returns:
        0; 1 where the file is none of ours, 2 for a name unknown.
    """
    try:
        wanted = cases.chosen(names, CASES)
    except CaseError as error:
        _note(str(error))
        return 2
    torch.set_num_threads(1)
    torch.optim.AdamW([torch.zeros(1, requires_grad=True)])  # imports 2 s that are no training
    loader = TaskLoader({}, default_cache(), "cpu")
    loaded = cache(loader)
    try:
        records = read(kept)
        if minutes != 0:
            make(kept)
        ends = math.inf if minutes is None else time.monotonic() + 60 * minutes
        for case, size, together, loop in due(wanted, seeds, records):
            if time.monotonic() + len(together) * expected(case, size, loop, records) >= ends:
                continue
            for cell in measure(loaded(case.domain, case.data), case, size, together, loop):
                records.append(cell)
                append(kept, cell)
                _note(_said(cell))
        for case in wanted if wall and minutes != 0 else ():
            if found := _timed_by_two(loader, loaded(case.domain, case.data), case, records):
                records.append(found)
                append(kept, found)
    except KeptError as error:
        _note(str(error))
        return 1
    except KeyboardInterrupt:
        _note("stopped")
    _note(f"what was measured is kept in {kept}; the same command goes on from there")
    for machine, version in measured_by(records):
        print(f"{machine}; {version}\n")
        same = [each for each in records if (each.machine, each.version) == (machine, version)]
        for case in wanted:
            if said := table(case, same):
                print(said)
    for code in dict.fromkeys(each.version for each in records):
        same = [each for each in records if each.version == code]
        for said in filter(None, (everywhere(case, same) for case in wanted)):
            print(f"{said} ({code})")
    return 0


def due(
    wanted: Sequence[Case], seeds: int, records: Sequence[Cell | Wall]
) -> Iterator[tuple[Case, int, tuple[int, ...], Loop]]:
    """Cells that this machine and version have not measured, in the order to measure them.

    Each round adds a size, and a seed of the loops by hand, to every case, so that a bench that is
    stopped early has several of both.

    Yields:
        A case, a size, the seeds to train there together, and the loop that does.
    """
    there = {(each.case, each.size, each.seed, each.loop) for each in _of_here(records)}
    found = []
    for number, case in enumerate(wanted):
        for at, size in enumerate(case.sizes):
            for loop, later in ROUND.items():
                left = [k for k in range(seeds) if (case.name, size, k, loop) not in there]
                groups = [left] if left and loop == "ours" else [[seed] for seed in left]
                found += [
                    (at + each[0] + later, tuple(each), number, loop, size) for each in groups
                ]
    for _, together, number, loop, size in sorted(found):
        yield wanted[number], size, together, loop


def expected(case: Case, size: int, loop: Loop, records: Sequence[Cell | Wall]) -> float:
    """Seconds on the clock that a cell may take, by those of the same loop; 0 of the first."""
    known = [
        each.clock_seconds
        for each in _of_here(records)
        if (each.case, each.loop) == (case.name, loop) and each.size <= size
    ]
    return LONGER * max(known, default=0.0)


def _of_here(records: Sequence[Cell | Wall]) -> list[Cell]:
    """The cells that this machine and version have measured."""
    here = machine(), version()
    return [
        each for each in records if isinstance(each, Cell) and (each.machine, each.version) == here
    ]


def measure(task: Task, case: Case, size: int, seeds: tuple[int, ...], loop: Loop) -> list[Cell]:
    """Train the cells of one size and some seeds."""
    way = cases.way(task, case) if loop == "ours" else "plain"
    spec = cases.group(case, size, seeds, way)
    began, began_clock = time.process_time(), time.perf_counter()
    trained = TRAINERS[loop](task, spec)
    cpu, clock = time.process_time() - began, time.perf_counter() - began_clock
    return [
        Cell(
            case=case.name,
            size=size,
            seed=seed,
            loop=loop,
            way=way if loop == "ours" else "",
            cpu_seconds=cpu / len(seeds),
            clock_seconds=clock / len(seeds),
            validation_seconds=looked,
            evaluations=evaluations,
            steps=steps,
            validation_loss=loss,
            test_error=error,
            metric=next(iter(task.guess)),
            machine=machine(),
            version=version(),
            date=_now(),
        )
        for seed, (loss, error, looked, evaluations, steps) in zip(seeds, trained, strict=True)
    ]


def _ours(task: Task, spec: GroupSpec) -> list[Trained]:
    timed = _Timed(task)
    found = run_group(timed, spec)
    looked = timed.looked / len(spec.seeds)
    return [_told(task, [run for run in found if run.seed == k], looked) for k in spec.seeds]


def _by_hand(
    train: Callable[[Task, GroupSpec, int, float], plain.Trained],
) -> Callable[[Task, GroupSpec], list[Trained]]:
    def trained(task: Task, spec: GroupSpec) -> list[Trained]:
        found = []
        for seed in spec.seeds:
            runs = [train(task, spec, seed, rate) for rate in spec.learning_rates]
            found.append(_told(task, runs, sum(run.validation_seconds for run in runs)))
        return found

    return trained


def _told(task: Task, runs: Sequence[Candidate | plain.Trained], looked: float) -> Trained:
    """What the trainings of one seed came to, which looked at validation for so many seconds."""
    metric = next(iter(task.guess))
    loss, error = min(
        (run.validation_loss, run.test[metric]) for run in runs if run.validation_loss is not None
    )
    looks, steps = sum(run.evaluations for run in runs), sum(run.steps for run in runs)
    return loss, error, looked, looks, steps


TRAINERS: dict[Loop, Callable[[Task, GroupSpec], list[Trained]]] = {
    "ours": _ours,
    "resident": _by_hand(train_resident),
    "plain": _by_hand(train_plain),
}


class _Timed:
    """A task that counts the process time of looking at validation."""

    def __init__(self, task: Task) -> None:
        self._task, self.looked = task, 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def mean_loss(self, model: nn.Module, part: Part) -> torch.Tensor:
        began = time.process_time()
        found = self._task.mean_loss(model, part)
        self.looked += time.process_time() - began
        return found


def _timed_by_two(
    loader: TaskLoader, task: Task, case: Case, records: Sequence[Cell | Wall]
) -> Wall | None:
    """Seconds on the clock of ours where the plain loop has been, in one process a core.

    None where there is nothing to time, it is timed already, or a group failed, which is said.
    """
    here = machine(), version()
    found = [
        mine
        for mine, _ in pairs([each for each in _of_here(records) if each.case == case.name], "ours")
    ]
    places = tuple((cell.size, cell.seed) for cell in found)
    timed = [
        each.cells
        for each in records
        if isinstance(each, Wall) and (each.case, each.machine, each.version) == (case.name, *here)
    ]
    if not found or places in timed:
        return None
    way = cases.way(task, case)
    by_size = {size: [*cells] for size, cells in groupby(found, key=lambda cell: cell.size)}
    queue = [
        PlannedGroup(
            cases.group(case, size, tuple(cell.seed for cell in cells), way),
            f"{size}",
            sum(cell.cpu_seconds for cell in cells),
        )
        for size, cells in by_size.items()
    ]
    began, worked, peak = time.perf_counter(), 0.0, 0.0
    for event in run_here(queue, loader, workers=2):
        if isinstance(event, Failed):
            _note(f"{case.name}, two processes: {event.reason}")
            return None
        if isinstance(event, Finished):
            worked += event.seconds
            peak = max(
                [peak, *(_peak_mb(child.pid) for child in multiprocessing.active_children())]
            )
    seconds = time.perf_counter() - began
    return Wall(
        case=case.name,
        cells=places,
        clock_seconds=seconds,
        worker_seconds=worked,
        peak_mb=peak,
        two_threads=two_threads(task, case),
        machine=here[0],
        version=here[1],
        date=_now(),
    )


def _peak_mb(process: int | None) -> float:
    """The most memory that a process has held; 0 where /proc does not tell (man proc).

    Not by getrusage: workers are children of the server that forks them.
    """
    try:
        said = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    return next(
        (int(line.split()[1]) / 1024 for line in said.splitlines() if line.startswith("VmHWM")), 0.0
    )


@cache
def machine() -> str:
    """Processor, cores and the instructions that torch uses of it."""
    about = f"{choose('cpu').name}, {torch.backends.cpu.get_cpu_capability()}"
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return about
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return f"{names[0]}, {about}" if names else about


@cache
def version() -> str:
    """Ours, torch's, and a hash of the code that trains: other code is another measurement.

    What makes tasks of users' own alone is none of it, nor what presets ask for beside the
    schedule that cases train by: no case has a part of it.
    """
    root = Path(engine.__file__).parent
    parts = sorted(
        file
        for part in ("training", "models", "tasks")
        for file in (root / part).glob("*.py")
        if file.name not in USERS_OWN
    )
    files = [*parts, Path(cases.__file__), Path(plain.__file__)]
    schedules = [RECIPES[case.domain]["standard"].schedule for case in CASES]
    written = b"".join(file.read_bytes() for file in files) + repr(schedules).encode()
    code = hashlib.sha256(written).hexdigest()[:8]
    return f"steepness {VERSION} (training {code}), torch {torch.__version__}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _said(cell: Cell) -> str:
    return (
        f"{cell.case}, size {cell.size:,}, seed {cell.seed}, {cell.loop}:"
        f" {cell.cpu_seconds:.1f} s of the process, {cell.clock_seconds:.1f} s on the clock"
    )


def _note(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
