"""Recordings of people with their transcripts, read into a SpeechSet, its frames kept by content.

A source says where they lie, what was said and which split each is for; data.sound checks them.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from data import features
from data.errors import DataError
from data.sound import LONGEST, decode
from data.speech_set import Heard, SpeechSet, kept, speech_set

MOST_BYTES = 64_000_000  # of a file: LONGEST at 192,000 samples a second in two channels, 32 bits
WITHOUT = "synthetic-phrases works without it (pip install espeakng-loader)"


@dataclass(frozen=True, slots=True)
class Recording:
    """An encoded recording, not yet read."""

    place: str  # for the reader of a message
    content: Callable[[], bytes]
    text: str
    split: int  # 0 training, 1 validation, 2 test


def recorded(
    name: str,
    title: str,
    recordings: list[Recording],
    cache: Path | None,
    *,
    credit: str,
    splitting: str,
) -> SpeechSet:
    """The set of a source's recordings, its frames from the cache or read now, with a progress bar.

    Args:
        name: of the source.
        title: of the set.
        recordings: all of them, in a fixed order.
        cache: where frames are kept, by the content of the recordings.
        credit: whose recordings, under which licence.
        splitting: what keeps training, validation and test apart.

    Raises:
        DataError: a recording is not sound (named), or a split is empty.
    """
    digest = hashlib.sha256(
        repr((1, features.RATE, features.WINDOW, features.HOP, features.BANDS)).encode()
    )
    if cache is not None:
        for recording in recordings:
            digest.update(hashlib.sha256(recording.content()).digest())

    def make() -> Heard:
        pieces, seconds = [], []
        for recording in tqdm(recordings, desc=f"reading {name}", unit="rec", delay=1):
            wave = decode(recording.content(), recording.place)
            pieces.append(features.log_mel(wave))
            seconds.append(len(wave) / features.RATE)
        lengths = np.array([len(frames) for frames in pieces], np.int64)
        return Heard(np.concatenate(pieces), lengths, np.array(seconds))

    heard = kept(f"recorded-{digest.hexdigest()[:16]}", cache, make)
    return speech_set(
        name=name,
        title=title,
        texts=[recording.text for recording in recordings],
        splits=np.array([recording.split for recording in recordings]),
        heard=heard,
        credit=credit,
        splitting=f"{splitting}; brought to {features.RATE:,} samples a second and one channel",
    )


def file_content(path: Path) -> Callable[[], bytes]:
    """What reads a file of the user's, at most MOST_BYTES of it."""

    def content() -> bytes:
        try:
            if (size := path.stat().st_size) > MOST_BYTES:
                raise DataError(
                    f"{path} has {size / 1e6:,.0f} MB: at most {MOST_BYTES / 1e6:.0f} MB (and"
                    f" {LONGEST:.0f} s), cut it into utterances."
                )
            return path.read_bytes()
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}.") from error

    return content


def transcript(text: str, place: str) -> str:
    """Lower case, letters, digits and apostrophes, one space between words."""
    plain = unicodedata.normalize("NFC", text).lower().replace("\u2019", "'")
    words = re.sub(r"[^\w']|_", " ", plain).split()
    if not words:
        raise DataError(f"{place}: the transcript {text[:40]!r} has no words: write what is said.")
    return " ".join(words)
