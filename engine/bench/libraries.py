"""An MLP's learning curve by scikit-learn and by Lightning beside ours: same data, same updates.

Both are optional (`pip install 'steepness[bench]'`), and nothing else needs them. Each trains one
network of our MLP's widths for each size, seed and learning rate, UPDATES steps of Adam on batches
of BATCH, and measures the test error once; ours trains them as a study does, all replicas of a size
as one group.
"""

import logging
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.bench.plain import loader
from engine.columns import aligned
from engine.tasks.task import Task
from engine.training.group import run_group
from engine.training.spec import GroupSpec, Schedule

BATCH, UPDATES, ROUNDS = 64, 256, 3
SIZES = (64, 256, 1_024)  # whole batches and whole epochs: the updates are the same to the last
SCHEDULE = Schedule(
    batch=BATCH, watched=64, first_evaluation=UPDATES, floor_steps=UPDATES, max_steps=UPDATES
)


@dataclass(frozen=True, slots=True)
class Curve:
    """What one of them took for a whole curve, and where it came to."""

    name: str
    seconds: float  # of process time
    error: float  # mean top-1 error at the largest size: that they learned alike


def installed() -> bool:
    """Whether both are there."""
    return all(find_spec(name) for name in ("sklearn", "lightning"))


def compare(task: Task, spec: GroupSpec, note: Callable[[str], None]) -> list[list[Curve]]:
    """ROUNDS of ours, scikit-learn's and Lightning's curve, in turns.

    Args:
        task: of images.
        spec: an MLP's group; its size and schedule are not used.
        note: takes a line about each round.
    """
    spec = replace(spec, schedule=SCHEDULE)
    ways = {"ours": _ours, "scikit-learn, learning_curve": _sklearn, "Lightning": _lightning}
    found = []
    for number in range(1, ROUNDS + 1):
        row = []
        for name, curve in ways.items():
            began = time.process_time()
            errors = [curve(task, replace(spec, size=size)) for size in SIZES]
            row.append(Curve(name, time.process_time() - began, errors[-1]))
        found.append(row)
        note(f"round {number}: " + ", ".join(f"{each.name} {each.seconds:.1f} s" for each in row))
    return found


def table(rounds: Sequence[Sequence[Curve]]) -> str:
    """Medians over the rounds, and the least and most."""
    rows: list[tuple[str, ...]] = [
        ("an MLP's curve, same updates", "CPU s", "to ours", "least - most", "top-1 error")
    ]
    for column in zip(*rounds, strict=True):
        ratios = [each.seconds / row[0].seconds for each, row in zip(column, rounds, strict=True)]
        rows.append(
            (
                column[0].name,
                f"{np.median([each.seconds for each in column]):.1f}",
                f"{np.median(ratios):.2f}x",
                f"{min(ratios):.2f} - {max(ratios):.2f}",
                f"{np.mean([each.error for each in column]):.3f}",
            )
        )
    return aligned(rows)


def _ours(task: Task, spec: GroupSpec) -> float:
    return float(np.mean([run.test["top-1"] for run in run_group(task, spec)]))


def _sklearn(task: Task, spec: GroupSpec) -> float:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import learning_curve
    from sklearn.neural_network import MLPClassifier

    modules = task.build(spec.model, spec.capacity, 0).modules()
    layers = [each for each in modules if isinstance(each, nn.Linear)]
    test, errors = task.part("test").rows.numpy(), []
    for seed in spec.seeds:
        halves = [_arrays(task, "train", task.shard(spec.size, seed)), _arrays(task, "test", test)]
        inputs, labels = (np.concatenate(each) for each in zip(*halves, strict=True))
        split = np.split(np.arange(len(labels)), [spec.size])
        for rate in spec.learning_rates:
            model = MLPClassifier(
                [layer.out_features for layer in layers[:-1]],
                alpha=0.0,
                batch_size=BATCH,
                learning_rate_init=rate,
                max_iter=UPDATES * BATCH // spec.size,  # epochs
                n_iter_no_change=UPDATES,  # none of them is left out
                random_state=seed,
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # it ends where it was told to
                found = learning_curve(model, inputs, labels, train_sizes=[spec.size], cv=[split])
            errors.append(1 - found[2].item())
    return float(np.mean(errors))


def _arrays(task: Task, split: Any, rows: Any) -> tuple[Any, Any]:
    """Examples of a split as arrays, flat: (n, pixels), (n,)."""
    inputs, labels = loader(task, split, rows, BATCH, None).dataset.tensors  # type: ignore[attr-defined]
    return inputs.flatten(1).numpy(), labels.numpy()


def _lightning(task: Task, spec: GroupSpec) -> float:
    import lightning

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    class Module(lightning.LightningModule):  # type: ignore[misc, unused-ignore]
        def __init__(self, model: nn.Module, rate: float) -> None:
            super().__init__()
            self.model, self.rate = model, rate

        def training_step(self, batch: Sequence[Tensor], _: int) -> Tensor:
            return F.cross_entropy(self.model(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.AdamW(self.model.parameters(), lr=self.rate, weight_decay=0.0)

    held = loader(task, "test", task.part("test").rows.numpy(), 256, None)
    errors = []
    for seed in spec.seeds:
        train = loader(task, "train", task.shard(spec.size, seed), BATCH, seed)
        for rate in spec.learning_rates:
            trainer = lightning.Trainer(accelerator="cpu", max_steps=UPDATES, barebones=True)
            module = Module(task.build(spec.model, spec.capacity, seed), rate)
            trainer.fit(module, train)
            with torch.no_grad():
                hits = [(module.model(x).argmax(dim=1) != y).sum().item() for x, y in held]
            errors.append(sum(hits) / len(held.dataset))  # type: ignore[arg-type]
    return float(np.mean(errors))
