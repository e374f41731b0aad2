"""SpeechSet: the utterances of one source, split once and for all, as log-mel frames in memory.

Where they come from, and whether they are sound, is the sources' business.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import DataError
from data.kept import kept_arrays


@dataclass(frozen=True, slots=True)
class SpeechSplit:
    """Utterances, row by row."""

    frames: NDArray[np.uint8]  # (all frames, BANDS), one utterance after another
    lengths: NDArray[np.int64]  # frames of each, (n,)
    seconds: NDArray[np.float64]  # of audio of each, (n,)
    texts: tuple[str, ...]  # what was said: lower case, one space between words


@dataclass(frozen=True, slots=True)
class SpeechSet:
    """One source's utterances, split once and for all."""

    name: str
    title: str
    train: SpeechSplit
    validation: SpeechSplit
    test: SpeechSplit
    hash: str  # 16 hex digits over all frames and transcripts, for the record
    credit: str  # whose recordings, under which licence
    splitting: str  # what keeps training, validation and test apart, and what was done to the sound
    unit: str = "seconds of audio"


@dataclass(frozen=True, slots=True)
class Heard:
    """Utterances as frames, splits mixed, in the order of their source."""

    frames: NDArray[np.uint8]  # (all frames, BANDS), one utterance after another
    lengths: NDArray[np.int64]  # frames of each, (n,)
    seconds: NDArray[np.float64]  # of audio of each, (n,)


def kept(content: str, cache: Path | None, make: Callable[[], Heard]) -> Heard:
    """Utterances as frames, read from the cache folder or made and kept there for the next time.

    Args:
        content: a name for all that the frames follow from: other content, other name.
        cache: None: made every time.
        make: gives the frames.
    """
    names = tuple(field.name for field in fields(Heard))
    arrays = kept_arrays(
        f"speech-{content}",
        names,
        cache,
        lambda: _arrays(make()),
    )
    return Heard(**arrays)


def _arrays(heard: Heard) -> dict[str, NDArray[Any]]:
    return {field.name: getattr(heard, field.name) for field in fields(heard)}


def speech_set(
    *,
    name: str,
    title: str,
    texts: list[str],
    splits: NDArray[np.int64],
    heard: Heard,
    credit: str,
    splitting: str,
) -> SpeechSet:
    """Deal utterances out to their splits: 0 training, 1 validation, 2 test.

    Raises:
        DataError: a split is empty, or all of training says the same.
    """
    frames, lengths = heard.frames, heard.lengths
    starts = np.cumsum(lengths) - lengths
    parts = []
    for number, what in enumerate(("training", "validation", "test")):
        rows = np.flatnonzero(splits == number)
        if not len(rows):
            raise DataError(f"{name} has no recordings for {what}: add some.")
        pieces = [frames[starts[row] : starts[row] + lengths[row]] for row in rows]
        parts.append(
            SpeechSplit(
                np.concatenate(pieces),
                lengths[rows],
                heard.seconds[rows],
                tuple(texts[row] for row in rows),
            )
        )
    train, validation, test = parts
    if len(set(train.texts)) < 2:
        raise DataError(
            f"in {name} every training recording says {train.texts[0]!r}: there is nothing to tell"
            " apart."
        )
    return SpeechSet(
        name, title, train, validation, test, hash_of(train, validation, test), credit, splitting
    )


def hash_of(*splits: SpeechSplit) -> str:
    """16 hex digits over the frames and transcripts of splits, the same on every machine."""
    digest = hashlib.sha256()
    for split in splits:
        digest.update(split.frames.tobytes())
        digest.update(split.lengths.astype("<i8").tobytes())
        digest.update("\n".join(split.texts).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]
