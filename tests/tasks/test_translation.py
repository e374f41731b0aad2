"""The translation task: loss per target subword, guess levels, batches, BLEU of what it writes."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sacrebleu
import torch

from data.translation import Pairs, TranslationSet, load
from engine.models import translation as architectures
from engine.models.translation import PADDING
from engine.tasks import translation
from engine.tasks.task import Part
from engine.tasks.translation import (
    END,
    START,
    TEST_MOST,
    TranslationTask,
    best_guess,
    learn_subwords,
    load_task,
    translation_task,
)
from engine.training.group import run_group
from engine.training.spec import GroupSpec, Schedule

torch.set_num_threads(1)
FAMILY = pytest.mark.parametrize("family", architectures.FAMILIES)
NOUNS = {"Hund": "dog", "Mann": "man", "Baum": "tree", "Ball": "ball", "Zug": "train"}
VERBS = {"sieht": "sees", "sucht": "seeks", "malt": "paints", "hat": "has"}
PLACES = {"": "", " im Park": " in the park", " bei Nacht": " at night", " im Haus": " at home"}


def grammar() -> list[tuple[str, str]]:
    """400 sentences of a small grammar, in a fixed shuffled order."""
    pairs = [
        (f"Der {a} {v} den {b}{p}.", f"The {NOUNS[a]} {VERBS[v]} the {NOUNS[b]}{PLACES[p]}.")
        for a in NOUNS
        for v in VERBS
        for b in NOUNS
        for p in PLACES
    ]
    return [pairs[row] for row in np.random.default_rng(0).permutation(len(pairs))]


def pairs_of(rows: list[tuple[str, str]]) -> Pairs:
    return Pairs(tuple(a for a, _ in rows), tuple(b for _, b in rows))


@pytest.fixture(scope="module")
def source() -> TranslationSet:
    rows = grammar()
    return TranslationSet(
        name="grammar",
        title="grammar",
        train=pairs_of(rows[:320]),
        validation=pairs_of(rows[320:360]),
        test=pairs_of(rows[360:]),
        hash="0" * 16,
        credit="made by the test",
    )


@pytest.fixture(scope="module")
def task(source: TranslationSet) -> TranslationTask:
    return translation_task(source, "cpu")


def spec(**changes) -> GroupSpec:
    usual = GroupSpec(
        name="attention on 60",
        domain="translation",
        data="grammar",
        model="attention",
        capacity=12_000,
        size=60,
        seeds=(0,),
        learning_rates=(1e-2,),
        schedule=Schedule(batch=16, first_evaluation=10, floor_steps=60, margin=20, max_steps=150),
    )
    return replace(usual, **changes)


def overfitted(task: TranslationTask, family: str, rows: torch.Tensor) -> torch.nn.Module:
    model = task.build(family, 30_000, seed=0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.0)
    for _ in range(100):
        loss = task.loss(model, rows)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def test_a_batch_holds_each_sentence_closed_and_padded_at_its_end(task, source):
    padded = task.splits["train"].sources.rows(torch.tensor([5, 2, 9])).tolist()
    whole = [[*task.subwords.encode(source.train.sources[row]), END] for row in (5, 2, 9)]
    longest = max(map(len, whole))
    assert padded == [tokens + [PADDING] * (longest - len(tokens)) for tokens in whole]


def test_lengths_are_the_subwords_of_both_sides(task, source):
    both = len(task.subwords.encode(source.train.sources[3])) + 1
    both += len(task.subwords.encode(source.train.targets[3])) + 1
    assert task.lengths[3] == both


@FAMILY
def test_a_rows_loss_is_the_same_alone_and_beside_longer_rows(task, family):
    model = task.build(family, 12_000, seed=0)
    rows = torch.arange(12)
    counts = task.splits["train"].targets.lengths[rows].tolist()
    assert len(set(task.lengths[:12])) > 1
    alone = [task.loss(model, rows[i : i + 1]).item() for i in range(12)]
    by_hand = sum(loss * n for loss, n in zip(alone, counts, strict=True)) / sum(counts)
    assert task.loss(model, rows).item() == pytest.approx(by_hand, rel=1e-5)


@FAMILY
def test_a_batch_padded_to_more_than_it_needs_has_the_same_loss(task, family):
    model = task.build(family, 12_000, seed=0)
    rows = np.arange(12)
    source, target = task.extent(rows)
    exact = task.loss(model, torch.from_numpy(rows)).item()
    assert task.loss(model, torch.from_numpy(rows), (source, target)).item() == exact
    padded = task.loss(model, torch.from_numpy(rows), (source + 7, target + 5)).item()
    assert padded == pytest.approx(exact, rel=1e-5)


@FAMILY
def test_errors_over_many_batches_are_those_of_each_row_by_itself(task, family, monkeypatch):
    model = task.build(family, 12_000, seed=0)
    part = Part("train", torch.arange(40))
    by_itself = [task.errors(model, Part("train", row[None])) for row in part.rows]
    counts = task.splits["train"].targets.lengths[part.rows].tolist()
    monkeypatch.setattr(translation, "EVALUATION_TOKENS", 100)
    found = task.errors(model, part)
    for metric, value in found.items():
        weighted = sum(row[metric] * n for row, n in zip(by_itself, counts, strict=True))
        assert value == pytest.approx(weighted / sum(counts), rel=1e-5)


def test_evaluation_batches_hold_every_row_once_and_no_more_than_their_share(task, monkeypatch):
    monkeypatch.setattr(translation, "EVALUATION_TOKENS", 200)
    corpus = task.splits["train"]
    found = list(translation._batches(corpus, torch.arange(100)))
    assert sorted(torch.cat(found).tolist()) == list(range(100))
    assert len(found) > 5
    assert all(len(rows) * int(corpus.lengths[rows].max()) <= 200 for rows in found)


def test_an_untrained_models_token_error_counts_wrong_first_guesses(task):
    model = task.build("attention", 12_000, seed=0)
    with torch.no_grad():
        model.embedding.weight.zero_()
        model.bias[END] = 1.0  # whatever it reads, it says END: right once a sentence
    found = task.errors(model, Part("test", torch.arange(40)))
    tokens = int(task.splits["test"].targets.lengths.sum())
    assert found["token-error"] == pytest.approx(1 - 40 / tokens, abs=1e-6)
    total = math.e + task.subwords.vocab_size() - 1
    by_hand = (40 * (math.log(total) - 1) + (tokens - 40) * math.log(total)) / tokens
    assert found["cross-entropy"] == pytest.approx(by_hand, rel=1e-5)


def test_the_best_guess_level_is_that_of_the_target_subwords_shares():
    guess = best_guess(np.array([1, 1, 1, 2, 2, 3], np.int32), np.array([1, 2, 2, 0], np.int32), 5)
    assert guess["token-error"] == pytest.approx(0.75)  # always saying 1 is right once in four
    by_hand = -(math.log(4 / 11) + 2 * math.log(3 / 11) + math.log(1 / 11)) / 4
    assert guess["cross-entropy"] == pytest.approx(by_hand)


@FAMILY
def test_a_model_that_knows_four_pairs_by_heart_scores_bleu_100_on_them(source, family):
    four = Pairs(source.train.sources[:4], source.train.targets[:4])
    task = translation_task(replace(source, test=four), "cpu")
    scores = task.scores(overfitted(task, family, torch.arange(4)))
    assert list(scores.values()) == [pytest.approx(100.0)] * 2


@pytest.mark.slow
def test_scores_are_those_of_sacrebleu_on_the_texts_in_their_order(task, source):
    model = overfitted(task, "attention", torch.arange(8))
    part = task.part("test")
    said = task.translate(model, part)
    assert said == [task.translate(model, Part("test", row[None]))[0] for row in part.rows]
    whole = sacrebleu.BLEU().corpus_score(said, [list(source.test.targets)]).score
    assert 5 < whole < 99
    assert next(iter(task.scores(model).values())) == pytest.approx(whole)


def test_a_model_that_never_ends_is_cut(task):
    model = task.build("attention", 12_000, seed=0)
    with torch.no_grad():
        model.bias[END] = -1e9
    source = task.splits["test"].sources.rows(torch.arange(3))
    assert translation.greedy(model, source).shape == (3, int(1.5 * source.shape[1]) + 10)


def test_a_score_is_named_with_its_tokeniser_and_version(task):
    bleu, chrf = task.scores(task.build("attention", 12_000, seed=0))
    version = sacrebleu.__version__
    assert bleu == f"BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:{version}"
    assert chrf.startswith("chrF2|nrefs:1|case:mixed|eff:yes|nc:6|nw:0")


def test_the_vocabulary_comes_from_training_alone(source, task):
    other = replace(source, test=Pairs(("Völlig anderes",), ("Something unheard",)))
    found = translation_task(other, "cpu").subwords
    assert found.serialized_model_proto() == task.subwords.serialized_model_proto()


def test_learning_a_vocabulary_repeats_and_is_silent(source, capfd):
    assert learn_subwords(source.train, 200) == learn_subwords(source.train, 200)
    assert capfd.readouterr() == ("", "")


def test_the_vocabulary_is_kept_and_a_damaged_copy_learned_anew(source, tmp_path):
    first = translation_task(source, "cpu", tmp_path)
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(b"damaged")
    assert translation_task(source, "cpu", tmp_path).data_hash == first.data_hash
    assert kept.read_bytes() == whole


def test_another_vocabulary_is_another_data_hash(source, task, monkeypatch):
    assert translation_task(source, "cpu").data_hash == task.data_hash
    monkeypatch.setattr(translation, "VOCABULARY", 60)
    assert translation_task(source, "cpu").data_hash != task.data_hash


def test_shards_are_nested_within_a_seed_and_drawn_anew_across_seeds(task):
    assert task.shard(50, 1).tolist() == task.shard(100, 1)[:50].tolist()
    assert set(task.shard(50, 1)) != set(task.shard(50, 2))
    assert sorted(task.shard(task.full, 0)) == list(range(320))


def test_a_part_is_a_fixed_choice_and_of_test_never_more_than_its_bound(source):
    many = Pairs(source.test.sources * 100, source.test.targets * 100)
    task = translation_task(replace(source, test=many), "cpu")
    assert len(set(task.part("test").rows.tolist())) == TEST_MOST < len(many)
    assert len(task.part("validation", 7).rows) == 7
    assert torch.equal(task.part("validation", 7).rows, task.part("validation", 7).rows)


@FAMILY
def test_a_seed_repeats_the_loss_exactly_and_leaves_the_global_one_alone(task, family):
    torch.manual_seed(5)
    wanted = torch.rand(1)
    torch.manual_seed(5)
    losses = [task.loss(task.build(family, 12_000, 3), torch.arange(9)).item() for _ in range(2)]
    assert torch.equal(torch.rand(1), wanted)
    assert losses[0] == losses[1]
    assert task.loss(task.build(family, 12_000, 4), torch.arange(9)).item() != losses[0]


def test_the_decoder_reads_the_target_one_place_late(task, monkeypatch):
    seen = []
    model = task.build("attention", 12_000, 0)
    forward = model.forward
    monkeypatch.setattr(model, "forward", lambda s, p: (seen.append(p), forward(s, p))[1])
    task.loss(model, torch.arange(3))
    wanted = task.splits["train"].targets.rows(torch.arange(3))
    assert set(seen[0][:, 0].tolist()) == {START}
    assert torch.equal(seen[0][:, 1:], wanted[:, :-1])


@pytest.mark.slow
@FAMILY
def test_the_error_falls_with_size_in_a_group(task, family):
    few, many = (run_group(task, spec(model=family, size=size))[0] for size in (20, 320))
    assert many.test["cross-entropy"] < 0.5 * few.test["cross-entropy"]
    assert many.test["token-error"] < few.test["token-error"] < task.guess["token-error"]


@pytest.mark.shared
@pytest.mark.slow
def test_the_real_multi30k_becomes_a_task(shared_data: Path, tmp_path: Path):
    task = load_task("multi30k", shared_data / "multi30k", tmp_path, "cpu")
    assert task.full == len(load("multi30k", shared_data / "multi30k").train)
    assert task.subwords.vocab_size() == translation.VOCABULARY
    assert 5 < task.guess["cross-entropy"] < math.log(translation.VOCABULARY)
    said = task.subwords.decode(task.splits["test"].targets.rows(torch.tensor([0]))[0].tolist())
    assert said.endswith(".")
