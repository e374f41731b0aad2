"""Image classifiers in three families, each sized by one number: its parameters.

A family is a function from (width, input shape, classes) to a module; `build` finds the width
whose parameter count comes nearest to the capacity asked for. There is no weight decay and no
dropout anywhere: what limits effective capacity would bend the curve (Hestness 2017, section 3).
"""

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor, nn

from engine.models.capacity import nearest_width

Shape = tuple[int, int, int]  # (channels, height, width) of one image

THREE_HALVINGS = 48  # most pixels a side: at 64 four are better, top-1 error .499 against .542


def build(family: str, capacity: int, shape: Shape, classes: int) -> nn.Module:
    """A freshly initialised model of `family` with about `capacity` parameters.

    Initialisation draws from torch's global generator: seed it first.

    Args:
        family: one of `FAMILIES`.
        capacity: wanted number of trained parameters; the nearest width is taken.
        shape: (channels, height, width) of one image.
        classes: number of outputs.

    Returns:
        A module from (batch, channels, height, width) to (batch, classes) logits.
    """
    return FAMILIES[family](_width(family, capacity, shape, classes), shape, classes)


def mlp(width: int, shape: Shape, classes: int) -> nn.Module:
    """Two hidden layers of `width` rectified units on the flattened pixels."""
    channels, height, across = shape
    return nn.Sequential(
        nn.Flatten(),  # (batch, channels * height * width)
        nn.Linear(channels * height * across, width),
        nn.ReLU(),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Linear(width, classes),
    )


def cnn(width: int, shape: Shape, classes: int) -> nn.Module:
    """Three strided 3x3 convolutions on width, 2 width, 4 width channels, then a mean and a line.

    Where an image is halved four times, the first is followed by a fourth of its width.

    Strides instead of pooling (Springenberg et al. 2015, arXiv 1412.6806): 3x the speed of
    pooling at full resolution on a CPU, and the curve needs speed more than the last percent.
    """
    channels, _, _ = shape

    def stage(incoming: int, outgoing: int) -> list[nn.Module]:
        convolution = nn.Conv2d(incoming, outgoing, 3, stride=2, padding=1, bias=False)
        return [convolution, nn.BatchNorm2d(outgoing), nn.ReLU()]

    return nn.Sequential(
        *stage(channels, width),
        *(stage(width, width) if _halvings(shape) == 4 else ()),
        *stage(width, 2 * width),
        *stage(2 * width, 4 * width),
        *_head(4 * width, shape, classes, _halvings(shape)),
    )


class Residual(nn.Module):
    """Two 3x3 convolutions around which the input is added back (He et al. 2016, figure 2)."""

    def __init__(self, incoming: int, outgoing: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(incoming, outgoing, 3, stride, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(outgoing)
        self.second = nn.Conv2d(outgoing, outgoing, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(outgoing)
        self.stride = stride
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or incoming != outgoing:
            projection = nn.Conv2d(incoming, outgoing, 1, bias=False)
            self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(outgoing))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, incoming, h, w) to (batch, outgoing, h / stride, w / stride)."""
        inner = torch.relu(self.first_norm(self.first(x)))
        # Strided by hand: on processors with AVX2 alone oneDNN's strided 1x1 convolution of fewer
        # than 8 channels, channels last, writes past its memory (torch 2.13; double free, crash).
        passed = self.shortcut(x[:, :, :: self.stride, :: self.stride])
        return torch.relu(self.second_norm(self.second(inner)) + passed)


def resnet(width: int, shape: Shape, classes: int) -> nn.Module:
    """Three stages of residual blocks on width, 2 width, 4 width channels, then a mean and a line.

    It grows in depth and channels together (Hestness 2017, section 4.3): one block a stage below
    16 channels, two below 48, three from there on. It halves the image three times whatever
    its side: its blocks see further than the cnn's stages, and four halvings were worse (64 pixels,
    3,000 icons scaled up, 40,000 parameters, two seeds, 20 s each: top-1 error .49 against .46).
    """
    depth = 1 if width < 16 else 2 if width < 48 else 3
    blocks: list[nn.Module] = []
    incoming = width
    for stage in range(3):
        outgoing = width * 2**stage
        for block in range(depth):
            stride = 2 if stage > 0 and block == 0 else 1
            blocks.append(Residual(incoming, outgoing, stride))
            incoming = outgoing
    stem = nn.Conv2d(shape[0], width, 3, stride=2, padding=1, bias=False)
    head = _head(4 * width, shape, classes, halvings=3)
    return nn.Sequential(stem, nn.BatchNorm2d(width), nn.ReLU(), *blocks, *head)


def _halvings(shape: Shape) -> int:
    """How often the cnn halves an image: three strided convolutions see 15 pixels, four 31.

    At 64 pixels four were better and faster a step: 3,000 icons scaled up, a cnn of 40,000
    parameters, one seed. THREE_HALVINGS lies midway to the 32 pixels that three were made for.
    """
    return 3 if min(shape[1:]) <= THREE_HALVINGS else 4


def _head(channels: int, shape: Shape, classes: int, halvings: int) -> list[nn.Module]:
    """Means over the quarters of a map so many halvings below the image, then one linear layer.

    Quarters rather than one mean: whether an arrow's head is left or right still counts.
    """
    sides = [-(-side // 2**halvings) for side in shape[1:]]  # each halving rounds up
    kernel = [max(1, side // 2) for side in sides]
    left = [(side - k) // k + 1 for side, k in zip(sides, kernel, strict=True)]
    return [
        nn.AvgPool2d((kernel[0], kernel[1])),
        nn.Flatten(),  # (batch, channels * 2 * 2) from 32 x 32 or 64 x 64
        nn.Linear(channels * left[0] * left[1], classes),
    ]


FAMILIES: dict[str, Callable[[int, Shape, int], nn.Module]] = {
    "mlp": mlp,
    "cnn": cnn,
    "resnet": resnet,
}


@lru_cache
def _width(family: str, capacity: int, shape: Shape, classes: int) -> int:
    return nearest_width(lambda width: FAMILIES[family](width, shape, classes), capacity)
