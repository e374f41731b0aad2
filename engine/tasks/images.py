"""Image classification: cross-entropy for training, top-1 and top-5 beside it for the curve."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from data import images, shards
from data.images import ImageSet, ImageSplit
from engine.models import images as architectures
from engine.tasks.task import Extent, Part, SplitName, Treatment
from engine.tasks.treatments import drawn, noisy_labels, without_hardest

EVALUATION_BATCH = 512  # large enough that Python's share vanishes, small enough for the L2 cache
SHIFT = 2  # pixels that "augment" moves an image at most; icons stay recognisable, and so do photos
JUDGE = (
    "cnn",
    40_000,
    3e-3,
)  # the model that finds images hard, its capacity and learning rate ...
JUDGE_STEPS = 400  # ... of JUDGE_BATCH images: its errors have fallen by then, and it takes seconds
JUDGE_BATCH = 64


@dataclass(frozen=True, slots=True)
class Pictures:
    """Images and labels of one split on the device."""

    inputs: Tensor  # (n, channels, height, width) uint8: a quarter of the memory of float32
    labels: Tensor  # (n,) int64


@dataclass(frozen=True, slots=True)
class ImageTask:
    """Image classification on one device; see engine.tasks.task.Task.

    Shards are balanced over the true classes, so that a treatment of the labels leaves them alone.
    """

    splits: Mapping[SplitName, Pictures]
    classes: int
    mean: float  # of the training pixels
    spread: float  # their standard deviation
    guess: Mapping[str, float]
    data_hash: str
    pool: NDArray[np.int64]  # (k,), the training images that shards are drawn from, ascending
    truth: NDArray[np.int64]  # (n,), the class of each training image before any treatment
    shift: int = 0  # pixels that training moves an image at most
    lengths: None = None  # all images of a set have one size

    @property
    def device(self) -> torch.device:
        """Where the images lie."""
        return self.splits["train"].labels.device

    @property
    def full(self) -> int:
        """Images in the training split, those that a treatment leaves out not counted."""
        return len(self.pool)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of one image."""
        _, channels, height, width = self.splits["train"].inputs.shape
        return channels, height, width

    def shard(self, size: int, seed: int) -> NDArray[np.int64]:
        """`size` training images, as many of each class as of any other."""
        return self.pool[shards.shard(self.truth[self.pool], size, seed)]

    def part(self, split: SplitName, most: int | None = None) -> Part:
        """A split, or a choice of its images that is balanced over the classes.

        A choice is looked at often: its images are made ready once, in float32.
        """
        if split == "train":
            rows, labels = self.pool, self.truth[self.pool]
        else:
            labels = self.splits[split].labels.cpu().numpy()
            rows = np.arange(len(labels))
        if most is not None and most < len(rows):
            rows = rows[shards.shard(labels, most, seed=0)]
        chosen = torch.from_numpy(rows).to(self.device)
        if most is None:
            return Part(split, chosen)
        return Part(split, chosen, self._standardise(self.splits[split].inputs[chosen]))

    def build(self, family: str, capacity: int, seed: int) -> nn.Module:
        """A classifier on the task's device."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = architectures.build(family, capacity, self.shape, self.classes)
        return model.to(memory_format=torch.channels_last).to(self.device)  # type: ignore[call-overload,no-any-return] # torch's stub lacks this overload

    def extent(self, rows: NDArray[np.int64]) -> Extent:
        """Nothing: all images are alike."""
        return ()

    def loss(self, model: nn.Module, rows: Tensor, extent: Extent | None = None) -> Tensor:
        """Mean cross-entropy in nats over the training images `rows` (b,)."""
        train = self.splits["train"]
        inputs = shifted(train.inputs, rows, self.shift) if self.shift else train.inputs[rows]
        logits = model(self._standardise(inputs))  # (b, classes)
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
        total = torch.zeros((), device=self.device)
        for logits, labels in self._logits(model, part):
            best = logits.topk(min(5, self.classes), dim=1).indices  # (b, 5)
            hits = best == labels[:, None]
            top1 += int(hits[:, 0].sum())
            top5 += int(hits.any(dim=1).sum())
            total += F.cross_entropy(logits, labels, reduction="sum")
        n = len(part.rows)
        return {"top-1": 1 - top1 / n, "top-5": 1 - top5 / n, "cross-entropy": float(total / n)}

    def losses(self, model: nn.Module, part: Part) -> NDArray[np.float64]:
        """Cross-entropy in nats of each image of a part, (n,)."""
        found = [
            F.cross_entropy(logits, labels, reduction="none")
            for logits, labels in self._logits(model, part)
        ]
        return torch.cat(found).double().cpu().numpy()

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
            for at in range(0, len(part.rows), EVALUATION_BATCH):
                rows = part.rows[at : at + EVALUATION_BATCH]
                if part.ready is None:
                    inputs = self._standardise(split.inputs[rows])
                else:
                    inputs = part.ready[at : at + EVALUATION_BATCH]
                yield model(inputs), split.labels[rows]
        model.train()


def shifted(images: Tensor, rows: Tensor, most: int) -> Tensor:
    """Some images, each moved up to `most` pixels along and across, (b, channels, height, width).

    What comes in at an edge repeats the edge. There is no mirroring: it turns a left arrow into a
    right one. See treatments.drawn for where the randomness comes from.
    """
    _, channels, height, width = images.shape
    down, across = (drawn(rows, 2 * most + 1, stream)[:, None] - most for stream in (0, 1))
    y = (torch.arange(height, device=rows.device) + down).clamp_(0, height - 1)  # (b, height)
    x = (torch.arange(width, device=rows.device) + across).clamp_(0, width - 1)  # (b, width)
    place = ((rows[:, None] * height + y) * width)[:, :, None] + x[:, None, :]  # (b, height, width)
    pixels = images.permute(0, 2, 3, 1).view(-1, channels)  # no copy: channels last in memory
    taken = pixels.index_select(0, place.view(-1))
    return taken.view(len(rows), height, width, channels).permute(0, 3, 1, 2)


def _augment(task: ImageTask) -> ImageTask:
    return replace(task, shift=SHIFT)


def _mislabel(task: ImageTask, rate: float) -> ImageTask:
    """Replace a share of the labels of training and of validation; test stays clean.

    Validation too: one who has such labels selects by them, and only then does the curve come
    down to `treatments.noise_floor` (see there).
    """
    noisy = noisy_labels(task.truth, task.classes, rate)
    held = noisy_labels(task.splits["validation"].labels.cpu().numpy(), task.classes, rate)

    def relabelled(split: SplitName, labels: NDArray[np.int64]) -> Pictures:
        return Pictures(task.splits[split].inputs, torch.from_numpy(labels).to(task.device))

    return replace(
        task,
        splits={
            **task.splits,
            "train": relabelled("train", noisy),
            "validation": relabelled("validation", held),
        },
        guess=_guess(noisy[task.pool], task.splits["test"].labels.cpu().numpy(), task.classes),
    )


def _drop_hardest(task: ImageTask, share: float) -> ImageTask:
    """Leave out the share of each class that a small model, trained on other images, finds hardest.

    Cross-fitted: the training split is halved, a model trained on each half judges the other. So
    neither validation nor test has a say, and no image is judged by a model that has seen it. The
    choice is made once, on the whole source, hence the same for every shard.
    """
    dealt = shards.order(task.truth[task.pool], seed=0)
    halves = [task.pool[np.sort(dealt[half::2])] for half in (0, 1)]
    losses = np.zeros(len(task.truth))
    for learned, judged in (halves, halves[::-1]):
        model = _judge(task, learned)
        part = Part("train", torch.from_numpy(judged).to(task.device))
        losses[judged] = task.losses(model, part)
    stay = task.pool[without_hardest(losses[task.pool], task.truth[task.pool], share)]
    train = task.splits["train"].labels.cpu().numpy()[stay]
    test = task.splits["test"].labels.cpu().numpy()
    return replace(task, pool=stay, guess=_guess(train, test, task.classes))


def _judge(task: ImageTask, rows: NDArray[np.int64]) -> nn.Module:
    """A small model trained for JUDGE_STEPS on some training images."""
    family, capacity, rate = JUDGE
    model = task.build(family, capacity, seed=0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0, fused=True)
    generator = np.random.default_rng(0)
    for _ in range(JUDGE_STEPS):
        batch = generator.choice(rows, min(JUDGE_BATCH, len(rows)), replace=False)
        loss = task.loss(model, torch.from_numpy(batch).to(task.device))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return model


TREATMENTS: dict[str, Treatment[ImageTask]] = {
    "augment": _augment,
    "label-noise-10": partial(_mislabel, rate=0.1),
    "label-noise-20": partial(_mislabel, rate=0.2),
    "label-noise-40": partial(_mislabel, rate=0.4),
    "drop-hardest-20": partial(_drop_hardest, share=0.2),
}


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
        pool=np.arange(len(source.train.labels)),
        truth=source.train.labels,
    )


def best_guess(source: ImageSet) -> dict[str, float]:
    """The error of knowing only the labels' shares in training, measured on test: the plateau.

    Cross-entropy is -sum q_test log q_train with one image added to each class, so that a class
    without training images does not make it infinite; top-k misses what the k commonest
    training classes do not cover (notes: method, "Best-guess level").
    """
    return _guess(source.train.labels, source.test.labels, len(source.classes))


def _guess(train: NDArray[np.int64], test: NDArray[np.int64], classes: int) -> dict[str, float]:
    counts = np.bincount(train, minlength=classes) + 1.0
    shares: NDArray[np.float64] = np.bincount(test, minlength=classes) / len(test)
    commonest = np.argsort(-counts, kind="stable")
    return {
        "top-1": float(1 - shares[commonest[:1]].sum()),
        "top-5": float(1 - shares[commonest[:5]].sum()),
        "cross-entropy": float(-(shares * np.log(counts / counts.sum())).sum()),
    }
