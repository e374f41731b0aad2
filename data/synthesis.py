"""Synthetic speech: phrases of common words spoken by espeak-ng in many voices, with white noise.

SYNTHETIC: no person spoke, and the transcripts are strings of words drawn here, nobody's text.
The library comes with the PyPI wheel `espeakng-loader` and is under the GPL-3: it is loaded by a
process apart (`python -m data.synthesis`), which sends back log-mel frames; the program that trains
never loads it. Where the wheel is missing, `synthesise` says so.

Who speaks is split first: a voice (one of espeak's variants) is heard in one of training,
validation and test only. Accent, rate, pitch, intonation and noise are drawn for every utterance.
"""

import argparse
import ctypes
import hashlib
import importlib.util
import io
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from data import features
from data.errors import DataError

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
COMMANDS = (
    "backward", "bed", "bird", "cat", "dog", "down", "follow", "forward", "go", "happy", "house",
    "learn", "left", "marvin", "no", "off", "on", "right", "sheila", "stop", "tree", "up",
    "visual", "wow", "yes",
)  # with the digits, the 35 words of Speech Commands (Warden 2018, arXiv 1804.03209)  # fmt: skip
ACCENTS = ("en-us", "en-gb-x-rp", "en-gb-scotland", "en-029", "en-gb-x-gbclan", "en-gb-x-gbcwmd",
           "en-us-nyc")  # every English one of espeak-ng 1.52 in Latin letters  # fmt: skip
VOICES = (
    "Alex", "Alicia", "Andrea", "Andy", "Annie", "AnxiousAndy", "Denis", "Diogo", "Gene", "Gene2",
    "Henrique", "Hugo", "Jacky", "Lee", "Marco", "Mario", "Michael", "Mike", "Mr serious", "Nguyen",
    "Reed", "RicishayMax", "RicishayMax2", "RicishayMax3", "Storm", "Tweaky", "UniRobot", "adam",
    "anika", "anikaRobot", "announcer", "antonio", "aunty", "belinda", "benjamin", "boris", "caleb",
    "david", "ed", "edward", "edward2", "f1", "f2", "f3", "f4", "f5", "grandma", "grandpa",
    "gustave", "ian", "iven", "iven2", "iven3", "iven4", "john", "kaukovalta", "klatt", "klatt2",
    "klatt3", "klatt4", "klatt5", "klatt6", "linda", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8",
    "marcelo", "max", "michel", "miguel", "mike2", "norbert", "pablo", "paul", "pedro", "quincy",
    "rob", "robert", "robosoft", "robosoft2", "robosoft3", "robosoft4", "robosoft5", "robosoft6",
    "robosoft7", "robosoft8", "sandro", "shelby", "steph", "steph2", "steph3", "travis", "victor",
    "zac",
)  # of espeak-ng 1.52, without the whispers, croak, Demonic and fast  # fmt: skip
HELD_VOICES = 14  # of the 99, in validation and again in test
PARTS = 16  # processes, side by side or not: espeak's sound depends a little on what it said before
LIBRARY_RATE = 22_050  # samples a second that espeak gives


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that synthetic speech follows from; another recipe is other data."""

    words: tuple[str, ...]
    fewest: int  # words an utterance
    most: int
    utterances: tuple[int, int, int]  # in training, validation, test
    noise: tuple[float, float] = (5.0, 30.0)  # signal over white noise, decibels, evenly drawn
    rate: tuple[int, int] = (150, 240)  # words a minute as espeak counts them
    pitch: tuple[int, int] = (25, 75)  # 0 to 99, espeak's own scale
    intonation: tuple[int, int] = (30, 70)  # likewise
    lead: tuple[float, float] = (0.0, 0.08)  # seconds of silence before the first word
    seed: int = 11
    version: int = 1  # of this code: raised when the same recipe gives other sound

    @property
    def name(self) -> str:
        """16 hex digits: the same recipe, feature settings and code have the same name."""
        settings = [features.RATE, features.WINDOW, features.HOP, features.BANDS, features.RANGE]
        return hashlib.sha256(repr((asdict(self), VOICES, settings)).encode()).hexdigest()[:16]


RECIPES = {
    "synthetic-words": Recipe(DIGITS + COMMANDS, 1, 1, (8_000, 600, 1_000)),
    "synthetic-phrases": Recipe(DIGITS + COMMANDS, 3, 5, (6_400, 400, 600)),
}


@dataclass(frozen=True, slots=True)
class Utterance:
    """What is said, and how."""

    split: int  # 0 training, 1 validation, 2 test
    text: str
    voice: str
    accent: str
    rate: int
    pitch: int
    intonation: int
    noise: float  # signal over noise, decibels
    lead: float  # seconds of silence before


@dataclass(frozen=True, slots=True)
class Spoken:
    """Utterances as frames, in the order of `utterances(recipe)`."""

    frames: NDArray[np.uint8]  # (all frames, BANDS), one utterance after another
    lengths: NDArray[np.int64]  # frames of each, (n,)


def utterances(recipe: Recipe) -> list[Utterance]:
    """All utterances of a recipe, splits mixed; drawn from its seed alone."""
    rng = np.random.default_rng(recipe.seed)
    shuffled = [str(voice) for voice in rng.permutation(VOICES)]
    held = HELD_VOICES
    voices = (shuffled[2 * held :], shuffled[:held], shuffled[held : 2 * held])
    splits = rng.permutation(np.repeat((0, 1, 2), recipe.utterances))
    return [_utterance(recipe, int(split), voices[split], rng) for split in splits]


def _utterance(
    recipe: Recipe, split: int, voices: list[str], rng: np.random.Generator
) -> Utterance:
    def whole(bounds: tuple[int, int]) -> int:
        return int(rng.integers(bounds[0], bounds[1] + 1))

    # What `rng.choice` draws, without its making an array of the words each time.
    words = rng.integers(0, len(recipe.words), whole((recipe.fewest, recipe.most)))
    return Utterance(
        split=split,
        text=" ".join(recipe.words[word] for word in words),
        voice=voices[rng.integers(0, len(voices))],
        accent=ACCENTS[rng.integers(0, len(ACCENTS))],
        rate=whole(recipe.rate),
        pitch=whole(recipe.pitch),
        intonation=whole(recipe.intonation),
        noise=float(rng.uniform(*recipe.noise)),
        lead=float(rng.uniform(*recipe.lead)),
    )


def ready() -> tuple[bool, str]:
    """Whether speech can be synthesised here, or else what to do. Loads nothing."""
    if importlib.util.find_spec("espeakng_loader") is None:
        return False, (
            "synthetic speech needs the espeak-ng library: `pip install espeakng-loader`;"
            " recordings of your own (--data folder) and spoken-digits work without it."
        )
    return True, "synthesised on this machine by espeak-ng at first use"


def synthesise(source: str) -> Spoken:
    """Speak a recipe of RECIPES in processes apart, with a progress bar on stderr.

    Raises:
        DataError: the espeak-ng library is missing or fails.
    """
    there, why = ready()
    if not there:
        raise DataError(why)
    workers = max(1, min(os.cpu_count() or 1, PARTS))
    with (
        tqdm(total=len(utterances(RECIPES[source])), desc="synthesising", unit="utt") as bar,
        ThreadPoolExecutor(workers) as pool,
    ):
        try:
            parts = list(pool.map(lambda part: _in_process(source, part, bar.update), range(PARTS)))
        except BaseException:  # Ctrl-C too: what has not begun need not
            pool.shutdown(cancel_futures=True)
            raise
    return Spoken(
        np.concatenate([part.frames for part in parts]),
        np.concatenate([part.lengths for part in parts]),
    )


def _in_process(source: str, part: int, done: Callable[[int], object]) -> Spoken:
    """One part of a recipe, spoken by a process of its own."""
    command = [sys.executable, "-m", "data.synthesis", source, str(part)]
    alone = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}  # others run too
    run = subprocess.run(
        command, cwd=Path(__file__).parents[1], env=os.environ | alone, capture_output=True
    )
    if run.returncode != 0:
        said = run.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise DataError(
            f"espeak-ng failed in {' '.join(command[1:])} (exit {run.returncode}): {said[-1]}; try"
            " `pip install --force-reinstall espeakng-loader`; recordings of your own (--data"
            " folder) and spoken-digits work without it."
        )
    with np.load(io.BytesIO(run.stdout), allow_pickle=False) as sent:
        spoken = Spoken(sent["frames"], sent["lengths"])
    done(len(spoken.lengths))
    return spoken


def main(arguments: list[str]) -> None:
    """The process apart: speak one part of a recipe, write an .npz to stdout."""
    parser = argparse.ArgumentParser(prog="python -m data.synthesis", description=main.__doc__)
    parser.add_argument("source", choices=RECIPES)
    parser.add_argument("part", type=int, choices=range(PARTS))
    asked = parser.parse_args(arguments)
    recipe = RECIPES[asked.source]
    everything = utterances(recipe)
    numbers = np.array_split(np.arange(len(everything)), PARTS)[asked.part]
    speak = _library(recipe.seed)
    heard = []
    for number in numbers:
        utterance = everything[number]
        rng = np.random.default_rng([recipe.seed, int(number)])
        heard.append(features.log_mel(noisy(speak(utterance), utterance, rng)))
    sent = io.BytesIO()
    np.savez(
        sent,
        frames=np.concatenate(heard),
        lengths=np.array([len(frames) for frames in heard], np.int64),
    )
    sys.stdout.buffer.write(sent.getvalue())


def noisy(
    speech: NDArray[np.float32], utterance: Utterance, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Speech (n,) at RATE with its lead of silence, and white noise over all of it."""
    lead = np.zeros(round(utterance.lead * features.RATE), np.float32)
    wave = np.concatenate([lead, speech])
    power = float(np.mean(speech**2)) / 10 ** (utterance.noise / 10)
    noise = rng.standard_normal(len(wave), np.float32)
    heard: NDArray[np.float32] = wave + np.float32(np.sqrt(power)) * noise
    return heard


def _library(seed: int) -> Callable[[Utterance], NDArray[np.float32]]:
    """Load espeak-ng (speak_lib.h of version 1.52) and give what speaks an utterance with it."""
    import espeakng_loader  # GPL-3: loaded here and nowhere else

    synchronous, do_not_exit = 2, 0x8000
    rate, pitch, intonation = 1, 3, 4  # espeak_PARAMETER
    utf8 = 1
    library = ctypes.CDLL(str(espeakng_loader.get_library_path()))
    place = Path(espeakng_loader.get_data_path())
    os.chdir(place.parent)  # a relative path: espeak cuts one of 160 bytes or more
    if library.espeak_Initialize(synchronous, 0, place.name.encode(), do_not_exit) != LIBRARY_RATE:
        raise SystemExit(f"espeak-ng cannot read its voices in {place}")
    chunks: list[NDArray[np.int16]] = []
    samples = ctypes.POINTER(ctypes.c_short)

    def receive(wave: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if wave and count > 0:
            chunks.append(np.ctypeslib.as_array(wave, (count,)).copy())
        return 0

    callback = ctypes.CFUNCTYPE(ctypes.c_int, samples, ctypes.c_int, ctypes.c_void_p)(receive)
    library.espeak_SetSynthCallback(callback)

    def speak(utterance: Utterance) -> NDArray[np.float32]:
        chunks.clear()
        library.espeak_ng_SetRandSeed(ctypes.c_long(seed))  # else it is the clock
        voice = f"{utterance.accent}+{utterance.voice}"
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise SystemExit(f"this espeak-ng has no voice {voice}")
        library.espeak_SetParameter(rate, utterance.rate, 0)
        library.espeak_SetParameter(pitch, utterance.pitch, 0)
        library.espeak_SetParameter(intonation, utterance.intonation, 0)
        text = utterance.text.encode()
        size = ctypes.c_size_t(len(text) + 1)
        library.espeak_Synth(text, size, 0, 1, 0, utf8, None, None)
        library.espeak_Synchronize()
        if not chunks or not np.any(wave := np.concatenate(chunks)):
            raise SystemExit(f"espeak-ng gave no sound for {utterance}")
        _ = callback  # the library calls it: it must outlive every call
        heard: NDArray[np.float32] = wave.astype(np.float32) / np.float32(32_768)
        return features.resample(heard, LIBRARY_RATE)

    return speak


if __name__ == "__main__":
    main(sys.argv[1:])
