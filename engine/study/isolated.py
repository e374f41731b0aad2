"""Work in a process apart from its driver, which goes on whatever becomes of it.

Where memory runs out the system ends a process without a word. So a worker trains, and so the
speed of models is measured before there is a plan.
"""

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

from engine.domain_files import own_code
from engine.study import forks
from engine.study.signals import signal_name

FIRST = 500  # by how much of the memory, in thousandths, such a process seems larger than it is

T = TypeVar("T")


class Died(Exception):
    """A process ended and could not say why; the message is how, in a word or two."""


def each(device: str, work: Callable[..., Iterable[T]], *given: Any) -> Generator[T]:
    """Give what `work(*given)` gives, one by one, as soon as it is there, from a process apart.

    In this process where one apart would be spawned (forks): on a GPU it would import torch anew
    and open the GPU a second time, and what runs out there first is the GPU's memory, which is an
    exception and no kill. What the work raises is raised here.

    Args:
        device: kind of the device that it computes on.
        work: a module's function; given and what it gives are pickled.
        given: its arguments.

    Raises:
        Died: the process ended on the way.
    """
    context = forks.context(device)
    if context.get_start_method() == "spawn":
        yield from work(*given)
        return
    forks.begin(device)
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_tell, args=(theirs, work, given))
    process.start()
    theirs.close()  # else its end would never show in ours
    try:
        while said := _heard(ours, process):
            yield said[0]
    finally:
        process.kill()
        process.join()
        ours.close()


def settle_in() -> None:
    """Begin a process apart: one thread, no ear for Ctrl-C, and no life beyond its driver's."""
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's to handle
    threading.Thread(target=_die_with_driver, daemon=True).start()
    torch.set_num_threads(1)
    _go_first()


def how(code: int | None) -> str:
    """How a process ended, in a word or two."""
    return signal_name(-code) if code is not None and code < 0 else f"exit code {code}"


def _tell(pipe: Connection, work: Callable[..., Iterable[Any]], given: tuple[Any, ...]) -> None:
    """Do the work and send each of its results as a tuple of one, then an empty one."""
    settle_in()
    try:
        with own_code():
            for one in work(*given):
                pipe.send((one,))
        pipe.send(())
    except Exception as error:
        error.add_note(traceback.format_exc())  # which does not travel by itself
        pipe.send(error)


def _heard(pipe: Connection, process: BaseProcess) -> Any:
    try:
        said = pipe.recv()
    except (EOFError, OSError):
        process.join()
        raise Died(how(process.exitcode)) from None
    if isinstance(said, Exception):
        raise said
    return said


def _go_first() -> None:
    """Where memory runs out Linux ends who has most: a group is tried again, a driver is not."""
    with suppress(OSError):  # there is none elsewhere, or a higher one may not be lowered
        Path("/proc/self/oom_score_adj").write_text(f"{FIRST}\n")


def _die_with_driver() -> None:
    """A `kill -9` of the driver must leave no orphan: wait for its end and end too."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
