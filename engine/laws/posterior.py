"""The most probable parameters of a law, for a stack of curves and many starts at once.

For a law L(x; theta) of log error against log size, with scale s and Gaussian priors (mean, sd),

    objective = sum_i w_i * rho((y_i - L(x_i; theta)) / s) + sum_k ((theta_k - mean_k) / sd_k)^2

with Huber's rho: squares up to `huber`, straight beyond, so that one bad point pulls with a
bounded force. All rows of the stack walk down together by Levenberg-Marquardt steps on the
reweighted squares, each with its own damping; a row that has arrived stays where it is.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# (theta (B, k), x (n,) or (B, n)) -> log error (B, n) and its derivatives (B, n, k)
Law = Callable[[Array, Array], tuple[Array, Array]]

STEPS = 200  # usual `steps`; most rows take 10 to 40
ARRIVED = 1e-10  # usual `arrived`
GOOD_ENOUGH = 1e-5  # the same for a forecast: parameters then lie within a hundredth of an sd
FIRST_DAMPING, LEAST_DAMPING, MOST_DAMPING = 1e-2, 1e-12, 1e12
TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Priors:
    """Independent Gaussian priors of a law's parameters."""

    mean: Array  # (k,) or (B, k)
    sd: Array  # the same; infinite where nothing is known


@dataclass(frozen=True, slots=True)
class Posterior:
    """Where each row of the stack ended."""

    theta: Array  # (B, k)
    objective: Array  # (B,); 0 where everything fits and lies at its prior
    hessian: Array  # (B, k, k) half the objective's, Gauss-Newton: its inverse is the covariance


def most_probable(
    law: Law,
    x: Array,
    y: Array,
    weights: Array,
    scale: Array,
    priors: Priors,
    starts: Array,
    huber: float = np.inf,
    arrived: float = ARRIVED,
    steps: int = STEPS,
) -> Posterior:
    """Walk every row from its start to the nearest most probable parameters, or to the lowest.

    Args:
        law: log error and its derivatives.
        x: log sizes, (n,) shared by the stack or (B, n) for curves of their own sizes.
        y: log errors, (B, n) or (1, n).
        weights: (B, n) or (1, n), >= 0; 0 leaves a size out.
        scale: spread of a log error of weight 1, (B,) or (1,).
        priors: of theta.
        starts: (B, k); or S for each row, (B, S, k), of whose walks the lowest counts.
        huber: residual, in scales, from which the loss is straight.
        arrived: relative gain of the objective below which a step is the last; a mere centre
            for draws needs no 1e-10.
        steps: at most.
    """
    many = starts.shape[1] if starts.ndim == 3 else 1
    theta = starts.astype(np.float64).reshape(-1, starts.shape[-1])
    count, k = theta.shape
    rows = count // many
    y, weights = (np.broadcast_to(each, (rows, x.shape[-1])) for each in (y, weights))
    scale = np.broadcast_to(scale, (rows,))
    mean, sd = (np.broadcast_to(each, (rows, k)) for each in (priors.mean, priors.sd))

    def stand(walks: NDArray[np.intp], at: Array) -> tuple[Array, Array, Array]:
        """Objective, descent direction and Gauss-Newton Hessian of some walks."""
        row = walks // many
        with np.errstate(over="ignore", invalid="ignore"):
            value, slope = law(at, x if x.ndim == 1 else x[row])
            residual = (y[row] - value) / scale[row, None]
            size = np.abs(residual)
            near = size <= huber
            rho = np.where(near, size**2, 2 * min(huber, 1e150) * size - min(huber, 1e150) ** 2)
            pull = weights[row] * np.where(near, 1.0, huber / np.maximum(size, TINY))
            off = (mean[row] - at) / sd[row]
            total = (weights[row] * rho).sum(axis=1) + (off**2).sum(axis=1)
            slope = slope / scale[row, None, None]
            gradient = np.einsum("bn,bnk->bk", pull * residual, slope) + off / sd[row]
            hessian = np.einsum("bn,bnk,bnl->bkl", pull, slope, slope)
        hessian[:, np.arange(k), np.arange(k)] += sd[row] ** -2.0
        lost = ~(np.isfinite(total) & np.isfinite(hessian).all(axis=(1, 2)))
        total[lost], gradient[lost], hessian[lost] = np.inf, 0.0, np.eye(k)
        return total, gradient, hessian

    objective, gradient, hessian = stand(np.arange(count), theta)
    damping = np.full(count, FIRST_DAMPING)
    walking = np.flatnonzero(np.isfinite(objective))
    for _ in range(steps):
        if not walking.size:
            break
        step = _damped(hessian[walking], gradient[walking], damping[walking])
        tried = theta[walking] + step
        total, slope, curve = stand(walking, tried)
        better = total <= objective[walking]
        gain = objective[walking] - np.where(better, total, objective[walking])
        moved = walking[better]
        theta[moved], objective[moved] = tried[better], total[better]
        gradient[moved], hessian[moved] = slope[better], curve[better]
        done = better & (gain <= arrived * (np.abs(total) + TINY)) & (damping[walking] < 1)
        stuck = ~better & (damping[walking] >= MOST_DAMPING)
        factor = np.where(better, 0.2, 4.0)
        damping[walking] = np.clip(damping[walking] * factor, LEAST_DAMPING, MOST_DAMPING)
        walking = walking[~(done | stuck)]
    best = objective.reshape(rows, many).argmin(axis=1) + np.arange(rows) * many
    return Posterior(theta[best], objective[best], hessian[best])


def _damped(hessian: Array, gradient: Array, damping: Array) -> Array:
    """Levenberg-Marquardt steps, (B, k), in units of each parameter's own curvature."""
    diagonal = np.einsum("bkk->bk", hessian)
    unit = np.sqrt(np.maximum(diagonal, TINY))
    scaled = hessian / (unit[:, :, None] * unit[:, None, :])
    k = scaled.shape[1]
    scaled[:, np.arange(k), np.arange(k)] = 1.0 + damping[:, None] + 1e-14
    return np.asarray(np.linalg.solve(scaled, (gradient / unit)[..., None])[..., 0] / unit)
