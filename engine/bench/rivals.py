"""Published estimators, implemented again: what the forecast is measured against.

Each is least squares of a form of `engine.laws.forms` on the sizes that may be seen, in the error
or in its log as its authors have it, and extrapolated as it stands. All are given the lowest of
several starts, found by the batched solver of `engine.laws.posterior` with priors so wide (SD)
that they only keep parameters finite. Sizes are scaled so that the smallest is 16, as LCDB's are.
Not the authors' code: M4 and BNSL owe some of their published scores to how their searches stop.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from engine.laws import broken_law, forms
from engine.laws.members import stacked
from engine.laws.posterior import Priors, most_probable
from engine.laws.varpro import floor_fits, power_fits

Array = NDArray[np.float64]
Predict = Callable[[Array], Array]  # log sizes (B, h) -> errors (B, h)
Form = Callable[[Array, Array], Array]  # theta (B, k), u (B, n) -> errors (B, n)

SD = 10.0  # of every free parameter about its start's mean: vague
SMALLEST = 16.0  # size that the smallest is scaled to
SCALE = 1e-2  # of a residual: only how little the vague priors weigh depends on it
LEAST = 1e-9  # of a curve's largest error: what a form that turns negative is set to
STEP = 1e-6  # of a parameter, for the derivatives
LAST = 5  # sizes of the line through the last ones
HOIEM_V0, HOIEM_V1 = 0.02**2, 1.0  # Hoiem et al. 2021 (arXiv 2010.11029), section 3: v0 + v1 / n


@dataclass(frozen=True, slots=True)
class Seen:
    """What a stack of curves may show, flush right; each (B, n)."""

    log_size: Array
    log_error: Array
    weight: Array  # 0 where a row has no such size

    @classmethod
    def of(cls, curves: Sequence[tuple[Array, Array, Array]]) -> "Seen":
        """From log sizes, log errors and weights of each."""
        x, y, w = zip(*curves, strict=True)
        return cls(stacked(x), stacked(y), stacked(w, 0.0))

    @property
    def origin(self) -> Array:
        """Log of the size that is scaled to 1; (B, 1)."""
        return np.asarray(self.log_size[:, :1] - np.log(SMALLEST))

    @property
    def high(self) -> Array:
        """Largest error of each curve; (B, 1)."""
        present = np.where(self.weight > 0, self.log_error, -np.inf)
        return np.asarray(np.exp(present.max(axis=1, keepdims=True)))


def last_value(seen: Seen) -> Predict:
    """Repeat the last value."""
    last = np.exp(seen.log_error[:, -1:])
    return lambda x: np.broadcast_to(last, x.shape)


def line(seen: Seen) -> Predict:
    """Log-log least squares through all sizes: M1 of Alabdulmohsin et al., pow2 of LCDB."""
    return _line(seen, seen.weight)


def line_through_last(seen: Seen) -> Predict:
    """Log-log least squares through the last five sizes."""
    order = np.cumsum((seen.weight > 0)[:, ::-1], axis=1)[:, ::-1]
    return _line(seen, np.where(order <= LAST, seen.weight, 0.0))


def _line(seen: Seen, weight: Array) -> Predict:
    fits = [
        power_fits(x, y[None], w[None])
        for x, y, w in zip(seen.log_size, seen.log_error, weight, strict=True)
    ]
    a, b = (np.array([getattr(f, k) for f in fits]) for k in ("log_coefficient", "exponent"))
    return lambda x: np.exp(a + b * x)


def m2(seen: Seen) -> Predict:
    """Power law and floor, least squares in log error (exact: variable projection)."""
    fits = [
        floor_fits(x[w > 0], y[None, w > 0], w[None, w > 0])
        for x, y, w in zip(seen.log_size, seen.log_error, seen.weight, strict=True)
    ]
    names = ("log_coefficient", "exponent", "floor")
    a, b, c = (np.array([getattr(f, k) for f in fits]) for k in names)
    return lambda x: np.exp(a + b * x) + c


def m3(seen: Seen) -> Predict:
    """M3, least squares in log error."""

    def form(t: Array, u: Array) -> Array:
        beta, c, gamma, floor = (np.exp(t[:, k : k + 1]) for k in range(4))
        return forms.m3(u / SMALLEST, beta, c, gamma, floor)

    starts = [
        (0.0, np.log(c), g, f) for c in (0.3, 1.0) for g in (-8.0, -3.0) for f in (-4.0, -1.0)
    ]
    return _fitted(seen, form, starts, log=True)


def m4(seen: Seen) -> Predict:
    """M4, least squares in log error."""

    def form(t: Array, u: Array) -> Array:
        beta, c, alpha, above = (np.exp(t[:, k : k + 1]) for k in range(4))
        return forms.m4(u / SMALLEST, beta, c, alpha, 1 + above, expit(t[:, 4:]))

    starts = [
        (1.0, np.log(c), 0.0, a, f) for c in (0.3, 1.0) for a in (-3.0, 0.0) for f in (-4, -1)
    ]
    return _fitted(seen, form, starts, log=True)


def bnsl(seen: Seen) -> Predict:
    """BNSL with one break, least squares in log error; predictions capped at an error of 1."""
    x = seen.log_size - seen.log_size[:, -1:]
    y = seen.log_error - seen.log_error[:, -1:]
    starts = np.tile(broken_law.STARTS, (len(x), 1, 1))
    starts[:, :, 3] *= -x[:, :1]
    priors = Priors(*(np.tile(p, (len(x), 1)) for p in (broken_law.PRIOR_MEAN, np.full(6, SD))))
    scale = np.full(len(x), SCALE)
    found = most_probable(broken_law.law, x, y, seen.weight, scale, priors, starts)
    last = seen.log_size[:, -1:], seen.log_error[:, -1:]
    return lambda at: np.minimum(np.exp(broken_law.law(found.theta, at - last[0])[0] + last[1]), 1)


def hoiem(seen: Seen) -> Predict:
    """Power law and floor, least squares in the error with weights 1 / (v0 + v1 / n)."""
    weight = seen.weight / (HOIEM_V0 + HOIEM_V1 / np.exp(seen.log_size))
    return _pow3(Seen(seen.log_size, seen.log_error, weight / weight.max(axis=1, keepdims=True)))


def pow3(seen: Seen) -> Predict:
    """LCDB's pow3, least squares in the error."""
    return _pow3(seen)


def _pow3(seen: Seen) -> Predict:
    def form(t: Array, u: Array) -> Array:
        return forms.power_floor(u / SMALLEST, np.exp(t[:, :1]), -np.exp(t[:, 1:2]), t[:, 2:])

    starts = [(0.0, np.log(b), c) for b in (0.1, 0.5, 1.5) for c in (0.0, 0.3)]
    return _fitted(seen, form, starts)


def pow4(seen: Seen) -> Predict:
    """LCDB's pow4, least squares in the error."""

    def form(t: Array, u: Array) -> Array:
        shift = np.exp(t[:, 3:])
        return forms.pow4(u / SMALLEST, np.exp(t[:, :1]), np.exp(t[:, 1:2]), t[:, 2:3], shift)

    starts = [(0.0, np.log(b), c, d) for b in (0.3, 1.0) for c in (0.0, 0.3) for d in (-3.0, 2.0)]
    return _fitted(seen, form, starts)


def mmf4(seen: Seen) -> Predict:
    """LCDB's mmf4, least squares in the error."""

    def form(t: Array, u: Array) -> Array:
        b, d = np.exp(t[:, 1:2]), np.exp(t[:, 3:])
        return forms.mmf4(u / SMALLEST, np.exp(t[:, :1]), b, t[:, 2:3], d)

    starts = [(0.0, b, c, np.log(d)) for b in (1.0, 5.0) for c in (0.0, 0.3) for d in (0.5, 1.2)]
    return _fitted(seen, form, starts)


def wbl4(seen: Seen) -> Predict:
    """LCDB's wbl4, least squares in the error."""

    def form(t: Array, u: Array) -> Array:
        a, d = np.exp(t[:, :1]), np.exp(t[:, 3:])
        return forms.wbl4(u / SMALLEST, a, np.exp(t[:, 1:2]), t[:, 2:3], d)

    starts = [(a, -0.7, c, np.log(d)) for a in (-4.0, -1.0) for c in (0.0, 0.3) for d in (0.3, 1.0)]
    return _fitted(seen, form, starts)


def exp3(seen: Seen) -> Predict:
    """LCDB's exp3, least squares in the error."""

    def form(t: Array, u: Array) -> Array:
        return forms.exp3(u / SMALLEST, np.exp(t[:, :1]), np.exp(t[:, 1:2]), t[:, 2:])

    starts = [(0.0, b, c) for b in (-6.0, -4.0, -2.0) for c in (0.0, 0.3)]
    return _fitted(seen, form, starts)


RIVALS: dict[str, Callable[[Seen], Predict]] = {
    "repeat the last value": last_value,
    "log-log line, last 5": line_through_last,
    "log-log line, all (M1)": line,
    "M2, power + floor": m2,
    "M3": m3,
    "M4": m4,
    "BNSL, one break": bnsl,
    "Hoiem, weighted": hoiem,
    "LCDB pow3": pow3,
    "LCDB pow4": pow4,
    "LCDB mmf4": mmf4,
    "LCDB wbl4": wbl4,
    "LCDB exp3": exp3,
}


def _fitted(
    seen: Seen, form: Form, starts: Sequence[tuple[float, ...]], log: bool = False
) -> Predict:
    """Least squares of `form` in the error, or in its log; derivatives by differences.

    Errors are in units of each curve's largest, so that one set of starts does for all.
    """

    def value(theta: Array, u: Array) -> Array:
        with np.errstate(all="ignore"):
            errors = form(theta, u)
            return np.log(np.maximum(errors, LEAST)) if log else errors

    def law(theta: Array, u: Array) -> tuple[Array, Array]:
        here = value(theta, u)
        slopes = np.empty((*here.shape, theta.shape[1]))
        for k in range(theta.shape[1]):
            there = theta.copy()
            there[:, k] += STEP
            slopes[..., k] = (value(there, u) - here) / STEP
        return here, slopes

    origin, high, count = seen.origin, seen.high, len(seen.log_size)
    u = np.exp(seen.log_size - origin)
    y = seen.log_error - np.log(high)
    stack = np.tile(np.array(starts, dtype=np.float64), (count, 1, 1))
    mean = stack.mean(axis=1)
    found = most_probable(
        law,
        u,
        y if log else np.exp(y),
        seen.weight,
        np.full(count, SCALE),
        Priors(mean, np.full(mean.shape, SD)),
        stack,
    )
    return lambda x: high * np.exp(value_of_log(form, found.theta, np.exp(x - origin)))


def value_of_log(form: Form, theta: Array, u: Array) -> Array:
    """Log of a form, kept finite: extrapolated forms can turn negative."""
    with np.errstate(all="ignore"):
        return np.asarray(np.log(np.maximum(np.nan_to_num(form(theta, u), nan=LEAST), LEAST)))
