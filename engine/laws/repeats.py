"""Repeats (seeds) of one size put together: its mean log error, its weight, its median.

The variance of a size's mean log error is v0 + v1 / n. v1 is the spread between its n seeds,
shrunk towards the spread pooled over the whole curve, because three seeds alone tell a variance
to within a factor of six; for a lone point it is the square of its stated error. v0 is what
repeats cannot average away: how far a size lies off the line between its neighbours beyond what
its seeds explain. (The weights of Hoiem et al. 2021, in log error.) Errors are taken in logs, so
that 10 % is 10 % at every size.

One bad run must not wreck a fit. A seed far from its size's median is pulled in to SEED_REACH
spreads of it (Huber 1964, the winsorised mean); a size far off the line between its neighbours,
while they lie straight without it, gets the variance of its own miss. A bend, such as the corner
where a plateau ends, bends its neighbours too and is left as it is.

Weights are made once from the WHOLE curve and never from a window. So the power law inside a
window is the weighted least-squares line through (log size, log_mean) of the sizes inside it,

    exponent = sum w (x - mean x) (y - mean y) / sum w (x - mean x)^2,      mean = weighted mean,

and a page that has `size`, `log_mean` and `weight` from `summarize` draws, while a window is
being dragged, the very line that `fit(curve, window, "power")` gives afterwards.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from engine.curve import Curve
from engine.laws.neighbours import off_the_line, typical_variance

Array = NDArray[np.float64]

PRIOR_DOF = 10.0  # pooled spread counts as this many seeds: a ratio of 5 between weights is noise
STATED_DOF = 2.0  # a stated standard error counts as one from three repeats, the usual number
LARGEST_WEIGHT = 20.0  # times the mean: no size decides alone because its seeds happened to agree
LARGEST = 1e100  # no size or error of anything measured lies beyond, or below 1e-100
LARGEST_LOG = 690.0  # e^690 is the last power that float64 holds comfortably
SEED_REACH = 5.0  # spreads: one good seed in 2 million lies further out
SIZE_REACH, BESIDE_REACH = 8.0, 3.0  # spreads off the line: of an outlier, of its neighbours
LEAST_MISS = 1e-6  # in log error: what rounding leaves is no outlier
CHI2_2_MEDIAN = 1.386  # median of chi^2 with 2 degrees of freedom, of three seeds


@dataclass(frozen=True, slots=True)
class SizeSummary:
    """All repeats of one size in one row."""

    size: float
    n: int  # repeats
    median: float  # of the errors; halfway in log error between the middle two if n is even
    low: float  # 90 % interval of the median, from the spread pooled over sizes;
    high: float  # equal to the median where no spread is known
    log_mean: float  # mean of log error, stray seeds pulled in: what the laws are fitted to
    weight: float  # of log_mean in every fit; mean 1 over the curve


@dataclass(frozen=True, slots=True)
class Repeats:
    """The same, as arrays over the distinct sizes in ascending order; each (n_sizes,)."""

    size: Array
    n: NDArray[np.int64]
    log_mean: Array
    log_median: Array
    weight: Array
    pure: Array  # sum over repeats of (log error - log_mean)^2, or what a stated error implies
    pure_dof: Array  # degrees of freedom of `pure`
    lack: Array  # variance of log_mean that no repeat averages away: v0, and an outlier's miss
    one_seed: Array  # variance of one repeat's log error about its size: v1; 0 if unknown
    n_left_out: int  # points whose size or error is not a positive finite number

    @property
    def log_size(self) -> Array:
        """Natural logs of the sizes; (n_sizes,)."""
        return np.asarray(np.log(self.size))

    @property
    def spread(self) -> float:
        """Standard deviation of log error between repeats, pooled over sizes; 0 if unknown."""
        dof = self.pure_dof.sum()
        return float(np.sqrt(self.pure.sum() / dof)) if dof > 0 else 0.0

    @property
    def seeds_sse(self) -> float:
        """What the seeds scatter by, in units of weight 1, times their degrees of freedom.

        A mean over the sizes, as the sizes' scatter about a law is, and not over the seeds: where
        some sizes have many more of them, those would stand for all. With as many at each it is
        sum_i w_i pure_i / n_i.
        """
        mean = self.weight * self.one_seed / self.n  # the variance of each size's mean
        by_seeds = self.pure_dof @ mean
        if not by_seeds > 0:
            return 0.0
        evenly = self.pure_dof.sum() * mean.mean() / by_seeds
        return float(self.weight @ (self.pure / self.n) * evenly)

    def rows(self, inside: NDArray[np.bool_]) -> "Repeats":
        """Only the sizes marked; their weights stay as they are."""
        return Repeats(
            self.size[inside],
            self.n[inside],
            self.log_mean[inside],
            self.log_median[inside],
            self.weight[inside],
            self.pure[inside],
            self.pure_dof[inside],
            self.lack[inside],
            self.one_seed[inside],
            self.n_left_out,
        )


def repeats(curve: Curve) -> Repeats:
    """Put the repeats of each size of `curve` together."""
    size, error = curve.sizes, curve.errors
    stderr = np.nan_to_num(np.array([p.stderr or 0.0 for p in curve.points], dtype=np.float64))
    usable = measured(size) & measured(error)
    size, log_error = size[usable], np.log(error[usable])
    # of log error, to first order; from 100 % on, or below 0, it says only that nothing is known
    stated = np.clip(stderr[usable], 0.0, error[usable]) / error[usable]

    order = np.lexsort((log_error, size))
    size, log_error, stated = size[order], log_error[order], stated[order]
    log_size, start, n = np.unique(np.log(size), return_index=True, return_counts=True)
    if n.size == 0:
        none = np.empty(0)
        return Repeats(none, n, none, none, none, none, none, none, none, len(curve.points))
    log_median = (log_error[start + (n - 1) // 2] + log_error[start + n // 2]) / 2
    log_error = _stray_seeds_pulled_in(log_error, log_median, start, n)
    log_mean = np.add.reduceat(log_error, start) / n
    pure = np.add.reduceat((log_error - np.repeat(log_mean, n)) ** 2, start)
    pure_dof = (n - 1).astype(np.float64)
    lone = (n == 1) & (stated[start] > 0)
    pure[lone] = STATED_DOF * stated[start][lone] ** 2
    pure_dof[lone] = STATED_DOF

    total_dof = pure_dof.sum()
    pooled = pure.sum() / total_dof if total_dof > 0 else 0.0
    seed_variance = (PRIOR_DOF * pooled + pure) / (PRIOR_DOF + pure_dof) / n  # v1 / n
    seed_variance[lone] = stated[start][lone] ** 2
    miss = _miss_of_outliers(log_size, log_mean, seed_variance)
    good = miss == 0
    lack = _lack_of_fit(log_size[good], log_mean[good], seed_variance[good])  # v0
    return Repeats(
        size[start],
        n,
        log_mean,
        log_median,
        _weights(lack + seed_variance, miss),
        pure,
        pure_dof,
        lack + miss,
        seed_variance * n,
        len(curve.points) - int(usable.sum()),
    )


def summarize(curve: Curve) -> tuple[SizeSummary, ...]:
    """One row for each distinct size of `curve`, ascending: what a chart or a table shows."""
    held = repeats(curve)
    dof = held.pure_dof.sum()
    t = float(stdtrit(dof, 0.95)) if dof > 0 else 0.0
    # variance of the median of n normal values: exact at n = 1, within 2 % at odd n (3: .449,
    # 5: .287), pi / 2n for large n, up to 22 % too wide at even n
    half = t * held.spread * np.sqrt(np.pi / (2 * held.n + np.pi - 2))
    columns = (
        held.size,
        held.n,
        np.exp(held.log_median),
        np.exp(np.maximum(held.log_median - half, -LARGEST_LOG)),
        np.exp(np.minimum(held.log_median + half, LARGEST_LOG)),
        held.log_mean,
        held.weight,
    )
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return tuple(SizeSummary(*row) for row in rows)


def measured(values: Array) -> NDArray[np.bool_]:
    """Positive, finite, and not so large or small that its powers overflow."""
    return np.isfinite(values) & (values > 1 / LARGEST) & (values < LARGEST)


def _lack_of_fit(x: Array, y: Array, variance: Array) -> float:
    """v0: the variance of sizes about the line between their neighbours, less that of seeds."""
    if x.size < 5:  # fewer than three bends tell nothing
        return 0.0
    expected = off_the_line(x, y, variance)[1]
    off, per_v0 = off_the_line(x, y, np.ones(x.size))
    return max(typical_variance(off, per_v0) - float(np.median(expected / per_v0)), 0.0)


def _stray_seeds_pulled_in(
    log_error: Array, log_median: Array, start: NDArray[np.int64], n: NDArray[np.int64]
) -> Array:
    """The log errors, none further than SEED_REACH spreads from the median of its size.

    The spread is the median over sizes of what their seeds show, so one bad size cannot widen it.
    """
    many = n >= 3  # of two seeds that differ, neither is the stray
    if not many.any():
        return log_error
    off = log_error - np.repeat(log_median, n)
    shown = np.add.reduceat(off**2, start)[many] / (n[many] - 1)
    reach = SEED_REACH * np.sqrt(np.median(shown) * 2 / CHI2_2_MEDIAN)
    if not reach > 0:
        return log_error
    pulled = np.repeat(log_median, n) + np.clip(off, -reach, reach)
    return np.where(np.repeat(many, n), pulled, log_error)


def _miss_of_outliers(x: Array, y: Array, variance: Array) -> Array:
    """Squared miss of the sizes that lie off the line between neighbours by mistake; else 0."""
    miss = np.zeros_like(y)
    kept = np.arange(y.size)
    while kept.size >= 7:  # five others are left to say what is straight
        off, unit = off_the_line(x[kept], y[kept], _relative(variance[kept]))
        worst = int((off**2 / unit).argmax()) + 1  # the first and the last lie between nothing
        rest = np.delete(kept, worst)
        beside, unit_beside = off_the_line(x[rest], y[rest], _relative(variance[rest]))
        spread = max(sqrt(typical_variance(beside, unit_beside)), LEAST_MISS)
        near = slice(max(worst - 2, 0), worst)
        calm = np.abs(beside[near]) <= BESIDE_REACH * spread * np.sqrt(unit_beside[near])
        far = np.abs(off[worst - 1]) > SIZE_REACH * spread * np.sqrt(unit[worst - 1])
        if not (far and calm.all()):
            return miss
        miss[kept[worst]] = off[worst - 1] ** 2
        kept = rest
    return miss


def _relative(variance: Array) -> Array:
    """In units of the mean; ones where there is none."""
    mean = variance.mean()
    return np.asarray(variance / mean if mean > 0 else np.ones_like(variance))


def _weights(variance: Array, miss: Array) -> Array:
    """1 / variance with mean 1, none above LARGEST_WEIGHT times the weight of the mean variance.

    Outliers have their squared `miss` on top of the variance, or a millionth where there is none.
    """
    mean = variance.mean()
    scaled = np.maximum(variance / mean, 1 / LARGEST_WEIGHT) if mean > 0 else np.ones_like(variance)
    weight = 1 / (scaled + np.where(miss > 0, miss / max(mean, miss.max() * 1e-6, 1e-300), 0.0))
    return np.asarray(weight / weight.mean())
