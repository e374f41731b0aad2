"""What is expected beyond the data, in a panel: a line in its band, and where both become a guess.

Drawn where the reader asks for it: a forecast takes some 25 ms a curve, and room on the axis.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from dashboard.colours import clear
from dashboard.panel import Spot, Trace
from dashboard.shading import ground
from engine.curve import Curve
from engine.laws.forecast import REACH, Forecast, forecast
from engine.laws.window import Window

FARTHEST = 10.0  # times the largest size: what people ask about first
STEPS = 40  # of size, from the largest on
ROOM = 3.0  # a band that leaves the measured errors by more is cut, not the curve made small
OPACITY = 0.14  # of the band, as window.css has it too
BEYOND = 0.13  # opacity of the shade past REACH


@dataclass(frozen=True, slots=True)
class Expected:
    """Errors to expect from the largest size on, with their 90 % band."""

    size: tuple[float, ...]
    error: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def honest(self) -> float:
        """The size up to which forecasts are tested."""
        return REACH * self.size[0]

    def levels(self, least: float, most: float) -> list[float]:
        """Errors that the error axis has to hold, where `least` and `most` are measured."""
        held = sum(size <= self.honest for size in self.size)
        band = (min(self.low[:held]), max(self.high[:held]))
        return [*self.error, *np.clip(band, least / ROOM, most).tolist()]


@lru_cache(maxsize=512)
def foresee(curve: Curve, window: Window) -> Forecast:
    """The forecast from the sizes in a window, or from all where those are too few."""
    found = forecast(curve, window)
    return found if found.members else forecast(curve)


@lru_cache(maxsize=512)
def expect(curve: Curve, window: Window) -> Expected | None:
    """What the sizes in a window say of those to come, or else all sizes; None where neither do."""
    found = foresee(curve, window)
    if found.members is None or found.largest is None:
        return None
    told = found.error_at(np.geomspace(found.largest, FARTHEST * found.largest, STEPS))
    parts = (told.size, told.error, told.low, told.high)
    return Expected(*(tuple(part.tolist()) for part in parts))


def draw_expected(
    spot: Spot, found: Expected, end: float
) -> tuple[list[Trace], dict[str, Any], dict[str, Any]]:
    """The band and its middle, the shade past REACH, and what that says.

    Args:
        spot: the panel.
        found: what is expected.
        end: of the size axis.
    """
    band = spot.line(
        "band",
        [*found.size, *reversed(found.size)],
        [*found.high, *reversed(found.low)],
        line={"width": 0, "color": spot.colour},
        fill="toself",
        fillcolor=clear(spot.colour, OPACITY),
    )
    middle = spot.line(
        "ahead",
        found.size,
        found.error,
        line={"color": spot.colour, "width": 1.5},
        customdata=[*zip(found.low, found.high, strict=True)],
        hoverinfo="x+y",
        hovertemplate=f"<b>%{{x:,.0f}} {spot.unit}</b><br>expected %{{y:{spot.format}}}"
        f" [%{{customdata[0]:{spot.format}}}, %{{customdata[1]:{spot.format}}}]<extra></extra>",
    )
    says = spot.note(
        f"past {REACH:g}x: a guess",
        xref=f"x{spot.number}",
        yref=f"y{spot.number} domain",
        x=float(np.log10(found.honest)),
        y=0.5,
        textangle=-90,  # upright in its ground: levels have their names above, zones below
        xanchor="left",
        yanchor="middle",
    )
    return [band, middle], ground(spot, (found.honest, end), BEYOND), says
