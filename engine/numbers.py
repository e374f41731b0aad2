"""Numbers as a reader sees them: digits follow the interval, never the float.

The one place that decides this, for the page, the command line and the notes of a fit. Files
never use it: CSV and JSON carry full precision.
"""

from math import floor, isfinite, log10


def number(value: float, digits: int = 3) -> str:
    """`value` to `digits` significant digits: 0.0123, 1,280,000, 4.5e-07; whole numbers whole."""
    if not isfinite(value):
        return str(value)
    if value == 0:
        return "0"
    if value == round(value) and abs(value) < 1e9:
        return f"{value:,.0f}"
    if not 1e-4 <= abs(value) < 1e9:
        return f"{value:.{digits - 1}e}"
    return _fixed(value, digits - 1 - _decade(value, digits))


def with_interval(value: float, low: float, high: float) -> str:
    """`-0.309 ± 0.012`, or `0.020 (0 to 0.051)` where the interval leans to one side.

    The half width gets two significant digits and the value ends at the same place.
    """
    half = (high - low) / 2
    if half <= 0 or not isfinite(half):
        return f"{value:,.6g}"
    decade = _decade(half, 2)
    if decade < -6 or decade > 8:  # no one reads 0.00000001 or 3,000,000,000
        return f"{value:.3g} ± {half:.1e}"
    places = 1 - decade
    leans = abs((low + high) / 2 - value) > 0.05 * half
    if leans:
        shown = [_fixed(end, places) if end else "0" for end in (low, high)]
        return f"{_fixed(value, places)} ({shown[0]} to {shown[1]})"
    return f"{_fixed(value, places)} ± {_fixed(half, places)}"


def duration(seconds: float) -> str:
    """Seconds as a person says them: "40 s", "5 min", "1 h 20 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, left = divmod(minutes, 60)
    return f"{hours} h {left} min" if left else f"{hours} h"


def _decade(value: float, digits: int) -> int:
    """Power of ten of the first significant digit: of 0.0996 it is -2, or -1 rounded to two."""
    return floor(log10(float(f"{abs(value):.{digits - 1}e}")))


def _fixed(value: float, places: int) -> str:
    """`value` rounded to `places` after the point, negative ones counting tens."""
    shown = f"{round(value, places):,.{max(places, 0)}f}"
    return shown.removeprefix("-") if float(shown.replace(",", "")) == 0 else shown
