"""Replicas of one small network trained as one: their weights stacked, each step a few large calls.

A step of a small network is mostly Python and the start of kernels, and K replicas in one call pay
for both once (Wang et al. 2021, arXiv 2102.02344; notes: performance, section 2). Linear layers
become one batched product, convolutions one grouped one. Each replica has the gradient that it
would have alone, to rounding: the loss of equal batches is the mean of the replicas' losses.

Between two evaluations the stack is all there is; then weights and moments go back to the
replicas. So who evaluates, prunes or records need not know, and the next stack is made of whoever
is still running.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.tasks.task import Extent, Task
from engine.training import adamw
from engine.training.adamw import AdamW
from engine.training.graph import Recorder

LAYERS = (nn.Flatten, nn.Linear, nn.ReLU, nn.Conv2d, nn.BatchNorm2d, nn.AvgPool2d)
RECORDED = 12  # steps, fewer do not pay for the recording


def stackable(model: nn.Module) -> bool:
    """Whether `Stack` knows all of a model's layers, none of which is frozen."""
    return (
        isinstance(model, nn.Sequential)
        and all(isinstance(layer, LAYERS) for layer in model)
        and all(each.requires_grad for each in model.parameters())
    )


class Stack(nn.Module):
    """Models of one architecture as one; a batch holds the rows of the first, of the second, ..."""

    def __init__(self, models: Sequence[nn.Module]) -> None:
        super().__init__()
        first = models[0]
        assert isinstance(first, nn.Sequential)
        self.count = len(models)
        self.layers = list(first)
        self.weights = nn.ParameterList(_stacked(each) for each in _each_parameter(models))
        self.means = [_stacked(each).flatten() for each in _each_buffer(models, "running_mean")]
        self.variances = [_stacked(each).flatten() for each in _each_buffer(models, "running_var")]

    def forward(self, x: Tensor) -> Tensor:
        """(count * b, channels, height, width) to (count * b, classes)."""
        x = x.view(self.count, -1, *x.shape[1:])  # (count, b, channels, height, width)
        weights = iter(self.weights)
        statistics = iter(zip(self.means, self.variances, strict=True))
        for layer in self.layers:
            if isinstance(layer, nn.Flatten):
                if x.dim() == 4:  # after convolutions
                    x = x.view(len(x), self.count, -1).transpose(0, 1)
                x = x.flatten(2)  # (count, b, d)
            elif isinstance(layer, nn.Linear):
                weight, bias = next(weights), next(weights)  # (count, d, wider), (count, wider)
                x = torch.baddbmm(bias[:, None], x, weight)
            elif isinstance(layer, nn.Conv2d):
                kernel = next(weights).flatten(0, 1)
                if x.dim() == 5:
                    x = x.transpose(0, 1).flatten(
                        1, 2
                    )  # (b, count * channels, ...): one group each
                x = F.conv2d(
                    x, kernel, None, layer.stride, layer.padding, layer.dilation, self.count
                )
            elif isinstance(layer, nn.BatchNorm2d):
                scale, shift = next(weights).flatten(), next(weights).flatten()
                mean, variance = next(statistics)
                momentum = layer.momentum or 0.0
                x = F.batch_norm(x, mean, variance, scale, shift, True, momentum, layer.eps)
            else:
                x = layer(x)
        return x.flatten(0, 1)

    def give_back(self, models: Sequence[nn.Module]) -> None:
        """Write the weights and running statistics into the models."""
        for stacked, each in zip(self.weights, _each_parameter(models), strict=True):
            _unstack(stacked, each)
        for name, held in (("running_mean", self.means), ("running_var", self.variances)):
            for flat, each in zip(held, _each_buffer(models, name), strict=True):
                _unstack(flat.view(self.count, -1), each)


def advance(
    task: Task,
    models: Sequence[nn.Module],
    optimizers: Sequence[AdamW],
    steps: NDArray[np.int64],
) -> None:
    """Train all models, one optimiser step of each for each row of `steps`.

    Args:
        task: of all of them; its loss is a mean over rows.
        models: of one architecture, `stackable`.
        optimizers: of each, over its model's parameters in their order, and after as many steps;
            models of one learning rate stand together.
        steps: training rows, (steps, models, batch).
    """
    stack = Stack(models)
    parameters = list(stack.weights)
    means = [_stacked(each) for each in zip(*(o.means for o in optimizers), strict=True)]
    squares = [_stacked(each) for each in zip(*(o.squares for o in optimizers), strict=True)]
    blocks = list(_blocks(optimizers))
    counts = [[each.clone() for each in optimizers[0].taken] for _ in blocks]

    def step(rows: Tensor, extent: Extent) -> None:
        loss = task.loss(stack, rows.flatten(), extent) * len(models)
        gradients = torch.autograd.grad(loss, parameters)
        for (block, optimizer), count in zip(blocks, counts, strict=True):
            adamw.step(
                optimizer,
                [parameter.detach()[block] for parameter in parameters],
                [gradient[block] for gradient in gradients],
                [mean[block] for mean in means],
                [square[block] for square in squares],
                count,
            )

    rows = torch.from_numpy(steps).to(task.device)
    if task.device.type == "cuda" and len(steps) > RECORDED:
        Recorder(step).repeat(rows, [()] * len(steps))
        torch.cuda.empty_cache()  # a recording's memory is its own: else each stretch's stays
    else:
        for each in rows:
            step(each, ())
    stack.give_back(models)
    for place, (mean, square) in enumerate(zip(means, squares, strict=True)):
        _unstack(mean, [optimizer.means[place] for optimizer in optimizers])
        _unstack(square, [optimizer.squares[place] for optimizer in optimizers])
        for optimizer in optimizers:
            optimizer.taken[place] += len(steps)


def _blocks(optimizers: Sequence[AdamW]) -> Iterator[tuple[slice, AdamW]]:
    """Neighbours of one learning rate, with the first of them."""
    at = 0
    for _, same in groupby(optimizers, key=lambda each: each.rate):
        members = list(same)
        yield slice(at, at + len(members)), members[0]
        at += len(members)


def _each_parameter(models: Sequence[nn.Module]) -> Iterator[tuple[Tensor, ...]]:
    yield from zip(*(model.parameters() for model in models), strict=True)


def _each_buffer(models: Sequence[nn.Module], name: str) -> Iterator[tuple[Tensor, ...]]:
    """The buffers of a name, one tuple for each layer that has it."""
    held = [[b for at, b in model.named_buffers() if at.endswith(name)] for model in models]
    yield from zip(*held, strict=True)


def _stacked(each: Sequence[Tensor]) -> Tensor:
    """The same tensor of each model as one; matrices turned, as a batched product wants them."""
    return torch.stack([t.detach().t() if t.dim() == 2 else t.detach() for t in each]).contiguous()


def _unstack(stacked: Tensor, each: Sequence[Tensor]) -> None:
    """The reverse, in place."""
    for part, t in zip(stacked.detach(), each, strict=True):
        t.detach().copy_(part.t() if t.dim() == 2 else part)
