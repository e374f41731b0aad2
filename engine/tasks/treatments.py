"""Treatments of the training data: what a domain's TREATMENTS are made of, and applied by.

A treatment is a function from a task to a task with other training data (engine.tasks.task); its
test split stays as it is, so that curves with and without it compare. Here lies what all domains
share; a domain's module names its own in TREATMENTS. What changes the training
rather than the data, another optimiser or weight decay, is the group's business, not a treatment.
"""

import math
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data.errors import DataError
from engine.tasks.task import AnyTask, Treatment

NOISE_SEED = 4  # of which labels are wrong, and how; never changed: curves of versions must compare
MIX = (-49064778989728563, -4265267296055464877)  # 0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53: murmur3


def treated(task: AnyTask, name: str, known: Mapping[str, Treatment[AnyTask]]) -> AnyTask:
    """The task under a treatment; "" is none.

    Args:
        task: as its source gives it.
        name: of the treatment.
        known: the domain's TREATMENTS.

    Raises:
        DataError: the domain has no such treatment.
    """
    if not name:
        return task
    if name not in known:
        raise DataError(
            f"there is no treatment {name!r} of these training data; choose"
            f" {'one of ' + ', '.join(known) if known else 'none: there are none yet'}."
        )
    return known[name](task)


def noisy_labels(labels: NDArray[np.int64], classes: int, rate: float) -> NDArray[np.int64]:
    """Labels of which the share `rate` is replaced by another class, drawn uniformly.

    A row's fate follows from its number alone: it is the same in every shard, and what is wrong at
    a low rate is wrong in the same way at a higher one.

    Args:
        labels: true classes, (n,).
        classes: their number, 2 or more.
        rate: share of labels to replace, 0 to 1.
    """
    generator = np.random.Generator(np.random.PCG64(NOISE_SEED))
    turn = generator.permutation(len(labels))
    away = generator.integers(1, classes, len(labels))  # 1 .. classes - 1: never the true one
    wrong = turn < round(rate * len(labels))
    return np.where(wrong, (labels + away) % classes, labels)


def noise_floor(rate: float, classes: int) -> float:
    """Cross-entropy on clean labels below which no learner of the noisy labels' law comes, nats.

    Let p_c(x) be the true probability of class c at x. With probability r the label is replaced by
    one of the K - 1 others, so the noisy label is c with probability

        q_c = (1 - r) p_c + r / (K - 1) (1 - p_c),

    which for r <= 1 - 1/K does not fall with p_c; hence q_c <= 1 - r, reached where p_c = 1. A
    model that has learned q exactly has on clean labels y ~ p the loss

        E[-log q_y] >= -log(1 - r),

    with equality where x determines its class. It bounds that model, not every model: one that is
    surer than the noisy labels warrant may come out below. Early stopping by a clean validation
    split chooses such models: stripes of four classes, 16,000 of them, gave 0.482 at r = 0.4 where
    the floor is 0.511; stopped by equally noisy labels, as the treatment does it, 0.511.

    Args:
        rate: r, the share of labels replaced by another class.
        classes: K.

    Raises:
        ValueError: the rate is not in 0 .. 1 - 1/K, beyond which the true class is the rarest.
    """
    _check(rate, classes)
    return -math.log1p(-rate)


def _check(rate: float, classes: int) -> None:
    if classes < 2 or not 0 <= rate <= 1 - 1 / classes:
        raise ValueError(
            f"noise of rate {rate} over {classes} classes: the rate must be 0 to 1 - 1 / classes"
        )


def without_hardest(
    losses: NDArray[np.float64], strata: NDArray[np.int64], share: float
) -> NDArray[np.int64]:
    """The rows, ascending, that stay when the `share` with the highest losses leaves each stratum.

    In each stratum, lest whole classes vanish. Leaving out by difficulty may bend a learning curve
    (Sorscher et al. 2022, arXiv 2206.14486), which is why one would want to see it.

    Args:
        losses: of each row under a model that did not train on it, (n,).
        strata: of each row, its class, (n,).
        share: 0 to 1; rounded down in each stratum, so that none is emptied.
    """
    order = np.lexsort((losses, strata))  # strata one after another, easiest first
    start = np.searchsorted(strata[order], strata[order])
    count = np.searchsorted(strata[order], strata[order], side="right") - start
    rank = np.arange(len(order)) - start
    return np.sort(order[rank < count - np.floor(share * count)])


def drawn(rows: Tensor, choices: int, stream: int) -> Tensor:
    """A random whole number, 0 .. choices - 1, for each row of a training batch, (b,) int64.

    It has no state and needs no seed: it is a hash of the batch itself. Batches come from shuffles
    that the group seeds, so the sequence of rows in a batch is a random draw already, another at
    every step; the hash stretches it to as many numbers as are wanted. The same seed therefore
    repeats them exactly, rivals of one seed share them, and every device gives the same ones. The
    one cost: a shard of one or two rows has one or two batches to be told apart by.

    Args:
        rows: the batch, (b,) int64.
        choices: small against 2^31.
        stream: another number gives independent draws.
    """
    place = torch.arange(1, len(rows) + 1, device=rows.device)
    batch = _mix(_mix(rows + 1) * (2 * place + 1)).sum()  # wraps; depends on the order of rows
    mixed = _mix(_mix(batch + place) + stream)
    return (mixed & 0x7FFFFFFF) % choices


def _mix(x: Tensor) -> Tensor:
    """The 64-bit finaliser of MurmurHash3 (Appleby, public domain) on int64, (n,) to (n,)."""
    for factor in MIX:
        x = (x ^ ((x >> 33) & 0x7FFFFFFF)) * factor  # the mask makes the shift a logical one
    return x ^ ((x >> 33) & 0x7FFFFFFF)
