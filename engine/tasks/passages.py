"""Language modelling on passages of fixed length: what words and characters have in common.

A split is one stream of symbols cut into passages of `length` predictions. The symbol before a
passage goes in first, so that every symbol of a stream is predicted once and has at least one to
be predicted from. A passage may run over a document's end: the mark there says so.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from data import shards
from data.errors import DataError
from data.vocabulary import END, Encoded
from engine.models import language
from engine.tasks.task import Extent, Part, SplitName

FEWEST_ROWS = 16  # of validation and test: an error over less says nothing
HELD_OUT_SEED = 16  # of the choice of the passages kept; never changed, or curves would not compare
LOGITS = 2**20  # of a batch of evaluation, 4 MB: three times as fast on a CPU as 16 MB and more
LOGITS_ELSEWHERE = 2**26  # a GPU wants few and large calls


@dataclass(frozen=True, slots=True)
class Kind:
    """How words differ from characters."""

    unit: str  # plural, for messages
    metric: str
    nats: float  # nats in one unit of the metric
    length: int  # symbols predicted in a passage
    held_out: int  # passages of validation and of test that are kept, chosen once and for all


@dataclass(frozen=True, slots=True)
class PassageTask:
    """Language modelling on one device; see engine.tasks.task.Task."""

    kind: Kind
    splits: Mapping[SplitName, Tensor]  # (rows, length + 1) int16: 4,000 symbols fit
    symbols: int
    guess: Mapping[str, float]
    data_hash: str
    lengths: None = None  # all passages are of one length

    @property
    def device(self) -> torch.device:
        """Where the passages lie."""
        return self.splits["train"].device

    @property
    def full(self) -> int:
        """Symbols predicted in the training split."""
        return len(self.splits["train"]) * self.kind.length

    def shard(self, size: int, seed: int) -> NDArray[np.int64]:
        """Training passages of about `size` symbols, at least one."""
        units = np.full(len(self.splits["train"]), self.kind.length, np.int64)
        return shards.prefix(units, size, seed)

    def part(self, split: SplitName, most: int | None = None) -> Part:
        """A split, or a fixed random choice of its passages."""
        n = len(self.splits[split])
        if most is None or most >= n:
            return Part(split, torch.arange(n, device=self.device))
        chosen = shards.order(np.zeros(n, np.int64), seed=0)[:most]
        return Part(split, torch.from_numpy(chosen).to(self.device))

    def build(self, family: str, capacity: int, seed: int) -> nn.Module:
        """A language model on the task's device."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = language.build(family, capacity, self.symbols)
        return model.to(self.device)

    def extent(self, rows: NDArray[np.int64]) -> Extent:
        """Nothing: all passages are alike."""
        return ()

    def loss(self, model: nn.Module, rows: Tensor, extent: Extent | None = None) -> Tensor:
        """Mean cross-entropy in nats a symbol over the training passages `rows` (b,)."""
        return self._cross_entropy(model, self.splits["train"][rows], "mean")

    def mean_loss(self, model: nn.Module, part: Part) -> Tensor:
        """Mean cross-entropy in nats a symbol over a part."""
        split = self.splits[part.split]
        total = torch.zeros((), device=self.device)
        most = LOGITS if self.device.type == "cpu" else LOGITS_ELSEWHERE
        model.eval()
        with torch.inference_mode():
            for rows in torch.split(part.rows, max(1, most // (self.kind.length * self.symbols))):
                total += self._cross_entropy(model, split[rows], "sum")
        model.train()
        return total / (len(part.rows) * self.kind.length)

    def errors(self, model: nn.Module, part: Part) -> dict[str, float]:
        """Cross-entropy over a part in the metric's unit."""
        return {self.kind.metric: float(self.mean_loss(model, part)) / self.kind.nats}

    def scores(self, model: nn.Module) -> dict[str, float]:
        """Nothing beyond the error."""
        return {}

    def _cross_entropy(self, model: nn.Module, passages: Tensor, reduction: str) -> Tensor:
        """Of passages (b, length + 1), in nats."""
        passages = passages.long()
        logits = model(passages[:, :-1])  # (b, length, symbols)
        return F.cross_entropy(logits.flatten(0, 1), passages[:, 1:].flatten(), reduction=reduction)


def passage_task(encoded: Encoded, kind: Kind, name: str, device: str) -> PassageTask:
    """Cut a source's streams into passages and put them on a device.

    Raises:
        DataError: a split is too short.
    """
    streams: dict[SplitName, NDArray[np.int32]] = {
        "train": encoded.train,
        "validation": encoded.validation,
        "test": encoded.test,
    }
    rows = {split: passages(stream, kind.length) for split, stream in streams.items()}
    for split, cut in rows.items():
        if len(cut) < FEWEST_ROWS:
            raise DataError(
                f"the {split} split of {name} has {len(streams[split]):,} {kind.unit}, at least"
                f" {FEWEST_ROWS * kind.length:,} are needed: give a longer text (a tenth of it is"
                " validation, a tenth test)."
            )
    for split in "validation", "test":
        rows[split] = _kept(rows[split], kind.held_out)
    digest = hashlib.sha256(f"{encoded.hash} {kind.length}".encode())
    digest.update(rows["validation"].tobytes() + rows["test"].tobytes())
    guess = unigram(rows["train"][:, 1:], rows["test"][:, 1:], len(encoded.symbols))
    return PassageTask(
        kind,
        {split: torch.from_numpy(cut).to(device) for split, cut in rows.items()},
        symbols=len(encoded.symbols),
        guess={kind.metric: guess / kind.nats},
        data_hash=digest.hexdigest()[:16],
    )


def passages(stream: NDArray[np.int32], length: int) -> NDArray[np.int16]:
    """Cut a stream into passages (rows, length + 1), each beginning with the symbol before it.

    The first begins with a document's end. What is left over at the stream's end is dropped.
    """
    rows = len(stream) // length
    targets = stream[: rows * length].reshape(rows, length)
    before = np.concatenate([[END], targets[:-1, -1]]) if rows else targets[:, -1]
    return np.concatenate([before[:, None], targets], axis=1).astype(np.int16)


def unigram(train: NDArray[np.int16], test: NDArray[np.int16], symbols: int) -> float:
    """Best-guess level in nats: -sum q_test log q_train, one added to each symbol's count.

    The error of one who knows how often each symbol occurs and nothing of its neighbours.
    """
    counts = np.bincount(train.ravel(), minlength=symbols) + 1.0
    shares = np.bincount(test.ravel(), minlength=symbols) / test.size
    return float(-(shares * np.log(counts / counts.sum())).sum())


def _kept(rows: NDArray[np.int16], most: int) -> NDArray[np.int16]:
    """A fixed random choice of a split's passages, in the order of the text."""
    if most >= len(rows):
        return rows
    chosen: NDArray[np.int16] = rows[
        np.sort(shards.order(np.zeros(len(rows), np.int64), HELD_OUT_SEED)[:most])
    ]
    return chosen


BITS = math.log(2)  # nats in a bit
