"""Where workers come from: on Linux from a process that has imported torch once and forks itself.

A worker that begins from nothing imports torch first, two to three seconds of a core. The server
imports it once for all, while the driver does the same on another core, and a worker that replaces
a dead one is there at once. Elsewhere, and for a GPU, workers are spawned: what a study tells them
of the device is in its environment (sharing), which a server that is older does not have.
"""

import multiprocessing
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # Windows has no fork server
    from multiprocessing.context import ForkServerContext, SpawnContext

PRELOADED = "engine.study.executors"


def context(device: str) -> "ForkServerContext | SpawnContext":
    """What starts processes that train on a kind of device."""
    if sys.platform != "linux" or device != "cpu":
        return multiprocessing.get_context("spawn")
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload([PRELOADED])
    return found


def begin(device: str) -> None:
    """Start the server, if there is to be one, and return while it imports.

    Without torch itself, so that it can be called before anything else is imported.
    """
    if context(device).get_start_method() == "forkserver":
        from multiprocessing import forkserver

        forkserver.ensure_running()
