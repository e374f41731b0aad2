"""Forecast: the error at sizes not yet measured, with a band, and the size that an error takes.

Four members (`engine.laws.members`) say what the log error will be; the mixture weighs them by
what has been seen of the curve (`engine.laws.mixture`). With fewer than 6 sizes no trend can be
told from chance and the floor law, which has a prior, speaks alone. Curves of one file are drawn
a little towards each other (`engine.laws.company`). The band is

    centre +- widening * sqrt(filter variance + noise variance + spread of the members),

90 % for one more measurement. The widening is learned with the mixture, as the 90 % quantile of
what measurements were off in curves kept out, given the same features (conformalised quantile
regression: Romano et al. 2019, arXiv 1905.03222). A forecast reaches honestly to
four times the largest size, as far as it was ever tested; beyond, each value says so.

`forecast` never raises on data; what stands in the way is `Forecast.status`, in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.curve import Curve
from engine.laws.company import REACHES, Company, companies
from engine.laws.fit import LEAST_SPAN, Note, fit
from engine.laws.interval import NORMAL
from engine.laws.members import FLOOR_LAW, Members, fit_members
from engine.laws.mixture import Mixture, shipped
from engine.laws.repeats import LARGEST_LOG, Repeats, repeats
from engine.laws.window import Window
from engine.numbers import number

Array = NDArray[np.float64]

LEAST_SIZES = 4  # three parameters of the floor law and one size to contradict it
ENOUGH_SIZES = 6  # below, the floor law speaks alone
REACH = 4.0  # times the largest size: the farthest that the development curves test
MOST_SIZES = 96  # more are put together by log size: time, and no forecast is better for them
STACK = 32  # curves fitted together: the solver's tables stay in the cache
SEARCHED = 1e4  # times the largest size: `size_for` looks no farther
SEARCH_STEPS = 400  # of log size, then interpolated


class Status(Enum):
    """How a forecast ended; the value is what a reader is told."""

    FORECAST = "forecast"
    TOO_FEW_SIZES = "too few sizes"
    SIZES_TOO_CLOSE = "sizes too close together"
    NOT_FALLING = "error does not fall"  # there is a forecast nevertheless


@dataclass(frozen=True, slots=True)
class Predicted:
    """Errors at sizes that were asked for; each (h,)."""

    size: Array
    error: Array
    low: Array  # 90 % band of one more measurement
    high: Array
    beyond: NDArray[np.bool_]  # farther than the forecast was ever tested


@dataclass(frozen=True, slots=True)
class Needed:
    """The size that an error takes, or why it is not to be had."""

    error: float
    size: float | None  # where the forecast reaches `error`; None where it never does
    low: float | None  # where the band's lower end does: with luck
    high: float | None  # where its upper end does: almost surely; None where that is never
    note: str  # in words; empty where the size lies within the tested reach


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the sizes of `curve` inside `window` say about those that are not there."""

    curve: Curve
    window: Window
    status: Status
    notes: tuple[Note, ...]
    n_sizes: int
    smallest: float | None  # size measured inside the window
    largest: float | None
    members: Members | None  # None where nothing can be said
    mixture: Mixture = field(default_factory=shipped, repr=False)
    company: Company | None = None  # how curves beside it fall, where there are any

    def error_at(self, sizes: ArrayLike) -> Predicted:
        """The errors to expect at `sizes`, (h,), each > 0.

        Raises:
            ValueError: there is no forecast (`members` is None), or a size is not positive.
        """
        if self.members is None or self.largest is None or self.smallest is None:
            raise ValueError(f"no forecast of {self.curve.name!r}: {self.status.value}")
        size = np.atleast_1d(np.asarray(sizes, dtype=np.float64))
        if not (np.isfinite(size) & (size > 0)).all():
            raise ValueError(f"a size must be a positive finite number; not {sizes!r}")
        x = np.log(size) - self.members.last[0]
        centre, half = self._band(x)
        logs = (np.clip(each, -LARGEST_LOG, LARGEST_LOG) for each in (centre, centre - half))
        value, low = (np.exp(each) for each in logs)
        high = np.exp(np.clip(centre + half, -LARGEST_LOG, LARGEST_LOG))
        beyond = (size > REACH * self.largest * (1 + 1e-9)) | (size < self.smallest / REACH)
        return Predicted(size, value, low, high, beyond)

    def size_for(self, error: float) -> Needed:
        """The size at which the error falls to `error`, looked for from the largest size on.

        Raises:
            ValueError: there is no forecast, or `error` is not a positive finite number.
        """
        if self.members is None or self.largest is None:
            raise ValueError(f"no forecast of {self.curve.name!r}: {self.status.value}")
        if not (np.isfinite(error) and error > 0):
            raise ValueError(f"an error must be a positive finite number; not {error!r}")
        x = np.linspace(0.0, np.log(SEARCHED), SEARCH_STEPS)
        centre, half = self._band(x)
        target = np.log(error)
        largest = self.largest

        def reached(ends: Array) -> float | None:
            at = _first_below(x, ends, target)
            return None if at is None else float(np.exp(at) * largest)

        size, low, high = (reached(ends) for ends in (centre, centre - half, centre + half))
        return Needed(error, size, low, high, self._remark(error, size))

    @property
    def rates(self) -> Array:
        """What this curve alone expects log error to change by over log size, at REACHES; (24,)."""
        centre = self._alone(np.append(0.0, REACHES))[0]
        return np.asarray((centre[1:] - centre[0]) / REACHES)

    def _band(self, x: Array) -> tuple[Array, Array]:
        """Centre and half width of the log error at x = log size less that of the largest; (h,)."""
        members = self.members
        assert members is not None
        ahead_of = np.append(np.maximum(x, 0.0), 0.0)
        centre, variance, widening = self._alone(ahead_of)
        half = widening * np.sqrt(variance + members.noise[0] ** 2)
        if self.company is not None:
            centre = centre + self.company.pull(ahead_of, centre - centre[-1], variance)
        # inside the measured sizes the broken law draws the curve, joined to the forecast
        inside = members.behind(np.minimum(x, 0.0)[None])[0]
        joined = inside + (centre[-1] - members.level[0]) * np.exp(np.minimum(x, 0.0))
        return np.where(x > 0, centre[:-1], joined), half[:-1]

    def _alone(self, x: Array) -> tuple[Array, Array, Array]:
        """Centre, its variance and the band's widening at x >= 0, from this curve alone; (h,)."""
        members = self.members
        assert members is not None
        ahead, variance = members.ahead(x[None])
        if self.n_sizes < ENOUGH_SIZES:
            off = ahead[:, :, 0] - ahead[:, :, FLOOR_LAW]
            return ahead[0, :, FLOOR_LAW], (variance + off**2)[0], np.full(x.shape, NORMAL)
        features = members.features(x[None], ahead, variance)
        share = self.mixture.weights(features)
        centre = (share * ahead).sum(axis=2)
        variance = variance + variance_of(ahead, share, centre)
        return centre[0], variance[0], self.mixture.widening(features)[0]

    def _remark(self, error: float, size: float | None) -> str:
        assert self.largest is not None
        if size is None:
            floor = fit(self.curve, self.window).floor
            if floor is None:
                return f"not reached within {number(SEARCHED)} times the largest size"
            between = f"{number(floor.low)} to {number(floor.high)}"
            if floor.low > error:
                return f"not reachable: the floor's interval, {between}, lies above {number(error)}"
            return (
                f"not reached within {number(SEARCHED)} times the largest size: the floor may lie"
                f" above it, its interval is {between}"
            )
        if size > REACH * self.largest:
            times = number(size / self.largest, 2)
            return f"{times} times the largest size: forecasts are tested up to {REACH:g} times"
        if size <= self.largest:
            return "already reached at the largest size"
        return ""


def forecast(curve: Curve, window: Window = Window()) -> Forecast:  # noqa: B008 - frozen
    """Forecast `curve` from its sizes inside `window`: the error at others, the size for an error.

    Never raises on data: where nothing can be said, `status` and `notes` of the forecast say why.

    Args:
        curve: with four sizes or more; from six on, a trend is told from chance.
        window: sizes, in the curve's unit. A plateau may stay inside.
    """
    return forecasts([curve], window)[0]


def forecasts(
    curves: Sequence[Curve],
    window: Window = Window(),  # noqa: B008 - frozen
) -> list[Forecast]:
    """Forecast many curves, STACK at a time: faster than one by one where they are short."""
    held = [repeats(curve) for curve in curves]
    held = [each.rows(window.holds(each.size)) for each in held]
    blocked = [_blocked(each) for each in held]
    able = [k for k, why in enumerate(blocked) if why is None]
    fitted: dict[int, Members] = {}
    for start in range(0, len(able), STACK):
        stack = able[start : start + STACK]
        together = fit_members(*zip(*(_thin(held[k]) for k in stack), strict=True))
        fitted |= {k: together.row(at) for at, k in enumerate(stack)}
    return [
        _forecast(curve, window, each, why, fitted.get(k))
        for k, (curve, each, why) in enumerate(zip(curves, held, blocked, strict=True))
    ]


def forecasts_together(
    curves: Sequence[Curve],
    window: Window = Window(),  # noqa: B008 - frozen
) -> list[Forecast]:
    """Forecast the curves of one file: those of one domain, metric and unit keep company."""
    alone = forecasts(curves, window)
    rooms: dict[tuple[str, ...], list[int]] = {}
    for k, curve in enumerate(curves):
        rooms.setdefault((curve.domain, curve.metric, curve.unit), []).append(k)
    for room in rooms.values():
        for k, each in zip(room, in_company([alone[k] for k in room]), strict=True):
            alone[k] = each
    return alone


def in_company(held: Sequence[Forecast]) -> list[Forecast]:
    """The same forecasts, each drawn a little towards how the others fall (`engine.laws.company`).

    A curve of fewer than 6 sizes is left as it is and draws no other.
    """
    able = [k for k, each in enumerate(held) if each.members and each.n_sizes >= ENOUGH_SIZES]
    told = list(held)
    if len(able) < 2:
        return told
    for k, company in zip(able, companies(np.array([held[k].rates for k in able])), strict=True):
        other = "1 other curve falls" if company.others == 1 else f"{company.others} others fall"
        note = Note("company", "info", f"drawn a little towards how {other}")
        told[k] = replace(held[k], company=company, notes=(*held[k].notes, note))
    return told


def prepared(curve: Curve) -> tuple[Array, Array, Array]:
    """Log sizes, log errors and weights of `curve` as its forecast takes them; each (n,)."""
    return _thin(repeats(curve))


def variance_of(ahead: Array, share: Array, centre: Array) -> Array:
    """Spread of the members about their weighted mean; (..., h)."""
    return np.asarray((share * (ahead - centre[..., None]) ** 2).sum(axis=-1))


def _forecast(
    curve: Curve,
    window: Window,
    held: Repeats,
    why: tuple[Status, Note] | None,
    members: Members | None,
) -> Forecast:
    n = int(held.size.size)
    smallest, largest = (float(held.size[0]), float(held.size[-1])) if n else (None, None)
    if members is None:
        assert why is not None
        return Forecast(curve, window, why[0], (why[1],), n, smallest, largest, None)
    notes = []
    status = Status.FORECAST
    if held.log_mean[-1] >= held.log_mean[0]:
        status = Status.NOT_FALLING
        sentence = (
            f"the error does not fall from size {number(held.size[0])} to {number(held.size[-1])}:"
            " the forecast carries on what it does"
        )
        notes.append(Note("not-falling", "warning", sentence))
    if n < ENOUGH_SIZES:
        sentence = f"{n} sizes: the forecast rests on one law and its prior; add sizes"
        notes.append(Note("few-sizes", "info", sentence))
    if held.n_left_out:
        sentence = f"{held.n_left_out} left out: size and error must be positive finite numbers"
        notes.append(Note("left-out", "warning", sentence))
    return Forecast(curve, window, status, tuple(notes), n, smallest, largest, members)


def _blocked(held: Repeats) -> tuple[Status, Note] | None:
    """Why nothing can be forecast, if so."""
    n = held.size.size
    if n < LEAST_SIZES:
        sizes = "1 size" if n == 1 else f"{n} sizes"
        sentence = f"{sizes} in the window; a forecast needs {LEAST_SIZES}: widen it or add sizes"
        return Status.TOO_FEW_SIZES, Note("too-few-sizes", "warning", sentence)
    if held.log_size[-1] - held.log_size[0] < LEAST_SPAN:
        sentence = (
            f"sizes {held.size[0]:.17g} to {held.size[-1]:.17g} lie too close together to tell a"
            " slope: add sizes further apart"
        )
        return Status.SIZES_TOO_CLOSE, Note("sizes-too-close", "warning", sentence)
    return None


def _thin(held: Repeats) -> tuple[Array, Array, Array]:
    """Log size, log error, weight; at most MOST_SIZES of them, by even bins of log size.

    Weights are those of `repeats` where sizes were repeated. Stated errors alone are not used:
    on LCDB, whose standard errors shrink along the curve for reasons of their own, equal weights
    forecast better (.103 against .108, filter alone).
    """
    x, y = held.log_size, held.log_mean
    weight = held.weight if (held.n > 1).any() else np.ones(x.size)
    if x.size <= MOST_SIZES:
        return x, y, weight / weight.mean()
    edges = np.linspace(x[0], x[-1], MOST_SIZES + 1)
    room = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, MOST_SIZES - 1)
    total = np.bincount(room, weight, MOST_SIZES)
    filled = total > 0
    total = total[filled]
    middle = np.bincount(room, weight * x, MOST_SIZES)[filled] / total
    mean = np.bincount(room, weight * y, MOST_SIZES)[filled] / total
    middle[-1] = x[-1]  # the largest size is where a forecast begins
    return middle, mean, total / total.mean()


def _first_below(x: Array, y: Array, target: float) -> float | None:
    """The first x at which y, joined by straight lines, is at or below `target`."""
    below = np.flatnonzero(y <= target)
    if not below.size:
        return None
    k = int(below[0])
    if k == 0:
        return float(x[0])
    share = (y[k - 1] - target) / (y[k - 1] - y[k])
    return float(x[k - 1] + share * (x[k] - x[k - 1]))
