"""`steepness bench steps`: single steps of training, the engine's beside users' loops.

Both run in one process of one thread, in turns, on the same data and models, and are told in
process time, so that other work on the machine falls on both alike; ratios are to be trusted,
seconds less. On a GPU they are seconds of the clock.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from engine.bench import libraries
from engine.bench.cases import CASES, STEPS_TOO, Case, CaseError, chosen, group, way
from engine.bench.plain import loader, plain_loss
from engine.columns import aligned
from engine.study.location import default_cache
from engine.study.presets import RECIPES
from engine.tasks.load import TaskLoader
from engine.tasks.task import Task
from engine.training.device import DeviceError, choose
from engine.training.probe import trainer
from engine.training.spec import Way

ROUNDS, STEPS = 5, 12  # of each variant of a step, in turns
GEMM = {"cpu": 512, "cuda": 8192}  # rows and columns of the product that tells the most there is


def run(names: Sequence[str], out: Path | None, device: str) -> int:
    """Measure and print; names choose among the cases, none means all.

    Returns:
        0; 1 where there is no such device, 2 for a name unknown.
    """
    try:
        cases = chosen(names, CASES + STEPS_TOO)
        machine = choose(device).name
    except CaseError as error:
        _note(str(error))
        return 2
    except DeviceError as error:
        _note(str(error))
        return 1
    torch.set_num_threads(1)
    loader = TaskLoader({}, default_cache(), device)
    loaded = cache(loader)
    examples = loaded if device == "cpu" else cache(replace(loader, device="cpu"))  # a DataLoader's
    figures: dict[str, Any] = {"machine": machine, "gemm": _gemm(device), "steps": {}}
    print(f"{machine}; one process multiplies at {figures['gemm'] / 1e9:,.0f} GFLOP/s in float32")
    for case in cases:
        about = case.domain, case.data
        found = _throughput(loaded(*about), examples(*about), case, figures["gemm"])
        figures["steps"][case.name] = asdict(found)
        _note(f"a step of {case.name}, {found.way}: {found.ratio[0]:.2f}x the plain loop's")
    print(_steps_table(figures["steps"]), flush=True)
    for case in cases:
        if device == "cpu" and case.name == "mlp":
            figures["libraries"] = _libraries(loaded(case.domain, case.data), case)
    if out is not None:
        out.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def _libraries(task: Task, case: Case) -> list[list[dict[str, Any]]]:
    """The MLP beside scikit-learn and Lightning, where they are installed; printed too."""
    if not libraries.installed():
        _note("scikit-learn and Lightning are not here: pip install 'steepness[bench]' for them")
        return []
    spec = group(case, 0, (0, 1, 2), "stacked")
    rounds = libraries.compare(task, spec, _note)
    print(libraries.table(rounds), flush=True)
    return [[asdict(each) for each in row] for row in rounds]


@dataclass(frozen=True, slots=True)
class Throughput:
    """Rows a second of one replica."""

    way: Way
    plain: float  # the loop of a user
    ratio: tuple[float, float, float]  # ours to plain: median, least and most of the rounds
    roofline: float  # share of the fastest matrix product that our step reaches


def _throughput(task: Task, examples: Task, case: Case, gemm: float) -> Throughput:
    """One replica's steps on much data, theirs and ours in turns; `examples` lie on the CPU."""
    batch = RECIPES[case.domain]["standard"].schedule.batch
    rows = _much(task, case)
    plain = _by_hand(task, examples, case)
    found = way(task, case)
    ours, taken = trainer(task, case.model, case.capacity, batch, found, STEPS)
    plain()
    ours()
    clock = time.process_time if task.device.type == "cpu" else time.perf_counter
    pairs = [[_seconds(plain, clock), _seconds(ours, clock)] for _ in range(ROUNDS)]
    seconds = np.array(pairs)
    seconds /= [STEPS * min(batch, len(rows)), taken]  # of one row
    ratios = seconds[:, 0] / seconds[:, 1]
    small = examples.build(case.model, case.capacity, 0)
    flops = _flops(examples, small, torch.from_numpy(rows[:batch])) / min(batch, len(rows))
    return Throughput(
        way=found,
        plain=1 / float(np.median(seconds[:, 0])),
        ratio=(float(np.median(ratios)), float(ratios.min()), float(ratios.max())),
        roofline=flops / float(np.median(seconds[:, 1])) / gemm,
    )


def two_threads(task: Task, case: Case) -> float:
    """Seconds on the clock of the plain loop's steps on one thread over those on two."""
    steps = _by_hand(task, task, case)
    steps()
    one = _seconds(steps, time.perf_counter)
    torch.set_num_threads(2)
    two = _seconds(steps, time.perf_counter)
    torch.set_num_threads(1)
    return one / two


def _much(task: Task, case: Case) -> NDArray[np.int64]:
    """Rows enough that no step is one of a small shard."""
    return task.shard(min(task.full, 20_000 if case.domain == "images" else task.full // 4), 0)


def _by_hand(task: Task, examples: Task, case: Case) -> Callable[[], None]:
    """STEPS steps of the plain loop."""
    batch = RECIPES[case.domain]["standard"].schedule.batch
    held, loss = loader(examples, "train", _much(task, case), batch, 0), plain_loss(task)
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

    return plain


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
