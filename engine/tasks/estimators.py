"""A task whose models are fitted in one go: scikit-learn's estimators, and whatever has `fit`.

Knows nothing of scikit-learn: an estimator is what has `fit(inputs, target)`.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data import shards
from data.arrays import ArraySet, Rows
from data.errors import DataError
from engine.tasks.task import Part, SplitName


class Estimator(Protocol):
    """What learns from arrays in one call."""

    def fit(self, inputs: NDArray[Any], target: NDArray[Any]) -> Any:
        """Learn from the rows of both."""


Family = Callable[[int, float, int], Estimator]  # (capacity, rate, seed) -> unfitted
Error = Callable[[Any, NDArray[Any], NDArray[Any]], float]  # (fitted, inputs, target) -> error


@dataclass(frozen=True, slots=True)
class EstimatorTask:
    """Learning by `fit` on the CPU; see engine.tasks.task.FittedTask."""

    splits: Mapping[SplitName, Rows]
    models: Mapping[str, Family]
    loss: Error
    metrics: Mapping[str, Error]
    counted: Callable[[Any], int] | None
    guess: Mapping[str, float | None]
    data_hash: str
    lengths: None = None

    @property
    def device(self) -> torch.device:
        """Always the CPU."""
        return torch.device("cpu")

    @property
    def full(self) -> int:
        """Rows of the training split."""
        return len(self.splits["train"])

    def shard(self, size: int, seed: int) -> NDArray[np.int64]:
        """`size` training rows; not balanced, so that every shard is as the whole is."""
        return shards.prefix(np.ones(self.full, np.int64), size, seed)

    def part(self, split: SplitName, most: int | None = None) -> Part:
        """A split, or a choice of its rows drawn once and for all."""
        n = len(self.splits[split])
        drawn = np.arange(n)
        if most is not None and most < n:
            drawn = np.sort(shards.order(np.zeros(n, np.int64), seed=0)[:most])
        return Part(split, torch.from_numpy(drawn))

    def fit(
        self, family: str, capacity: int, rate: float, rows: NDArray[np.int64], seed: int
    ) -> Any:
        """An estimator fitted to some training rows."""
        if family not in self.models:
            raise DataError(
                f"the task has no model {family!r}, it has {', '.join(self.models)}: name them as"
                " the domain does."
            )
        model = self.models[family](capacity, rate, seed)
        model.fit(*_pair(self.splits["train"][rows]))
        return model

    def parameters(self, model: Any, capacity: int) -> int:
        """As the user counts them, else the capacity."""
        return int(self.counted(model)) if self.counted else capacity

    def mean_loss(self, model: Any, part: Part) -> Tensor:
        """The loss over a part, 0-dim."""
        return torch.tensor(float(self.loss(model, *self._pair_of(part))), dtype=torch.float64)

    def errors(self, model: Any, part: Part) -> dict[str, float]:
        """Every metric over a part."""
        held = self._pair_of(part)
        return {name: float(error(model, *held)) for name, error in self.metrics.items()}

    def scores(self, model: Any) -> dict[str, float]:
        """Nothing beyond the errors."""
        return {}

    def _pair_of(self, part: Part) -> tuple[NDArray[Any], NDArray[Any]]:
        return _pair(self.splits[part.split][part.rows.numpy()])


def estimator_task(
    data: ArraySet,
    *,
    models: Mapping[str, Family],
    loss: Error,
    metrics: Mapping[str, Error],
    parameters: Callable[[Any], int] | None = None,
    guess: Estimator | None = None,
) -> EstimatorTask:
    """A task of estimators.

    Args:
        data: see data.arrays; of its inputs there is one array.
        models: by name, what gives an unfitted estimator of (capacity, rate, seed): how large it
            may get, how fast it learns if it has such a setting, and the seed of its draws.
        loss: (fitted estimator, inputs, target) -> what is selected on, on validation.
        metrics: by name, the same for each error of the domain, 0 or more.
        parameters: of a fitted estimator, such as its leaves; None takes the capacity.
        guess: an estimator that looks at no inputs, such as a DummyClassifier: its error on test is
            drawn as the best-guess level.
    """
    known: dict[str, float | None] = dict.fromkeys(metrics)
    if guess is not None:
        guess.fit(*_pair(data.train))
        found = {name: float(error(guess, *_pair(data.test))) for name, error in metrics.items()}
        known = {name: error if math.isfinite(error) else None for name, error in found.items()}
    splits: dict[SplitName, Rows] = {
        "train": data.train,
        "validation": data.validation,
        "test": data.test,
    }
    return EstimatorTask(splits, models, loss, metrics, parameters, known, data.hash)


def _pair(rows: Rows) -> tuple[NDArray[Any], NDArray[Any]]:
    return rows.inputs[0], rows.target
