"""Memory that does not hold a group, by a real limit on this process."""

import resource
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from engine.training.group import APART, run_group
from engine.training.spec import Schedule
from tests.training.stripes import spec

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")

# One seed takes 180 MB at its height, three take 380 (weights, gradients, moments, the best).
LARGE = spec(
    capacity=5_000_000,
    seeds=(0, 1, 2),
    learning_rates=(1e-3,),
    schedule=Schedule(batch=4, first_evaluation=1, floor_steps=1, patience=1.0, margin=0),
)


@contextmanager
def room(size):
    """Let this process take `size` bytes more than it has."""
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.slow
def test_a_group_that_the_memory_does_not_hold_is_trained_seed_by_seed_and_says_so(task):
    with room(230_000_000):
        runs = run_group(task, LARGE)
    assert [run.seed for run in runs] == [0, 1, 2]
    assert {run.reason for run in runs} == {APART}


def test_memory_that_does_not_hold_one_model_is_refused_in_words(task):
    with room(30_000_000), pytest.raises(MemoryError, match=r"machine's memory does not hold 1 m"):
        run_group(task, replace(LARGE, capacity=200_000_000))
