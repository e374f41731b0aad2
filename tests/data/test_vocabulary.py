"""Vocabularies: which symbols a text becomes, and that they come from training alone."""

from dataclasses import replace

import numpy as np
import pytest

from data import vocabulary
from data.text import TextSet
from data.vocabulary import (
    END,
    FEWEST,
    UNKNOWN,
    encode_characters,
    encode_words,
    kept_words,
    words,
)


def text_set(train: str, validation: str = "", test: str = "") -> TextSet:
    return TextSet("here", "Here", (train,), (validation,), (test,), "the test's", "0" * 16)


def spelt(symbols: tuple[str, ...], stream: np.ndarray, between: str) -> str:
    return between.join(symbols[number] for number in stream)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("We don't.", ["we", "don't", "."]),
        ("We don\u2019t.", ["we", "don't", "."]),
        ("$1,000.50, or 7%", ["$", "1,000.50", ",", "or", "7", "%"]),
        ("state-wide 'quote'", ["state", "-", "wide", "'", "quote", "'"]),
        ("Straße, Ωmega_3\n\ttwo", ["straße", ",", "ωmega", "_", "3", "two"]),
        ("日本 <end>", ["日本", "<", "end", ">"]),
    ],
)
def test_a_sentence_falls_into_words_numbers_and_signs(sentence: str, expected: list[str]) -> None:
    assert words(sentence) == expected


def test_the_commonest_words_come_first_after_the_two_marks() -> None:
    encoded = encode_words(text_set("b " * 30 + "a " * 40 + "c " * 20))
    assert encoded.symbols == ("<unk>", "<end>", "a", "b", "c")
    assert encoded.train[:2].tolist() == [3, 3]


def test_a_word_that_is_rare_in_training_is_unknown_everywhere() -> None:
    source = text_set("a " * 50 + "b " * (FEWEST - 1), "b a zebra", "b " * 100)
    encoded = encode_words(source)
    assert "b" not in encoded.symbols
    assert encoded.validation.tolist() == [UNKNOWN, 2, UNKNOWN, END]
    assert set(encoded.test[:-1]) == {UNKNOWN}


def test_no_more_than_the_most_words_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "MOST_WORDS", 2)
    assert encode_words(text_set("a " * 30 + "b " * 20 + "c " * 25)).symbols[2:] == ("a", "c")


def test_coverage_is_the_share_of_training_that_is_known() -> None:
    encoded = encode_words(text_set("a " * 16 + "b c d"))
    assert encoded.coverage == pytest.approx(17 / 20)  # the end mark counts as known


def test_a_mark_follows_every_document() -> None:
    source = replace(text_set(""), train=("a " * 20, "a " * 30))
    train = encode_words(source).train
    assert np.flatnonzero(train == END).tolist() == [20, 51]


def test_characters_come_back_as_they_were() -> None:
    sentence = "It's 5 o'clock,\n\u2014 say the bells: \U0001f514! "
    encoded = encode_characters(text_set(sentence * FEWEST, sentence))
    assert spelt(encoded.symbols, encoded.validation[:-1], "") == sentence
    assert encoded.validation[-1] == END


def test_a_character_unseen_in_training_is_unknown() -> None:
    encoded = encode_characters(text_set("ab" * 20, "a\u00e9b"))
    assert encoded.validation.tolist() == [2, UNKNOWN, 3, END]


@pytest.mark.parametrize("encode", [encode_words, encode_characters])
def test_one_hash_stands_for_one_content(encode) -> None:
    source = text_set("a b " * 30, "a b a", "b a b")
    assert encode(source).hash == encode(source).hash
    assert encode(source).hash != encode(text_set("a b " * 30, "a b b", "b a b")).hash


@pytest.mark.parametrize("encode", [encode_words, encode_characters])
def test_a_source_without_documents_gives_empty_streams(encode) -> None:
    source = replace(text_set(""), train=(), validation=(), test=())
    assert len(encode(source).train) == 0
    assert encode(source).coverage == 0.0


def test_words_that_were_kept_come_back_equal_and_are_not_read_again(tmp_path, monkeypatch) -> None:
    source = text_set("a b b c <end> " * 30, "b d", "c")
    first = kept_words(source, tmp_path)
    assert first.hash == encode_words(source).hash
    monkeypatch.setattr(vocabulary, "encode_words", None)
    again = kept_words(source, tmp_path)
    assert (again.symbols, again.coverage, again.hash) == (
        first.symbols,
        first.coverage,
        first.hash,
    )
    assert again.test.dtype == np.int32


def test_words_under_other_rules_are_not_those_that_were_kept(tmp_path, monkeypatch) -> None:
    source = text_set("a " * 30 + "b " * 20)
    assert len(kept_words(source, tmp_path).symbols) == 4
    monkeypatch.setattr(vocabulary, "MOST_WORDS", 1)
    assert len(kept_words(source, tmp_path).symbols) == 3
