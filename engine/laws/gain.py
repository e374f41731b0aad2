"""What more seeds are worth: where one narrows the exponent's interval most, and where none does.

A size's mean log error has the variance v0 + v1 / n (`engine.laws.repeats`). One more seed makes
its n larger by one, so the exponent's standard error after it is known before anything is trained:
the inverse of sum_i J_i J_i' / (v0 + v1 / n_i), J_i the law's slopes at the size (an optimal
design, one step at a time: Fedorov 1972, ch. 3). What a training costs there is the caller's.

Whether more seeds would narrow the interval that a reader sees is another question. Where sizes
scatter about the law beyond what their seeds explain, or where a plateau or a floor cannot be told,
they would not. v0 alone would answer too soon: of a dozen sizes with two seeds each it is hardly
known, so it counts only where the fit itself finds the sizes' scatter beyond doubt. Of plateau and
floor `imagined` is asked, the curve as it would probably look with more seeds, fitted as any other;
and only once the law, if it is taken for granted, is known as well as is wanted: asked earlier, it
was wrong of one curve in ten (30 simulated ones with a plateau, 8 seeds of 3 %, and then 32).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.curve import Curve, Point
from engine.laws.fit import LACK_OF_FIT, Fit, fit
from engine.laws.interval import NORMAL
from engine.laws.propose import first_law_size, propose_window
from engine.laws.repeats import Repeats, measured, repeats
from engine.laws.zones import SLIGHT, zones

Array = NDArray[np.float64]

TIMES = (2, 8)  # as many seeds as there are: what is imagined
HIDDEN = 0.1  # of v1: what v0 may be unseen; so a size's first ten seeds or so are worth having
HARDLY = 0.95  # of the interval's width left: more seeds do not narrow it
SCATTER = "the sizes lie off the law by more than their seeds explain"
DOUBT = "more or larger sizes have to tell whether a plateau or a floor is in it, seeds cannot"
SOLVABLE = 1e-12  # of the diagonal: rounding may leave an information that has no inverse
LEAST = 1e-200  # of what a floor leaves of the power law, for the same reason
TINY = 1e-12  # of the mean variance: a size whose seeds agree to the last digit counts as this


@dataclass(frozen=True, slots=True)
class Design:
    """What the exponent's standard error rests on; arrays are over the sizes of the law."""

    size: Array  # (n,)
    n: NDArray[np.int64]  # seeds, (n,)
    lack: Array  # v0, (n,)
    one_seed: Array  # v1, (n,)
    slopes: Array  # of log error along the law's parameters, the exponent first; (n, k)

    def error(self, n: NDArray[np.int64]) -> float:
        """The exponent's standard error with `n` seeds at the sizes; 0 where nothing scatters."""
        variance = self.lack + self.one_seed / n
        if not variance.max() > 0:
            return 0.0
        weight = 1 / np.maximum(variance, TINY * variance.mean())
        information = self.slopes.T @ (self.slopes * weight[:, None])
        information += SOLVABLE * np.diag(np.maximum(np.diag(information), LEAST))
        return float(np.linalg.inv(information)[0, 0] ** 0.5)

    def cautious(self) -> "Design":
        """With v0 no smaller than can go unseen: else the cheapest size would get all the seeds."""
        return replace(self, lack=np.maximum(self.lack, HIDDEN * self.one_seed.mean()))


def design(found: Fit) -> Design:
    """What more seeds at the sizes of a law would do for its exponent.

    The law has a floor where one is claimed or cannot be ruled out: that doubt is what makes such
    an interval wide, so it is what the seeds have to settle.

    Raises:
        ValueError: nothing was fitted (`found.exponent` is None).
    """
    if found.exponent is None:
        raise ValueError(f"no law was fitted to {found.curve.name!r}: {found.status.value}")
    held = repeats(found.curve)
    held = held.rows(found.window.holds(held.size))
    law = found
    if found.zones is not None:
        held = held.rows(np.arange(held.size.size) >= first_law_size(found.zones, held))
        if found.floor is None and found.zones.floor_chance >= SLIGHT:
            floored = fit(found.curve, found.window, "power-floor")
            law = floored if floored.exponent is not None else found
    lack, one_seed = _scatter(found, held)
    return Design(held.size, held.n, lack, one_seed, _slopes(law, held))


def unmoved(found: Fit, width: float) -> str:
    """Why more seeds would not narrow the exponent's interval to `width`; empty where they might.

    Raises:
        ValueError: nothing was fitted (`found.exponent` is None).
    """
    made = design(found)
    assert found.exponent is not None
    scatters = any(note.code == LACK_OF_FIT for note in found.notes)
    if scatters and made.error(TIMES[0] * made.n) > HARDLY * made.error(made.n):
        return SCATTER
    if found.zones is None or 2 * NORMAL * made.error(made.n) > width:
        return ""
    for times in TIMES:
        curve = imagined(found, times)
        then = fit(curve, propose_window(curve)).exponent
        if then is not None and then.width <= HARDLY * found.exponent.width:
            return ""
    return DOUBT


def imagined(found: Fit, times: int) -> Curve:
    """The curve of a fit as it would probably look with `times` as many seeds at every size.

    Each size comes nearer to the most probable law by what its variance shrinks, and its seeds go
    on to scatter as they do.

    Raises:
        ValueError: there is no law to come nearer to.
    """
    curve = found.curve
    held = repeats(curve)
    lack, one_seed = _scatter(found, held)
    now, then = (lack + one_seed / n for n in (held.n, held.n * times))
    whole = zones(curve)
    law = np.log((found if whole.exponent is None else whole).predict(held.size))
    nearer = np.sqrt(np.divide(then, now, out=np.ones_like(now), where=now > 0))
    move = (1 - nearer) * (law - held.log_mean)
    usable = measured(curve.sizes) & measured(curve.errors)
    place = np.abs(np.log(curve.sizes[usable])[:, None] - held.log_size).argmin(axis=1)
    # so many copies of a few seeds would scatter less than they do
    apart = np.sqrt((held.n * times - 1) / (times * np.maximum(held.n - 1, 1)))
    off = np.log(curve.errors[usable]) - held.log_mean[place]
    moved = np.exp((held.log_mean + move)[place] + apart[place] * off)
    rows = zip(held.size[place].tolist(), moved.tolist(), strict=True)
    points = [Point(curve.name, size, error) for size, error in rows]
    return Curve(curve.name, tuple(points * times), guess=curve.guess)


def _scatter(found: Fit, held: Repeats) -> tuple[Array, Array]:
    """v0 and v1 of some sizes; with one seed each all scatter is taken for theirs, evenly."""
    if not held.pure_dof.any():
        return np.zeros_like(held.lack), np.ones_like(held.one_seed)
    known = any(note.code == LACK_OF_FIT for note in found.notes)
    return held.lack if known else np.zeros_like(held.lack), held.one_seed


def _slopes(law: Fit, held: Repeats) -> Array:
    """Slopes of log(alpha m^beta + gamma) along beta, log alpha and, where there is one, gamma."""
    x = held.log_size - held.log_size.mean()  # alpha at the middle: the exponent is the same
    error = law.predict(held.size)
    share = 1 - (law.floor.value if law.floor else 0.0) / error  # of the power law in the error
    return np.column_stack([share * x, share, *([error.min() / error] if law.floor else [])])
