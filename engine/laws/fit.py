"""Fit a law to a curve inside a window: exponent, coefficient, floor, each with its interval.

`fit` never raises on data. What stands in the way of an answer is in `Fit.status`; every doubt
about one is a `Note` in plain words. Intervals are 90 %. Those of a law that was asked for hold if
it is the right one: Laplace-t, Student's t on the Gauss-Newton Hessian of the SSE in log error,
with the spread and degrees of freedom of `_Spread`. Those of "auto" are `engine.laws.zones`'.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import fdtrc, stdtrit

from engine.curve import Curve
from engine.laws import forms
from engine.laws.interval import Interval as Interval  # where readers of fits look for it
from engine.laws.ladder import ladder_sentence
from engine.laws.propose import LEAST_LAW_SIZES, at_plateau, first_law_size
from engine.laws.repeats import LARGEST_LOG, Repeats, repeats
from engine.laws.varpro import FLATTEST, STEEPEST, floor_fits, power_fits
from engine.laws.window import Window
from engine.laws.zones import SLIGHT, Zones, zones
from engine.numbers import number

Law = Literal["power", "power-floor"]

TAIL = 0.95  # intervals are 90 %: 5 % beyond each end
PARAMETERS: dict[Law, int] = {"power": 2, "power-floor": 3}
LEAST_SIZES: dict[Law, int] = {"power": 3, "power-floor": 4}  # one more than parameters
TOUCHING_DECADES = 0.25  # between them: the line itself is then as good a reading
LEAST_DECADES = 1.0  # of sizes between plateau and floor: less is no power-law region to read
NAMES: dict[Law, str] = {"power": "a power law", "power-floor": "a power law with a floor"}
LEAST_SPAN = 1e-6  # of log size: closer sizes leave a slope to rounding
ROUNDING = 1e-18  # mean square of log errors below which a fit is exact
LACK_OF_FIT = "lack-of-fit"  # code of the note that sizes scatter more than their seeds explain
LACK_OF_FIT_LEVEL = 0.01  # of the F test of scatter about the law against scatter of the seeds


@dataclass(frozen=True, slots=True)
class Note:
    """One doubt or remark about a fit, in words that a page can show."""

    code: str
    severity: Literal["info", "warning"]
    message: str


SLOPE_UNRESOLVED = Note(
    "slope-unresolved",
    "warning",
    "the exponent's interval reaches 0: widen the window or add sizes or seeds",
)
FLOOR_UNRESOLVED = Note(
    "floor-unresolved",
    "warning",
    "the floor's interval reaches 0: fit the power law or add larger sizes",
)
AT_BOUND = Note(
    "at-bound",
    "warning",
    f"the exponent ran to the edge of its range, {STEEPEST:g} to {FLATTEST:g}: fit the power law"
    " or move the window",
)
NARROW_LAW = Note(
    "narrow-law",
    "warning",
    "plateau and floor lie less than a decade of sizes apart: the exponent is the formula's more"
    " than the data's",
)
NO_REPEATS = Note(
    "no-repeats",
    "info",
    "one seed at each size: the interval rests on how the sizes scatter about the law",
)


class Status(Enum):
    """How a fit ended; the value is what a reader is told."""

    FITTED = "fitted"
    TOO_FEW_SIZES = "too few sizes"
    NOT_FALLING = "error does not fall"
    AT_BOUND = "exponent at its bound"
    FLOOR_UNRESOLVED = "floor not resolved"
    SIZES_TOO_CLOSE = "sizes too close together"


@dataclass(frozen=True, slots=True)
class Fit:
    """A law fitted to the sizes of `curve` inside `window`."""

    curve: Curve
    law: Law  # the one that was fitted: "power" or "power-floor"
    window: Window  # as it was asked for; an open end stays open
    status: Status  # how it ended; its `value` is in words
    notes: tuple[Note, ...]  # every doubt, and what to do about it
    exponent: Interval | None  # beta_g, negative when the error falls; None if nothing was fitted
    coefficient: float | None  # alpha: the power law's error at size 1
    floor: Interval | None  # gamma, in the error's unit; None for a law without one
    plateau: float | None  # the best-guess level, where known
    n_sizes: int  # distinct sizes inside the window
    n_points: int
    n_seeds: int  # repeats of the size that has the fewest
    window_low: float | None  # smallest and largest size inside the window
    window_high: float | None
    zones: Zones | None = None  # of the sizes inside the window, where "auto" asked for them

    def predict(self, sizes: ArrayLike) -> NDArray[np.float64]:
        """The law's error at `sizes`; the same shape.

        Raises:
            ValueError: nothing was fitted (`exponent` is None).
        """
        if self.exponent is None or self.coefficient is None:
            raise ValueError(f"no law was fitted to {self.curve.name!r}: {self.status.value}")
        floor = 0.0 if self.floor is None else self.floor.value
        with np.errstate(over="ignore"):
            law = forms.power_floor(sizes, self.coefficient, self.exponent.value, floor)
        return np.minimum(law, np.finfo(np.float64).max)


def fit(
    curve: Curve,
    window: Window = Window(),  # noqa: B008 - frozen, so one shared default is safe
    law: Literal["auto", "power", "power-floor"] = "auto",
) -> Fit:
    """Fit `law` to the sizes of `curve` inside `window` by least squares in log error.

    Never raises on data: what stands in the way is the fit's `status`, every doubt one of its
    `notes`.

    Args:
        curve: with a point or more; sizes and errors that are not positive are left out.
        window: sizes, in the curve's unit; `propose_window` gives one.
        law: "power" is `coefficient * size**exponent`, "power-floor" adds a floor. "auto" takes a
            floor only where its interval excludes 0, says so, and takes its intervals from the
            zones of the sizes inside the window: they hold with a plateau left in.
    """
    held = repeats(curve)
    inside = held.rows(window.holds(held.size))
    if law == "power":
        return _power(curve, window, inside)
    if law == "power-floor":
        return _power_floor(curve, window, inside)
    return _auto(curve, window, inside)


def _power(curve: Curve, window: Window, held: Repeats) -> Fit:
    """The weighted line in log-log space, exactly as `engine.laws.repeats` gives it."""
    blocked = _blocked("power", held)
    if blocked:
        return _empty(curve, window, "power", held, *blocked)
    line = power_fits(held.log_size, held.log_mean[None], held.weight[None])
    exponent, log_coefficient = float(line.exponent[0]), float(line.log_coefficient[0])
    if abs(log_coefficient) > LARGEST_LOG:
        return _empty(curve, window, "power", held, *_too_close(held))
    spread = _Spread.of(held, float(line.sse[0]), "power")
    half = spread.half_width(float(line.information[0]) ** -0.5)
    falls = exponent < -np.sqrt(ROUNDING)
    notes: tuple[Note, ...] = ()
    if not falls:
        notes = (_not_falling(held),)
    elif exponent + half >= 0:
        notes = (SLOPE_UNRESOLVED,)
    return Fit(
        curve,
        "power",
        window,
        Status.FITTED if falls else Status.NOT_FALLING,
        notes + _doubts(curve, held, spread),
        Interval(exponent, exponent - half, exponent + half),
        float(np.exp(log_coefficient)),
        None,
        *_counts(curve, held),
    )


def _power_floor(curve: Curve, window: Window, held: Repeats) -> Fit:
    """The power law with a floor >= 0, by batched variable projection with a stack of one."""
    blocked = _blocked("power-floor", held)
    if blocked:
        return _empty(curve, window, "power-floor", held, *blocked)
    x, y, w = held.log_size, held.log_mean[None], held.weight[None]
    if power_fits(x, y, w).exponent[0] >= -np.sqrt(ROUNDING):
        note = _not_falling(held)
        return _empty(curve, window, "power-floor", held, Status.NOT_FALLING, note)
    found = floor_fits(x, y, w)
    if abs(found.log_coefficient[0]) > LARGEST_LOG:
        return _empty(curve, window, "power-floor", held, *_too_close(held))
    spread = _Spread.of(held, float(found.sse[0]), "power-floor")
    exponent, floor = float(found.exponent[0]), float(found.floor[0])
    half = spread.half_width(float(found.exponent_variance[0]) ** 0.5)
    floor_half = spread.half_width(float(found.floor_variance[0]) ** 0.5)
    ceiling = max(float(np.exp(held.log_mean.max())), floor)  # a floor lies below the errors
    status = Status.FITTED
    notes: tuple[Note, ...] = ()
    if floor - floor_half <= 0:
        status = Status.FLOOR_UNRESOLVED
        notes += (FLOOR_UNRESOLVED,)
    if exponent + half >= 0:
        notes += (SLOPE_UNRESOLVED,)
    if not STEEPEST < exponent < FLATTEST:
        status = Status.AT_BOUND
        notes += (AT_BOUND,)
    return Fit(
        curve,
        "power-floor",
        window,
        status,
        notes + _doubts(curve, held, spread),
        Interval(exponent, max(exponent - half, STEEPEST), min(exponent + half, 0.0)),
        float(np.exp(found.log_coefficient[0])),
        Interval(floor, max(floor - floor_half, 0.0), min(floor + floor_half, ceiling)),
        *_counts(curve, held),
    )


def _auto(curve: Curve, window: Window, held: Repeats) -> Fit:
    """The law of the sizes beyond a plateau, and intervals that know of plateau and floor.

    The law itself is the least-squares one, with a floor where the zones leave no doubt of one. Its
    intervals are the zones': they hold for ALL the sizes, whether or not a plateau was left in.
    """
    found = zones(curve, window)
    first = first_law_size(found, held)
    beyond = held.rows(np.arange(held.size.size) >= first)
    plain = replace(_power(curve, window, beyond), **_window_counts(curve, held))
    if plain.status is not Status.FITTED or plain.exponent is None or found.exponent is None:
        return plain
    law, interval = plain, found.exponent
    notes: tuple[Note, ...] = ()
    if found.floor is not None and found.floor.low > 0:
        floored = _power_floor(curve, window, beyond)
        if floored.status is Status.FITTED and floored.floor and floored.exponent:
            law = replace(floored, **_window_counts(curve, held))
    if law.law == "power":
        notes += (_no_floor(found),)
    if first:
        notes += (_plateau_left_in(held, first, found),)
    if found.floor_chance >= SLIGHT and (sentence := ladder_sentence(curve)):
        notes += (Note("ladder-end", "warning", sentence),)
    if zones(curve).law_decades < LEAST_DECADES:  # of the whole curve: no window changes that
        notes += (NARROW_LAW,)
    if found.law_decades < TOUCHING_DECADES or plain.exponent.high >= 0:
        interval = interval.hull(plain.exponent)
    assert law.exponent is not None
    exponent = _around(law.exponent, interval)
    if exponent.high >= 0 and SLOPE_UNRESOLVED not in law.notes:
        notes += (SLOPE_UNRESOLVED,)
    floor = _around(law.floor, found.floor) if law.floor and found.floor else None
    return replace(law, exponent=exponent, floor=floor, zones=found, notes=law.notes + notes)


def _around(own: Interval, found: Interval) -> Interval:
    """The law's own estimate in the zones' interval; where it lies outside, in both intervals."""
    if found.holds(own.value):
        return Interval(own.value, found.low, found.high)
    return own.hull(found)


def _no_floor(found: Zones) -> Note:
    assert found.floor is not None
    sentence = "no floor claimed"
    if found.floor_chance >= SLIGHT:
        sentence += (
            f": the chance of one is {100 * found.floor_chance:.0f} %, at most"
            f" {number(found.floor.high)}; the exponent's interval knows of it"
        )
    return Note("no-floor", "info", sentence)


def _plateau_left_in(held: Repeats, first: int, found: Zones) -> Note:
    sizes, are = ("the first size", "is") if first == 1 else (f"the first {first} sizes", "are")
    return Note(
        "plateau-left-in",
        "info",
        f"{sizes} of the window, below {number(held.size[first])}, {are} still leaving the plateau"
        f" (chance {100 * found.plateau_chance:.0f} %): the law is that of the others",
    )


@dataclass(frozen=True, slots=True)
class _Spread:
    """How widely log errors scatter, in units of weight 1, and how well that is known."""

    sigma: float
    dof: float
    lack_dof: int  # sizes minus parameters
    seeds_dof: float
    ratio: float  # variance of sizes about the law over that of the seeds; 0 if there are none

    @classmethod
    def of(cls, held: Repeats, sse: float, law: Law) -> "_Spread":
        """From the scatter of the sizes about the law and of the seeds about their size.

        Where the sizes scatter no more than their seeds, both tell one variance and are pooled;
        else the sizes' scatter stands alone. (The larger of the two with the smaller degrees of
        freedom covers 95 to 98 % instead of 90 %, this 92 to 94 %, at 3 to 12 sizes x 3 seeds.)
        """
        lack_dof = held.size.size - PARAMETERS[law]
        seeds_dof = float(held.pure_dof.sum())
        seeds_sse = held.seeds_sse
        lack = sse / lack_dof
        seeds = seeds_sse / seeds_dof if seeds_dof else 0.0
        ratio = lack / seeds if seeds else 0.0
        if lack > seeds:
            return cls(lack**0.5, lack_dof, lack_dof, seeds_dof, ratio)
        dof = lack_dof + seeds_dof
        return cls(((sse + seeds_sse) / dof) ** 0.5, dof, lack_dof, seeds_dof, ratio)

    def half_width(self, unit_error: float) -> float:
        """Half the 90 % interval of a parameter whose standard error is `unit_error` * sigma."""
        return float(stdtrit(self.dof, TAIL) * self.sigma * unit_error)


def _blocked(law: Law, held: Repeats) -> tuple[Status, Note] | None:
    """Why `law` cannot be fitted to these sizes at all, if it cannot."""
    n, least = held.size.size, LEAST_SIZES[law]
    if n < least:
        sizes = "1 size" if n == 1 else f"{n} sizes"
        sentence = f"window holds {sizes}; {NAMES[law]} needs {least}: widen it or add sizes"
        return Status.TOO_FEW_SIZES, Note("too-few-sizes", "warning", sentence)
    if held.log_size[-1] - held.log_size[0] < LEAST_SPAN:
        return _too_close(held)
    return None


def _too_close(held: Repeats) -> tuple[Status, Note]:
    sentence = (
        f"sizes {held.size[0]:.17g} to {held.size[-1]:.17g} lie too close together to tell a slope:"
        " add sizes further apart"
    )
    return Status.SIZES_TOO_CLOSE, Note("sizes-too-close", "warning", sentence)


def _not_falling(held: Repeats) -> Note:
    low, high = number(held.size[0]), number(held.size[-1])
    sentence = f"the error does not fall from size {low} to {high}: move the window"
    return Note("not-falling", "warning", sentence)


def _doubts(curve: Curve, held: Repeats, spread: _Spread) -> tuple[Note, ...]:
    """What a reader should know about the points behind any law."""
    notes = list(_left_out(held))
    n_plateau = int(at_plateau(held, curve.guess).sum())
    if n_plateau:
        do, them = ("does", "it") if n_plateau == 1 else ("do", "them")
        left = held.size.size - n_plateau
        remedy = f"move the window's start past {them}"
        if left < LEAST_LAW_SIZES:  # as many as a proposed window keeps, plateau or not
            remedy = "measure larger sizes"
        notes.append(
            Note(
                "plateau-inside",
                "warning",
                f"{n_plateau} of {held.size.size} sizes {do} no better than the best guess:"
                f" {remedy}",
            )
        )
    if spread.seeds_dof == 0:
        notes.append(NO_REPEATS)
    elif fdtrc(spread.lack_dof, spread.seeds_dof, spread.ratio) < LACK_OF_FIT_LEVEL:
        notes.append(
            Note(
                LACK_OF_FIT,
                "warning",
                f"the sizes scatter {number(spread.ratio**0.5, 2)} times as widely about the law"
                " as their seeds: a plateau or floor may be inside the window",
            )
        )
    if spread.lack_dof <= 2:
        notes.append(
            Note(
                "few-sizes",
                "info",
                f"{held.size.size} sizes hardly test the law: the interval holds only if it is"
                " the right one",
            )
        )
    return tuple(notes)


def _left_out(held: Repeats) -> tuple[Note, ...]:
    if not held.n_left_out:
        return ()
    points = "1 point is" if held.n_left_out == 1 else f"{held.n_left_out} points are"
    sentence = f"{points} left out: size and error must be positive finite numbers"
    return (Note("left-out", "warning", sentence),)


def _empty(
    curve: Curve, window: Window, law: Law, held: Repeats, status: Status, note: Note
) -> Fit:
    notes = (*_left_out(held), note)
    return Fit(curve, law, window, status, notes, None, None, None, *_counts(curve, held))


def _window_counts(curve: Curve, held: Repeats) -> dict[str, Any]:
    """The same by name, of all sizes of a window whose law rests on fewer."""
    names = ("plateau", "n_sizes", "n_points", "n_seeds", "window_low", "window_high")
    return dict(zip(names, _counts(curve, held), strict=True))


def _counts(
    curve: Curve, held: Repeats
) -> tuple[float | None, int, int, int, float | None, float | None]:
    """The last fields of `Fit`, from plateau to window_high."""
    if held.size.size == 0:
        return curve.guess, 0, 0, 0, None, None
    return (
        curve.guess,
        held.size.size,
        int(held.n.sum()),
        int(held.n.min()),
        float(held.size[0]),
        float(held.size[-1]),
    )
