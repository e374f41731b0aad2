"""Shards: the nested, class-balanced parts of a training set that a learning curve is measured on.

For a seed, all indices are put into one order; the shard of size m is its first m. So shards are
nested within a seed, drawn anew across seeds, and never hold a validation image, since they only
index the training set. After Hestness et al. 2017 (arXiv:1712.00409, section 3): shards in steps
of 2, shuffled once.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray


def order(labels: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Order the indices of a training set so that every prefix is balanced over its classes.

    Each class is shuffled; then classes are dealt out in rounds, one image each, in an order drawn
    anew for every round. In any prefix the counts of two classes differ by at most 1, until one of
    them has no images left.

    Args:
        labels: class of each image. (n,)
        seed: a shard repeats exactly under its seed.

    Returns:
        A permutation of 0 .. n - 1. (n,)
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
    shuffled = rng.permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]  # classes one after another
    start = np.searchsorted(labels[by_class], labels[by_class])  # where each one's class begins
    turn = np.arange(len(labels)) - start  # an image is its class's turn-th
    within = rng.random(len(labels))  # who comes first in a round
    dealt: NDArray[np.int64] = by_class[np.lexsort((within, turn))]
    return dealt


def shard(labels: NDArray[np.int64], size: int, seed: int) -> NDArray[np.int64]:
    """Give the indices, (size,), of the shard of `size` images under a seed.

    Raises:
        ValueError: there are fewer images, or the size is below 1.
    """
    if not 1 <= size <= len(labels):
        raise ValueError(f"a shard of {size} images: the size must be 1 to {len(labels)}")
    return order(labels, seed)[:size]


def shard_hash(indices: NDArray[np.int64]) -> str:
    """A name for exactly these indices in this order: 16 hex digits, the same on every machine."""
    return hashlib.sha256(indices.astype("<i8").tobytes()).hexdigest()[:16]


def sizes(full: int, smallest_fraction: float = 0.001, step: float = 2.0) -> list[int]:
    """Shard sizes from the whole set downwards in steps of one factor, smallest first.

    Args:
        full: images in the training set.
        smallest_fraction: the last step is the one nearest to this part of the set (0.001: ten
            steps of 2, three decades).
        step: the factor.
    """
    steps = round(np.log(1 / smallest_fraction) / np.log(step))
    return sorted({round(full / step**taken) for taken in range(steps + 1)} - {0})


def prefix(
    units: NDArray[np.int64] | NDArray[np.float64], size: float, seed: int
) -> NDArray[np.int64]:
    """Give the rows, (k,), of the shard of `size` units where rows hold several units each.

    All rows are shuffled by `seed`; the shard is the prefix whose units come nearest to `size`.

    Args:
        units: of each row of the training set: words of a passage, seconds of a recording. (n,)
        size: wanted units, from one row's to those of all.
        seed: a shard repeats exactly under its seed.

    Raises:
        ValueError: there are fewer units.
    """
    total = units.sum()
    if not 0 < size <= total:
        raise ValueError(f"a shard of {size:,}: the size must be above 0 and at most {total:,}")
    rows = order(np.zeros(len(units), np.int64), seed)
    reached = units[rows].cumsum()
    return rows[: 1 + int(np.abs(reached - size).argmin())]
