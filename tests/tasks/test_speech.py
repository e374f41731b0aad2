"""The speech task: batches, losses, errors and the best guess."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from data import features
from data.speech import SpeechSet, SpeechSplit
from engine.models.speech import FAMILIES
from engine.tasks.speech import TESTED, SpeechTask, best_guess, constant_answers, speech_task
from engine.tasks.task import Part
from engine.training.group import run_group
from engine.training.spec import GroupSpec, Schedule

WORDS = ("yes", "no", "up", "noon")


def split(texts: list[str], seed: int) -> SpeechSplit:
    """Each word is a stretch of 12 frames in which bands of its own are loud."""
    rng = np.random.default_rng(seed)
    pieces = []
    for text in texts:
        frames = rng.integers(0, 60, (12 * len(text.split()) + int(rng.integers(4)), 40))
        for place, word in enumerate(text.split()):
            band = 10 * WORDS.index(word)
            frames[12 * place : 12 * place + 12, band : band + 10] += 180
        pieces.append(frames.astype(np.uint8))
    lengths = np.array([len(piece) for piece in pieces], np.int64)
    seconds = lengths * features.HOP / features.RATE
    return SpeechSplit(np.concatenate(pieces), lengths, seconds, tuple(texts))


def phrases(rows: int, seed: int, most: int = 2) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, rng.integers(1, most + 1))) for _ in range(rows)]


def made(most: int = 2) -> SpeechSet:
    parts = [split(phrases(rows, seed, most), seed) for seed, rows in enumerate((60, 20, 30))]
    return SpeechSet("made", "Made", *parts, hash="0" * 16, credit="", splitting="")


@pytest.fixture(scope="module")
def task() -> SpeechTask:
    return speech_task(made(), "cpu")


@pytest.fixture(scope="module")
def words() -> SpeechTask:
    return speech_task(made(most=1), "cpu")


def test_the_alphabet_is_that_of_the_training_transcripts(task):
    assert task.alphabet == tuple(sorted(set(" yesnoup")))


def test_a_size_is_in_seconds_of_audio(task):
    seconds = task.splits["train"].seconds
    assert task.full == int(seconds.sum())
    rows = task.shard(3, seed=0)
    assert abs(seconds[rows].sum() - 3) <= seconds.max() / 2


def test_shards_are_nested_within_a_seed_and_differ_across_seeds(task):
    assert task.shard(3, 0).tolist() == task.shard(6, 0)[: len(task.shard(3, 0))].tolist()
    assert task.shard(3, 0).tolist() != task.shard(3, 1).tolist()


def test_at_most_so_many_seconds_of_test_are_measured_and_always_the_same():
    many = split(["yes", "no"] * 40, seed=4)
    many = dataclasses.replace(many, seconds=np.full(80, TESTED / 50))
    source = dataclasses.replace(made(1), test=many)
    task = speech_task(source, "cpu")
    rows = task.part("test").rows
    assert len(rows) == 50
    assert len(set(rows.tolist())) == 50
    assert torch.equal(rows, task.part("test").rows)
    assert len(task.part("test", 7).rows) == 7
    assert len(task.part("train").rows) == 60


@pytest.mark.parametrize("family", FAMILIES)
def test_the_training_loss_is_the_mean_loss_of_the_same_rows(task, family):
    model = task.build(family, 30_000, seed=0)
    rows = torch.tensor([5, 2, 40, 41, 7])
    one = task.loss(model, rows).item()
    assert task.mean_loss(model, Part("train", rows)).item() == pytest.approx(one, rel=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_batch_padded_to_more_than_it_needs_has_the_same_loss(task, family):
    model = task.build(family, 30_000, seed=0)
    rows = np.array([5, 2, 40, 41, 7])
    frames, characters = task.extent(rows)
    exact = task.loss(model, torch.from_numpy(rows)).item()
    assert task.loss(model, torch.from_numpy(rows), (frames, characters)).item() == exact
    padded = task.loss(model, torch.from_numpy(rows), (frames + 7, characters + 3)).item()
    assert padded == pytest.approx(exact, rel=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_losses_are_weighed_by_characters_whatever_the_batches(task, family, monkeypatch):
    model = task.build(family, 30_000, seed=0)
    part = task.part("test")
    whole = task.mean_loss(model, part).item()
    monkeypatch.setattr("engine.tasks.speech.EVALUATION_FRAMES", 50)
    assert task.mean_loss(model, part).item() == pytest.approx(whole, rel=1e-5)
    assert task.errors(model, part)["cross-entropy"] == pytest.approx(whole, rel=1e-5)


def test_the_order_of_the_rows_does_not_change_the_errors(task):
    model = task.build("ctc", 30_000, seed=0)
    rows = task.part("test").rows
    there, back = (task.errors(model, Part("test", r)) for r in (rows, rows.flip(0)))
    assert there == pytest.approx(back)


def test_the_same_seed_builds_the_same_model_and_draws_nothing_else(task):
    before = torch.random.get_rng_state()
    one, other = (task.build("ctc", 30_000, seed=3).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert torch.equal(before, torch.random.get_rng_state())


def test_character_and_word_error_are_edit_distances(task, monkeypatch):
    said = task.splits["test"].texts
    rows = torch.tensor([said.index(text) for text in sorted(set(said))[:3]])
    texts = [task.splits["test"].texts[row] for row in rows]
    spelt = [list(text) for text in texts]
    spelt[0][0] = "p" if spelt[0][0] != "p" else "u"  # one character replaced
    del spelt[1][-1]  # one left out
    model = task.build("ctc", 30_000, seed=0)
    number = {character: place for place, character in enumerate(task.alphabet, 1)}
    by_text = {text: [number[c] for c in answer] for text, answer in zip(texts, spelt, strict=True)}
    order = sorted(rows.tolist(), key=lambda r: task.splits["test"].durations[r].item())
    answers = [by_text[task.splits["test"].texts[row]] for row in order]
    monkeypatch.setattr(model, "spell", lambda *_: answers)
    found = task.errors(model, Part("test", rows))
    assert found["cer"] == pytest.approx(2 / sum(map(len, texts)))
    assert found["wer"] == pytest.approx(2 / sum(len(text.split()) for text in texts))


def test_top_1_is_given_where_every_transcript_is_one_word(task, words):
    model = words.build("ctc", 30_000, seed=0)
    assert set(words.errors(model, words.part("test"))) == {"cer", "wer", "cross-entropy", "top-1"}
    model = task.build("ctc", 30_000, seed=0)
    assert set(task.errors(model, task.part("test"))) == {"cer", "wer", "cross-entropy"}


def test_top_1_takes_the_known_word_of_the_least_loss(words):
    model = words.build("attention", 30_000, seed=0)
    part = Part("test", torch.arange(6))
    test = words.splits["test"]
    wrong = 0
    for row in range(6):
        nats = {}
        for word in WORDS:  # by the loss of a set in which this word is the transcript
            other = dataclasses.replace(
                words.splits["train"],
                frames=test.frames,
                starts=test.starts,
                lengths=test.lengths,
                durations=test.durations,
                symbols=words.splits["train"]
                .symbols[[words.splits["train"].texts.index(word)]]
                .expand(30, -1),
                spelt=torch.full((30,), len(word)),
            )
            relabelled = dataclasses.replace(words, splits={"train": other})
            nats[word] = relabelled.loss(model, torch.tensor([row])).item() * len(word)
        wrong += min(nats, key=nats.__getitem__) != test.texts[row]
    assert words.errors(model, part)["top-1"] == pytest.approx(wrong / 6)


def test_speech_too_fast_for_ctc_is_lengthened_by_silence_and_its_loss_is_finite():
    fast = SpeechSplit(
        np.full((2, 40), 99, np.uint8),
        np.array([1, 1]),
        np.array([0.01, 0.01]),
        ("noon", "yes"),  # 4 characters and a blank between two equal ones; 3
    )
    task = speech_task(dataclasses.replace(made(), validation=fast), "cpu")
    assert task.splits["validation"].durations.tolist() == [10, 6]
    model = task.build("ctc", 30_000, seed=0)
    assert math.isfinite(task.mean_loss(model, task.part("validation")))


def test_a_character_unknown_to_training_counts_as_an_error_and_not_in_the_loss():
    source = made()
    strange = dataclasses.replace(source.test, texts=("q\u00e4", *source.test.texts[1:]))
    task = speech_task(dataclasses.replace(source, test=strange), "cpu")
    assert task.splits["test"].spelt[0] == 0
    model = task.build("ctc", 30_000, seed=0)
    found = task.errors(model, Part("test", torch.tensor([0, 1])))
    assert math.isfinite(found["cross-entropy"])


def guessed(train: list[str], test: list[str]) -> dict[str, float]:
    source = dataclasses.replace(made(), train=split(train, 0), test=split(test, 1))
    return best_guess(source, one_word=all(" " not in text for text in train))


def test_the_best_guess_of_words_is_the_commonest_one():
    guess = guessed(["yes", "yes", "yes", "no"], ["yes", "no", "no", "up"])
    assert guess["top-1"] == 0.75
    assert guess["wer"] == 0.75
    assert guess["cer"] == pytest.approx((0 + 3 + 3 + 3) / 9)  # yes for no: 1 insertion, 2 swaps


def test_the_best_guess_of_the_loss_is_that_of_the_characters_shares():
    guess = guessed(["no", "no", "up"], ["up"])
    # n, o: 2; u, p: 1; end: 3, and one more each: 14 in all
    by_hand = -(math.log(2 / 14) + math.log(2 / 14) + math.log(4 / 14)) / 2
    assert guess["cross-entropy"] == pytest.approx(by_hand)


def test_nothing_and_repetitions_are_among_the_constant_answers():
    answers = constant_answers(["no no", "no up", "noon"])
    assert {"", "no", "no no", "noon", "ooooo"} <= set(answers)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_group_learns_to_hear_better_than_the_best_guess_and_repeats_itself(words, family):
    schedule = Schedule(batch=8, first_evaluation=40, floor_steps=120, max_steps=160, margin=10)
    spec = GroupSpec("g", "speech", "made", family, 30_000, 8, (0,), (1e-2,), schedule)
    (first,), (again,) = (run_group(words, spec) for _ in range(2))
    assert first.test == again.test
    assert first.validation_loss == again.validation_loss
    assert first.test["cer"] < 0.5 * words.guess["cer"]
    assert first.test["top-1"] < 0.5 * words.guess["top-1"]
