"""The fits of several curves: those of each alone, and sooner than one after the other."""

from collections.abc import Sequence
from typing import Literal

from engine.curve import Curve
from engine.laws.fit import Fit, fit
from engine.laws.propose import propose_window
from engine.laws.window import Window
from engine.laws.zones import TOGETHER, zones_together


def fits_together(
    curves: Sequence[Curve],
    windows: Sequence[Window | None],
    law: Literal["auto", "power", "power-floor"] = "auto",
) -> list[Fit]:
    """Fit each curve in its window; in the one that is proposed where it has none."""
    found: list[Fit] = []
    for start in range(0, len(curves), TOGETHER):  # what is remembered of zones has an end
        some = curves[start : start + TOGETHER]
        given = windows[start : start + TOGETHER]
        zones_together([(curve, Window()) for curve in some])
        places = [
            window or propose_window(curve) for curve, window in zip(some, given, strict=True)
        ]
        if law == "auto":
            zones_together([*zip(some, places, strict=True)])
        found += [fit(*each, law) for each in zip(some, places, strict=True)]
    return found
