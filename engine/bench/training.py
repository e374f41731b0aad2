"""`steepness bench training`: whole curves and single steps, the engine's beside users' loops.

Everything compared runs in one process of one thread, in turns, on the same data, models, seeds,
learning rates and schedules, and is told in process time, so that other work on the machine falls
on both alike; ratios are to be trusted, seconds less. On a GPU they are seconds of the clock. Wall
time is of the engine with two processes of one thread against what the plain loop would take alone:
its process time, or less by what a second thread was seen to bring it.
"""

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from scipy.stats import linregress
from scipy.stats import t as student
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from engine.bench import libraries
from engine.bench.plain import loader, plain_loss, train_plain, train_resident
from engine.columns import aligned
from engine.study.agenda import PlannedGroup
from engine.study.executors import Failed, run_here
from engine.study.location import default_cache
from engine.study.presets import RECIPES
from engine.tasks.load import TaskLoader
from engine.tasks.task import Part, Task
from engine.training.device import DeviceError, choose
from engine.training.group import run_group
from engine.training.probe import trainer
from engine.training.spec import Candidate, GroupSpec, Way
from engine.training.ways import fastest

ROUNDS, STEPS = 5, 12  # of each variant of a step, in turns
GEMM = {"cpu": 512, "cuda": 8192}  # rows and columns of the product that tells the most there is

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Case:
    """One curve that is measured."""

    name: str
    domain: str
    data: str
    model: str
    capacity: int
    sizes: tuple[int, ...]
    rates: tuple[float, ...]


def _doubling(first: int, count: int) -> tuple[int, ...]:
    return tuple(first * 2**step for step in range(count))


CASES = (
    Case("mlp", "images", "icons", "mlp", 160_000, _doubling(25, 10), (3e-4, 1e-3, 3e-3)),
    Case("cnn", "images", "icons", "cnn", 40_000, _doubling(25, 10), (1e-3, 3e-3, 1e-2)),
    Case("resnet", "images", "icons", "resnet", 40_000, _doubling(25, 8), (1e-3, 3e-3, 1e-2)),
    Case("lstm", "characters", "sotu", "lstm", 20_000, _doubling(1_200, 7), (3e-3, 7e-3, 1.6e-2)),
    Case(
        "translation",
        "translation",
        "interface",
        "attention",
        50_000,
        _doubling(53, 7),
        (2e-3, 5e-3, 1.2e-2),
    ),
    Case("ctc", "speech", "synthetic-phrases", "ctc", 30_000, _doubling(14, 6), (2e-3, 4e-3, 8e-3)),
)
STEPS_TOO = (  # families of which single steps are timed, and no whole curve
    Case("words lstm", "words", "sotu", "lstm", 100_000, (), ()),
    Case("words lstm, large", "words", "sotu", "lstm", 800_000, (), ()),
    Case("characters rhn", "characters", "sotu", "rhn", 40_000, (), ()),
    Case("characters transformer", "characters", "sotu", "transformer", 40_000, (), ()),
    Case("translation transformer", "translation", "interface", "transformer", 100_000, (), ()),
    Case("speech attention", "speech", "synthetic-phrases", "attention", 60_000, (), ()),
    Case("mlp, small", "images", "icons", "mlp", 20_000, (), ()),
    Case("cnn, large", "images", "icons", "cnn", 320_000, (), ()),
    Case("lstm, large", "characters", "sotu", "lstm", 640_000, (), ()),
)


def run(names: Sequence[str], seeds: int, out: Path | None, device: str, *, curves: bool) -> int:
    """Measure and print; names choose among the cases, none means all.

    Returns:
        0; 1 where there is no such device, 2 for a name unknown.
    """
    known = [case.name for case in CASES + STEPS_TOO]
    for name in names:
        if name not in known:
            _note(f"--case {name}: choose from {', '.join(known)}")
            return 2
    try:
        machine = choose(device).name
    except DeviceError as error:
        _note(str(error))
        return 1
    torch.set_num_threads(1)
    loaded = TaskLoader({}, default_cache(), device)
    held = replace(loaded, device="cpu")  # where a DataLoader has its examples
    cases = [case for case in CASES + STEPS_TOO if not names or case.name in names]
    figures: dict[str, Any] = {"machine": machine, "gemm": _gemm(device), "steps": {}}
    print(f"{machine}; one process multiplies at {figures['gemm'] / 1e9:,.0f} GFLOP/s in float32")
    tasks: dict[tuple[str, str], Task] = {}
    examples: dict[tuple[str, str], Task] = {}
    for case in cases:
        about = case.domain, case.data
        if about not in tasks:
            tasks[about] = loaded(*about)
            examples[about] = tasks[about] if device == "cpu" else held(*about)
        found = _throughput(tasks[about], examples[about], case, figures["gemm"])
        figures["steps"][case.name] = asdict(found)
        _note(f"a step of {case.name}, {found.way}: {found.ratio[0]:.2f}x the plain loop's")
    print(_steps_table(figures["steps"]), flush=True)
    if device == "cpu" and any(case.name == "mlp" for case in cases):
        figures["libraries"] = _libraries(tasks)
    figures["curves"] = {}
    for case in cases:
        if curves and case.sizes:
            task = tasks[case.domain, case.data]
            whole = _whole(task, case, seeds)
            whole["wall"] = _wall(loaded, case, seeds, whole["by_size"], _way(task, case))
            figures["curves"][case.name] = whole
            threads = max(1.0, figures["steps"][case.name]["two_threads"])
            print(_curve_table(case, whole, threads), flush=True)
    if out is not None:
        out.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def _libraries(tasks: dict[tuple[str, str], Task]) -> list[list[dict[str, Any]]]:
    """The MLP beside scikit-learn and Lightning, where they are installed; printed too."""
    if not libraries.installed():
        _note("scikit-learn and Lightning are not here: pip install 'steepness[bench]' for them")
        return []
    case = next(case for case in CASES if case.name == "mlp")
    spec = _spec(case, 0, (0, 1, 2), "stacked")
    rounds = libraries.compare(tasks[case.domain, case.data], spec, _note)
    print(libraries.table(rounds), flush=True)
    return [[asdict(each) for each in row] for row in rounds]


@dataclass(frozen=True, slots=True)
class Throughput:
    """Rows a second of one replica."""

    way: Way
    plain: float  # the loop of a user
    ratio: tuple[float, float, float]  # ours to plain: median, least and most of the rounds
    roofline: float  # share of the fastest matrix product that our step reaches
    two_threads: float  # wall time of the plain loop on one thread over that on two; 1 on a GPU


def _throughput(task: Task, examples: Task, case: Case, gemm: float) -> Throughput:
    """One replica's steps on much data, theirs and ours in turns; `examples` lie on the CPU."""
    batch = RECIPES[case.domain]["standard"].schedule.batch
    rows = task.shard(min(task.full, 20_000 if case.domain == "images" else task.full // 4), 0)
    held, loss = loader(examples, "train", rows, batch, 0), plain_loss(task)
    model = task.build(case.model, case.capacity, 0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0)
    endless = (each for _ in iter(int, 1) for each in held)

    def plain() -> None:
        for _ in range(STEPS):
            found = loss(model, [each.to(task.device) for each in next(endless)])
            optimizer.zero_grad()
            found.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            found.item()

    way = _way(task, case)
    ours, taken = trainer(task, case.model, case.capacity, batch, way, STEPS)
    plain()
    ours()
    clock = time.process_time if task.device.type == "cpu" else time.perf_counter
    pairs = [[_seconds(plain, clock), _seconds(ours, clock)] for _ in range(ROUNDS)]
    seconds = np.array(pairs)
    seconds /= [STEPS * min(batch, len(rows)), taken]  # of one row
    ratios = seconds[:, 0] / seconds[:, 1]
    small = examples.build(case.model, case.capacity, 0)
    flops = _flops(examples, small, torch.from_numpy(rows[:batch])) / min(batch, len(rows))
    one = two = 1.0
    if task.device.type == "cpu":
        one = _seconds(plain, time.perf_counter)
        torch.set_num_threads(2)
        two = _seconds(plain, time.perf_counter)
        torch.set_num_threads(1)
    return Throughput(
        way=way,
        plain=1 / float(np.median(seconds[:, 0])),
        ratio=(float(np.median(ratios)), float(ratios.min()), float(ratios.max())),
        roofline=flops / float(np.median(seconds[:, 1])) / gemm,
        two_threads=one / two,
    )


def _way(task: Task, case: Case) -> Way:
    """As a study finds it."""
    batch = RECIPES[case.domain]["standard"].schedule.batch
    return fastest(default_cache() / "ways.json", task, case.model, case.capacity, batch)


def _whole(task: Task, case: Case, seeds: int) -> dict[str, Any]:
    """Both loops of a user and ours over all sizes and seeds, in turns size by size."""
    way = _way(task, case)
    cells: list[dict[str, Any]] = []
    seconds = {"plain": 0.0, "resident": 0.0, "ours": 0.0}
    looked = {"plain": 0.0, "resident": 0.0, "ours": 0.0}
    evaluations = {"plain": 0, "resident": 0, "ours": 0}
    by_size: list[float] = []
    metric = next(iter(task.guess))
    for size in case.sizes:
        spec = _spec(case, size, tuple(range(seeds)), way)
        found: dict[str, dict[int, tuple[float, float]]] = {}
        for name, train in ("plain", train_plain), ("resident", train_resident):
            began = time.process_time()
            found[name] = {}
            for seed in spec.seeds:
                runs = [train(task, spec, seed, rate) for rate in spec.learning_rates]
                best = min(runs, key=lambda run: run.validation_loss)
                found[name][seed] = (best.validation_loss, best.test[metric])
                looked[name] += sum(run.validation_seconds for run in runs)
                evaluations[name] += sum(run.evaluations for run in runs)
            seconds[name] += time.process_time() - began
        timed = _Timed(task)
        began = time.process_time()
        ours = run_group(timed, spec)
        by_size.append(time.process_time() - began)
        seconds["ours"] += by_size[-1]
        looked["ours"] += timed.looked
        evaluations["ours"] += sum(run.evaluations for run in ours)
        found["ours"] = {seed: _best(ours, seed, metric) for seed in spec.seeds}
        for seed in spec.seeds:
            each = {name: cells_of[seed][1] for name, cells_of in found.items()}
            cells.append({"size": size, "seed": seed, **each})
        _note(
            f"{case.name}, size {size:,}: plain {seconds['plain']:.0f} s,"
            f" ours {seconds['ours']:.0f} s so far"
        )
    return {
        "seconds": seconds,
        "looking": {name: looked[name] / seconds[name] for name in seconds},
        "evaluations": evaluations,
        "by_size": by_size,
        "cells": cells,
        "parity": {name: _parity(cells, name) for name in ("resident", "ours")},
    }


def _wall(
    loaded: TaskLoader, case: Case, seeds: int, cpu: Sequence[float], way: Way
) -> dict[str, float]:
    """Seconds on the clock of the same curve in one process a core, start of workers included."""
    queue = [
        PlannedGroup(_spec(case, size, (seed,), way), f"{size}", cost / seeds)
        for size, cost in zip(case.sizes, cpu, strict=True)
        for seed in range(seeds)
    ]
    began = time.perf_counter()
    for event in run_here(queue, loaded, workers=2):
        if isinstance(event, Failed):
            raise RuntimeError(event.reason)
    return {
        "seconds": time.perf_counter() - began,
        "peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


def _parity(cells: Sequence[dict[str, Any]], name: str) -> dict[str, float]:
    """Mean log ratio of test errors to the plain loop's, its 95 % interval, exponents apart."""
    ratios = np.log([cell[name] / cell["plain"] for cell in cells])
    half = float(student.ppf(0.975, len(ratios) - 1) * ratios.std(ddof=1) / np.sqrt(len(ratios)))
    size = np.log([cell["size"] for cell in cells])
    slopes = [
        linregress(size, np.log([cell[of] for cell in cells])).slope for of in (name, "plain")
    ]
    return {
        "pairs": len(ratios),
        "mean": float(ratios.mean()),
        "half": half,
        "exponents": float(slopes[0] - slopes[1]),
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


def _spec(case: Case, size: int, seeds: tuple[int, ...], way: Way) -> GroupSpec:
    return GroupSpec(
        name=f"{case.name} {size} {seeds}",
        domain=case.domain,
        data=case.data,
        model=case.model,
        capacity=case.capacity,
        size=size,
        seeds=seeds,
        learning_rates=case.rates,
        schedule=RECIPES[case.domain]["standard"].schedule,
        way=way,
    )


def _best(runs: Sequence[Candidate], seed: int, metric: str) -> tuple[float, float]:
    held = [
        (run.validation_loss, run.test[metric])
        for run in runs
        if run.seed == seed and run.validation_loss is not None
    ]
    return min(held)


def _flops(task: Task, model: nn.Module, rows: torch.Tensor) -> float:
    """Of one forward and backward pass, as torch counts them (LSTMs: without mkldnn)."""
    counter = FlopCounterMode(display=False)
    with warnings.catch_warnings(), counter:
        warnings.filterwarnings("ignore", "TF32 acceleration")  # of GPUs that are not here
        with torch.backends.mkldnn.flags(enabled=False):
            task.loss(model, rows).backward()  # type: ignore[no-untyped-call]
    return float(counter.get_total_flops())


def _gemm(device: str) -> float:
    """The most that one process multiplies and adds in a second: a large matrix product."""
    n = GEMM[device]
    a, b = torch.randn(n, n, device=device), torch.randn(n, n, device=device)

    def product() -> None:
        for _ in range(20):
            found = a @ b
        found[0, 0].item()  # waits for the device

    clock = time.process_time if device == "cpu" else time.perf_counter
    product()
    return 20 * 2 * n**3 / min(_seconds(product, clock) for _ in range(ROUNDS))


def _seconds(work: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    began = clock()
    work()
    return clock() - began


def _note(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _steps_table(steps: dict[str, dict[str, Any]]) -> str:
    rows: list[tuple[str, ...]] = [
        ("a step of", "way", "plain, rows/s", "ours", "least - most", "roofline")
    ]
    for name, each in steps.items():
        middle, least, most = each["ratio"]
        rows.append(
            (
                name,
                each["way"],
                f"{each['plain']:,.0f}",
                f"{middle:.2f}x",
                f"{least:.2f} - {most:.2f}",
                f"{each['roofline']:.0%}",
            )
        )
    return aligned(rows)


def _curve_table(case: Case, whole: dict[str, Any], threads: float) -> str:
    """The loops of one curve; `threads` is what two of them bring the plain loop, 1 if nothing."""
    seconds, parity = whole["seconds"], whole["parity"]
    rows: list[tuple[str, ...]] = [
        (
            f"{case.name}, {len(case.sizes)} sizes",
            "CPU s",
            "ratio",
            "validating",
            "errors",
            "exponent",
        )
    ]
    for name in seconds:
        same = parity.get(name)
        rows.append(
            (
                name,
                f"{seconds[name]:.0f}",
                f"{seconds['plain'] / seconds[name]:.1f}x",
                f"{whole['looking'][name]:.0%} ({whole['evaluations'][name]:,})",
                f"{same['mean']:+.3f} ± {same['half']:.3f}" if same else "",
                f"{same['exponents']:+.3f}" if same else "",
            )
        )
    wall, alone = whole["wall"], seconds["plain"] / threads
    return (
        aligned(rows)
        + f"\nwall: {wall['seconds']:.0f} s on two processes, the plain loop {alone:.0f} s"
        + f" ({alone / wall['seconds']:.1f}x); {wall['peak_mb']:.0f} MB the larger process"
        + "; seconds by size: "
        + ", ".join(f"{each:.1f}" for each in whole["by_size"])
        + "\n"
    )
