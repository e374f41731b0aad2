"""What the driver hears of groups that fail, from real workers; the loader brings the trouble."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from data.images import ImageSet
from engine.study.agenda import PlannedGroup
from engine.study.executors import Failed, Finished, Started, run_here
from engine.tasks.images import image_task
from engine.training.spec import Schedule
from tests.training.stripes import spec, striped_images


@dataclass(frozen=True)
class Trouble:
    """A loader for which there is trouble with most data; it writes a line for each try."""

    tries: Path
    device: str = "cpu"

    def __call__(self, domain, data, treatment=""):
        with self.tries.open("a") as file:
            file.write(f"{data}\n")
        if data == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        if data == "wrong":
            raise ValueError("a model of its own kind")
        if data == "large":
            raise MemoryError("the GPU's memory does not hold it")
        parts = {name: striped_images(40, seed) for seed, name in enumerate(PARTS)}
        about = {"title": "", "classes": tuple("abcd"), "hash": "", "unit": "", "credit": ""}
        return image_task(ImageSet(name=data, **parts, **about), "cpu")


PARTS = ("train", "validation", "test")
SHORT = Schedule(batch=8, floor_steps=5, max_steps=10)


@pytest.mark.slow
def test_a_group_in_trouble_fails_with_its_reason_and_the_others_go_on(tmp_path, monkeypatch):
    # A spawned worker runs the main script anew, and Streamlit's AppTest leaves one of its own.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    names = ("deadly", "good", "wrong", "better", "large", "best")
    queue = [
        PlannedGroup(spec(name=name, data=name, size=20, schedule=SHORT), "shard", float(seconds))
        for seconds, name in enumerate(names)
    ]
    loader = Trouble(tmp_path / "tries")
    events = list(run_here(queue, loader, workers=2))
    failed = {event.group.spec.name: event.reason for event in events if isinstance(event, Failed)}
    assert failed.keys() == {"deadly", "wrong", "large"}
    assert "died, at the second try (SIGKILL); if memory is short" in failed["deadly"]
    assert failed["wrong"] == "ValueError: a model of its own kind"
    assert failed["large"] == "the GPU's memory does not hold it"
    runs = {event.group.spec.name: event.candidates for event in events if type(event) is Finished}
    assert {name: len(found) for name, found in runs.items()} == {"good": 4, "better": 4, "best": 4}
    tried = {name: 2 if name in ("deadly", "large") else 1 for name in names}
    started = [event.group.spec.name for event in events if isinstance(event, Started)]
    assert {name: started.count(name) for name in names} == tried
    said = loader.tries.read_text().split()
    assert {name: said.count(name) for name in ("deadly", "wrong", "large")} == {
        "deadly": 2,
        "wrong": 1,
        "large": 2,
    }


@pytest.mark.slow
def test_a_second_try_has_the_memory_to_itself(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    queue = [
        PlannedGroup(spec(name=name, data=name, size=20, schedule=SHORT), "shard", float(seconds))
        for seconds, name in enumerate(("good", "better", "best", "large"))
    ]
    under_way: list[str] = []
    beside = []
    for event in run_here(queue, Trouble(tmp_path / "tries"), workers=2):
        if isinstance(event, Started):
            name = event.group.spec.name
            if name == "large":
                under_way = [each for each in under_way if each != name]  # nobody says: once more
                beside.append(list(under_way))
            under_way.append(name)
        elif isinstance(event, Finished | Failed):
            under_way.remove(event.group.spec.name)
    assert beside == [["good"], []]


def test_where_memory_runs_out_the_system_ends_a_worker_before_its_driver():
    score = Path("/proc/self/oom_score_adj")
    if not score.exists():
        pytest.skip("only Linux keeps such a score")
    asked = "from engine.study.isolated import _go_first as g; g()"
    done = subprocess.run(
        [sys.executable, "-c", f"{asked}; print(open('{score}').read())"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) > int(score.read_text())
