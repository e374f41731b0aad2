"""Propose a fit window: the sizes beyond the plateau, as `engine.laws.zones` sees it.

The floor needs no upper end, since the law holds it; so the window stays open there and streamed
points join.
"""

import numpy as np
from numpy.typing import NDArray

from engine.curve import Curve
from engine.laws.repeats import Repeats, repeats
from engine.laws.window import Window
from engine.laws.zones import Zones, zones

LEAST_LAW_SIZES = 5  # a proposed window holds at least this many: four cannot tell a floor
LIKELY = 0.5  # chance of a plateau from which sizes are left out
PLATEAU_SPREADS = 3.0  # method.md: plateau = within 2-3 seed deviations of the best guess
PLATEAU_SHARE = 0.01  # or within 1 %: collapsed models agree to the last digit, leaving no spread


def propose_window(curve: Curve) -> Window:
    """The window that leaves the plateau out: its low end, or open where there is no plateau.

    The upper end stays open: a floor is fitted, not cut off. Five sizes are always kept.
    """
    held = repeats(curve)
    first = first_law_size(zones(curve), held)
    return Window(low=float(held.size[first])) if first else Window()


def first_law_size(found: Zones, held: Repeats) -> int:
    """Index of the first size that has left the plateau; five sizes are always kept."""
    if found.law_begins is None or found.plateau_chance < LIKELY:
        return 0
    first = int(np.searchsorted(held.size, found.law_begins.value))
    return max(0, min(first, held.size.size - LEAST_LAW_SIZES))


def at_plateau(held: Repeats, guess: float | None) -> NDArray[np.bool_]:
    """Which sizes do as the best guess does, within their spread; (n_sizes,)."""
    if guess is None or not guess > 0:
        return np.zeros(held.size.shape, dtype=bool)
    reach = max(PLATEAU_SPREADS * held.spread, PLATEAU_SHARE)
    return np.asarray(np.abs(held.log_mean - np.log(guess)) <= reach)
