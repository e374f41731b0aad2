"""Memory: whether an error says that it ran out, and how much of it a process may have."""

import os
from pathlib import Path

import torch

GROUP = Path("/proc/self/cgroup")  # which control groups this process is in
MOUNTED = Path("/sys/fs/cgroup")


def is_of_memory(error: BaseException) -> bool:
    """Whether memory ran out. On a CPU torch says so in words only (2.13)."""
    known = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return known or "can't allocate memory" in str(error)


def limit(group: Path = GROUP, mounted: Path = MOUNTED) -> int | None:
    """Bytes of memory that this process may have: the machine's, or fewer where it is held to them.

    Held by its control group, of either version, or one around it, or by `ulimit -v`. None where
    the system does not say (Windows).

    Args:
        group: file that names the control groups.
        mounted: folder that they are in.
    """
    found = []
    if hasattr(os, "sysconf"):
        import resource

        found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
        held, _ = resource.getrlimit(resource.RLIMIT_AS)
        found += [] if held == resource.RLIM_INFINITY else [held]
    for file in _limits(group, mounted):
        try:
            said = file.read_text().strip()
        except OSError:  # a group that this process sees by name alone, as in a container
            continue
        found += [int(said)] if said.isdigit() else []  # else "max"
    return min(found, default=None)


def _limits(group: Path, mounted: Path) -> list[Path]:
    """The files that may hold a limit: those of the group and of all around it."""
    try:
        lines = [line.split(":", 2) for line in group.read_text().splitlines()]
    except OSError:
        return []
    found = []
    for number, kinds, path in lines:
        if number == "0":
            top, name = mounted, "memory.max"
        elif "memory" in kinds.split(","):
            top, name = mounted / "memory", "memory.limit_in_bytes"
        else:
            continue
        own = top / path.strip("/")
        found += [each / name for each in (own, *own.parents) if each.is_relative_to(top)]
    return found
