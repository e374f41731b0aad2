"""Speech with transcripts: the sources that a study of the speech domain can be run on.

A source gives training, validation and test utterances as log-mel frames in memory
(data.features), with what was said in lower case. Who speaks is split, not what is said, wherever
speakers are known. It knows no models. The synthetic sources are made on this machine
(data.synthesis); the others are read from a folder of the user's, or with the Hugging Face
`datasets` library.
"""

import csv
import hashlib
import io
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa
import soundfile
from numpy.typing import NDArray
from tqdm import tqdm

from data import features, synthesis
from data.errors import DataError
from data.hub import find_parquet, hub_table

__all__ = ["SOURCES", "DataError", "SpeechSet", "SpeechSplit", "is_ready", "load"]

LONGEST = (
    40.0  # seconds of one recording: LibriSpeech's longest is 35; one far longer is no utterance
)
MOST_BYTES = 64_000_000  # of a file: LONGEST at 192,000 samples a second in two channels, 32 bits
RATES = 4_000, 192_000  # samples a second: outside, the header lies
SILENT = 1e-4  # of full scale, after its mean is taken off: 3 steps of 16 bits
HELD_PART = 10  # a tenth of a user's own recordings is for validation, and a tenth for test
FEWEST = 10  # recordings of a user's own, or a tenth is nothing
AUDIO = (".wav", ".flac", ".ogg")
TRANSCRIPTS = "transcripts.tsv"
DIGIT_FILE = re.compile(r"(\d)_([^_]+)_(\d+)\.wav")
WITHOUT = "synthetic-phrases works without it (pip install espeakng-loader)"
COMMANDS_SET = "google/speech_commands"
LIBRISPEECH = "openslr/librispeech_asr"


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
class Recording:
    """An encoded recording, not yet read."""

    place: str  # for the reader of a message
    content: Callable[[], bytes]
    text: str
    split: int  # 0 training, 1 validation, 2 test


def load(name: str, folder: Path | None = None, cache: Path | None = None) -> SpeechSet:
    """Load a source by name.

    Args:
        name: one of SOURCES.
        folder: where the recordings lie, or the hub's parquet files.
        cache: where to keep frames; None: make them every time (synthetic-phrases: 45 s).

    Raises:
        DataError: no such source, not on this machine, or its files are not what they should be.
    """
    if name not in SOURCES:
        raise DataError(f"there is no speech source {name!r}; choose one of {', '.join(SOURCES)}.")
    return SOURCES[name](folder, cache)


def is_ready(name: str, folder: Path | None = None, _cache: Path | None = None) -> tuple[bool, str]:
    """Whether a source can be loaded here, and from where, or else what to do. Reads no sound."""
    if name.startswith("synthetic"):
        return synthesis.ready()
    try:
        if name in HUB:
            split = HUB[name].splits[0]
            if folder is None:
                return False, (
                    f"{HUB[name].repository} is downloaded and kept by the `datasets` library at"
                    " first use, or give --data-path with its parquet files"
                )
            if not find_parquet(folder, split):
                raise DataError(f"there is no {split}.parquet or {split}-*.parquet in {folder}.")
        elif name == "spoken-digits":
            _digit_files(folder)
        else:
            _audio_files(folder)
    except DataError as error:
        return False, str(error)
    return True, f"found in {folder}"


def _synthetic(name: str) -> Callable[[Path | None, Path | None], SpeechSet]:
    recipe = synthesis.RECIPES[name]
    many = "words" if recipe.most == 1 else "phrases"

    def load_synthetic(_folder: Path | None, cache: Path | None) -> SpeechSet:
        said = synthesis.utterances(recipe)

        def make() -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.float64]]:
            spoken = synthesis.synthesise(name)
            return spoken.frames, spoken.lengths, spoken.lengths * features.HOP / features.RATE

        frames, lengths, seconds = _kept(cache, f"synthetic-{recipe.name}", make)
        return _speech_set(
            name=name,
            title=f"Synthetic {many} (espeak-ng)",
            texts=[utterance.text for utterance in said],
            splits=np.array([utterance.split for utterance in said]),
            frames=frames,
            lengths=lengths,
            seconds=seconds,
            credit="SYNTHETIC speech by espeak-ng (espeakng-loader 0.2.4), made on this machine;"
            " no person spoke; the transcripts are words drawn at random",
            splitting="by synthetic voice",
        )

    return load_synthetic


def _load_digits(folder: Path | None, cache: Path | None) -> SpeechSet:
    """Free Spoken Digit Dataset: {digit}_{speaker}_{index}.wav."""
    files = _digit_files(folder)
    speakers = sorted({speaker for _, speaker, _ in files})
    if len(speakers) < 3:
        raise DataError(
            f"in {folder} there are only the speakers {', '.join(speakers)}: training, validation"
            " and test need one each, so at least 3."
        )
    part = {speakers[-2]: 1, speakers[-1]: 2}  # theo and yweweler of the six
    recordings = [
        Recording(str(path), _file(path), synthesis.DIGITS[digit], part.get(speaker, 0))
        for digit, speaker, path in files
    ]
    return _recorded(
        "spoken-digits",
        "Spoken digits",
        recordings,
        cache,
        credit="Free Spoken Digit Dataset, Jackson et al., CC-BY-SA-4.0",
        splitting=f"by speaker: {speakers[-2]} validation, {speakers[-1]} test",
    )


def _digit_files(folder: Path | None) -> list[tuple[int, str, Path]]:
    """Digit, speaker and file of every recording, in a fixed order."""
    if folder is None or not folder.is_dir():
        raise DataError(
            f"the spoken digits are not {f'in {folder}' if folder else 'here'}: clone the Free"
            " Spoken Digit Dataset (Jakobovski/free-spoken-digit-dataset on GitHub) and"
            f" give --data-path with its folder recordings; {WITHOUT}."
        )
    found = [
        (int(named[1]), named[2], int(named[3]), path)
        for path in folder.iterdir()
        if (named := DIGIT_FILE.fullmatch(path.name))
    ]
    if not found:
        raise DataError(
            f"{folder} has no file like 7_jackson_32.wav: give --data-path with the folder"
            " recordings of the Free Spoken Digit Dataset."
        )
    return [(digit, speaker, path) for digit, speaker, _, path in sorted(found)]


def _load_folder(folder: Path | None, cache: Path | None) -> SpeechSet:
    """Recordings of the user's own."""
    files = _audio_files(folder)
    assert folder is not None  # or there were no files
    table = folder / TRANSCRIPTS
    texts, speakers = _from_table(table, files) if table.is_file() else (_beside(files, folder), {})
    names = {path: path.relative_to(folder).as_posix() for path in files}
    split, splitting = _split([names[path] for path in files], [speakers.get(p) for p in files])
    recordings = [
        Recording(names[path], _file(path), texts[path], part)
        for path, part in zip(files, split, strict=True)
    ]
    return _recorded(
        "folder",
        f"Recordings in {folder.name}",
        recordings,
        cache,
        credit="your own recordings",
        splitting=splitting,
    )


def _audio_files(folder: Path | None) -> list[Path]:
    if folder is None or not folder.is_dir():
        raise DataError(
            f"there is no folder {folder or 'given'}: give --data-path with a folder of wav, flac"
            f" or ogg files and a {TRANSCRIPTS} (file, tab, text and perhaps tab, speaker), or"
            " FILE.txt beside each FILE.wav."
        )
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in AUDIO)
    if len(files) < FEWEST:
        raise DataError(
            f"in {folder} there are {len(files)} recordings (wav, flac, ogg): a curve needs at"
            f" least {FEWEST}, and some hundreds to show anything."
        )
    return files


def _from_table(table: Path, files: list[Path]) -> tuple[dict[Path, str], dict[Path, str]]:
    """Transcripts, and speakers where given, by file."""
    try:
        lines = table.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{table} is not UTF-8 (byte {error.start}): save it as UTF-8.") from error
    known = {path.resolve(): path for path in files}
    texts: dict[Path, str] = {}
    speakers: dict[Path, str] = {}
    for number, cells in enumerate(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE), 1):
        place = f"{table}, line {number}"
        if not cells or (number == 1 and cells[0] == "file"):
            continue
        if not 2 <= len(cells) <= 3:
            raise DataError(f"{place} has {len(cells)} cells: it needs file, tab, text.")
        path = known.get((table.parent / cells[0]).resolve())
        if path is None:
            raise DataError(
                f"{place}: there is no recording {cells[0]} in the folder: add it or take the line"
                " out."
            )
        if path in texts:
            raise DataError(f"{place}: {cells[0]} has a transcript already: keep one.")
        texts[path] = _transcript(cells[1], place)
        if len(cells) == 3 and cells[2].strip():
            speakers[path] = cells[2].strip()
    missing = [path for path in files if path not in texts]
    if missing:
        raise DataError(
            f"{len(missing)} recordings have no line in {table}, such as {missing[0].name}: add"
            " their transcripts or move them away."
        )
    if speakers and len(speakers) < len(files):
        nameless = next(path for path in files if path not in speakers)
        raise DataError(
            f"{table} names the speaker of {len(speakers)} of {len(files)} recordings, not of"
            f" {nameless.name}: name all or none."
        )
    return texts, speakers


def _beside(files: list[Path], folder: Path) -> dict[Path, str]:
    """Transcripts from FILE.txt beside FILE.wav."""
    texts = {}
    for path in files:
        beside = path.with_suffix(".txt")
        if not beside.is_file():
            raise DataError(
                f"{path} has no transcript: write it into {beside.name} beside it, or all of them"
                f" into {TRANSCRIPTS} (file, tab, text)."
            )
        try:
            texts[path] = _transcript(beside.read_text(encoding="utf-8-sig"), str(beside))
        except UnicodeDecodeError as error:
            raise DataError(f"{beside} is not UTF-8: save it as UTF-8.") from error
    alone = sorted(set(folder.rglob("*.txt")) - {path.with_suffix(".txt") for path in files})
    if alone:
        raise DataError(f"{alone[0]} is a transcript without a recording: move it away.")
    return texts


def _split(names: list[str], speakers: list[str | None]) -> tuple[list[int], str]:
    """Who goes where: whole speakers if known, else whole folders, else files, by hash."""
    folders = [name.rpartition("/")[0] for name in names]
    for groups, what in ((speakers, "speaker"), (folders, "folder")):
        if None not in groups and len(set(groups)) >= 3:
            parts = _dealt([str(group) for group in groups])
            if parts.count(0) >= len(names) / 2:
                return parts, f"by {what}"
    return _dealt(names), "by file, as fewer than 3 speakers or folders of like size are known"


def _dealt(groups: list[str]) -> list[int]:
    """0, 1 or 2 of each row: whole groups in the order of their hash, test first."""
    wanted = max(1, len(groups) // HELD_PART)
    part: dict[str, int] = {}
    held = {2: 0, 1: 0}
    for group in sorted(set(groups), key=lambda group: hashlib.sha256(group.encode()).digest()):
        open_parts = [split for split in (2, 1) if held[split] < wanted]
        part[group] = open_parts[0] if open_parts else 0
        if open_parts:
            held[open_parts[0]] += groups.count(group)
    return [part[group] for group in groups]


@dataclass(frozen=True, slots=True)
class HubSet:
    """A data set on the hub."""

    repository: str
    config: str
    splits: tuple[str, str, str]  # as the hub calls training, validation and test
    title: str
    credit: str
    text: Callable[[pa.Table], list[str]]  # the transcripts; "": not speech


def _word_of_file(table: pa.Table) -> list[str]:
    """Speech Commands: the folder of the file is the word; _silence_ is not speech."""
    words = [str(file).replace("\\", "/").split("/")[-2:][0] for file in table["file"].to_pylist()]
    return ["" if word.startswith("_") else word for word in words]


HUB = {
    "speech-commands": HubSet(
        COMMANDS_SET,
        "v0.02",
        ("train", "validation", "test"),
        "Speech Commands",
        "Speech Commands v0.02: Warden 2018, arXiv 1804.03209, CC-BY-4.0",
        _word_of_file,
    ),
    "librispeech": HubSet(
        LIBRISPEECH,
        "clean",
        ("train.100", "validation", "test"),
        "LibriSpeech, 100 h",
        "LibriSpeech: Panayotov et al. 2015, CC-BY-4.0",
        lambda table: [str(text) for text in table["text"].to_pylist()],
    ),
}


def _hub(name: str) -> Callable[[Path | None, Path | None], SpeechSet]:
    source = HUB[name]

    def load_hub(folder: Path | None, cache: Path | None) -> SpeechSet:
        recordings: list[Recording] = []
        for part, split in enumerate(source.splits):
            table = hub_table(
                source.repository, split, config=source.config, folder=folder, without=WITHOUT
            )
            recordings += _hub_recordings(table, source, part, f"{source.repository}, {split}")
        return _recorded(
            name,
            source.title,
            recordings,
            cache,
            credit=source.credit,
            splitting="by speaker, as the set's authors split it",
        )

    return load_hub


def _hub_recordings(table: pa.Table, source: HubSet, part: int, place: str) -> Iterator[Recording]:
    """The rows of a split that are speech; the sound stays in the table until it is read."""
    encoded = table["audio"].type if "audio" in table.column_names else pa.null()
    if not pa.types.is_struct(encoded) or encoded.get_field_index("bytes") < 0:
        raise DataError(
            f"{place} has the columns {', '.join(table.column_names)}: it needs audio {{bytes,"
            " path}}."
        )
    try:
        texts = source.text(table)
    except (KeyError, IndexError) as error:
        raise DataError(
            f"{place} has the columns {', '.join(table.column_names)}: its transcripts are not"
            " among them."
        ) from error
    audio = table["audio"]
    for row, text in enumerate(texts):
        if text:
            where = f"{place}, row {row}"

            def content(row: int = row) -> bytes:
                return audio[row]["bytes"].as_py() or b""

            yield Recording(where, content, _transcript(text, where), part)


def _transcript(text: str, place: str) -> str:
    """Lower case, letters, digits and apostrophes, one space between words."""
    plain = unicodedata.normalize("NFC", text).lower().replace("\u2019", "'")
    words = re.sub(r"[^\w']|_", " ", plain).split()
    if not words:
        raise DataError(f"{place}: the transcript {text[:40]!r} has no words: write what is said.")
    return " ".join(words)


def _recorded(
    name: str,
    title: str,
    recordings: list[Recording],
    cache: Path | None,
    *,
    credit: str,
    splitting: str,
) -> SpeechSet:
    """A set of recordings, its frames from the cache or read now with a progress bar."""
    digest = hashlib.sha256(
        repr((1, features.RATE, features.WINDOW, features.HOP, features.BANDS)).encode()
    )
    if cache is not None:
        for recording in recordings:
            digest.update(hashlib.sha256(recording.content()).digest())

    def make() -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.float64]]:
        heard, seconds = [], []
        for recording in tqdm(recordings, desc=f"reading {name}", unit="rec", delay=1):
            wave = decode(recording.content(), recording.place)
            heard.append(features.log_mel(wave))
            seconds.append(len(wave) / features.RATE)
        lengths = np.array([len(frames) for frames in heard], np.int64)
        return np.concatenate(heard), lengths, np.array(seconds)

    frames, lengths, seconds = _kept(cache, f"recorded-{digest.hexdigest()[:16]}", make)
    return _speech_set(
        name=name,
        title=title,
        texts=[recording.text for recording in recordings],
        splits=np.array([recording.split for recording in recordings]),
        frames=frames,
        lengths=lengths,
        seconds=seconds,
        credit=credit,
        splitting=f"{splitting}; brought to {features.RATE:,} samples a second and one channel",
    )


def decode(content: bytes, place: str) -> NDArray[np.float32]:
    """A recording as samples (n,) at features.RATE, several channels mixed into one.

    Raises:
        DataError: empty, damaged, cut short, silent, not finite, too long, or of a rate that no
            recording has.
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


def _file(path: Path) -> Callable[[], bytes]:
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


def _kept(
    cache: Path | None,
    name: str,
    make: Callable[[], tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.float64]]],
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.float64]]:
    """Frames, lengths and seconds from the cache folder, else made and kept there."""
    if cache is None:
        return make()
    kept = cache / f"speech-{name}.npz"
    try:
        with np.load(kept, allow_pickle=False) as held:  # the zip inside checks its own sums
            return held["frames"], held["lengths"], held["seconds"]
    except (OSError, ValueError, KeyError, BadZipFile):  # not there or damaged: made anew
        frames, lengths, seconds = make()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=cache, suffix=".part", delete=False) as part:
        np.savez(part, frames=frames, lengths=lengths, seconds=seconds)
    Path(part.name).replace(kept)  # readers see all of it or nothing
    return frames, lengths, seconds


def _speech_set(
    *,
    name: str,
    title: str,
    texts: list[str],
    splits: NDArray[np.int64],
    frames: NDArray[np.uint8],
    lengths: NDArray[np.int64],
    seconds: NDArray[np.float64],
    credit: str,
    splitting: str,
) -> SpeechSet:
    """Deal utterances, in one row, out to their splits."""
    starts = np.cumsum(lengths) - lengths
    parts = []
    for number, what in enumerate(("training", "validation", "test")):
        rows = np.flatnonzero(splits == number)
        if not len(rows):
            raise DataError(f"{name} has no recordings for {what}: add some.")
        pieces = [frames[starts[row] : starts[row] + lengths[row]] for row in rows]
        parts.append(
            SpeechSplit(
                np.concatenate(pieces), lengths[rows], seconds[rows], tuple(texts[r] for r in rows)
            )
        )
    train, validation, test = parts
    if len(set(train.texts)) < 2:
        raise DataError(
            f"in {name} every training recording says {train.texts[0]!r}: there is nothing to tell"
            " apart."
        )
    return SpeechSet(
        name, title, train, validation, test, _hash(train, validation, test), credit, splitting
    )


def _hash(*splits: SpeechSplit) -> str:
    """16 hex digits over the frames and transcripts of splits."""
    digest = hashlib.sha256()
    for split in splits:
        digest.update(split.frames.tobytes())
        digest.update(split.lengths.astype("<i8").tobytes())
        digest.update("\n".join(split.texts).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


SOURCES: dict[str, Callable[[Path | None, Path | None], SpeechSet]] = {
    "synthetic-phrases": _synthetic("synthetic-phrases"),
    "synthetic-words": _synthetic("synthetic-words"),
    "spoken-digits": _load_digits,
    "speech-commands": _hub("speech-commands"),
    "librispeech": _hub("librispeech"),
    "folder": _load_folder,
}
