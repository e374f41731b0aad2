"""A model's size as one number: its trained parameters. The width of a family follows from it."""

from collections.abc import Callable

import torch
from torch import nn


def parameters(model: nn.Module) -> int:
    """The number of trained parameters, every weight, bias and normalisation scale counted."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def nearest_width(family: Callable[[int], nn.Module], capacity: int) -> int:
    """The width whose parameter count is nearest to `capacity`.

    Args:
        family: builds a model of a width; parameter counts must rise with it.
        capacity: wanted number of trained parameters.
    """

    def count(width: int) -> int:
        with torch.device("meta"):  # shapes only: nothing is allocated or initialised
            return parameters(family(width))

    low, high = 1, 2
    while count(high) < capacity:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) < capacity else (low, middle)
    return min((low, high), key=lambda width: abs(count(width) - capacity))
