"""A task made of arrays: rows of inputs and a target, models by capacity, a loss and metrics.

What most domains of a user's own need. Rows cost alike and a size counts rows; whoever has rows of
differing length, or counts what lies inside them, writes a Task (engine.tasks.task) as ours are.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from data import shards
from data.arrays import ArraySet, Rows
from data.errors import DataError
from engine.tasks.task import Extent, Part, SplitName

EVALUATION_ROWS = 512  # of a batch of evaluation, as for images
EXAMPLE_ROWS, EXAMPLE_CAPACITY = 2, 1_000  # of a model that is asked for its output's shape alone
GUESSED_ROWS = 4096  # training rows that the best constant answer is fitted to
GUESSED_NUMBERS = 2**22  # of their outputs, at most: a sequence has one for each word at each place
GUESS_STEPS, GUESS_ROUNDS = 5, 20  # of L-BFGS between looks at validation; a mean takes two

Forward = Callable[..., Any]  # (model, *inputs) -> output, (b, ...)
Criterion = Callable[[Any, Tensor], Tensor]  # (output, target) -> mean over rows, 0-dim
Error = Callable[[Tensor, Tensor], Tensor | float]  # the same over a whole split at once


@dataclass(frozen=True, slots=True)
class Tensors:
    """Rows of one split on the device."""

    inputs: tuple[Tensor, ...]  # each (n, ...)
    target: Tensor  # (n, ...)


@dataclass(frozen=True)  # no slots: the guess is kept once it is found
class ArrayTask:
    """Learning from arrays on one device; see engine.tasks.task.Task."""

    splits: Mapping[SplitName, Tensors]
    models: Mapping[str, Callable[[int], nn.Module]]  # a family's model of a capacity
    criterion: Criterion
    metrics: Mapping[str, Error]
    forward: Forward
    data_hash: str
    lengths: None = None  # all rows cost alike

    @property
    def device(self) -> torch.device:
        """Where the rows lie."""
        return self.splits["train"].target.device

    @property
    def full(self) -> int:
        """Rows of the training split."""
        return len(self.splits["train"].target)

    @cached_property
    def guess(self) -> dict[str, float | None]:
        """The errors on test of the one answer that has the least loss whatever the inputs.

        Of squares it is the mean, of a cross-entropy the classes' shares. Fitted to training rows
        and stopped by validation as a model is, or what is rare in a place would be held for
        impossible there. None where outputs are not a tensor of one row each, or there is none.
        """
        output = self._example()
        if not isinstance(output, Tensor) or len(output) != EXAMPLE_ROWS:
            return dict.fromkeys(self.metrics)
        answer = torch.zeros(output.shape[1:], device=self.device, requires_grad=True)
        optimizer = torch.optim.LBFGS([answer], max_iter=GUESS_STEPS, line_search_fn="strong_wolfe")
        most = max(1, min(GUESSED_ROWS, GUESSED_NUMBERS // max(1, answer.numel())))

        def loss(split: SplitName) -> Tensor:
            target = self.splits[split].target[:most]
            return self.criterion(answer.expand(len(target), *answer.shape), target)

        def descend() -> Tensor:
            optimizer.zero_grad()
            found = loss("train")
            found.backward()  # type: ignore[no-untyped-call]
            return found

        best, least = answer.detach().clone(), math.inf
        for _ in range(GUESS_ROUNDS):
            optimizer.step(descend)  # type: ignore[no-untyped-call]
            reached = float(loss("validation").detach())
            if not reached < least:
                break
            best, least = answer.detach().clone(), reached
        held = self.splits["test"].target
        found = self._measured(best.expand(len(held), *best.shape), held)
        return {name: error if math.isfinite(error) else None for name, error in found.items()}

    def shard(self, size: int, seed: int) -> NDArray[np.int64]:
        """`size` training rows; not balanced, so that every shard is as the whole is."""
        return shards.prefix(np.ones(self.full, np.int64), size, seed)

    def part(self, split: SplitName, most: int | None = None) -> Part:
        """A split, or a choice of its rows drawn once and for all."""
        n = len(self.splits[split].target)
        rows = np.arange(n)
        if most is not None and most < n:
            rows = np.sort(shards.order(np.zeros(n, np.int64), seed=0)[:most])
        return Part(split, torch.from_numpy(rows).to(self.device))

    def build(self, family: str, capacity: int, seed: int) -> nn.Module:
        """A model on the task's device."""
        if family not in self.models:
            raise DataError(
                f"the task has no model {family!r}, it has {', '.join(self.models)}: name them as"
                " the domain does."
            )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = self.models[family](capacity)
        return model.to(self.device)

    def extent(self, rows: NDArray[np.int64]) -> Extent:
        """Nothing: all rows are alike."""
        return ()

    def loss(self, model: nn.Module, rows: Tensor, extent: Extent | None = None) -> Tensor:
        """The criterion over the training rows `rows` (b,)."""
        return self.criterion(*self._answered(model, "train", rows))

    def mean_loss(self, model: nn.Module, part: Part) -> Tensor:
        """The criterion over a part."""
        total = torch.zeros((), device=self.device)
        for output, target in self._batches(model, part):
            total += self.criterion(output, target) * len(target)
        return total / len(part.rows)

    def errors(self, model: nn.Module, part: Part) -> dict[str, float]:
        """Every metric over a part, all of its rows at once."""
        outputs, targets = zip(*self._batches(model, part), strict=True)
        if not all(isinstance(output, Tensor) for output in outputs):
            raise DataError(
                f"the model gives {type(outputs[0]).__name__} where metrics need one tensor: pass"
                " array_task a forward that takes the tensor out, such as"
                " lambda model, *inputs: model(*inputs).logits."
            )
        return self._measured(torch.cat(outputs), torch.cat(targets))

    def scores(self, model: nn.Module) -> dict[str, float]:
        """Nothing beyond the errors."""
        return {}

    def _example(self) -> Any:
        """What a model gives for a few rows: its shape is what is wanted."""
        model = self.build(next(iter(self.models)), EXAMPLE_CAPACITY, seed=0).eval()
        with torch.inference_mode():
            rows = torch.arange(EXAMPLE_ROWS, device=self.device)
            return self._answered(model, "train", rows)[0]

    def _measured(self, output: Tensor, target: Tensor) -> dict[str, float]:
        return {name: float(metric(output, target)) for name, metric in self.metrics.items()}

    def _answered(self, model: nn.Module, split: SplitName, rows: Tensor) -> tuple[Any, Tensor]:
        """Output and target of some rows."""
        held = self.splits[split]
        return self.forward(model, *(each[rows] for each in held.inputs)), held.target[rows]

    def _batches(self, model: nn.Module, part: Part) -> Iterator[tuple[Any, Tensor]]:
        model.eval()
        with torch.inference_mode():
            for rows in torch.split(part.rows, EVALUATION_ROWS):
                yield self._answered(model, part.split, rows)
        model.train()


def plain_forward(model: nn.Module, *inputs: Tensor) -> Any:
    """The model of its inputs."""
    return model(*inputs)


def array_task(
    data: ArraySet,
    device: str,
    *,
    models: Mapping[str, Callable[[int], nn.Module]],
    loss: Criterion,
    metrics: Mapping[str, Error],
    forward: Forward = plain_forward,
) -> ArrayTask:
    """A task of arrays, floats made float32 and whole numbers int64.

    Args:
        data: see data.arrays.
        device: of torch.
        models: by name, what gives a model of about so many parameters; `sized` makes one from
            what builds a model of a width. Its initial weights are torch's own random draws.
        loss: (output, target) -> mean over rows, 0-dim: what training descends.
        metrics: by name, (output, target) of a whole split -> its error, 0 or more.
        forward: `(model, *inputs)` -> output; the model of its inputs.
    """

    def put(rows: Rows) -> Tensors:
        return Tensors(tuple(_tensor(x, device) for x in rows.inputs), _tensor(rows.target, device))

    splits: dict[SplitName, Tensors] = {
        "train": put(data.train),
        "validation": put(data.validation),
        "test": put(data.test),
    }
    return ArrayTask(splits, models, loss, metrics, forward, data.hash)


def _tensor(array: NDArray[Any], device: str) -> Tensor:
    kind = np.float32 if array.dtype.kind == "f" else np.int64
    return torch.from_numpy(array.astype(kind)).to(device)
