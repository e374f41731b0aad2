"""Does the ladder of capacities end too low? Then the largest models are full before the data end.

Hestness et al. 2017 (arXiv 1712.00409, section 3) grow the model with the data; where one capacity
wins at all the largest sizes, a larger one was missing or not needed, and the curve cannot tell.
"""

from engine.curve import Curve

LADDERS_END = 3  # largest sizes with one capacity: from here on the ladder is in doubt


def ladder_sentence(curve: Curve) -> str:
    """That one capacity won at the largest sizes, where it did; else empty."""
    won: dict[float, int] = {}
    for point in curve.points:
        if point.parameters:
            won[point.size] = max(point.parameters, won.get(point.size, 0))
    top = [won[size] for size in sorted(won, reverse=True)]
    if not top or max(top) != top[0]:
        return ""
    same = next((i for i, parameters in enumerate(top) if parameters != top[0]), len(top))
    if same < LADDERS_END:
        return ""
    return (
        f"one capacity, {top[0]:,} {curve.capacity}, at the {same} largest sizes: a floor may be"
        " the model's and not the data's"
    )
