"""What more seeds are worth, against a second way of computing it: every seed a row of its own."""

from dataclasses import replace

import numpy as np
import pytest

from engine.curve import Curve, Point
from engine.laws.fit import fit
from engine.laws.gain import DOUBT, HIDDEN, SCATTER, Design, design, imagined, unmoved
from engine.laws.propose import propose_window
from engine.laws.repeats import repeats
from engine.laws.window import Window

SIZES = 100 * 2.0 ** np.arange(9)
POWER = 3 * SIZES**-0.3


def scattered(errors, own, seeds, noise, key=0, guess=None, sizes=SIZES):
    """A curve whose sizes lie off the law by themselves, and whose seeds lie off their size."""
    rng = np.random.default_rng(key)
    off = rng.normal(0, own, sizes.size)
    points = [
        Point("c", float(size), float(error * np.exp(off_here + rng.normal(0, noise))), seed=seed)
        for size, error, off_here in zip(sizes, errors, off, strict=True)
        for seed in range(seeds)
    ]
    return Curve("c", tuple(points), guess=guess)


def by_rows(law, sizes, n, lack, one_seed):
    """The exponent's standard error by generalised least squares over single seeds.

    Seeds of one size share what the size is off the law by. `law` gives log errors of sizes for
    parameters, the exponent first; its slopes are taken by differences.
    """
    parameters, log_error = law
    rows = np.repeat(np.arange(sizes.size), n)
    covariance = np.where(rows[:, None] == rows, lack[rows][:, None], 0.0)
    covariance += np.diag(one_seed[rows])
    steps = np.eye(len(parameters)) * 1e-6
    slopes = [(log_error(parameters + h) - log_error(parameters - h)) / 2e-6 for h in steps]
    slopes = np.array(slopes).T[rows]
    return np.linalg.inv(slopes.T @ np.linalg.solve(covariance, slopes))[0, 0] ** 0.5


def law_of(found):
    """A fitted law by its parameters, the exponent first."""
    parameters = np.array([found.exponent.value, np.log(found.coefficient)])
    if found.floor is None:
        return parameters, lambda p: p[1] + p[0] * np.log(SIZES)
    parameters = np.append(parameters, found.floor.value)
    return parameters, lambda p: np.log(np.exp(p[1]) * SIZES ** p[0] + p[2])


@pytest.mark.parametrize(("errors", "law"), [(POWER, "power"), (POWER + 0.2, "power-floor")])
def test_the_standard_error_is_that_of_least_squares_over_single_seeds(errors, law) -> None:
    found = fit(scattered(errors, 0.03, 3, 0.05), law=law)
    made = design(found)
    for more in (np.zeros(9, int), np.arange(9)):
        rows = by_rows(law_of(found), SIZES, made.n + more, made.lack, made.one_seed)
        assert made.error(made.n + more) == pytest.approx(rows, rel=1e-4)


def test_a_floor_that_cannot_be_ruled_out_is_among_what_seeds_have_to_settle() -> None:
    curve = scattered(POWER, 0.0, 2, 0.05, key=3)
    found = fit(curve, propose_window(curve))
    assert (found.law, found.zones.floor_chance > 0.05) == ("power", True)
    assert design(found).slopes.shape == (9, 3)
    assert design(fit(curve, law="power")).slopes.shape == (9, 2)
    ruled_out = replace(found, zones=replace(found.zones, floor_chance=0.04))
    assert design(ruled_out).slopes.shape == (9, 2)


def test_sizes_outside_the_law_gain_nothing() -> None:
    curve = scattered(POWER, 0.0, 2, 0.05)
    assert design(fit(curve, Window(low=400.0))).size.tolist() == SIZES[2:].tolist()


def test_one_seed_at_each_size_leaves_seeds_and_sizes_untold_and_counts_as_seeds() -> None:
    made = design(fit(scattered(POWER, 0.02, 1, 0.05), law="power"))
    assert np.ptp(made.one_seed) == 0
    assert not made.lack.any()


def test_where_nothing_scatters_the_exponent_is_known() -> None:
    made = design(fit(scattered(np.full(9, 1.0) * SIZES**-0.5, 0.0, 2, 0.0), law="power"))
    still = replace(made, lack=np.zeros(9), one_seed=np.zeros(9))
    assert still.error(still.n) == 0.0


def test_of_a_law_that_is_all_floor_the_exponent_is_unknown_and_no_fault() -> None:
    none, one = np.zeros(9), np.ones(9)
    made = Design(SIZES, np.full(9, 2), none, one, np.column_stack([none, none, one]))
    assert 1e9 < made.error(made.n) < np.inf


def test_a_cautious_design_takes_no_size_for_known_better_than_can_be_seen() -> None:
    made = design(fit(scattered(POWER, 0.0, 2, 0.05), law="power"))
    assert not made.lack.any()
    assert made.cautious().lack == pytest.approx(HIDDEN * made.one_seed.mean())


def test_no_exponent_has_no_design() -> None:
    short = Curve("c", (Point("c", 10.0, 0.5), Point("c", 20.0, 0.4)))
    with pytest.raises(ValueError, match="no law was fitted to 'c': too few sizes"):
        design(fit(short))
    with pytest.raises(ValueError, match="no law was fitted to 'c': too few sizes"):
        design(fit(short, Window(1, 2)))  # which holds no size at all


@pytest.mark.parametrize("seeds", [2, 3])
@pytest.mark.parametrize("times", [2, 8])
def test_imagined_seeds_scatter_about_each_size_as_those_that_were_measured(seeds, times) -> None:
    curve = scattered(POWER, 0.0, seeds, 0.05)
    more = imagined(fit(curve, law="power"), times)
    for size in SIZES:
        before, after = (np.log(c.errors[c.sizes == size]) for c in (curve, more))
        assert after.size == times * seeds
        assert after.var(ddof=1) == pytest.approx(before.var(ddof=1))


def test_imagined_seeds_bring_each_size_nearer_by_what_its_variance_shrinks() -> None:
    """A law that is known exactly: the miss of every size shrinks by the root of `times`."""
    curve = scattered(POWER, 0.0, 3, 0.05)
    found = fit(curve, law="power")
    truth = np.log(found.predict(SIZES))
    line = replace(found, curve=Curve("c", curve.points[:9]))  # 3 sizes: the law is the line
    more = imagined(line, 4)
    before, after = repeats(line.curve), repeats(more)
    assert (after.n == 4 * before.n).all()
    assert after.log_mean - truth[:3] == pytest.approx((before.log_mean - truth[:3]) / 2)
    assert after.spread == pytest.approx(before.spread)


def test_seeds_that_agree_to_the_last_digit_are_imagined_as_they_are() -> None:
    curve = scattered(POWER, 0.0, 2, 0.0)
    more = imagined(fit(curve, law="power"), 2)
    assert more.errors == pytest.approx(np.tile(curve.errors, 2))


def test_imagined_seeds_lie_on_the_sides_of_those_that_were_measured_and_no_others() -> None:
    curve = scattered(POWER, 0.0, 3, 0.05)
    stray = Point("c", 100.0, float("nan"), seed=3)  # a training that diverged
    found = fit(replace(curve, points=(*curve.points, stray)), law="power")
    more = imagined(found, 2)
    assert np.isfinite(more.errors).all()
    assert (repeats(more).n == 6).all()
    before, after = curve.errors.reshape(9, 3), more.errors[:27].reshape(9, 3)
    assert (before.argsort(axis=1) == after.argsort(axis=1)).all()


def test_where_only_some_sizes_have_seeds_those_tell_what_a_seed_scatters_by() -> None:
    curve = scattered(POWER, 0.0, 8, 0.05)
    some = tuple(p for p in curve.points if p.size > 400 or p.seed == 0)
    made = design(fit(replace(curve, points=some), law="power"))
    assert made.n.tolist() == [1] * 3 + [8] * 6
    assert made.one_seed**0.5 == pytest.approx(np.full(9, 0.05), rel=0.4)


@pytest.mark.parametrize("errors", [POWER, POWER + 0.2])
@pytest.mark.parametrize("seeds", [1, 2, 6])
def test_seeds_that_scatter_about_a_law_are_worth_having(errors, seeds) -> None:
    curve = scattered(errors, 0.0, seeds, 0.05, key=seeds)
    found = fit(curve, propose_window(curve))
    assert unmoved(found, 0.01) == ""
    assert unmoved(found, 1.0) == ""  # however little is asked for


def test_sizes_that_scatter_beyond_their_seeds_are_not_for_seeds_to_mend() -> None:
    curve = scattered(POWER, 0.1, 8, 0.02)
    assert unmoved(fit(curve, propose_window(curve)), 0.01) == SCATTER


@pytest.mark.parametrize(
    ("share", "said"), [(0.1, SCATTER), (0.18, SCATTER), (0.5, ""), (10.0, "")]
)
def test_sizes_off_the_law_matter_where_twice_the_seeds_would_hardly_tell(
    monkeypatch, share, said
) -> None:
    """`share` is what the seeds of a size scatter by beside what the size does, in variance.

    Twice the seeds take root((1 + share / 2) / (1 + share)) of the error: 0.95 at a share of 0.24.
    """
    found = fit(scattered(POWER, 0.1, 8, 0.02), law="power")
    made = design(found)
    lack = np.full(9, 0.01)
    known = replace(made, lack=lack, one_seed=share * lack * made.n)
    monkeypatch.setattr("engine.laws.gain.design", lambda _: known)
    assert [note.code for note in found.notes] == ["lack-of-fit"]
    assert unmoved(found, 0.01) == said
    assert unmoved(replace(found, notes=()), 0.01) == ""  # the sizes' scatter is not beyond doubt


def test_a_plateau_that_seeds_cannot_tell_is_not_for_seeds_to_mend() -> None:
    sizes = 25 * 2.0 ** np.arange(10)
    errors = ((3 * sizes**-0.3) ** -4 + 0.9**-4) ** -0.25
    few, many = (scattered(errors, 0.0, n, 0.02, 5, 0.9, sizes) for n in (8, 32))
    found = fit(few, propose_window(few))
    alone = 2 * 1.6449 * design(found).error(design(found).n)  # its width if the law were certain
    assert unmoved(found, alone) == DOUBT
    assert fit(many, propose_window(many)).exponent.width > 1.2 * alone  # they do not, in truth
    assert unmoved(found, alone / 2) == ""  # seeds have yet to do what they can


def test_more_seeds_narrow_the_interval_as_it_was_imagined() -> None:
    """Ten curves with four times the seeds: the interval narrows as the imagined ones do."""
    said, came = [], []
    for key in range(10):
        few, many = (scattered(POWER, 0.0, n, 0.05, key) for n in (2, 8))
        found = fit(few, law="power")
        said.append(fit(imagined(found, 4), law="power").exponent.width)
        came.append(fit(many, law="power").exponent.width)
    assert np.median(came) == pytest.approx(np.median(said), rel=0.25)
