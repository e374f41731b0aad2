"""What the commands take on the command line, checked: each fault names the value and the rule."""

import argparse
from collections.abc import Callable
from math import inf, nan


def positive(written: str) -> float:
    """A size or an error: positive and finite."""
    return _held(written, lambda value: 0 < value < inf, "a positive finite number")


def share(written: str) -> float:
    """A part of a whole: above 0, at most 1."""
    return _held(written, lambda value: 0 < value <= 1, "a share, above 0 and at most 1")


def minutes(written: str) -> float:
    """Minutes to stay within: finite, at least 0."""
    return _held(written, lambda value: 0 <= value < inf, "minutes, at least 0")


def count(written: str) -> int:
    """A whole number, at least 1."""
    try:
        value = int(written)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{written!r} must be a whole number, at least 1")
    return value


def counts(written: str) -> tuple[int, ...]:
    """Whole numbers with commas between them."""
    return tuple(count(part) for part in written.split(","))


def _held(written: str, rule: Callable[[float], bool], said: str) -> float:
    try:
        value = float(written)
    except ValueError:
        value = nan
    if not rule(value):
        raise argparse.ArgumentTypeError(f"{written!r} must be {said}")
    return value
