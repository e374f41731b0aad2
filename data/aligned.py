"""Sentence pairs in a user's own files: one TSV, or a folder of two files aligned line by line.

A TSV has the source, a tab and the target on each line. A folder holds exactly one *.de and one
*.en file (also gzipped: *.de.gz), the source and the target. Texts are UTF-8. What is wrong is
refused with the number of its line, since a pair shifted by one line spoils all that follow.
What of a folder is not read: see data.own_files.
"""

import gzip
import zlib
from pathlib import Path

from data.errors import DataError
from data.own_files import is_own

MOST_BYTES = 2**30  # of a file, unpacked: all of it is held in memory
MOST_LINES = 10_000_000  # likewise; WMT16 has 4.5 M
WAY_OUT = "it takes a .tsv file (source, tab, target) or a folder with one *.de and one *.en file"


def own_pairs(path: Path) -> list[tuple[str, str]]:
    """Source and target of every line of a TSV file or of a folder's two aligned files.

    Raises:
        DataError: nothing there, not UTF-8, a line without its pair, or two files of unequal
            length.
    """
    if path.is_dir():
        return aligned_pairs(_only(path, "de"), _only(path, "en"))
    if not path.is_file():
        raise DataError(f"there is no {path}: {WAY_OUT}.")
    pairs = []
    for number, line in enumerate(_lines(path), start=1):
        cells = line.split("\t")
        if len(cells) != 2:
            tabs = f"{len(cells) - 1} tabs" if len(cells) > 1 else "no tab"
            raise DataError(f"{path}, line {number} has {tabs}: a pair is source, one tab, target.")
        pairs.append((cells[0], cells[1]))
    _check_sides(pairs, path)
    return pairs


def aligned_pairs(source: Path, target: Path) -> list[tuple[str, str]]:
    """Source and target of every line of two files.

    Raises:
        DataError: as for `own_pairs`.
    """
    sources, targets = _lines(source), _lines(target)
    if len(sources) != len(targets):
        raise DataError(
            f"{source.name} has {len(sources):,} lines and {target.name} {len(targets):,}: line by"
            f" line they must be translations of each other ({source.parent})."
        )
    pairs = list(zip(sources, targets, strict=True))
    _check_sides(pairs, source.parent)
    return pairs


def find_side(folder: Path, name: str) -> Path | None:
    """The file of that name in a folder, gzipped or not; None where there is neither."""
    root = folder.resolve()
    return next((f for f in (folder / name, folder / f"{name}.gz") if is_own(f, root)), None)


def _only(folder: Path, language: str) -> Path:
    """The one file of a language."""
    named = {*folder.glob(f"*.{language}"), *folder.glob(f"*.{language}.gz")}
    found = sorted(file for file in named if is_own(file, folder.resolve()))
    if len(found) != 1:
        names = ", ".join(file.name for file in found[:4]) or "none"
        raise DataError(f"{folder} holds {len(found)} *.{language} files ({names}): {WAY_OUT}.")
    return found[0]


def _lines(path: Path) -> list[str]:
    """The lines of a text file, without the empty end after the last line break."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    if len(content) > MOST_BYTES or content.count(b"\n") > MOST_LINES:
        raise DataError(
            f"{path} holds more than {MOST_BYTES // 2**20:,} MB or {MOST_LINES:,} lines of text,"
            " and all of it is held in memory: give a part of it."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}, line {number} is not UTF-8: save the file as UTF-8.") from error
    if not text.strip():
        raise DataError(f"{path} is empty: {WAY_OUT}.")
    # Not splitlines: it would also cut at U+2028 and its like, on one side only.
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]


def _check_sides(pairs: list[tuple[str, str]], path: Path) -> None:
    for number, pair in enumerate(pairs, start=1):
        for side, text in zip(("source", "target"), pair, strict=True):
            if not text.strip():
                raise DataError(f"{path}, line {number}: the {side} is empty; remove the pair.")
