import subprocess
import sys

import pytest

from engine.study import forks
from tests.drivers import forked

BEGUN = """
import sys
from engine.study import forks
forks.begin("cpu")
print("torch" in sys.modules)
"""
HEARD = """
import signal
from multiprocessing import forkserver
server = forkserver._forkserver._forkserver_pid
blocked = next(line for line in open(f"/proc/{server}/status") if line.startswith("SigBlk"))
print("not heard" if int(blocked.split()[1], 16) >> signal.SIGINT - 1 & 1 else "heard")
print(signal.pthread_sigmask(signal.SIG_BLOCK, {}))
"""


def test_the_server_is_started_before_torch_is_imported():
    found = subprocess.run(
        [sys.executable, "-c", BEGUN], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"


@forked
def test_ctrl_c_is_heard_by_the_command_and_not_by_its_server():
    found = subprocess.run(
        [sys.executable, "-c", BEGUN + HEARD], capture_output=True, text=True, check=True
    )
    assert found.stdout.splitlines()[1:] == ["not heard", "set()"]


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_workers_of_a_gpu_are_spawned(device):
    assert forks.context(device).get_start_method() == "spawn"
