"""Image classification: cross-entropy for training, top-1 and top-5 beside it for the curve."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from data import images, shards
from data.images import ImageSet, ImageSplit
from engine.models import images as architectures
from engine.tasks.task import Part, SplitName, Treatment

EVALUATION_BATCH = 512  # large enough that Python's share vanishes, small enough for the L2 cache


@dataclass(frozen=True, slots=True)
class Pictures:
    """Images and labels of one split on the device."""

    inputs: Tensor  # (n, channels, height, width) uint8: a quarter of the memory of float32
    labels: Tensor  # (n,) int64


@dataclass(frozen=True, slots=True)
class ImageTask:
    """Image classification on one device; see engine.tasks.task.Task."""

    splits: Mapping[SplitName, Pictures]
    classes: int
    mean: float  # of the training pixels
    spread: float  # their standard deviation
    guess: Mapping[str, float]
    data_hash: str
    lengths: None = None  # all images of a set have one size

    @property
    def device(self) -> torch.device:
        """Where the images lie."""
        return self.splits["train"].labels.device

    @property
    def full(self) -> int:
        """Images in the training split."""
        return len(self.splits["train"].labels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of one image."""
        _, channels, height, width = self.splits["train"].inputs.shape
        return channels, height, width

    def shard(self, size: int, seed: int) -> NDArray[np.int64]:
        """`size` training images, as many of each class as of any other."""
        return shards.shard(self.splits["train"].labels.cpu().numpy(), size, seed)

    def part(self, split: SplitName, most: int | None = None) -> Part:
        """A split, or a choice of its images that is balanced over the classes."""
        labels = self.splits[split].labels
        n = len(labels)
        if most is None or most >= n:
            return Part(split, torch.arange(n, device=labels.device))
        chosen = shards.shard(labels.cpu().numpy(), most, seed=0)
        return Part(split, torch.from_numpy(chosen).to(labels.device))

    def build(self, family: str, capacity: int, seed: int) -> nn.Module:
        """A classifier on the task's device."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = architectures.build(family, capacity, self.shape, self.classes)
        return model.to(memory_format=torch.channels_last).to(self.device)  # type: ignore[call-overload,no-any-return] # torch's stub lacks this overload

    def loss(self, model: nn.Module, rows: Tensor) -> Tensor:
        """Mean cross-entropy in nats over the training images `rows` (b,)."""
        train = self.splits["train"]
        logits = model(self._standardise(train.inputs[rows]))  # (b, classes)
        return F.cross_entropy(logits, train.labels[rows])

    def mean_loss(self, model: nn.Module, part: Part) -> Tensor:
        """Mean cross-entropy in nats over a part."""
        total = torch.zeros((), device=self.device)
        for logits, labels in self._logits(model, part):
            total += F.cross_entropy(logits, labels, reduction="sum")
        return total / len(part.rows)

    def errors(self, model: nn.Module, part: Part) -> dict[str, float]:
        """Top-1 and top-5 error and cross-entropy over a part."""
        top1 = top5 = 0
        for logits, labels in self._logits(model, part):
            best = logits.topk(min(5, self.classes), dim=1).indices  # (b, 5)
            hits = best == labels[:, None]
            top1 += int(hits[:, 0].sum())
            top5 += int(hits.any(dim=1).sum())
        n = len(part.rows)
        return {
            "top-1": 1 - top1 / n,
            "top-5": 1 - top5 / n,
            "cross-entropy": float(self.mean_loss(model, part)),
        }

    def scores(self, model: nn.Module) -> dict[str, float]:
        """Nothing beyond the errors."""
        return {}

    def _standardise(self, pixels: Tensor) -> Tensor:
        """Bytes to float32 of zero mean and unit spread, same shape."""
        return pixels.to(torch.float32).sub_(self.mean).div_(self.spread)

    def _logits(self, model: nn.Module, part: Part) -> Iterator[tuple[Tensor, Tensor]]:
        split = self.splits[part.split]
        model.eval()
        with torch.inference_mode():
            for rows in torch.split(part.rows, EVALUATION_BATCH):
                yield model(self._standardise(split.inputs[rows])), split.labels[rows]
        model.train()


TREATMENTS: dict[str, Treatment[ImageTask]] = {}


def load_task(source: str, path: Path | None, cache: Path | None, device: str) -> ImageTask:
    """The task of a source of data.images; see there for `path`, `cache` and what is raised."""
    return image_task(images.load(source, path, cache), device)


def image_task(source: ImageSet, device: str) -> ImageTask:
    """Put an image set on a device."""
    pixels = source.train.images

    def put(split: ImageSplit) -> Pictures:
        inputs = torch.from_numpy(split.images).to(device)
        return Pictures(
            inputs.contiguous(memory_format=torch.channels_last),
            torch.from_numpy(split.labels).to(device),
        )

    return ImageTask(
        {
            "train": put(source.train),
            "validation": put(source.validation),
            "test": put(source.test),
        },
        classes=len(source.classes),
        mean=float(pixels.mean(dtype=np.float64)),
        spread=float(pixels.std(dtype=np.float64)),
        guess=best_guess(source),
        data_hash=source.hash,
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
