"""A disk on which every write takes its time: a run goes on, and its readers see it run."""

import os
import shutil
import subprocess
import sys
import time

import pytest

from engine import cli
from engine.study import executors
from engine.study.store import Store
from tests.drivers import content, inline, measure_at_once
from tests.own import write

# What the store asks of the disk, after a nap; each time leaves a mark.
NAPPING = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void nap(void) {
    int mark = open(getenv("NAPS"), O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (mark >= 0) { (void)!write(mark, ".", 1); close(mark); }
    usleep(100000);
}
int fsync(int file) { nap(); return syscall(SYS_fsync, file); }
int fdatasync(int file) { nap(); return syscall(SYS_fdatasync, file); }
"""


@pytest.fixture
def slowly(tmp_path):
    """The environment of a process for which the disk is slow, and the marks of its naps."""
    if sys.platform != "linux" or shutil.which("cc") is None:
        pytest.skip("the disk is made slow by a library that a C compiler builds, on Linux")
    source, library = tmp_path / "napping.c", tmp_path / "napping.so"
    source.write_text(NAPPING)
    build = ["cc", "-shared", "-fPIC", "-o", str(library), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    naps = tmp_path / "naps"
    return {**os.environ, "LD_PRELOAD": str(library), "NAPS": str(naps)}, naps


@pytest.mark.slow
def test_a_run_on_a_slow_disk_gives_the_points_of_a_quick_one_and_is_seen_to_run(
    slowly, tmp_path, monkeypatch
):
    environment, naps = slowly
    quick, slow = tmp_path / "quick.db", tmp_path / "slow.db"
    order = ["run", str(write(tmp_path)), "--sizes", "40,160", "--seeds", "1", "--workers", "1"]
    command = [sys.executable, "-m", "engine.cli", *order, "--store", str(slow)]
    with (tmp_path / "said").open("wb") as said:
        driver = subprocess.Popen(command, env=environment, stdout=said, stderr=said)
    seen = set()
    while driver.poll() is None:
        if slow.exists():
            with Store.open(slow, "read") as store:
                seen |= {row.state for row in store.studies()}
        time.sleep(0.1)
    assert driver.returncode == 0, (tmp_path / "said").read_text()
    assert naps.stat().st_size >= 10, "the disk was as quick as ever"
    assert seen <= {"waiting", "running", "finished"}
    assert "running" in seen
    measure_at_once(monkeypatch)
    monkeypatch.setattr(executors, "run_here", inline)
    assert cli.main([*order, "--store", str(quick)]) == 0
    assert content(slow) == content(quick)
