"""A task: the data of one domain, resident on the device, with its loss and its metrics.

The whole data set lies on the device as tensors and a batch is an index, because a DataLoader
costs more than the training itself at these sizes (notes: performance, section 2).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from data.images import ImageSet, ImageSplit
from engine.models import images as architectures

EVALUATION_BATCH = 512  # large enough that Python's share vanishes, small enough for the L2 cache


@dataclass(frozen=True, slots=True)
class Metric:
    """An error that a curve is drawn of."""

    name: str  # in the curve's name: "top-1"
    title: str  # on the axis: "top-1 error"
    unit: str  # "share" of the test set, or "nats"


IMAGE_METRICS = (
    Metric("top-1", "top-1 error", "share"),
    Metric("top-5", "top-5 error", "share"),
    Metric("cross-entropy", "cross-entropy", "nats/image"),
)


@dataclass(frozen=True, slots=True)
class Split:
    """Inputs and labels of one split on the device."""

    inputs: Tensor  # (n, channels, height, width) uint8: a quarter of the memory of float32
    labels: Tensor  # (n,) int64


@dataclass(frozen=True, slots=True)
class ImageTask:
    """Image classification: cross-entropy for training, top-1 and top-5 beside it for the curve."""

    train: Split
    validation: Split
    test: Split
    classes: int
    mean: float  # of the training pixels
    spread: float  # their standard deviation

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of one image."""
        _, channels, height, width = self.train.inputs.shape
        return channels, height, width

    def build(self, family: str, capacity: int, seed: int) -> nn.Module:
        """A model on the task's device, its initial weights drawn from `seed` alone."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = architectures.build(family, capacity, self.shape, self.classes)
        return model.to(memory_format=torch.channels_last).to(self.train.inputs.device)  # type: ignore[call-overload,no-any-return] # torch's stub lacks this overload

    def loss(self, model: nn.Module, batch: Tensor) -> Tensor:
        """Mean cross-entropy in nats over the training images at the indices `batch` (b,)."""
        logits = model(self._standardise(self.train.inputs[batch]))  # (b, classes)
        return F.cross_entropy(logits, self.train.labels[batch])

    def cross_entropy(self, model: nn.Module, split: Split) -> Tensor:
        """Mean cross-entropy in nats over a split, as a 0-dim tensor: no wait for the device."""
        total = torch.zeros((), device=split.labels.device)
        for logits, labels in self._logits(model, split):
            total += F.cross_entropy(logits, labels, reduction="sum")
        return total / len(split.labels)

    def metrics(self, model: nn.Module, split: Split) -> dict[str, float]:
        """Every error of `IMAGE_METRICS` over a split, by name."""
        top1 = top5 = 0
        for logits, labels in self._logits(model, split):
            best = logits.topk(min(5, self.classes), dim=1).indices  # (b, 5)
            hits = best == labels[:, None]
            top1 += int(hits[:, 0].sum())
            top5 += int(hits.any(dim=1).sum())
        n = len(split.labels)
        return {
            "top-1": 1 - top1 / n,
            "top-5": 1 - top5 / n,
            "cross-entropy": float(self.cross_entropy(model, split)),
        }

    def _standardise(self, pixels: Tensor) -> Tensor:
        """Bytes to float32 of zero mean and unit spread, same shape."""
        return pixels.to(torch.float32).sub_(self.mean).div_(self.spread)

    def _logits(self, model: nn.Module, split: Split) -> Iterator[tuple[Tensor, Tensor]]:
        model.eval()
        with torch.inference_mode():
            for start in range(0, len(split.labels), EVALUATION_BATCH):
                stop = start + EVALUATION_BATCH
                yield model(self._standardise(split.inputs[start:stop])), split.labels[start:stop]
        model.train()


def image_task(source: ImageSet, device: str) -> ImageTask:
    """Put an image set on a device."""
    pixels = source.train.images

    def put(split: ImageSplit) -> Split:
        inputs = torch.from_numpy(split.images).to(device)
        return Split(
            inputs.contiguous(memory_format=torch.channels_last),
            torch.from_numpy(split.labels).to(device),
        )

    return ImageTask(
        put(source.train),
        put(source.validation),
        put(source.test),
        classes=len(source.classes),
        mean=float(pixels.mean(dtype=np.float64)),
        spread=float(pixels.std(dtype=np.float64)),
    )


def best_guess(source: ImageSet) -> dict[str, float]:
    """The error of knowing only the labels' shares in training, measured on test: the plateau.

    Cross-entropy is -sum q_test log q_train with one image added to each class, so that a class
    without training images does not make it infinite; top-k misses what the k commonest
    training classes do not cover (notes: method, "Best-guess level").
    """
    classes = len(source.classes)
    train = np.bincount(source.train.labels, minlength=classes) + 1.0
    test: NDArray[np.float64] = np.bincount(source.test.labels, minlength=classes) / len(
        source.test.labels
    )
    commonest = np.argsort(-train, kind="stable")
    return {
        "top-1": float(1 - test[commonest[:1]].sum()),
        "top-5": float(1 - test[commonest[:5]].sum()),
        "cross-entropy": float(-(test * np.log(train / train.sum())).sum()),
    }
