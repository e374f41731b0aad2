import subprocess
import sys

import pytest

from engine.study import forks

BEGUN = """
import sys
from engine.study import forks
forks.begin("cpu")
print("torch" in sys.modules)
"""


def test_the_server_is_started_before_torch_is_imported():
    found = subprocess.run(
        [sys.executable, "-c", BEGUN], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_workers_of_a_gpu_are_spawned(device):
    assert forks.context(device).get_start_method() == "spawn"
