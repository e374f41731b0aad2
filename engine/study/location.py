"""Where a user's store lies when no --store is given."""

from pathlib import Path

import platformdirs


def default_store() -> Path:
    """The store in the folder that this system gives programs for their data."""
    return Path(platformdirs.user_data_dir("steepness", appauthor=False)) / "steepness.db"


def default_cache() -> Path:
    """The folder that this system gives programs for what they can make again."""
    return Path(platformdirs.user_cache_dir("steepness", appauthor=False))
