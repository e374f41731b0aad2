"""The training loops that users write by hand, to be measured beside the engine's.

`train_plain` is what a PyTorch tutorial ends at: a DataLoader over examples, AdamW as it comes, a
look at the loss in each step, the whole validation split after each epoch, patience in epochs.
`train_resident` is the same with the data as tensors on the device and a fused optimiser. Both get
the engine's floor of steps, without which a shard smaller than a batch would hardly be trained.
"""

import copy
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, TensorDataset

from engine.models.translation import PADDING
from engine.tasks.images import ImageTask
from engine.tasks.passages import PassageTask
from engine.tasks.speech import SpeechTask
from engine.tasks.task import Part, SplitName, Task
from engine.tasks.translation import START, Corpus, Sentences, TranslationTask
from engine.training.spec import GroupSpec

PATIENCE = 8  # epochs without a lower validation loss (notes: performance, section 4)
Batch = Sequence[Tensor]
Loss = Callable[[nn.Module, Batch], Tensor]


@dataclass(frozen=True, slots=True)
class Trained:
    """What one training by hand came to."""

    validation_loss: float
    test: dict[str, float]
    steps: int
    evaluations: int
    validation_seconds: float  # of process time


def train_plain(task: Task, spec: GroupSpec, seed: int, rate: float) -> Trained:
    """A DataLoader, default AdamW, validation each epoch."""
    train = loader(task, "train", task.shard(spec.size, seed), spec.schedule.batch, seed)
    held = loader(task, "validation", task.part("validation").rows.numpy(), 256, None)
    loss = plain_loss(task)
    model = task.build(spec.model, spec.capacity, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0)

    def validate() -> float:
        model.eval()
        with torch.no_grad():
            found = [(loss(model, batch).item(), len(batch[0])) for batch in held]
        model.train()
        return sum(each * n for each, n in found) / sum(n for _, n in found)

    return _train(task, spec, model, optimizer, lambda: (loss(model, b) for b in train), validate)


def train_resident(task: Task, spec: GroupSpec, seed: int, rate: float) -> Trained:
    """The same with resident tensors and a fused optimiser."""
    rows = torch.from_numpy(task.shard(spec.size, seed)).to(task.device)
    watched = task.part("validation")
    model = task.build(spec.model, spec.capacity, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0, fused=True)
    generator = torch.Generator().manual_seed(seed)

    def losses() -> Iterator[Tensor]:
        order = torch.randperm(len(rows), generator=generator).to(rows.device)
        return (task.loss(model, batch) for batch in torch.split(rows[order], spec.schedule.batch))

    return _train(
        task, spec, model, optimizer, losses, lambda: float(task.mean_loss(model, watched))
    )


def _train(
    task: Task,
    spec: GroupSpec,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    losses: Callable[[], Iterable[Tensor]],
    validate: Callable[[], float],
) -> Trained:
    """Epochs until PATIENCE of them were in vain, then the test errors at the best one."""
    schedule = spec.schedule
    best, best_epoch, epoch, steps, seconds = math.inf, 0, 0, 0, 0.0
    weights = copy.deepcopy(model.state_dict())
    while steps < schedule.max_steps and (
        epoch - best_epoch < PATIENCE or steps < schedule.floor_steps
    ):
        epoch += 1
        for loss in losses():
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            loss.item()
            steps += 1
        began = time.process_time()
        held = validate()
        seconds += time.process_time() - began
        if held < best:
            best, best_epoch, weights = held, epoch, copy.deepcopy(model.state_dict())
    model.load_state_dict(weights)
    return Trained(best, task.errors(model, task.part("test")), steps, epoch, seconds)


def loader(
    task: Task, split: SplitName, rows: NDArray[np.int64], batch: int, seed: int | None
) -> DataLoader[Batch]:
    """Examples of a split in batches, as one writes it; shuffled by a seed, or in their order."""
    shuffled = seed is not None
    generator = torch.Generator().manual_seed(seed or 0)

    def of(
        data: object, collate: Callable[[list[Batch]], Batch] | None = None
    ) -> DataLoader[Batch]:
        return DataLoader(
            data,  # type: ignore[arg-type] # a list is a data set to torch
            batch_size=batch,
            shuffle=shuffled,
            generator=generator,
            collate_fn=collate,
        )

    part = Part(split, torch.from_numpy(rows))
    if isinstance(task, ImageTask):
        pictures = task.splits[split]
        inputs = pictures.inputs[part.rows].float().sub_(task.mean).div_(task.spread)
        return of(TensorDataset(inputs, pictures.labels[part.rows]))
    if isinstance(task, PassageTask):
        passages = task.splits[split][part.rows].long()
        return of(TensorDataset(passages[:, :-1], passages[:, 1:]))
    if isinstance(task, TranslationTask):
        corpus = task.splits[split]
        pairs = [
            tuple(side.tokens[at : at + n].long() for side, at, n in _spans(corpus, row))
            for row in part.rows.tolist()
        ]
        return of(pairs, lambda rows: [_padded(side) for side in zip(*rows, strict=True)])
    assert isinstance(task, SpeechTask)
    heard = [_utterance(task, split, row) for row in part.rows.tolist()]
    return of(heard, _padded_utterances)


def plain_loss(task: Task) -> Loss:
    """The mean loss of a batch of `loader`."""
    if isinstance(task, ImageTask):
        return lambda model, batch: F.cross_entropy(model(batch[0]), batch[1])
    if isinstance(task, PassageTask):
        return lambda model, batch: F.cross_entropy(
            model(batch[0]).flatten(0, 1), batch[1].flatten()
        )
    if isinstance(task, TranslationTask):
        return _translation_loss
    return lambda model, batch: model(*batch).sum() / batch[-1].sum()


def _translation_loss(model: nn.Module, batch: Batch) -> Tensor:
    source, wanted = batch
    prefix = torch.cat([wanted.new_full((len(wanted), 1), START), wanted[:, :-1]], dim=1)
    logits: Tensor = model.project(model(source, prefix))  # type: ignore[operator]
    return F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=PADDING)


def _spans(corpus: Corpus, row: int) -> Iterator[tuple[Sentences, int, int]]:
    for side in (corpus.sources, corpus.targets):
        yield side, int(side.starts[row]), int(side.lengths[row])


def _padded(rows: Sequence[Tensor]) -> Tensor:
    return pad_sequence(list(rows), batch_first=True, padding_value=PADDING)


def _utterance(task: SpeechTask, split: SplitName, row: int) -> Batch:
    """Standardised frames, symbols of one utterance."""
    part = task.splits[split]
    frames = torch.zeros(int(part.durations[row]), len(task.mean))
    at, n = int(part.starts[row]), int(part.lengths[row])
    frames[:n] = part.frames[at : at + n]
    spelt = int(part.spelt[row])
    return (frames - task.mean) / task.spread, part.symbols[row, :spelt]


def _padded_utterances(rows: list[Batch]) -> Batch:
    frames, symbols = zip(*rows, strict=True)
    return (
        pad_sequence(list(frames), batch_first=True),
        torch.tensor([len(each) for each in frames]),
        pad_sequence(list(symbols), batch_first=True),
        torch.tensor([len(each) for each in symbols]),
    )
