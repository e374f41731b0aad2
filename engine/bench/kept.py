"""What the training bench has measured, a line of JSON each, written the moment it ends.

A bench of hours is stopped more often than it ends: what it had measured by then stays, and the
next one goes on behind it. One bench at a time writes a file.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Loop = Literal["ours", "resident", "plain"]


CUT = '{"case": "'  # how each line begins


class KeptError(Exception):
    """A file that is none of ours or cannot be used; the message names the way out."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One shard of one seed, trained by one loop at each of its case's learning rates."""

    case: str
    size: int
    seed: int
    loop: Loop
    way: str  # how our steps were computed (engine.training.spec); "" of the others
    cpu_seconds: float  # of the process
    clock_seconds: float  # beside whatever else ran
    validation_seconds: float  # of the process, in looks at the loss
    evaluations: int
    steps: int
    validation_loss: float  # of the best rate, which the test error is told of
    test_error: float
    metric: str
    machine: str
    version: str
    date: str


@dataclass(frozen=True, slots=True)
class Wall:
    """The same groups of ours by two processes, on the clock, their start included."""

    case: str
    cells: tuple[tuple[int, int], ...]  # size and seed
    clock_seconds: float
    worker_seconds: float  # that groups took, of both processes
    peak_mb: float  # of the larger process
    two_threads: float  # seconds of a step of the plain loop on one thread over those on two
    machine: str
    version: str
    date: str


def read(path: Path) -> list[Cell | Wall]:
    """What a file holds; nothing where there is none. A line cut off at the end is left out.

    Raises:
        KeptError: a line holds something else, or the file cannot be read.
    """
    try:
        *lines, rest = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unusable(path, error) from None
    found: list[Cell | Wall] = []
    for number, line in enumerate([*lines, rest] if rest else lines, 1):
        try:
            found.append(_record(json.loads(line)))
        except (ValueError, TypeError, AttributeError, KeyError):
            if number > len(lines) and (line.startswith(CUT) or CUT.startswith(line)):
                continue
            raise KeptError(
                f"{path}, line {number}: {line[:40]!r} is not a measurement of this bench; take"
                " the line out or give another --kept."
            ) from None
    return found


def append(path: Path, record: Cell | Wall) -> None:
    """Write a measurement to the end, in place of a line that an earlier bench did not finish.

    Raises:
        KeptError: the file is none of ours or cannot be written.
    """
    held = read(path)
    make(path)
    with path.open("ab+") as file:
        file.seek(0)
        content = file.read()
        last = content.rfind(b"\n") + 1
        if len(content) > last and content[:last].count(b"\n") < len(held):  # it lacks its end
            file.write(b"\n")
        else:
            file.truncate(last)
        file.write(json.dumps(asdict(record)).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def make(path: Path) -> None:
    """Make the file where there is none: before hours of work, not after.

    Raises:
        KeptError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()
    except OSError as error:
        raise _unusable(path, error) from None


def measured_by(records: Sequence[Cell | Wall]) -> list[tuple[str, str]]:
    """Machines and versions, in the order in which they first came."""
    return list(dict.fromkeys((each.machine, each.version) for each in records))


def _unusable(path: Path, error: OSError) -> KeptError:
    return KeptError(f"{path}: {error.strerror}; give another --kept.")


def _record(held: dict[str, object]) -> Cell | Wall:
    if "loop" in held:
        return Cell(**held)  # type: ignore[arg-type] # a missing or unknown field is a TypeError
    cells = tuple((int(size), int(seed)) for size, seed in held.pop("cells"))  # type: ignore[attr-defined]
    return Wall(cells=cells, **held)  # type: ignore[arg-type]
