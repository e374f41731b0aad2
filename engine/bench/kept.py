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


class KeptError(Exception):
    """A file that is none of ours; the message names the line and the way out."""


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
        KeptError: a line holds something else.
    """
    if not path.exists():
        return []
    found: list[Cell | Wall] = []
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    for number, line in enumerate(lines[:-1], 1):
        try:
            found.append(_record(json.loads(line)))
        except (ValueError, TypeError, AttributeError, KeyError):
            raise KeptError(
                f"{path}, line {number}: {line[:40]!r} is not a measurement of this bench; take"
                " the line out or give another --kept."
            ) from None
    return found


def append(path: Path, record: Cell | Wall) -> None:
    """Write a measurement to the end, in place of a line that an earlier bench did not finish."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        file.write(json.dumps(asdict(record)).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def measured_by(records: Sequence[Cell | Wall]) -> list[tuple[str, str]]:
    """Machines and versions, in the order in which they first came."""
    return list(dict.fromkeys((each.machine, each.version) for each in records))


def _record(held: dict[str, object]) -> Cell | Wall:
    if "loop" in held:
        return Cell(**held)  # type: ignore[arg-type] # a missing or unknown field is a TypeError
    cells = tuple((int(size), int(seed)) for size, seed in held.pop("cells"))  # type: ignore[attr-defined]
    return Wall(cells=cells, **held)  # type: ignore[arg-type]
