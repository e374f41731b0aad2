"""Where processes come from: on Linux from one that has imported torch once and forks itself.

A worker that begins from nothing imports torch first, two to three seconds of a core. The server
imports it once for all, while the driver does the same on another core, and a worker that replaces
a dead one is there at once. Elsewhere, and for a GPU, workers are spawned: what a study tells them
of the device is in its environment (sharing), which a server that is older does not have.
"""

import multiprocessing
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # Windows has no fork server
    from multiprocessing.context import ForkServerContext, SpawnContext

PRELOADED = ["engine.study.executors", "engine.study.survey"]


def context(device: str) -> "ForkServerContext | SpawnContext":
    """What starts processes that train on a kind of device."""
    if sys.platform != "linux" or device != "cpu":
        return multiprocessing.get_context("spawn")
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(PRELOADED)
    return found


def begin(device: str) -> None:
    """Start the server, if there is to be one, and return while it imports.

    Without torch itself, so that it can be called before anything else is imported. Ctrl-C, which
    goes to all of a terminal's processes, does not reach it: it would answer with a traceback.
    """
    if context(device).get_start_method() == "forkserver":
        from multiprocessing import forkserver, resource_tracker

        resource_tracker.ensure_running()  # the server's start would, and unblock the signal
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # it begins with ours
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
