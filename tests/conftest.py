"""Fixtures for every test."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The development data beside the checkout; CI has to have it, a user need not."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        reason = f"the development data are not there: {folder}"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return folder
