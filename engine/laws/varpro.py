"""Least squares in log error for a whole stack of curves or weightings at once.

The objective of every fit here, for weights w and sizes m_i shared by the stack, is

    SSE = sum_i w_i * (log e_i - log law(m_i))^2

on the log of the TOTAL error; the log of an excess over the floor is never taken, since a free
search then lets the floor collapse. Writing m0 for the smallest size and u = m / m0,

    log law = a + log((1 - s) * u^beta + s),        s = floor / law(m0), the floor's share at m0,

leaves `a` linear, so it is projected out in closed form (variable projection, Golub & Pereyra
1973: with a constant basis, projecting is just centring), and two parameters remain, both free
of units. A grid over them is scored by matrix products, and from its valleys all fits walk down
together by damped Newton steps with 0 <= s < 1 and beta in its range. (A noisy curve of few sizes
can have several valleys, such as a slope without a floor and a cliff with one. With sizes in steps
of 2 the lowest was found for all of 3,000 curves of 5 to 14 sizes at 10 and 30 % noise.)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STEEPEST, FLATTEST = -8.0, -1e-3  # beta of the floor law: published ones lie in [-1.3, -0.06]
FULLEST = 1 - 1e-9  # s = 1 is a constant, where beta means nothing
# The grid of starts: exponents, and for each the floors that are these shares of the law at its
# largest size, cross the power law at these parts of the way there, and are these shares at m0.
GRID_EXPONENTS = -np.geomspace(0.01, 6.0, 18)
GRID_LAST = np.array([0.0, 0.15, 0.4, 0.7, 0.9])
GRID_CROSSINGS = np.array([0.75, 0.5, 0.3, 0.15, 0.07, 0.0])
GRID_FIRST = np.array([0.2, 0.8, 0.95])
RIVAL = 2.0  # a valley is walked down if its cell's SSE is within this factor of the best cell's
LEAST_LOG_POWER = -230.0  # of u^beta: errors span less than e^460, and squares must not overflow
GRID_SIZES = 256  # a start needs no more sizes than this; keeps the table below 1 MB
LEAST_CURVATURE = 1e-30  # of the SSE along a parameter: below, it does not matter at all
TRUSTED = 1e-2  # damping up to which a small step means arrival and not a short leash
TINY = 1e-300  # keeps a quotient finite where all sizes of a row are one
STEPS = 200  # at most; 5 to 10 are usual


@dataclass(frozen=True, slots=True)
class PowerFits:
    """A stack of weighted log-log lines, log e = log_coefficient + exponent * log m. Each (B,)."""

    exponent: Array
    log_coefficient: Array
    sse: Array
    information: Array  # sum of w * (x - mean x)^2: the exponent's variance is sigma^2 / this


@dataclass(frozen=True, slots=True)
class FloorFits:
    """A stack of power laws above a floor. Each (B,)."""

    exponent: Array
    log_coefficient: Array
    floor: Array
    sse: Array
    exponent_variance: Array  # per unit sigma^2, from the Gauss-Newton Hessian, floor free
    floor_variance: Array  # likewise, by the delta method


def power_fits(log_sizes: Array, log_errors: Array, weights: Array) -> PowerFits:
    """Weighted least-squares lines in log-log space, in closed form.

    Args:
        log_sizes: (n,), shared by the stack.
        log_errors: (B, n) or (1, n).
        weights: (B, n) or (1, n); >= 0, at least two sizes of each row above 0.
    """
    log_errors, weights = np.broadcast_arrays(log_errors, weights)
    total = weights.sum(axis=1)
    x_mean = weights @ log_sizes / total
    y_mean = (weights * log_errors).sum(axis=1) / total
    x = log_sizes - x_mean[:, None]  # (B, n)
    y = log_errors - y_mean[:, None]
    information = np.maximum((weights * x * x).sum(axis=1), TINY)
    exponent = (weights * x * y).sum(axis=1) / information
    sse = (weights * (y - exponent[:, None] * x) ** 2).sum(axis=1)
    return PowerFits(exponent, y_mean - exponent * x_mean, sse, information)


def floor_fits(log_sizes: Array, log_errors: Array, weights: Array) -> FloorFits:
    """Power laws with a floor >= 0 that minimise the SSE in log error.

    Args:
        log_sizes: (n,), shared by the stack; curves of other sizes take weight 0 where absent.
        log_errors: (B, n) or (1, n).
        weights: (B, n) or (1, n); >= 0, at least three sizes of each row above 0.
    """
    log_errors, weights = np.broadcast_arrays(log_errors, weights)
    first = log_sizes.min()
    problem = _Problem(log_sizes - first, log_errors, weights, weights.sum(axis=1))
    row, exponent, share = _starts(problem)
    walks = _descend(problem.rows(row), exponent, share)
    order = np.lexsort((walks.sse, row))
    walk = walks.rows(order[np.unique(row[order], return_index=True)[1]])  # the lowest of each
    level = np.exp(walk.level)  # the law at the smallest size, (B,)
    vbb, vss, vbs = _inverse(walk.hbb, walk.hss, walk.hbs)
    # floor = s * exp(a), and a = mean(y) - mean(L): its slopes along mean(y), beta and s
    along_beta = -walk.share * level * walk.mean_b
    along_share = level * (1 - walk.share * walk.mean_s)
    floor_variance = (
        (walk.share * level) ** 2 / problem.total
        + along_beta**2 * vbb
        + 2 * along_beta * along_share * vbs
        + along_share**2 * vss
    )
    return FloorFits(
        exponent=walk.exponent,
        log_coefficient=walk.level + np.log1p(-walk.share) - walk.exponent * first,
        floor=walk.share * level,
        sse=walk.sse,
        exponent_variance=vbb,
        floor_variance=floor_variance,
    )


@dataclass(frozen=True, slots=True)
class _Problem:
    log_u: Array  # (n,), >= 0
    y: Array  # (B, n)
    w: Array  # (B, n)
    total: Array  # (B,) sum of w

    def rows(self, index: NDArray[np.intp]) -> "_Problem":
        return _Problem(self.log_u, self.y[index], self.w[index], self.total[index])


@dataclass(slots=True)
class _Walk:
    """Where each fit of the stack stands, and SSE, gradient and Hessians there. Each (B,)."""

    exponent: Array
    share: Array
    level: Array  # a, projected out
    sse: Array
    gb: Array  # descent direction along beta: sum w * dL/dbeta * residual
    gs: Array
    hbb: Array  # Gauss-Newton: sum w * dL/dbeta * dL/dbeta, ...
    hss: Array
    hbs: Array
    nbb: Array  # Newton: with the second derivatives too
    nss: Array
    nbs: Array
    mean_b: Array  # weighted means of dL/dbeta and dL/ds
    mean_s: Array

    def rows(self, index: NDArray[np.intp]) -> "_Walk":
        return _Walk(*(getattr(self, name)[index] for name in self.__slots__))

    def put(self, index: NDArray[np.intp], other: "_Walk", where: NDArray[np.bool_]) -> None:
        for name in self.__slots__:
            getattr(self, name)[index[where]] = getattr(other, name)[where]


def _inverse(hbb: Array, hss: Array, hbs: Array) -> tuple[Array, Array, Array]:
    """Inverse of the 2 x 2 Hessians: both diagonals, then the other. Finite where singular."""
    hbb, hss = np.maximum(hbb, LEAST_CURVATURE), np.maximum(hss, LEAST_CURVATURE)
    determinant = np.maximum(hbb * hss - hbs * hbs, 1e-14 * hbb * hss)  # 1e-14: to rounding
    return hss / determinant, hbb / determinant, -hbs / determinant


def _starts(problem: _Problem) -> tuple[NDArray[np.intp], Array, Array]:
    """The valleys of the grid: which row each belongs to, its exponent and share; (S,), S >= B."""
    thin = slice(None, None, -(-problem.log_u.size // GRID_SIZES))
    log_u, y = problem.log_u[thin], problem.y[:, thin]
    w = problem.w[:, thin]
    if not problem.w.strides[0]:
        w = w[:1]  # one row of weights, broadcast: its sums are the same for all
    y = y - y.mean(axis=1, keepdims=True)
    shares = _grid_shares(problem.log_u.max())  # (E, S)
    exponents = np.broadcast_to(GRID_EXPONENTS[:, None], shares.shape)
    law = _log_law(log_u[:, None], exponents.ravel(), shares.ravel())  # (n, E * S)
    wy = w * y
    weight_sum = np.maximum(w.sum(axis=1), TINY)[:, None]
    w_law = w @ law
    y_sum = wy.sum(axis=1, keepdims=True)
    # SSE = what y varies by + what the law does - twice what both do together, all about the mean
    score = (-2 * wy + 2 * y_sum * w / weight_sum) @ law
    score += w @ (law * law) - w_law**2 / weight_sum
    score += (wy * y).sum(axis=1, keepdims=True) - y_sum**2 / weight_sum
    score = np.maximum(score, 0.0, out=score).reshape(-1, *shares.shape)
    valley = score <= np.minimum(_least_near(score), RIVAL * score.min(axis=(1, 2), keepdims=True))
    row, i, j = np.nonzero(valley)
    return row, exponents[i, j], shares[i, j]


def _grid_shares(span: float) -> Array:
    """Ascending shares at m0 for each grid exponent, (E, S); `span` is log of largest over m0."""
    log_last = np.maximum(GRID_EXPONENTS * span, LEAST_LOG_POWER)[:, None]
    last, crossing = np.exp(log_last), np.exp(log_last * GRID_CROSSINGS)
    shares = (
        GRID_LAST * last / (1 - GRID_LAST + GRID_LAST * last),
        crossing / (1 + crossing),
        np.broadcast_to(GRID_FIRST, (GRID_EXPONENTS.size, GRID_FIRST.size)),
    )
    return np.sort(np.concatenate(shares, axis=1), axis=1)


def _least_near(score: Array) -> Array:
    """For each cell of the grids (B, E, S), the least score of itself and its eight neighbours."""
    down = score.copy()
    np.minimum(down[:, 1:], score[:, :-1], out=down[:, 1:])
    np.minimum(down[:, :-1], score[:, 1:], out=down[:, :-1])
    near = down.copy()
    np.minimum(near[:, :, 1:], down[:, :, :-1], out=near[:, :, 1:])
    np.minimum(near[:, :, :-1], down[:, :, 1:], out=near[:, :, :-1])
    return near


def _log_law(log_u: Array, exponent: Array, share: Array) -> Array:
    """The logarithm of (1 - s) * u^beta + s, broadcast."""
    power = np.exp(np.maximum(exponent * log_u, LEAST_LOG_POWER))
    return np.asarray(np.log(power + share * (1 - power)))


def _stand(problem: _Problem, exponent: Array, share: Array) -> _Walk:
    """SSE and its derivatives at the given parameters."""
    log_u, w, total = problem.log_u, problem.w, problem.total
    s = share[:, None]
    power = np.exp(np.maximum(exponent[:, None] * log_u, LEAST_LOG_POWER))  # u^beta, in (0, 1]
    law = power + s * (1 - power)  # at a = 0
    r = problem.y - np.log(law)
    pull = log_u * power / law
    db = (1 - s) * pull  # dL/dbeta
    ds = (1 - power) / law  # dL/ds
    level, mean_b, mean_s = (_along(w, each) / total for each in (r, db, ds))
    r -= level[:, None]
    wr = w * r
    wrb, wrs = wr * db, wr * ds
    cbb = _along(wrb, log_u - db)  # curvature of L itself, weighed by residuals
    cbs = -_along(wr, pull) - _along(wrb, ds)
    css = -_along(wrs, ds)
    db -= mean_b[:, None]
    ds -= mean_s[:, None]
    wb = w * db
    hbb, hss, hbs = _along(wb, db), _along(w * ds, ds), _along(wb, ds)
    return _Walk(
        exponent=exponent,
        share=share,
        level=level,
        sse=_along(wr, r),
        gb=_along(wr, db),
        gs=_along(wr, ds),
        hbb=hbb,
        hss=hss,
        hbs=hbs,
        nbb=hbb - cbb,
        nss=hss - css,
        nbs=hbs - cbs,
        mean_b=mean_b,
        mean_s=mean_s,
    )


def _along(a: Array, b: Array) -> Array:
    """Inner products of the rows of two (B, n); (B,)."""
    return np.asarray(np.einsum("bn,bn->b", a, b))


def _descend(problem: _Problem, exponent: Array, share: Array) -> _Walk:
    """Damped Newton steps from the given starts; rows leave the stack as they arrive."""
    walk = _stand(problem, exponent, share)
    left = np.arange(exponent.size)
    damping = np.full(exponent.size, 1e-3)
    for _ in range(STEPS):
        if left.size == 0:
            break
        here = walk.rows(left)
        here_damping = damping[left]
        step_b, step_s = _step(here, here_damping)
        there = _stand(
            problem.rows(left),
            np.clip(here.exponent + step_b, STEEPEST, FLATTEST),
            np.clip(here.share + step_s, 0.0, FULLEST),
        )
        better = there.sse < here.sse
        walk.put(left, there, better)
        damping[left] *= np.where(better, 0.1, 8.0)
        promised = np.abs(step_b * here.gb) + np.abs(step_s * here.gs)
        arrived = promised <= 1e-13 * here.sse + 1e-30 * problem.total[left]
        arrived &= here_damping <= TRUSTED
        left = left[~(arrived | (damping[left] > 1e12))]
    return walk


def _step(here: _Walk, damping: Array) -> tuple[Array, Array]:
    """One damped step: Newton's where the SSE is convex, else Gauss and Newton's.

    A parameter pressed against its bound stays there.
    """
    held_b = ((here.exponent <= STEEPEST) & (here.gb < 0)) | (
        (here.exponent >= FLATTEST) & (here.gb > 0)
    )
    held_s = ((here.share <= 0) & (here.gs < 0)) | ((here.share >= FULLEST) & (here.gs > 0))
    convex = (here.nbb > 0) & (here.nbb * here.nss > here.nbs**2)
    hbb = np.where(convex, here.nbb, here.hbb) * (1 + damping)
    hss = np.where(convex, here.nss, here.hss) * (1 + damping)
    hbs = np.where(held_b | held_s, 0.0, np.where(convex, here.nbs, here.hbs))
    vbb, vss, vbs = _inverse(hbb, hss, hbs)
    step_b = np.where(held_b, 0.0, vbb * here.gb + vbs * here.gs)
    step_s = np.where(held_s, 0.0, vss * here.gs + vbs * here.gb)
    return step_b, step_s
