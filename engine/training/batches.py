"""Endless batches of a shard's rows, full every one, and of like lengths where rows differ."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

POOL = 16  # batches that are cut from rows sorted by length: padding falls to some percent


def batches(
    rows: NDArray[np.int64], batch: int, seed: int, lengths: NDArray[np.int64] | None = None
) -> Iterator[NDArray[np.int64]]:
    """Shuffled passes over a shard laid end to end, so that every batch is full.

    Args:
        rows: the shard, (k,).
        batch: wanted rows a batch; a shard smaller than it is one batch.
        seed: of the shuffles; rivals share it (common random numbers).
        lengths: of all training rows, (n,): batches then hold rows of like length, taken from up
            to POOL batches' worth of the stream, and come in shuffled order.
    """
    generator = np.random.default_rng([seed, len(rows), 1])
    batch = min(batch, len(rows))
    taken = batch if lengths is None else batch * min(POOL, len(rows) // batch)
    queue = generator.permutation(rows)
    while True:
        while len(queue) < taken:
            queue = np.concatenate([queue, generator.permutation(rows)])
        pool, queue = queue[:taken], queue[taken:]
        if lengths is None:
            yield pool
            continue
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        yield from generator.permutation(pool.reshape(-1, batch))
