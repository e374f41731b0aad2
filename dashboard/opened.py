"""Which store the page opens: the one place of it that reads that from the environment."""

import os
from pathlib import Path

from engine.study.location import default_store


def opened_store() -> Path:
    """The file that STEEPNESS_STORE names; else the one in this system's folder for such data."""
    return Path(os.environ.get("STEEPNESS_STORE") or default_store()).absolute()
