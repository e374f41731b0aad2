"""Shards are nested, balanced, repeatable, and drawn anew under every seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from data.shards import order, prefix, shard, shard_hash, sizes

LABELS = np.random.default_rng(1).permutation(np.repeat(np.arange(20), np.arange(30, 50)))

label_lists = st.lists(st.integers(0, 6), min_size=1, max_size=80).map(
    lambda drawn: np.array(drawn, np.int64)
)


@given(label_lists, st.integers(0, 2**32))
def test_an_order_holds_every_index_once(labels: NDArray[np.int64], seed: int) -> None:
    assert np.array_equal(np.sort(order(labels, seed)), np.arange(len(labels)))


@given(label_lists, st.integers(0, 2**32), st.data())
def test_a_shard_is_balanced_until_a_class_runs_out(
    labels: NDArray[np.int64], seed: int, data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, len(labels)))
    held = np.bincount(labels[shard(labels, size, seed)], minlength=7)
    there = np.bincount(labels, minlength=7)
    left = held < there  # classes that could still have given an image
    assert not left.any() or held.max() - held[left].min() <= 1


@given(label_lists, st.integers(0, 2**32), st.data())
def test_shards_of_one_seed_are_nested(
    labels: NDArray[np.int64], seed: int, data: st.DataObject
) -> None:
    small, large = sorted(data.draw(st.integers(1, len(labels))) for _ in range(2))
    assert np.array_equal(shard(labels, small, seed), shard(labels, large, seed)[:small])


rows_of_units = st.lists(st.integers(1, 1_000), min_size=1, max_size=60).map(
    lambda drawn: np.array(drawn, np.int64)
)


@given(rows_of_units, st.integers(0, 2**32), st.data())
def test_shards_of_rows_with_many_units_are_nested_and_come_as_near_as_rows_allow(
    units: NDArray[np.int64], seed: int, data: st.DataObject
) -> None:
    total = int(units.sum())
    small, large = sorted(data.draw(st.integers(1, total)) for _ in range(2))
    rows, more = prefix(units, small, seed), prefix(units, large, seed)
    assert np.array_equal(rows, more[: len(rows)])
    assert len(set(more.tolist())) == len(more)
    assert abs(units[rows].sum() - small) <= units.max()
    assert np.array_equal(np.sort(prefix(units, total, seed)), np.arange(len(units)))


def test_another_seed_draws_other_images() -> None:
    first, second = set(shard(LABELS, 100, seed=0)), set(shard(LABELS, 100, seed=1))
    by_chance = 100 * 100 / len(LABELS)
    assert len(first & second) < 2 * by_chance


def test_a_seed_repeats_on_every_machine() -> None:
    assert shard_hash(shard(LABELS, 100, seed=5)) == "cd22237bcc2c3cdc"


def test_a_shard_smaller_than_the_classes_draws_the_classes_by_chance() -> None:
    drawn = {tuple(sorted(LABELS[shard(LABELS, 5, seed)])) for seed in range(20)}
    assert len(drawn) > 15


def test_a_hash_tells_one_index_from_another() -> None:
    indices = shard(LABELS, 100, seed=0)
    other = indices.copy()
    other[7] += 1
    assert shard_hash(indices) == shard_hash(indices.copy()) != shard_hash(other)


def test_sizes_halve_from_the_whole_set_down_to_a_thousandth() -> None:
    assert sizes(45_000) == [44, 88, 176, 352, 703, 1406, 2812, 5625, 11250, 22500, 45000]


def test_sizes_of_a_tiny_set_are_at_least_one_and_distinct() -> None:
    assert sizes(3) == [1, 2, 3]


@pytest.mark.parametrize("size", [0, 21])
def test_a_shard_of_an_impossible_size_is_refused_with_the_range(size: int) -> None:
    with pytest.raises(ValueError, match=rf"{size} images: the size must be 1 to 20"):
        shard(LABELS[:20], size, seed=0)
