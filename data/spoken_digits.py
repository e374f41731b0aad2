"""The Free Spoken Digit Dataset (Jackson et al.): {digit}_{speaker}_{index}.wav in one folder."""

import re
from pathlib import Path

from data import synthesis
from data.errors import DataError
from data.own_files import is_own
from data.recordings import WITHOUT, Recording, file_content, recorded
from data.speech_set import SpeechSet

DIGIT_FILE = re.compile(r"(\d)_([^_]+)_(\d+)\.wav")


def load_digits(folder: Path | None, cache: Path | None) -> SpeechSet:
    """Read the recordings of a folder; two whole speakers are held out.

    Raises:
        DataError: no such folder or files, fewer than three speakers, or what is no sound: named.
    """
    files = _digit_files(folder)
    speakers = sorted({speaker for _, speaker, _ in files})
    if len(speakers) < 3:
        raise DataError(
            f"in {folder} there are only the speakers {', '.join(speakers)}: training, validation"
            " and test need one each, so at least 3."
        )
    part = {speakers[-2]: 1, speakers[-1]: 2}  # theo and yweweler of the six
    recordings = [
        Recording(str(path), file_content(path), synthesis.DIGITS[digit], part.get(speaker, 0))
        for digit, speaker, path in files
    ]
    return recorded(
        "spoken-digits",
        "Spoken digits",
        recordings,
        cache,
        credit="Free Spoken Digit Dataset, Jackson et al., CC-BY-SA-4.0",
        splitting=f"by speaker: {speakers[-2]} validation, {speakers[-1]} test",
    )


def digits_ready(folder: Path | None) -> tuple[bool, str]:
    """Whether a folder has spoken digits, or else where they come from. Opens none of them."""
    try:
        _digit_files(folder)
    except DataError as error:
        return False, str(error)
    return True, f"found in {folder}"


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
        if (named := DIGIT_FILE.fullmatch(path.name)) and is_own(path, folder.resolve())
    ]
    if not found:
        raise DataError(
            f"{folder} has no file like 7_jackson_32.wav: give --data-path with the folder"
            " recordings of the Free Spoken Digit Dataset."
        )
    return [(digit, speaker, path) for digit, speaker, _, path in sorted(found)]
