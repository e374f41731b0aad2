"""Signals by their names, for what is said of a process that could not say it."""

import signal


def signal_name(number: int) -> str:
    """SIGKILL of 9; a real-time one has no name."""
    known = {each.value: each.name for each in signal.Signals}
    return known.get(number, f"signal {number}")
