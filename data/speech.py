"""Speech with transcripts: the sources that a study of the speech domain can be run on.

A source gives training, validation and test utterances as log-mel frames in memory
(data.features), with what was said in lower case. Who speaks is split, not what is said, wherever
speakers are known. It knows no models. The synthetic sources are made on this machine
(data.synthesis); the others are read from a folder of the user's, or with the Hugging Face
`datasets` library.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from data import features, synthesis
from data.errors import DataError
from data.hub_speech import LIBRISPEECH, SPEECH_COMMANDS, HubSpeech, load_hub, speech_ready
from data.recording_folder import folder_ready, load_folder
from data.speech_set import Heard, SpeechSet, SpeechSplit, kept, speech_set
from data.spoken_digits import digits_ready, load_digits

__all__ = ["SOURCES", "DataError", "SpeechSet", "SpeechSplit", "is_ready", "load"]


@dataclass(frozen=True, slots=True)
class Source:
    """How a source is had."""

    load: Callable[[Path | None, Path | None], SpeechSet]  # from its folder and the cache's
    ready: Callable[[Path | None], tuple[bool, str]]  # whether it is there, and where or what to do


def load(name: str, folder: Path | None = None, cache: Path | None = None) -> SpeechSet:
    """Load a source by name.

    Args:
        name: one of SOURCES.
        folder: where the recordings lie, or the hub's parquet files.
        cache: where to keep frames; None: make them every time (synthetic-phrases: 45 s).

    Raises:
        DataError: no such source, not on this machine, or its files are not what they should be.
    """
    return _source(name).load(folder, cache)


def is_ready(name: str, folder: Path | None = None, _cache: Path | None = None) -> tuple[bool, str]:
    """Whether a source can be loaded here, and from where, or else what to do. Reads no sound."""
    return _source(name).ready(folder)


def _source(name: str) -> Source:
    if name not in SOURCES:
        raise DataError(f"there is no speech source {name!r}; choose one of {', '.join(SOURCES)}.")
    return SOURCES[name]


def _load_synthetic(name: str, _folder: Path | None, cache: Path | None) -> SpeechSet:
    recipe = synthesis.RECIPES[name]
    many = "words" if recipe.most == 1 else "phrases"
    said = synthesis.utterances(recipe)

    def make() -> Heard:
        spoken = synthesis.synthesise(name)
        seconds = spoken.lengths * features.HOP / features.RATE
        return Heard(spoken.frames, spoken.lengths, seconds)

    return speech_set(
        name=name,
        title=f"Synthetic {many} (espeak-ng)",
        texts=[utterance.text for utterance in said],
        splits=np.array([utterance.split for utterance in said]),
        heard=kept(f"synthetic-{recipe.name}", cache, make),
        credit="SYNTHETIC speech by espeak-ng (espeakng-loader 0.2.4), made on this machine;"
        " no person spoke; the transcripts are words drawn at random",
        splitting="by synthetic voice",
    )


def _synthetic(name: str) -> Source:
    return Source(partial(_load_synthetic, name), lambda _folder: synthesis.ready())


def _hub(which: HubSpeech) -> Source:
    return Source(partial(load_hub, which), partial(speech_ready, which))


SOURCES: dict[str, Source] = {
    "synthetic-phrases": _synthetic("synthetic-phrases"),
    "synthetic-words": _synthetic("synthetic-words"),
    "spoken-digits": Source(load_digits, digits_ready),
    "speech-commands": _hub(SPEECH_COMMANDS),
    "librispeech": _hub(LIBRISPEECH),
    "folder": Source(load_folder, folder_ready),
}
