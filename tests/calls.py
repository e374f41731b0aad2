"""What processes try to send beyond this machine: refused, and counted."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]


def watched(log: Path) -> dict[str, str]:
    """The environment of a process, and all that it starts, whose calls are written to `log`."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "tests" / "watch", ROOT))),
        "STEEPNESS_CALLS": str(log),
    }


def calls(log: Path) -> list[str]:
    """What was tried."""
    return log.read_text().splitlines() if log.exists() else []
