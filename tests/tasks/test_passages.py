"""Passages of text: how they are cut, what is measured on them, and that a group trains on them."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from data.errors import DataError
from data.text import TextSet
from data.vocabulary import END, Encoded, encode_characters, encode_words
from engine.models.language import FAMILIES
from engine.tasks import characters, words
from engine.tasks.passages import passage_task, passages, unigram
from engine.training.group import run_group
from engine.training.spec import GroupSpec, Schedule

torch.set_num_threads(1)
SCHEDULE = Schedule(batch=8, first_evaluation=10, floor_steps=60, margin=20, max_steps=100)


def walk(n: int, seed: int) -> str:
    """A text of twenty words in which each is mostly followed by the next of a circle."""
    rng = np.random.default_rng(seed)
    places = np.cumsum(1 + (rng.random(n) < 0.2) * rng.integers(0, 20, n)) % 20
    return " ".join(f"w{chr(97 + place)}" for place in places)


@pytest.fixture(scope="module")
def source() -> TextSet:
    return TextSet(
        "walk", "Walk", (walk(3_200, 1),), (walk(960, 2),), (walk(960, 3),), "the test's", "0" * 16
    )


@pytest.fixture(scope="module")
def task(source):
    return passage_task(encode_words(source), words.KIND, "walk", "cpu")


def spec(**changes) -> GroupSpec:
    usual = GroupSpec(
        name="lstm on walk",
        domain="words",
        data="walk",
        model="lstm",
        capacity=6_000,
        size=640,
        seeds=(0,),
        learning_rates=(1e-2,),
        schedule=SCHEDULE,
    )
    return replace(usual, **changes)


class Knowing(nn.Module):
    """Gives the same shares at every place."""

    def __init__(self, shares: Tensor) -> None:
        super().__init__()
        self.shares = shares

    def forward(self, symbols: Tensor) -> Tensor:
        """(b, t) to (b, t, symbols)."""
        return self.shares.log().expand(*symbols.shape, -1)


def test_passages_lie_end_to_end_each_with_the_symbol_before_it():
    stream = np.array([5, 6, 7, 8, 9, 10, 11, 12], np.int32)
    assert passages(stream, 3).tolist() == [[END, 5, 6, 7], [7, 8, 9, 10]]


def test_a_stream_shorter_than_a_passage_gives_none():
    assert passages(np.array([5, 6], np.int32), 3).shape == (0, 4)


def test_the_best_guess_is_that_of_the_symbols_shares():
    train, test = np.array([[2, 2, 2, 3]], np.int16), np.array([[2, 3]], np.int16)
    # one added to each of four symbols: 1, 1, 4, 2 of 8
    by_hand = -(0.5 * math.log(4 / 8) + 0.5 * math.log(2 / 8))
    assert unigram(train, test, 4) == pytest.approx(by_hand)


def test_a_model_that_knows_the_shares_only_has_the_best_guess_as_its_error(source):
    for encode, kind in ((encode_words, words.KIND), (encode_characters, characters.KIND)):
        task = passage_task(encode(source), kind, "walk", "cpu")
        counts = torch.bincount(
            task.splits["train"][:, 1:].flatten().long(), minlength=task.symbols
        )
        model = Knowing((counts + 1.0) / (counts + 1.0).sum())
        assert task.errors(model, task.part("test")) == pytest.approx(task.guess, rel=1e-5)


def test_words_are_measured_in_nats_and_characters_in_bits(source):
    for module, encode, evenly in (
        (words, encode_words, math.log),
        (characters, encode_characters, math.log2),
    ):
        task = passage_task(encode(source), module.KIND, "walk", "cpu")
        even = Knowing(torch.full((task.symbols,), 1 / task.symbols))
        part = task.part("test")
        assert task.errors(even, part)[module.KIND.metric] == pytest.approx(evenly(task.symbols))
        assert float(task.mean_loss(even, part)) == pytest.approx(math.log(task.symbols))
        assert float(task.loss(even, part.rows[:3])) == pytest.approx(math.log(task.symbols))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_mean_over_a_part_is_that_of_its_passages_one_by_one(task, family):
    model = task.build(family, 6_000, seed=0)
    part = task.part("validation")
    one_by_one = []
    for passage in task.splits["validation"].long():
        logits = model(passage[None, :-1])[0]
        one_by_one.append(F.cross_entropy(logits, passage[1:]).item())
    assert float(task.mean_loss(model, part)) == pytest.approx(np.mean(one_by_one), rel=1e-5)


def test_a_size_counts_predicted_words_to_the_nearest_passage(task):
    assert task.full == 100 * 32
    assert len(task.shard(32 * 7, seed=0)) == 7
    assert len(task.shard(32 * 7 + 15, seed=0)) == 7
    assert len(task.shard(32 * 7 + 17, seed=0)) == 8
    assert len(task.shard(1, seed=0)) == 1
    assert len(task.shard(task.full, seed=0)) == 100


def test_shards_are_nested_within_a_seed_and_drawn_anew_across_seeds(task):
    small, large = task.shard(320, seed=1), task.shard(1_600, seed=1)
    assert small.tolist() == large[:10].tolist()
    assert small.tolist() != task.shard(320, seed=2).tolist()


def test_a_part_is_the_same_choice_every_time(task):
    part = task.part("validation", 7)
    assert len(set(part.rows.tolist())) == 7
    assert part.rows.tolist() == task.part("validation", 7).rows.tolist()
    assert len(task.part("validation").rows) == len(task.part("validation", 10_000).rows) == 30


def test_of_a_long_test_split_a_fixed_choice_is_kept(source):
    kind = replace(words.KIND, held_out=16)
    long = passage_task(encode_words(source), words.KIND, "walk", "cpu").splits["test"].tolist()
    kept = passage_task(encode_words(source), kind, "walk", "cpu").splits["test"].tolist()
    assert len(kept) == 16 < len(long)
    assert kept == [row for row in long if row in kept]  # in the order of the text


def test_a_text_too_short_to_measure_on_is_refused_in_words(source):
    short = replace(source, test=(walk(100, 3),))
    with pytest.raises(DataError, match=r"the test split of walk has 101 words, at least 512"):
        passage_task(encode_words(short), words.KIND, "walk", "cpu")


def test_a_changed_word_changes_the_hash_and_so_does_another_length(source, task):
    changed = replace(source, test=(walk(960, 4),))
    assert passage_task(encode_words(source), words.KIND, "x", "cpu").data_hash == task.data_hash
    for other in (
        passage_task(encode_words(changed), words.KIND, "walk", "cpu"),
        passage_task(encode_words(source), replace(words.KIND, length=16), "walk", "cpu"),
    ):
        assert other.data_hash != task.data_hash


@pytest.mark.parametrize("family", FAMILIES)
def test_training_learns_what_is_in_the_text(task, family):
    (found,) = run_group(task, spec(model=family, size=3_200))
    assert found.test["cross-entropy"] < 0.7 * task.guess["cross-entropy"]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_group_gives_the_same_numbers_again(task, family):
    schedule = replace(SCHEDULE, max_steps=15, floor_steps=15)
    twice = [run_group(task, spec(model=family, schedule=schedule)) for _ in range(2)]
    first, second = ([replace(c, seconds=0.0) for c in found] for found in twice)
    assert first == second


def test_building_leaves_the_callers_random_numbers_alone(task):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    task.build("lstm", 6_000, seed=1)
    assert torch.equal(torch.rand(3), expected)


def test_an_empty_source_is_refused_in_words():
    nothing = np.zeros(0, np.int32)
    encoded = Encoded(("<unk>", "<end>"), nothing, nothing, nothing, 0.0, "0" * 16)
    with pytest.raises(DataError, match="the train split of void has 0 words"):
        passage_task(encoded, words.KIND, "void", "cpu")
