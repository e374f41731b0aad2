"""Processes that share a CUDA device at the same time, by NVIDIA's Multi-Process Service (MPS).

Without it a device gives its processes turns: 15 of them came to 3,714 steps a second of a small
LSTM on an H100 where one alone makes 3,887, and to 18,882 with it (26 November 2026, torch 2.11).
The service is a daemon of the user's own, with pipes in a folder of its own: it is started for a
study and ends with it, even on `kill -9`, and changes nothing about the device.
"""

import os
import select
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from engine.training.device import Device

CONTROL = "nvidia-cuda-mps-control"
PIPES, LOGS = "CUDA_MPS_PIPE_DIRECTORY", "CUDA_MPS_LOG_DIRECTORY"
SHARED = 16  # processes at most: a core each; 8 of them make 14,640 of those steps, 15 18,882
IN_TURN = 2  # without the service: one prepares a step while another's runs
MEMORY = 2 * 2**30  # bytes of the device for each: torch's context and models of some million
SECONDS = 10  # for the service to start, and to end
# A process that outlives the driver by a moment: its input ends when the driver does, however.
WATCH = f"""
{CONTROL} -d </dev/null && echo started || exit 1
cat
echo quit | {CONTROL}
rm -rf "${PIPES}"
"""


def default_workers(device: Device) -> int:
    """One worker a core; on a CUDA device as many as its memory and sharing bear; else one."""
    cores = os.cpu_count() or 1
    if device.kind == "cpu":
        return cores
    if device.kind != "cuda":
        return 1
    free, _ = torch.cuda.mem_get_info()
    most = SHARED if shutil.which(CONTROL) or PIPES in os.environ else IN_TURN
    return max(1, min(cores, most, free // MEMORY))


@contextmanager
def shared(device: Device, workers: int) -> Iterator[bool]:
    """Let the processes that are started meanwhile run on the device at the same time.

    Yields whether they will. Where the user runs the service anyway, nothing is started; where
    there is none, or it does not start, they take turns.
    """
    if device.kind != "cuda" or workers == 1 or PIPES in os.environ or not shutil.which(CONTROL):
        yield PIPES in os.environ
        return
    folder = tempfile.mkdtemp(prefix="steepness-mps-")
    os.environ.update({PIPES: folder, LOGS: folder})
    try:
        with _watch() as started:
            yield started
    finally:
        del os.environ[PIPES], os.environ[LOGS]
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _watch() -> Iterator[bool]:
    """Run the service until the end of this block, or of this process; yields whether it runs."""
    watch = subprocess.Popen(
        ["sh", "-c", WATCH],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is the driver's to handle
    )
    with watch:
        assert watch.stdout is not None
        ready, _, _ = select.select([watch.stdout], [], [], SECONDS)
        try:
            yield bool(ready) and watch.stdout.readline() == b"started\n"
        finally:
            try:
                watch.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                watch.kill()
