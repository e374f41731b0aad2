"""Fixtures for every test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_the_users_is_read_or_written(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """Whoever runs the tests may have data, speeds and studies of their own, and keeps them.

    The folders of the tests are empty at first, and the same for all of a run's processes.
    """
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    with pytest.MonkeyPatch.context() as patch:
        for kind in ("CACHE", "DATA"):
            patch.setenv(f"XDG_{kind}_HOME", str(base / "user" / kind.lower()))
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The development data beside the checkout; CI has to have it, a user need not."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        reason = f"the development data are not there: {folder}"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return folder
