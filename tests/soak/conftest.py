"""Long trials of what the README promises under "Reliability": `make soak` prints their figures."""

import os
import sys
import threading
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tqdm import tqdm

from engine import cli
from engine.study import executors, forks, presets
from engine.training.spec import Schedule
from tests.drivers import inline, measure_at_once, noise

# A training of hundredths of a second: what is tried here is not how well it learns.
SHORT = Schedule(batch=16, first_evaluation=5, floor_steps=10, margin=5, max_steps=20)


@pytest.fixture(scope="session")
def order(tmp_path_factory) -> list[str]:
    """A study, as `steepness` takes it."""
    pictures = noise(tmp_path_factory.mktemp("pictures"))
    said = ["run", "images", "--data", "cifar10", "--data-path", str(pictures), "--model", "mlp"]
    return [*said, "--sizes", "10,20,30,40", "--seeds", "2"]


@pytest.fixture
def here(monkeypatch) -> Iterator[None]:
    """Train in this process, or in a fork of it: no interpreter and no torch to start."""
    monkeypatch.setattr(executors, "run_here", inline)
    monkeypatch.setattr(forks, "begin", lambda device: None)  # that of a parent serves no fork
    measure_at_once(monkeypatch)


@pytest.fixture
def planned(order, here, tmp_path, monkeypatch) -> Path:
    """The study, planned and stopped before its first training; to be copied."""

    def stop(queue, loader, workers):
        raise KeyboardInterrupt
        yield

    path = tmp_path / "planned.db"
    recipe = presets.recipe
    with monkeypatch.context() as patch:
        patch.setattr(presets, "recipe", lambda *asked: replace(recipe(*asked), schedule=SHORT))
        patch.setattr(executors, "run_here", stop)
        cli.main([*order, "--store", str(path)])
    return path


def forked(arguments: list[str], log: Path) -> int:
    """A driver in a fork of this process, whose words go to `log`; gives its process id."""
    driver = os.fork()
    if driver:
        return driver
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    sys.stdout = sys.stderr = os.fdopen(out, "w", buffering=1)  # pytest's are no descriptors
    # All forks share the bar's lock, and one that is killed while it draws would keep it for ever.
    tqdm.set_lock(threading.RLock())
    code = 70  # of an exception, which would be a traceback to the user
    try:
        code = cli.main(arguments)
    except Exception:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
