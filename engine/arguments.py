"""What the commands take on the command line, checked: each fault names the value and the rule."""

import argparse
from math import inf


def positive(written: str) -> float:
    """A size or an error: positive and finite."""
    try:
        value = float(written)
    except ValueError:
        value = inf
    if not 0 < value < inf:
        raise argparse.ArgumentTypeError(f"{written!r} must be a positive finite number")
    return value


def share(written: str) -> float:
    """A part of a whole: above 0, at most 1."""
    try:
        value = float(written)
    except ValueError:
        value = inf
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{written!r} must be a share, above 0 and at most 1")
    return value


def minutes(written: str) -> float:
    """Minutes to stay within: finite, at least 0."""
    try:
        value = float(written)
    except ValueError:
        value = inf
    if not 0 <= value < inf:
        raise argparse.ArgumentTypeError(f"{written!r} must be minutes, at least 0")
    return value


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
