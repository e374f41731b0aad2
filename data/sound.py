"""One encoded recording to samples: of one rate, one channel, and refused where it is not sound.

A header may lie: about the rate, or about how much sound follows.
"""

import io
import re

import numpy as np
import soundfile
from numpy.typing import NDArray

from data import features
from data.errors import DataError

LONGEST = (
    40.0  # seconds of one recording: LibriSpeech's longest is 35; one far longer is no utterance
)
RATES = 4_000, 192_000  # samples a second: outside, the header lies
MOST_CHANNELS = 8  # 7.1 sound; a kilobyte of silent ogg may declare 255 of them, some gigabytes
SILENT = 1e-4  # of full scale, after its mean is taken off: 3 steps of 16 bits


def decode(content: bytes, place: str) -> NDArray[np.float32]:
    """A recording as samples (n,) at features.RATE, several channels mixed into one.

    Raises:
        DataError: empty, damaged, cut short, silent, not finite, too long, or of a rate or as many
            channels as no recording has.
    """
    if not content:
        raise DataError(f"{place} is empty: take it out or put the recording back.")
    _refuse_cut_wav(content, place)
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as sound:
            rate, declared = sound.samplerate, sound.frames
            if not RATES[0] <= rate <= RATES[1]:
                raise DataError(
                    f"{place} says it has {rate:,} samples a second: {RATES[0]:,} to {RATES[1]:,}"
                    " can be."
                )
            if sound.channels > MOST_CHANNELS:
                raise DataError(
                    f"{place} says it has {sound.channels} channels: at most {MOST_CHANNELS} can"
                    " be."
                )
            if declared > LONGEST * rate:
                raise DataError(
                    f"{place} is {declared / rate:,.0f} s long: at most {LONGEST:.0f} s, cut it"
                    " into utterances."
                )
            wave = sound.read(dtype="float32", always_2d=True)  # (n, channels)
    except soundfile.LibsndfileError as error:
        raise DataError(f"{place} cannot be read as sound: {_reason(error)}.") from error
    if len(wave) < declared:
        raise DataError(
            f"{place} was cut short: it declares {declared:,} samples and has {len(wave):,}."
        )
    mono = wave.mean(axis=1)
    if not np.isfinite(mono).all():
        raise DataError(f"{place} has samples that are not numbers: record or convert it again.")
    if not len(mono) or np.abs(mono - mono.mean()).max() < SILENT:
        raise DataError(f"{place} is silent: take it out, with its transcript.")
    return features.resample(mono, rate)


def _refuse_cut_wav(content: bytes, place: str) -> None:
    """Refuse a wav whose header declares more sound than follows; libsndfile reads on silently."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        return
    at = 12
    while at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        if content[at : at + 4] == b"data":
            there = len(content) - at - 8
            if there < size < 0x7FFFF000:  # beyond: what programs write that do not know the end
                raise DataError(
                    f"{place} was cut short: it declares {size:,} bytes of sound and has {there:,}."
                )
            return
        at += 8 + size + size % 2


def _reason(error: Exception) -> str:
    """What libsndfile says, as the end of a sentence, without Python's name of the buffer."""
    return re.sub(r"^Error opening <.*?>: ", "", str(error)).rstrip(".")
