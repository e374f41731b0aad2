"""Fixtures for every test."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run, whatever the machine's speed; `make soak` looks for new ones.
settings.register_profile(
    "same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("same")

LINES = pytest.StashKey[list[str]]()  # what soak tests found


@pytest.hookimpl(trylast=True)  # when those that will not run are gone
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first, so that small ones fill what is left of a run at its end."""
    costs: dict[Path, int] = {}
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        cost = 100 if "browser" in marks else 10 if "slow" in marks else 1
        costs[item.path] = costs.get(item.path, 0) + cost
    items.sort(key=lambda item: -costs[item.path])


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


def pytest_terminal_summary(terminalreporter, config):
    for line in config.stash.get(LINES, []):
        terminalreporter.write_line(line)


@pytest.fixture
def figures(request) -> Callable[..., None]:
    """Print what was tried and what came of it, now and at the end; the clock is the machine's."""
    began = time.process_time()

    def say(fault: str, **counts: object) -> None:
        said = ", ".join(f"{name} {value}" for name, value in counts.items())
        line = f"SOAK {fault}: {said} ({time.process_time() - began:.0f} s of this process's CPU)"
        request.config.stash.setdefault(LINES, []).append(line)
        print(line, flush=True)

    return say
