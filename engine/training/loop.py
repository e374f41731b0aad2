"""The plain training loop: the reference that every faster way is tested against."""

import torch
from torch import Tensor, nn

from engine.tasks.task import Task


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
