"""What a group needs to know of a domain: the Task, and the rows of a split that it is asked about.

The whole data set lies on the device as tensors and a batch is the numbers of its rows, because a
DataLoader costs more than the training itself at these sizes (notes: performance, section 2). A
row is what a batch is made of: an image, a passage of text, a sentence pair, a recording. A size
counts units, of which a row may hold many (words of a passage, seconds of a recording).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

SplitName = Literal["train", "validation", "test"]
Extent = tuple[int, ...]  # what a batch is padded to: the longest of each thing that its rows hold


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of one split."""

    split: SplitName
    rows: Tensor  # (n,) int64, on the device
    ready: Tensor | None = None  # (n, ...), their inputs as a model takes them, where made once


class Task(Protocol):
    """The data of one source of one domain on a device, with its loss and its errors.

    A value: nothing about it changes once it is made. Whatever it draws at random it draws from a
    seed that it is given, so that the same call gives the same numbers.
    """

    @property
    def device(self) -> torch.device:
        """Where its tensors lie."""

    @property
    def full(self) -> int:
        """Size of the whole training split, in the domain's unit."""

    @property
    def data_hash(self) -> str:
        """16 hex digits over all of its data, the same on every machine."""

    @property
    def guess(self) -> Mapping[str, float | None]:
        """Best-guess level by metric name: the error of one who knows the labels' shares only.

        None where it is not known; a metric that is not named is not measured of this source.
        """

    @property
    def lengths(self) -> NDArray[np.int64] | None:
        """Steps of compute of each training row, (n,); None where all rows cost the same.

        Where they differ, batches are made of rows of like length.
        """

    def shard(self, size: int, seed: int) -> NDArray[np.int64]:
        """The training rows, (k,), of the shard of `size` units.

        Nested within a seed, drawn anew across seeds. Where rows hold many units it is the prefix
        whose units come nearest to `size`.
        """

    def part(self, split: SplitName, most: int | None = None) -> Part:
        """A split, or a fixed and representative choice of at most `most` of its rows."""

    def build(self, family: str, capacity: int, seed: int) -> nn.Module:
        """A model of about `capacity` parameters, its initial weights drawn from `seed` alone."""

    def extent(self, rows: NDArray[np.int64]) -> Extent:
        """What a batch of some training rows is padded to; () where all rows are alike.

        From numbers that lie here: whoever knows it need not wait for the device.
        """

    def loss(self, model: nn.Module, rows: Tensor, extent: Extent | None = None) -> Tensor:
        """Mean training loss over the training rows `rows` (b,): what the optimiser descends.

        Padded to `extent`, or to what the rows need: the loss is the same, to rounding.
        """

    def mean_loss(self, model: nn.Module, part: Part) -> Tensor:
        """Mean loss over a part, without gradient: what is selected on. 0-dim, on the device."""

    def errors(self, model: nn.Module, part: Part) -> dict[str, float]:
        """Every metric of the domain over a part, by name."""

    def scores(self, model: nn.Module) -> dict[str, float]:
        """What is too costly for every training: BLEU. {} where there is nothing.

        Measured on the test split, at the largest shard only.
        """


@runtime_checkable
class FittedTask(Protocol):
    """A task whose models are fitted in one go, as scikit-learn's are, and not step by step.

    It has all of a Task but `build`, `extent` and `loss`; its models are whatever it likes.
    """

    def fit(
        self, family: str, capacity: int, rate: float, rows: NDArray[np.int64], seed: int
    ) -> Any:
        """A model of a family fitted to some training rows, (k,).

        Args:
            family: its name.
            capacity: how large the model may get.
            rate: how fast it learns, where it has such a setting.
            rows: of the training split, (k,).
            seed: of all that it draws.
        """

    def parameters(self, model: Any, capacity: int) -> int:
        """How large a fitted model is; its capacity where it cannot be counted."""


AnyTask = TypeVar("AnyTask", bound=Task)
Treatment = Callable[[AnyTask], AnyTask]  # what a domain does to its training data; see TREATMENTS
