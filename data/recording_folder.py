"""A folder of the user's own recordings: files, transcripts, and a split by who speaks.

Transcripts stand in one table or beside each recording. Whole speakers are held out where they are
known, else whole folders, else files; who is decided by a hash of the name and never changes.
What is not read: see data.own_files.
"""

import csv
import hashlib
from pathlib import Path

from data.errors import DataError
from data.own_files import is_own, own_files
from data.recordings import Recording, file_content, recorded, transcript
from data.speech_set import SpeechSet

HELD_PART = 10  # a tenth of a user's own recordings is for validation, and a tenth for test
FEWEST = 10  # recordings of a user's own, or a tenth is nothing
AUDIO = (".wav", ".flac", ".ogg")
TRANSCRIPTS = "transcripts.tsv"


def load_folder(folder: Path | None, cache: Path | None) -> SpeechSet:
    """Read a folder of the user's own recordings (wav, flac, ogg) with their transcripts.

    Raises:
        DataError: no such folder, too few recordings, a transcript missing, empty or without its
            recording, or what is no sound: named.
    """
    files = _audio_files(folder)
    assert folder is not None  # or there were no files
    table = folder / TRANSCRIPTS
    listed = is_own(table, folder.resolve())
    texts, speakers = _from_table(table, files) if listed else (_beside(files, folder), {})
    names = {path: path.relative_to(folder).as_posix() for path in files}
    split, splitting = _split([names[path] for path in files], [speakers.get(p) for p in files])
    recordings = [
        Recording(names[path], file_content(path), texts[path], part)
        for path, part in zip(files, split, strict=True)
    ]
    return recorded(
        "folder",
        f"Recordings in {folder.name}",
        recordings,
        cache,
        credit="your own recordings",
        splitting=splitting,
    )


def folder_ready(folder: Path | None) -> tuple[bool, str]:
    """Whether a folder has recordings, or else what to do. Opens none of them."""
    try:
        _audio_files(folder)
    except DataError as error:
        return False, str(error)
    return True, f"found in {folder}"


def _audio_files(folder: Path | None) -> list[Path]:
    if folder is None or not folder.is_dir():
        raise DataError(
            f"there is no folder {folder or 'given'}: give --data-path with a folder of wav, flac"
            f" or ogg files and a {TRANSCRIPTS} (file, tab, text and perhaps tab, speaker), or"
            " FILE.txt beside each FILE.wav."
        )
    files = own_files(folder, AUDIO)
    if len(files) < FEWEST:
        raise DataError(
            f"in {folder} there are {len(files)} recordings (wav, flac, ogg; links out of it are"
            f" not read): a curve needs at least {FEWEST}, and some hundreds to show anything."
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
        texts[path] = transcript(cells[1], place)
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
        if not is_own(beside, folder.resolve()):
            raise DataError(
                f"{path} has no transcript: write it into {beside.name} beside it, or all of them"
                f" into {TRANSCRIPTS} (file, tab, text)."
            )
        try:
            texts[path] = transcript(beside.read_text(encoding="utf-8-sig"), str(beside))
        except UnicodeDecodeError as error:
            raise DataError(f"{beside} is not UTF-8: save it as UTF-8.") from error
    alone = sorted({*own_files(folder, (".txt",))} - {path.with_suffix(".txt") for path in files})
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
