"""The multi-process service of a CUDA device, by a control program that writes what it is told."""

import os
import subprocess
import sys
import time

import pytest

from engine.study.sharing import CONTROL, PIPES, default_workers, shared
from engine.training.device import Device

GPU = Device("cuda", "a GPU", "said by the test")
CPU = Device("cpu", "a CPU", "said by the test")


@pytest.fixture
def control(tmp_path, monkeypatch):
    """Puts a control program on the path; what it was told lies in the file that is given."""

    def put(exit_code: int = 0):
        told = tmp_path / "told"
        program = tmp_path / CONTROL
        program.write_text(f'#!/bin/sh\necho "$@ ${PIPES} $(cat)" >> {told}\nexit {exit_code}\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        return told

    monkeypatch.delenv(PIPES, raising=False)
    return put


def test_the_service_runs_while_a_study_does_and_ends_with_it(control):
    told = control()
    with shared(GPU, 2) as together:
        assert together
        pipes = os.environ[PIPES]
        assert os.path.isdir(pipes)
    assert PIPES not in os.environ
    assert not os.path.exists(pipes)
    start, end = told.read_text().splitlines()
    assert start.split() == ["-d", pipes]
    assert end.split() == [pipes, "quit"]


KILLED = f"""
import os, signal
from engine.study.sharing import shared
from engine.training.device import Device
with shared(Device("cuda", "a GPU", "said by the test"), 2):
    print(os.environ[{PIPES!r}], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_the_service_ends_with_a_driver_that_is_killed(control):
    told = control()
    died = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True)
    pipes = died.stdout.strip()
    deadline = time.monotonic() + 600
    while os.path.exists(pipes) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert told.read_text().splitlines()[1].split() == [pipes, "quit"]
    assert not os.path.exists(pipes)


def test_a_service_that_does_not_start_leaves_the_workers_their_turns(control):
    told = control(exit_code=1)
    with shared(GPU, 2) as together:
        assert not together
    assert len(told.read_text().splitlines()) == 1


def test_a_service_that_the_user_runs_is_left_alone(control, monkeypatch):
    told = control()
    monkeypatch.setenv(PIPES, "/somewhere")
    with shared(GPU, 2) as together:
        assert together
        assert os.environ[PIPES] == "/somewhere"
    assert not told.exists()


@pytest.mark.parametrize(("device", "workers"), [(CPU, 2), (GPU, 1)])
def test_a_cpu_or_a_single_worker_needs_no_service(control, device, workers):
    told = control()
    with shared(device, workers) as together:
        assert not together
    assert not told.exists()


def test_on_a_cpu_there_is_a_worker_a_core():
    assert default_workers(CPU) == os.cpu_count()
