"""AdamW as torch's own functions compute it, without torch's optimiser class.

The class imports torch's compiler when the first one is made: two seconds of every process of a
study before its first step. The functions do not.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim.adamw import adamw

BETAS, EPSILON = (0.9, 0.999), 1e-8  # Kingma & Ba 2015, section 2, and torch's defaults


class AdamW:
    """The optimiser of one model's parameters.

    Attributes:
        rate: learning rate.
        decay: of the weights, decoupled.
        means: running means of the gradients, one a parameter; `squares`: of their squares.
        taken: steps so far, one a parameter, on its device: a step may be recorded and replayed.
    """

    def __init__(self, parameters: Sequence[Tensor], rate: float, decay: float) -> None:
        self.parameters = list(parameters)
        self.rate, self.decay = rate, decay
        self.means = [torch.zeros_like(each) for each in self.parameters]
        self.squares = [torch.zeros_like(each) for each in self.parameters]
        self.taken = [torch.zeros((), device=each.device) for each in self.parameters]

    def step(self) -> None:
        """Move the parameters along their gradients; one without, frozen or unused, stays."""
        moments = zip(self.parameters, self.means, self.squares, self.taken, strict=True)
        moved = [(each[0].grad, *each) for each in moments if each[0].grad is not None]
        if moved:
            gradients, parameters, means, squares, taken = zip(*moved, strict=True)
            step(self, parameters, gradients, means, squares, taken)


def step(
    optimizer: AdamW,
    parameters: Sequence[Tensor],
    gradients: Sequence[Tensor],
    means: Sequence[Tensor],
    squares: Sequence[Tensor],
    taken: Sequence[Tensor],
) -> None:
    """One step with an optimiser's settings, in place, all at once on each device."""
    with torch.no_grad():
        adamw(
            list(parameters),
            list(gradients),
            list(means),
            list(squares),
            [],
            list(taken),
            fused=True,
            amsgrad=False,
            maximize=False,
            lr=optimizer.rate,
            beta1=BETAS[0],
            beta2=BETAS[1],
            eps=EPSILON,
            weight_decay=optimizer.decay,
        )
