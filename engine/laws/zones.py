"""Zones: where the plateau ends, where the floor begins, and the exponent whichever there are.

Eight laws are weighed against each other: with and without a floor, and with no plateau or one
left softly, evenly or sharply (`engine.laws.zone_law`). Each answers for ALL the sizes; none is
chosen. The exponent's interval is that of their average, and wide enough for every law that the
sizes do not rule out. So it stays honest where a plateau or a floor cannot be told: how often it
holds the truth is measured in `engine.bench.coverage`.

How: the most probable parameters of every law from many starts in one batch
(`engine.laws.posterior`), of several curves at once where they are asked for together, then draws
around them that weigh the law itself (`engine.laws.draws`).
The spread of log errors is integrated out in closed form, which makes the likelihood a Student-t:
with seeds, half the prior says that sizes scatter about the law no more than seeds about their
size, half that they scatter freely.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, logsumexp

from engine.curve import Curve
from engine.laws import zone_law
from engine.laws.draws import adaptive_draws
from engine.laws.interval import Interval
from engine.laws.neighbours import off_the_line, typical_variance
from engine.laws.posterior import Posterior, Priors, most_probable
from engine.laws.repeats import Repeats, repeats
from engine.laws.window import Window
from engine.laws.zone_law import FAR, FLOOR, LEVEL, SHARPNESS, STEEPNESS, TOP
from engine.numbers import number, with_interval

Array = NDArray[np.float64]

LEAST_SIZES = 4  # fewer tell nothing but a line
LEAST_SPAN = 1e-6  # of log size
MOST_SIZES = 64  # more are averaged over neighbours: zones are seen as well, in bounded time

# Priors, all in logs. Published exponents lie in [-1.3, -0.06]: 1.5 deviations of STEEPNESS up and
# 1.3 down. (With 0.9 instead, intervals held an exponent of -0.03 in 81 to 88 % and not 88 to 94.)
STEEPNESS_MEAN, STEEPNESS_SD = np.log(0.25), 1.1
SHARPNESS_SD = 0.4  # about each of SHARP: together they cover k = 1 to 25 evenly
SHARP = (1.5, 4.0, 14.0)
FLOOR_BELOW, FLOOR_SD = 1.0, 1.0  # about a floor anywhere below the last error, equally likely
PLATEAU_SD = 0.3  # about the largest early error, where the best guess is not known
GUESS_SD = 0.02  # about the best guess: what models miss it by
LEVEL_SD = 10.0  # says nothing
SPREAD_DOF = 1.0  # of the spread's prior about what neighbours show


class _Shape(NamedTuple):
    sharp: float | None  # of the roll-off; None: no plateau
    floor: bool
    chance: float  # before the curve is seen


# A bare power law first: the claim under test, and what most windows hold.
SHAPES = (
    _Shape(None, False, 0.4),
    _Shape(None, True, 0.2),
    *(_Shape(sharp, floor, 0.4 / 6) for sharp in SHARP for floor in (False, True)),
)
START_ENDS = (0.15, 0.45)  # of the span: where starts let a plateau end
START_FLOORS = (0.3, 1.2)  # how far below the last error, in logs, starts have a floor
TOGETHER = 32  # curves that walk together: more are no quicker, and take memory
REMEMBERED = 1024  # of curves and windows; a curve has two, the whole and the window's
NEAR, STEPS = 1e-4, 25  # relative gain that ends a walk, and steps: draws do the rest
HOPELESS = 15.0  # in log evidence by curvature: such a law needs no draws
RULED_OUT = 8.0  # times less probable than the best law: the interval need not hold its own
LEAST_SPREAD = 1e-5  # of log errors: they are written with some five digits
SLIGHT = 0.05  # chance below which a zone is not worth a word
# k * log(power law / c) where a third of the slope is there. In windows from there on, intervals
# hold the truth of 92 % of 240 curves, from half the slope on of 88 %, from two thirds on of 85 %:
# a bend tells more than it spoils, since the law knows of it.
GONE = np.log(2.0)
ENDS = (0.05, 0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones of a curve, or of its sizes inside a window; intervals are 90 %."""

    exponent: Interval | None  # beta_g; None where `doubt` says why
    floor: Interval | None  # gamma, in the error's unit; low 0 where there may be none
    plateau: Interval | None  # level, in the error's unit; None where none is likely
    plateau_end: Interval | None  # size where the plateau meets the power law's line
    law_begins: Interval | None  # size from which a third of the power law's slope is there
    floor_begins: Interval | None  # size where the floor is half of the error
    plateau_chance: float  # that the curve leaves a plateau inside these sizes
    floor_chance: float  # that there is a floor
    theta: tuple[float, ...]  # the most probable law (`zone_law`) at log size minus `centre`
    centre: float
    doubt: str = ""  # why there is no answer, in words

    def predict(self, sizes: ArrayLike) -> Array:
        """Error of the most probable law at `sizes`; the same shape.

        Raises:
            ValueError: there is no law (`doubt`).
        """
        if self.exponent is None:
            raise ValueError(f"no zones were found: {self.doubt}")
        x = np.log(np.asarray(sizes, dtype=np.float64)) - self.centre
        log_error = zone_law.log_error(np.array([self.theta]), x.ravel())[0]
        return np.asarray(np.exp(np.clip(log_error, -700, 700)).reshape(x.shape))

    @property
    def law_decades(self) -> float:
        """Decades of sizes from the plateau's end to the floor's beginning; negative if they cross.

        Infinite where there is probably no plateau or no floor.
        """
        if min(self.plateau_chance, self.floor_chance) < 0.5:
            return float("inf")
        assert self.plateau_end is not None
        assert self.floor_begins is not None
        return float(np.log10(self.floor_begins.value / self.plateau_end.value))

    @property
    def sentence(self) -> str:
        """What was found and how sure it is, for a reader."""
        if self.exponent is None:
            return self.doubt
        exponent = with_interval(self.exponent.value, self.exponent.low, self.exponent.high)
        return "; ".join(
            [
                _said("plateau", "up to size", self.plateau_chance, self.plateau_end),
                f"exponent {exponent}",
                _said("floor", "half of the error from size", self.floor_chance, self.floor_begins),
            ]
        )


def zones(curve: Curve, window: Window = Window()) -> Zones:  # noqa: B008 - frozen
    """The zones of the sizes of `curve` inside `window`; never raises on data."""
    return zones_together([(curve, window)])[0]


def zones_together(asked: Sequence[tuple[Curve, Window]]) -> list[Zones]:
    """Those of several curves, each in its window: the same, and sooner than one after the other.

    What was found last is remembered: a window's proposal and the fit in it ask for the same.
    """
    once = dict.fromkeys(asked)
    found = {each: known for each in once if (known := _found.pop(each, None))}
    fresh = [each for each in once if each not in found]
    found.update(zip(fresh, _of_several([_inside(*each) for each in fresh]), strict=True))
    _found.update(found)  # the latest stand last
    for old in list(_found)[:-REMEMBERED]:
        _found.pop(old, None)
    return [found[each] for each in asked]


_found: dict[tuple[Curve, Window], Zones] = {}


def _inside(curve: Curve, window: Window) -> tuple[Repeats, float | None]:
    held = repeats(curve)
    return held.rows(window.holds(held.size)), curve.guess


def zones_of(held: Repeats, guess: float | None) -> Zones:
    """The zones of some sizes; `guess` is the best-guess level, where known."""
    return _of_several([(held, guess)])[0]


def _of_several(asked: Sequence[tuple[Repeats, float | None]]) -> list[Zones]:
    stated = [_stated(held, guess) for held, guess in asked]
    problems = [each for each in stated if isinstance(each, _Problem)]
    weighed = map(_weighed, problems, _modes(problems))
    return [next(weighed) if isinstance(each, _Problem) else each for each in stated]


def _stated(held: Repeats, guess: float | None) -> "_Problem | Zones":
    """The question that some sizes put, or why there is no answer."""
    n = held.size.size
    if n < LEAST_SIZES:
        return _nothing(f"zones need {LEAST_SIZES} sizes and there are {n}")
    x, y, w = _neighbours_averaged(held)
    centre = float(x.mean())
    x = x - centre
    if x[-1] - x[0] < LEAST_SPAN:
        return _nothing("the sizes lie too close together")
    if (w * (x - w @ x / w.sum())) @ y >= 0:
        return _nothing("the error does not fall")
    return _Problem.of(x, y, w, held, guess, centre)


def _weighed(problem: "_Problem", modes: Posterior) -> Zones:
    """The laws, averaged by how probable each is."""
    log_weight, theta, shape = _draws(problem, modes)
    if not np.isfinite(log_weight.max()):
        return _nothing("no law comes near these sizes")
    weight = np.exp(log_weight - logsumexp(log_weight))
    chance = np.bincount(shape, weight, len(SHAPES)).astype(np.float64)
    found = _Draws(theta, weight, shape, chance)
    best = tuple(modes.theta[found.chance.argmax()].tolist())
    return _read(found, best, problem.centre, float(problem.x[0]))


class _Problem(NamedTuple):
    """What the laws answer for: n sizes, the plateau's level, and how log errors scatter."""

    x: Array  # centred log sizes, (n,)
    y: Array  # log errors, (n,)
    w: Array  # (n,)
    plateau: float  # log of the level that a plateau is expected at
    plateau_sd: float
    spread: float  # of a log error of weight 1, as neighbours show it
    seeds_sse: float
    seeds_dof: float
    centre: float  # mean of the log sizes

    @classmethod
    def of(
        cls, x: Array, y: Array, w: Array, held: Repeats, guess: float | None, centre: float
    ) -> "_Problem":
        known = guess is not None and np.isfinite(guess) and 1e-100 < guess < 1e100
        return cls(
            x,
            y,
            w,
            float(np.log(guess)) if known and guess else float(y[: max(1, x.size // 4)].max()),
            GUESS_SD if known else PLATEAU_SD,
            max(sqrt(typical_variance(*off_the_line(x, y, 1 / w))), LEAST_SPREAD),
            held.seeds_sse,
            float(held.pure_dof.sum()),
            centre,
        )

    def log_likelihood(self, sse: Array) -> Array:
        """Of laws with these SSEs, the spread integrated out; (S,), a constant left off."""
        free = self._student(sse, SPREAD_DOF * self.spread**2, SPREAD_DOF)
        if self.seeds_sse <= 0:
            return free
        return np.asarray(
            np.logaddexp(free, self._student(sse, self.seeds_sse, self.seeds_dof)) - np.log(2)
        )

    def _student(self, sse: Array, prior_sse: float, dof: float) -> Array:
        n = self.x.size
        constant = gammaln((dof + n) / 2) - gammaln(dof / 2) + dof / 2 * np.log(prior_sse)
        return np.asarray(constant - (dof + n) / 2 * np.log(prior_sse + sse))

    def scale(self, sse: Array) -> Array:
        """The spread that SSEs speak for; (B,)."""
        n = self.x.size
        free = (SPREAD_DOF * self.spread**2 + sse) / (SPREAD_DOF + n)
        return np.asarray(np.sqrt(np.maximum(free, (self.seeds_sse + sse) / (self.seeds_dof + n))))

    def sse(self, theta: Array) -> Array:
        """Of laws theta (S, 5); (S,)."""
        return np.asarray(np.square(self.y - zone_law.log_error(theta, self.x)) @ self.w)


class _Draws(NamedTuple):
    theta: Array  # (S, 5)
    weight: Array  # (S,), sum 1
    shape: NDArray[np.intp]  # (S,) index into SHAPES
    chance: Array  # (8,) of each shape


def _priors(problem: _Problem, shape: NDArray[np.intp]) -> Priors:
    """Of theta for laws of these shapes; what a law has not is held where it does nothing."""
    mean = np.empty((shape.size, 5))
    mean[:, LEVEL], mean[:, STEEPNESS] = problem.y.mean(), STEEPNESS_MEAN
    mean[:, TOP] = [problem.plateau if SHAPES[s].sharp else FAR for s in shape]
    mean[:, SHARPNESS] = [np.log(SHAPES[s].sharp or 1.0) for s in shape]
    mean[:, FLOOR] = [problem.y[-1] - FLOOR_BELOW if SHAPES[s].floor else -FAR for s in shape]
    # a plateau's level has its prior as an observation of the law itself, in `_modes`
    sd = np.array([LEVEL_SD, STEEPNESS_SD, LEVEL_SD, SHARPNESS_SD, FLOOR_SD])
    return Priors(mean, np.broadcast_to(sd, mean.shape))


def _modes(problems: Sequence[_Problem]) -> list[Posterior]:
    """The most probable law of each shape, rows as in SHAPES; of each problem.

    Those of equally many sizes walk together: a step of many costs little more than one of few.
    """
    alike: dict[int, list[int]] = {}
    for index, problem in enumerate(problems):
        alike.setdefault(problem.x.size, []).append(index)
    found: dict[int, Posterior] = {}
    for those in alike.values():
        for start in range(0, len(those), TOGETHER):
            some = those[start : start + TOGETHER]
            found.update(zip(some, _modes_alike([problems[k] for k in some]), strict=True))
    return [found[index] for index in range(len(problems))]


def _modes_alike(problems: Sequence[_Problem]) -> list[Posterior]:
    started = [_starts(problem) for problem in problems]
    level = [
        np.full(s.size, p.scale(np.zeros(1))[0])
        for p, (s, _) in zip(problems, started, strict=True)
    ]
    first = _walk(problems, [s for s, _ in started], [t for _, t in started], level)
    theta = []
    for walk, (shape, _) in zip(first, started, strict=True):
        order = np.lexsort((walk.objective, shape))
        theta.append(walk.theta[order[np.unique(shape[order], return_index=True)[1]]])
    # once more, now that the spread about each law is known
    spread = [p.scale(p.sse(t)) for p, t in zip(problems, theta, strict=True)]
    return _walk(problems, [np.arange(len(SHAPES))] * len(problems), theta, spread)


def _walk(
    problems: Sequence[_Problem],
    shapes: Sequence[NDArray[np.intp]],
    starts: Sequence[Array],
    scales: Sequence[Array],
) -> list[Posterior]:
    """Walks of each problem, from starts of these shapes."""

    def law(theta: Array, x: Array) -> tuple[Array, Array]:
        """Log errors at the sizes, and as one more observation the log of the plateau."""
        value, slopes = zone_law.log_error_and_slopes(theta, x[:, :-1])
        plateau, more = zone_law.log_plateau_and_slopes(theta)
        return np.column_stack([value, plateau]), np.concatenate([slopes, more[:, None]], axis=1)

    x, y, weights, means, sds = [], [], [], [], []
    for problem, shape, scale in zip(problems, shapes, scales, strict=True):
        has_plateau = np.array([SHAPES[s].sharp is not None for s in shape])
        pull = np.where(has_plateau, (scale / problem.plateau_sd) ** 2, 0.0)
        x.append(np.tile(np.append(problem.x, 0.0), (shape.size, 1)))
        y.append(np.tile(np.append(problem.y, problem.plateau), (shape.size, 1)))
        weights.append(np.column_stack([np.tile(problem.w, (shape.size, 1)), pull]))
        priors = _priors(problem, shape)
        means.append(priors.mean)
        sds.append(priors.sd)
    walked = most_probable(
        law,
        np.concatenate(x),
        np.concatenate(y),
        np.concatenate(weights),
        np.concatenate(scales),
        Priors(np.concatenate(means), np.concatenate(sds)),
        np.concatenate(starts),
        arrived=NEAR,
        steps=STEPS,
    )
    ends = np.cumsum([shape.size for shape in shapes])[:-1]
    parts = (np.split(each, ends) for each in (walked.theta, walked.objective, walked.hessian))
    return [Posterior(*each) for each in zip(*parts, strict=True)]


def _starts(problem: _Problem) -> tuple[NDArray[np.intp], Array]:
    """Laws to walk down from, several for each shape: their shapes and theta."""
    x, y = problem.x, problem.y
    shapes, starts = [], []
    for index, shape in enumerate(SHAPES):
        for end in START_ENDS if shape.sharp else (0.0,):
            for below in START_FLOORS if shape.floor else (np.inf,):
                beyond = x >= min(x[0] + end * (x[-1] - x[0]), x[-3])
                excess = np.maximum(np.exp(np.minimum(y - y[-1], 300.0)) - np.exp(-below), 1e-3)
                log_excess = np.log(excess[beyond]) + y[-1]
                u = x[beyond] - x[beyond].mean()
                steepness = float(np.clip(-(u @ log_excess) / max(u @ u, 1e-12), 0.03, 2.0))
                floor = y[-1] - below if shape.floor else -FAR
                top = problem.plateau + np.log1p(-min(np.exp(floor - problem.plateau), 0.9))
                starts.append(
                    [
                        log_excess.mean() + steepness * x[beyond].mean(),
                        np.log(steepness),
                        top if shape.sharp else FAR,
                        np.log(shape.sharp or 1.0),
                        floor,
                    ]
                )
                shapes.append(index)
    return np.array(shapes), np.array(starts)


class _Plan(NamedTuple):
    """How to draw from one law's posterior."""

    row: int  # in SHAPES
    free: list[int]  # columns of theta that the law has
    log_density: Callable[[Array], Array]  # of points in those columns
    mean: Array
    covariance: Array
    evidence: float  # log, by the curvature at the mode


def _draws(problem: _Problem, modes: Posterior) -> tuple[Array, Array, NDArray[np.intp]]:
    """Weighted draws of all laws that have a chance: log weights, theta, shapes."""
    plans = [_plan(problem, modes, index) for index in range(len(SHAPES))]
    best = max(plan.evidence for plan in plans)
    log_weights, thetas, shapes = [], [], []
    for plan in plans:
        if not plan.evidence >= best - HOPELESS:
            continue
        points, log_weight = adaptive_draws(plan.log_density, plan.mean, plan.covariance)
        theta = np.tile(modes.theta[plan.row], (points.shape[0], 1))
        theta[:, plan.free] = points
        log_weights.append(log_weight - np.log(log_weight.size))
        thetas.append(theta)
        shapes.append(np.full(log_weight.size, plan.row))
    return np.concatenate(log_weights), np.concatenate(thetas), np.concatenate(shapes)


def _plan(problem: _Problem, modes: Posterior, index: int) -> _Plan:
    shape = SHAPES[index]
    free = [LEVEL, STEEPNESS]
    free += [TOP, SHARPNESS] if shape.sharp else []
    free += [FLOOR] if shape.floor else []
    own = [column for column in free if column != TOP]
    priors = _priors(problem, np.array([index]))
    prior_mean, prior_sd = priors.mean[0, own], priors.sd[0, own]
    constant = np.log(shape.chance) - np.log(prior_sd).sum() - len(free) / 2 * np.log(2 * np.pi)

    def log_density(points: Array) -> Array:
        theta = np.tile(modes.theta[index], (points.shape[0], 1))
        theta[:, free] = points
        log_prior = constant - 0.5 * np.square((theta[:, own] - prior_mean) / prior_sd).sum(axis=1)
        if shape.sharp:
            off = (zone_law.log_plateau(theta) - problem.plateau) / problem.plateau_sd
            log_prior -= 0.5 * off**2 + np.log(problem.plateau_sd)
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(problem.log_likelihood(problem.sse(theta)) + log_prior)

    mean = modes.theta[index, free]
    hessian = _well_posed(modes.hessian[index][np.ix_(free, free)])
    covariance = np.asarray(np.linalg.inv(hessian), dtype=np.float64)
    volume = 0.5 * float(np.linalg.slogdet(2 * np.pi * covariance)[1])
    evidence = float(log_density(mean[None])[0]) + volume
    return _Plan(index, free, log_density, mean, covariance, evidence)


def _well_posed(hessian: Array) -> Array:
    """A Hessian that can be inverted: rounding may leave one that cannot."""
    return np.asarray(hessian + 1e-10 * np.diag(np.diag(hessian)))


def _read(found: _Draws, best: tuple[float, ...], centre: float, first: float) -> Zones:
    theta = found.theta
    plateaued = np.array([shape.sharp is not None for shape in SHAPES])[found.shape]
    floored = np.array([shape.floor for shape in SHAPES])[found.shape]
    end = zone_law.log_size_at(theta, theta[:, TOP])
    shows = plateaued & (end >= first)
    begins = zone_law.log_size_at(theta, theta[:, TOP] + GONE / np.exp(theta[:, SHARPNESS]))
    plateau_chance = float(found.weight[shows].sum())
    floor_chance = float(found.weight[floored].sum())

    def where(log_size: Array, rows: NDArray[np.bool_], chance: float) -> Interval | None:
        if chance < SLIGHT:
            return None
        return _quantiles(np.exp(np.clip(log_size + centre, -690, 690)), found.weight, rows)

    exponent = _hull(-np.exp(theta[:, STEEPNESS]), found)
    floor = _hull(np.where(floored, np.exp(theta[:, FLOOR]), 0.0), found)
    return Zones(
        exponent=exponent,
        floor=floor,
        plateau=where(zone_law.log_plateau(theta) - centre, shows, plateau_chance),
        plateau_end=where(end, shows, plateau_chance),
        law_begins=where(begins, shows, plateau_chance),
        floor_begins=where(zone_law.log_size_at(theta, theta[:, FLOOR]), floored, floor_chance),
        plateau_chance=plateau_chance,
        floor_chance=floor_chance,
        theta=best,
        centre=centre,
    )


def _hull(value: Array, found: _Draws) -> Interval:
    """The averaged interval, and around those of every law that is not ruled out."""
    everywhere = np.ones(value.size, dtype=bool)
    interval = _quantiles(value, found.weight, everywhere)
    for index in np.flatnonzero(found.chance * RULED_OUT > found.chance.max()):
        interval = interval.hull(_quantiles(value, found.weight, found.shape == index))
    return interval


def _quantiles(value: Array, weight: Array, rows: NDArray[np.bool_]) -> Interval:
    value, weight = value[rows], weight[rows]
    order = np.argsort(value)
    share = np.cumsum(weight[order])
    place = np.searchsorted(share, np.array(ENDS) * share[-1])
    low, middle, high = value[order][place].tolist()
    return Interval(middle, low, high)


def _neighbours_averaged(held: Repeats) -> tuple[Array, Array, Array]:
    """Log sizes, log errors and weights of at most MOST_SIZES groups of neighbours."""
    x, y, w = held.log_size, held.log_mean, held.weight
    if x.size <= MOST_SIZES:
        return x, y, w
    start = np.unique(np.searchsorted(x, np.linspace(x[0], x[-1], MOST_SIZES + 1)[:-1]))
    total = np.add.reduceat(w, start)
    return np.add.reduceat(w * x, start) / total, np.add.reduceat(w * y, start) / total, total


def _said(zone: str, where: str, chance: float, size: Interval | None) -> str:
    if size is None:
        return f"no {zone}"
    place = f"{where} {number(size.value)} ({number(size.low)} to {number(size.high)})"
    if chance > 1 - SLIGHT:
        return f"{zone}, {place}"
    return f"{zone} undecided (chance {100 * chance:.0f} %): if any, {place}"


def _nothing(doubt: str) -> Zones:
    return Zones(None, None, None, None, None, None, 0.0, 0.0, (), 0.0, doubt)
