"""The plain training loop and its optimiser: the reference that faster ways are tested against."""

import torch
from torch import Tensor, nn

from engine.tasks.task import Task
from engine.training.spec import SGD, WEIGHT_DECAY

MOMENTUM = 0.9  # of SGD, as Hestness et al. 2017 trained their recurrent networks
DECAY = 0.01  # of weight-decay: AdamW's own default


def optimizer(model: nn.Module, rate: float, treatment: str = "") -> torch.optim.Optimizer:
    """AdamW without weight decay, unless the treatment is one of the training itself."""
    if treatment == SGD:
        return torch.optim.SGD(model.parameters(), lr=rate, momentum=MOMENTUM, fused=True)
    decay = DECAY if treatment == WEIGHT_DECAY else 0.0
    return torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay, fused=True)


def train(
    task: Task, model: nn.Module, optimizer: torch.optim.Optimizer, steps: Tensor, half: bool
) -> None:
    """One optimiser step for each row of `steps`, (steps, batch) training rows.

    With `half` products are made in bfloat16; weights, sums and the optimiser stay float32.
    """
    for rows in steps:
        with torch.autocast(task.device.type, torch.bfloat16, enabled=half):
            loss = task.loss(model, rows)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
