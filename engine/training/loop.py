"""The plain training loop and its optimiser: the reference that faster ways are tested against."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.tasks.task import Extent, Task
from engine.training.adamw import AdamW
from engine.training.graph import Recorder
from engine.training.spec import SGD, WEIGHT_DECAY, Way

MOMENTUM = 0.9  # of SGD, as Hestness et al. 2017 trained their recurrent networks
DECAY = 0.01  # of weight-decay: AdamW's own default


Optimizer = AdamW | torch.optim.SGD


def optimizer(model: nn.Module, rate: float, treatment: str = "") -> Optimizer:
    """AdamW without weight decay, unless the treatment is one of the training itself."""
    if treatment == SGD:
        return torch.optim.SGD(model.parameters(), lr=rate, momentum=MOMENTUM, fused=True)
    return AdamW(list(model.parameters()), rate, DECAY if treatment == WEIGHT_DECAY else 0.0)


def trainer(
    task: Task, model: nn.Module, optimizer: Optimizer, way: Way
) -> Callable[[NDArray[np.int64]], None]:
    """What does one optimiser step for each row of its argument, (steps, batch) training rows.

    Half way products are made in bfloat16; weights, sums and the optimiser stay float32.
    """

    def step(rows: Tensor, extent: Extent) -> None:
        with torch.autocast(task.device.type, torch.bfloat16, enabled=way == "half"):
            loss = task.loss(model, rows, extent)
        model.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    def plain(rows: Tensor, extents: Sequence[Extent]) -> None:
        for each, extent in zip(rows, extents, strict=True):
            step(each, extent)

    repeat = Recorder(step).repeat if way == "graph" else plain

    def train(steps: NDArray[np.int64]) -> None:
        repeat(torch.from_numpy(steps).to(task.device), [task.extent(rows) for rows in steps])

    return train
