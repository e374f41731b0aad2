"""Where a user's store lies when no --store is given."""

from pathlib import Path

import platformdirs


def default_store() -> Path:
    """The path of the store that all commands and the page take where none is named.

    It lies in the folder that this system gives programs for their data.
    """
    return Path(platformdirs.user_data_dir("steepness", appauthor=False)) / "steepness.db"


def default_cache() -> Path:
    """The folder that this system gives programs for what they can make again."""
    return Path(platformdirs.user_cache_dir("steepness", appauthor=False))


def unused(path: Path) -> Path:
    """`path` if nothing is there, else the first of path.2, path.3, ... that is free."""
    found, number = path, 1
    while found.exists():
        number += 1
        found = path.with_name(f"{path.name}.{number}")
    return found
