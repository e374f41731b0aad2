"""What the driver hears of groups that fail; the loader stands in for the training."""

import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from engine.study.agenda import PlannedGroup
from engine.study.executors import Failed, Started, run_here
from tests.training.stripes import spec


@dataclass(frozen=True)
class Full:
    """A loader for which there is never memory; it writes a line for each try."""

    tries: Path
    error: type[Exception]

    def __call__(self, domain, data, treatment=""):
        with self.tries.open("a") as file:
            file.write("tried\n")
        raise self.error("the GPU's memory does not hold it")


@pytest.mark.slow
@pytest.mark.parametrize(("error", "tries"), [(MemoryError, 2), (ValueError, 1)])
def test_a_group_that_memory_failed_is_tried_once_more_and_no_other(
    tmp_path, monkeypatch, error, tries
):
    # A spawned worker runs the main script anew, and Streamlit's AppTest leaves one of its own.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    loader = Full(tmp_path / "tries", error)
    events = list(run_here([PlannedGroup(spec(), "shard", 1.0)], loader, workers=1))
    failed = [event for event in events if isinstance(event, Failed)]
    assert len(loader.tries.read_text().splitlines()) == tries
    assert sum(isinstance(event, Started) for event in events) == tries
    assert len(failed) == 1
    assert "the GPU's memory does not hold it" in failed[0].reason
