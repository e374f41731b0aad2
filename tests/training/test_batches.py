from itertools import islice

import numpy as np

from engine.training.batches import POOL, batches


def test_batches_of_like_lengths_hold_every_row_once_a_pass():
    lengths = np.random.default_rng(0).integers(1, 100, 64)
    taken = list(islice(batches(np.arange(64), 8, seed=0, lengths=lengths), 8))
    assert all(len(batch) == 8 for batch in taken)
    assert sorted(np.concatenate(taken)) == list(range(64))


def test_rows_of_a_batch_are_of_like_length():
    lengths = np.random.default_rng(0).integers(1, 100, 1000)

    def padding(stream):
        taken = [lengths[batch] for batch in islice(stream, 120)]
        return sum((batch.max() - batch).sum() for batch in taken) / sum(map(np.sum, taken))

    rows = np.arange(1000)
    assert padding(batches(rows, 8, 0, lengths)) < padding(batches(rows, 8, 0)) / 4


def test_short_batches_do_not_come_first():
    lengths = np.arange(1000)
    stream = batches(np.arange(1000), 8, 0, lengths)
    means = [lengths[batch].mean() for batch in islice(stream, POOL)]
    assert means != sorted(means)


def test_a_shard_smaller_than_a_pool_repeats_no_row_within_a_batch():
    lengths = np.arange(20)
    for batch in islice(batches(np.arange(20), 8, 0, lengths), 2):
        assert len(set(batch)) == 8


def test_the_same_seed_gives_the_same_batches():
    lengths = np.random.default_rng(0).integers(1, 100, 64)
    one, other = (
        [batch.tolist() for batch in islice(batches(np.arange(64), 8, 3, lengths), 20)]
        for _ in range(2)
    )
    assert one == other
