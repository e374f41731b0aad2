"""A user's own files: which files of a folder are read.

Regular ones that lie in the folder. A link may lead to another place inside it; one that leads out,
a device, a pipe and a hidden file are passed over, so that a folder that someone else packed can
neither show what lies elsewhere on this machine nor be read without end.
"""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from data.errors import DataError


def own_files(place: Path, suffixes: Sequence[str], root: Path | None = None) -> list[Path]:
    """Files at any depth of a folder whose names end in one of `suffixes`, sorted by path.

    Args:
        place: where to look.
        suffixes: in lower case, with their points; capitals in names do not matter.
        root: the folder that links may not leave; None: `place`.

    Raises:
        DataError: a folder cannot be read.
    """
    inside = (root or place).resolve()
    found = []
    for folder, _, names in os.walk(place, onerror=_refuse):  # does not follow links to folders
        for name in names:
            path = Path(folder, name)
            if path.suffix.lower() in suffixes and is_own(path, inside):
                found.append(path)
    return sorted(found)


def is_own(path: Path, root: Path) -> bool:
    """Whether it is a regular file, not hidden, that lies in `root` (resolved), links followed."""
    if path.name.startswith("."):
        return False
    try:
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            return False
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, RuntimeError):  # a link to nothing, or to itself
        return False


def _refuse(error: OSError) -> None:
    raise DataError(f"{error.filename} cannot be read: {error.strerror}.") from error
