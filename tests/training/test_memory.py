"""Memory that does not hold a group, by a real limit on a process that has none to spare."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.training.group import APART

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")

# One seed of 5M takes 180 MB at its height, three take 380 (weights, gradients, moments, the best).
LIMITED = """
import resource
from pathlib import Path
from engine.tasks.images import image_task
from engine.training.group import run_group
from engine.training.spec import Schedule
from tests.training.stripes import spec, striped_set

task = image_task(striped_set(), "cpu")
hasty = Schedule(batch=4, first_evaluation=1, floor_steps=1, patience=1.0, margin=0)
run_group(task, spec(schedule=hasty))  # whatever torch takes once
now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + {room}, -1))
runs = run_group(
    task,
    spec(capacity={capacity}, seeds=(0, 1, 2), learning_rates=(1e-3,), schedule=hasty),
)
print([run.seed for run in runs], {{run.reason for run in runs}})
"""


def limited(room: int, capacity: int) -> subprocess.CompletedProcess[str]:
    """Three seeds of a model in a process that may take `room` bytes more than it has."""
    code = LIMITED.format(room=room, capacity=capacity)
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},  # each thread takes a stack of the room
        capture_output=True,
        text=True,
        timeout=900,
    )


@pytest.mark.slow
def test_a_group_that_the_memory_does_not_hold_is_trained_seed_by_seed_and_says_so():
    done = limited(room=230_000_000, capacity=5_000_000)
    assert done.stdout.strip() == f"[0, 1, 2] {{{APART!r}}}", done.stderr


@pytest.mark.slow
def test_memory_that_does_not_hold_one_model_is_refused_in_words():
    done = limited(room=30_000_000, capacity=200_000_000)
    assert "MemoryError: the machine's memory does not hold 1 m" in done.stderr
