"""A model's size as one number: its trained parameters. The width of a family follows from it."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from data.errors import DataError

WIDEST = 2**24  # a layer of that width alone has more parameters than any machine trains


def parameters(model: nn.Module) -> int:
    """The number of trained parameters, every weight, bias and normalisation scale counted."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def nearest_width(family: Callable[[int], nn.Module], capacity: int) -> int:
    """The width whose parameter count is nearest to `capacity`.

    Args:
        family: builds a model of a width; parameter counts must rise with it.
        capacity: wanted number of trained parameters.

    Raises:
        DataError: they do not rise: no width comes near the capacity.
    """

    def count(width: int) -> int:
        with torch.device("meta"), _Unfilled():  # shapes only: nothing is allocated
            return parameters(family(width))

    low, high = 1, 2
    while count(high) < capacity:
        if high > WIDEST:
            raise DataError(
                f"a model of width {high:,} has {count(high):,} parameters where {capacity:,} are"
                " wanted: its layers must grow with the width."
            )
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) < capacity else (low, middle)
    return min((low, high), key=lambda width: abs(count(width) - capacity))


def sized(family: Callable[[int], nn.Module]) -> Callable[[int], nn.Module]:
    """From what builds a model of a width to what builds one of a number of parameters.

    Args:
        family: builds a model of a width, 1 or more; its parameters must rise with the width.

    Returns:
        What `array_task` takes for a model: from a capacity, a model of about so many parameters.
    """
    width = cache(partial(nearest_width, family))  # a transformer takes a second to find its own
    return lambda capacity: family(width(capacity))


class _Unfilled(TorchFunctionMode):
    """Leaves new weights as they are: without memory, random numbers take torch's compiler along.

    (Two seconds to import, in each process of a study that builds an embedding.)
    """

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        arguments: Sequence[Any] = (),
        named: Mapping[str, Any] | None = None,
    ) -> Any:
        named = named or {}
        if getattr(function, "__module__", "") == "torch.nn.init":
            return named.get("tensor", arguments[0] if arguments else None)
        return function(*arguments, **named)
