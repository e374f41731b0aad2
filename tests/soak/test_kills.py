"""`kill -9` at random moments of a study: nothing lost, nothing double, no orphan."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine import cli
from tests.drivers import content, descendants, ended
from tests.soak.conftest import forked

pytestmark = pytest.mark.soak

KILLS = int(os.environ.get("SOAK_KILLS", "200"))
WORKER_KILLS = int(os.environ.get("SOAK_WORKER_KILLS", "20"))


def test_kills_of_the_driver_leave_the_points_of_an_undisturbed_run(
    order, planned, tmp_path, figures
):
    undisturbed = Path(shutil.copy(planned, tmp_path / "undisturbed.db"))
    began = time.monotonic()
    assert cli.main([*order, "--store", str(undisturbed)]) == 0
    whole = time.monotonic() - began
    truth, moments = content(undisturbed), random.Random("kills")
    kills = studies = lost = 0
    path = Path(shutil.copy(planned, tmp_path / "study0.db"))
    while kills < KILLS or content(path)[0] != "finished":
        driver = forked([*order, "--store", str(path)], tmp_path / "log")
        if kills < KILLS:
            time.sleep(moments.uniform(0.0, whole / 4))
            os.kill(driver, signal.SIGKILL)
        _, status = os.waitpid(driver, 0)
        kills += os.WIFSIGNALED(status)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0, (tmp_path / "log").read_text()
            lost += content(path) != truth
            studies += 1
            if kills < KILLS:
                path = Path(shutil.copy(planned, tmp_path / f"study{studies}.db"))
    figures("kill -9 of the driver", tried=kills, studies=studies, lost=lost)
    assert lost == 0


def test_kills_of_drivers_and_workers_leave_no_orphan_and_the_same_points(
    order, planned, tmp_path, figures
):
    undisturbed = Path(shutil.copy(planned, tmp_path / "undisturbed.db"))
    assert cli.main([*order, "--store", str(undisturbed)]) == 0
    truth, moments = content(undisturbed), random.Random("workers")
    path = Path(shutil.copy(planned, tmp_path / "study.db"))
    kills = {"driver": 0, "worker": 0}
    studies = orphans = lost = 0
    while sum(kills.values()) < WORKER_KILLS or content(path)[0] != "finished":
        command = [sys.executable, "-m", "engine.cli", *order, "--store", str(path)]
        driver = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while driver.poll() is None and len(descendants(driver.pid)) < 4:  # two, server, tracker
            time.sleep(0.05)
        workers = descendants(driver.pid)
        victim = moments.choice(["driver", "worker"])
        if sum(kills.values()) < WORKER_KILLS and driver.poll() is None and workers:
            time.sleep(moments.uniform(0.0, 4.0))
            kills[victim] += 1
            try:
                os.kill(driver.pid if victim == "driver" else max(workers), signal.SIGKILL)
            except ProcessLookupError:  # it was quicker
                kills[victim] -= 1
        code = driver.wait()
        orphans += not ended(workers)
        if code == 0:
            lost += content(path) != truth
            studies += 1
            if sum(kills.values()) < WORKER_KILLS:
                path = Path(shutil.copy(planned, tmp_path / f"study{studies}.db"))
    figures("kill -9 among processes", **kills, studies=studies, orphans=orphans, lost=lost)
    assert (orphans, lost) == (0, 0)
