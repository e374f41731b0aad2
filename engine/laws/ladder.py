"""Does the ladder of capacities end too low? Then the largest models are full before the data end.

Hestness et al. 2017 (arXiv 1712.00409, section 3) grow the model with the data; where one capacity
wins at all the largest sizes, a larger one was missing or not needed, and the curve cannot tell.
"""

from collections.abc import Sequence
from itertools import takewhile

from engine.curve import Curve

LADDERS_END = 3  # largest sizes with one capacity: from here on the ladder is in doubt


def winners_alike(parameters: Sequence[float]) -> int:
    """At how many of the largest sizes the best model was the same; `parameters` by size."""
    return sum(1 for _ in takewhile(lambda each: each == parameters[-1], reversed(parameters)))


def ladder_sentence(curve: Curve) -> str:
    """That one capacity won at the largest sizes, where it did; else empty."""
    won: dict[float, int] = {}
    for point in curve.points:
        if point.parameters:
            won[point.size] = max(point.parameters, won.get(point.size, 0))
    best = [won[size] for size in sorted(won)]
    same = winners_alike(best)
    if same < LADDERS_END or max(best) != best[-1]:
        return ""
    return (
        f"one capacity, {best[-1]:,} {curve.capacity}, at the {same} largest sizes: a floor may be"
        " the model's and not the data's"
    )
