"""Zones of curves with known laws, and of the curves that ship."""

from math import isfinite

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize, minimize_scalar
from scipy.special import logsumexp
from scipy.stats import invgamma, norm

from engine.curve import Curve
from engine.laws import zones as inside
from engine.laws.fit import fit
from engine.laws.interval import Interval
from engine.laws.repeats import repeats
from engine.laws.window import Window
from engine.laws.zone_law import log_error
from engine.laws.zones import zones
from engine.recorded import recorded_curves

SIZES = 50 * 2.0 ** np.arange(14)


def three_zones(exponent: float = -0.5) -> np.ndarray:
    """A plateau of 0.9 up to 200, a floor of 0.06 that is half the error at about 45,000."""
    return np.minimum(0.84, 0.84 * (SIZES / 200) ** exponent) + 0.06


def shipped(name: str) -> Curve:
    return next(curve for curve in recorded_curves() if curve.name == name)


def test_three_zones_are_found_where_they_are(simulate) -> None:
    found = zones(simulate(SIZES, three_zones(), 0.01, 3, np.random.default_rng(0), guess=0.9))
    assert found.plateau_chance > 0.99
    assert found.floor_chance > 0.99
    assert found.plateau_end.value == pytest.approx(200, rel=0.15)
    assert found.floor_begins.holds(200 * (0.84 / 0.06) ** 2)
    assert found.exponent.holds(-0.5)
    assert found.floor.holds(0.06)
    assert found.law_decades == pytest.approx(2.3, abs=0.2)


def test_the_most_probable_law_passes_through_the_sizes(simulate) -> None:
    curve = simulate(SIZES, three_zones(), 0.01, 3, np.random.default_rng(0))
    assert zones(curve).predict(SIZES) == pytest.approx(three_zones(), rel=0.03)


def test_zones_do_not_depend_on_the_errors_unit(simulate) -> None:
    errors = 0.9 * SIZES**-0.05 + 0.01
    large, small = (
        zones(simulate(SIZES, unit * errors, 0.01, 3, np.random.default_rng(0)))
        for unit in (1e6, 1e-6)
    )
    assert small.exponent.value == pytest.approx(large.exponent.value, rel=1e-6)
    assert small.floor_chance == pytest.approx(large.floor_chance, rel=1e-6)


def test_a_pure_power_law_has_no_zones_in_sight(simulate) -> None:
    rng = np.random.default_rng(1)
    chances = []
    for _ in range(20):
        found = zones(simulate(SIZES, 15 * SIZES**-0.3, 0.02, 3, rng))
        chances.append((found.plateau_chance, found.floor_chance))
    assert np.median(chances, axis=0) == pytest.approx([0, 0], abs=0.3)


def test_sizes_that_do_not_tell_a_floor_leave_it_undecided(simulate) -> None:
    few = SIZES[:6]
    found = zones(simulate(few, 3 * few**-0.3 + 0.1, 0.02, 1, np.random.default_rng(3)))
    assert 0.05 < found.floor_chance < 0.95
    assert found.floor.low == 0
    assert "floor undecided" in found.sentence


def test_a_straight_curve_reads_as_textbook_regression_where_nothing_else_fits(simulate) -> None:
    """Nothing but the bare law is left of these sizes: Student's t, by draws and in closed form."""
    sizes = 50 * 2.0 ** np.arange(20)
    curve = simulate(sizes, 15 * sizes**-0.3, 0.01, 1, np.random.default_rng(5))
    found, line = zones(curve).exponent, fit(curve, law="power").exponent
    assert found.value == pytest.approx(line.value, abs=0.3 * (line.high - line.value))
    assert found.high - found.low == pytest.approx(line.high - line.low, rel=0.5)


def test_a_window_counts_only_the_sizes_inside(simulate) -> None:
    curve = simulate(SIZES, three_zones(), 0.01, 3, np.random.default_rng(0))
    assert zones(curve).plateau_chance > 0.9
    assert zones(curve, Window(800, None)).plateau_chance < 0.6


def test_words_as_recorded_keep_the_papers_exponent_possible() -> None:
    """Their largest models were at the ladder's top: a floor of 3.9 +- .4 was once claimed."""
    found = zones(shipped("words sotu lstm cross-entropy"))
    assert found.exponent.holds(-0.066)
    assert found.floor.low == 0


def test_images_as_recorded_leave_their_plateau_between_a_hundred_and_two_thousand() -> None:
    found = zones(shipped("images icons cnn top-1"))
    assert found.plateau_chance > 0.95
    assert 100 < found.plateau_end.low < found.plateau_end.high < 2500
    assert found.law_decades < 1


@pytest.mark.parametrize(
    ("errors", "doubt"),
    [
        ([0.9, 0.5, 0.4], "zones need 4 sizes and there are 3"),
        ([0.5, 0.5, 0.5, 0.5], "the error does not fall"),
        ([0.1, 0.2, 0.3, 0.4, 0.5], "the error does not fall"),
    ],
)
def test_where_nothing_can_be_said_it_says_why(simulate, errors, doubt) -> None:
    found = zones(simulate(SIZES[: len(errors)], errors))
    assert (found.exponent, found.doubt, found.sentence) == (None, doubt, doubt)
    with pytest.raises(ValueError, match="no zones"):
        found.predict([100])


def test_a_hundred_thousand_sizes_take_no_longer(simulate) -> None:
    sizes = np.geomspace(1, 1e9, 100_000)
    errors = 2 * sizes**-0.3 + 0.01
    found = zones(simulate(sizes, errors, 0.05, 1, np.random.default_rng(0)))
    assert found.exponent.holds(-0.3)
    assert isfinite(found.floor.high)


def problem(simulate, seeds: int = 1, guess: float | None = None, noise: float = 0.03):
    """What the laws answer for, of a curve with all three zones."""
    rng = np.random.default_rng(7)
    held = repeats(simulate(SIZES, three_zones(), noise, seeds, rng))
    x = held.log_size - held.log_size.mean()
    return inside._Problem.of(x, held.log_mean, held.weight, held, guess, 0.0)


@pytest.mark.parametrize("seeds", [1, 4])
def test_the_spread_is_integrated_out_as_by_quadrature(simulate, seeds) -> None:
    """Normal log errors, their variance inverse gamma by what neighbours or the seeds show."""
    asked, n = problem(simulate, seeds), SIZES.size
    shown = [(asked.spread**2, 1.0)]
    if seeds > 1:
        shown.append((asked.seeds_sse, asked.seeds_dof))

    def marginal(sse: float) -> float:
        def at(log_variance: float, prior_sse: float, dof: float) -> float:
            variance = np.exp(log_variance)
            prior = invgamma.logpdf(variance, dof / 2, scale=prior_sse / 2)
            like = -n / 2 * np.log(2 * np.pi * variance) - sse / 2 / variance
            return float(np.exp(prior + like + log_variance - 20))

        each = [quad(at, -25, 15, args=one, limit=500, points=[-8, -5, -2])[0] for one in shown]
        return 20 + float(np.log(np.mean(each)))

    sse = np.array([0.3, 1.0, 4.0]) * n * 0.03**2
    found = asked.log_likelihood(sse) - n / 2 * np.log(np.pi)
    assert found == pytest.approx([marginal(each) for each in sse], abs=1e-4)


@pytest.mark.parametrize("seeds", [1, 4])
def test_the_spread_that_errors_speak_for_is_their_likelihoods_summit(simulate, seeds) -> None:
    asked, n = problem(simulate, seeds), SIZES.size
    shown = [
        (asked.spread**2, 1.0),
        (asked.seeds_sse, asked.seeds_dof),
    ]  # of one seed: none, by none
    for sse in (0.001, 0.1):
        summits = [
            minimize_scalar(
                lambda u, a=prior_sse + sse, b=dof + n: b * u + a * np.exp(-2 * u) / 2,
                bounds=(-12, 3),
                method="bounded",
                options={"xatol": 1e-9},
            ).x
            for prior_sse, dof in shown
        ]
        assert asked.scale(np.array([sse]))[0] == pytest.approx(np.exp(max(summits)), rel=1e-4)


@pytest.mark.parametrize("index", range(8))
def test_a_laws_density_is_its_chance_its_priors_and_the_likelihood(simulate, index) -> None:
    asked = problem(simulate, guess=0.9)
    plan = inside._plan(asked, inside._modes([asked])[0], index)
    shape = inside.SHAPES[index]
    assert plan.free == [0, 1, *([2, 3] if shape.sharp else []), *([4] if shape.floor else [])]
    point = plan.mean + 0.1 * np.arange(1, plan.mean.size + 1)
    theta = np.array([0.0, 0.0, 1e3, 0.0, -1e3])
    theta[plan.free] = point
    expected = np.log(shape.chance) + norm.logpdf(theta[0], asked.y.mean(), 10.0)
    expected += norm.logpdf(theta[1], np.log(0.25), 1.1)
    if shape.sharp:
        level = np.log(np.exp(theta[2]) + np.exp(theta[4]))
        expected += norm.logpdf(level, np.log(0.9), 0.02)
        expected += norm.logpdf(theta[3], np.log(shape.sharp), 0.4)
    if shape.floor:
        expected += norm.logpdf(theta[4], asked.y[-1] - 1.0, 1.0)
    sse = (asked.w * (asked.y - log_error(theta[None], asked.x)[0]) ** 2).sum()
    expected += asked.log_likelihood(np.array([sse]))[0]
    assert plan.log_density(point[None])[0] == pytest.approx(expected, abs=1e-8)


def test_the_evidence_by_curvature_is_near_the_integral_of_the_density(simulate) -> None:
    asked = problem(simulate)
    plan = inside._plan(asked, inside._modes([asked])[0], 0)  # the bare law: two numbers
    root = np.linalg.cholesky(plan.covariance)
    u = np.linspace(-12, 12, 241)
    grid = np.stack(np.meshgrid(u, u), axis=-1).reshape(-1, 2)
    density = np.exp(plan.log_density(plan.mean + grid @ root.T))
    integral = density.sum() * (u[1] - u[0]) ** 2 * np.linalg.det(root)
    assert plan.evidence == pytest.approx(np.log(integral), abs=0.3)


def test_before_a_curve_is_seen_the_chances_of_the_laws_are_one_together() -> None:
    assert sum(shape.chance for shape in inside.SHAPES) == pytest.approx(1)


def test_no_sharpness_of_a_plateaus_end_is_much_likelier_than_another() -> None:
    log_sharpness = np.linspace(np.log(1.1), np.log(20), 100)
    means = np.log([shape.sharp for shape in inside.SHAPES if shape.sharp])
    density = norm.pdf(log_sharpness[:, None], means, inside.SHARPNESS_SD).sum(axis=1)
    assert density.max() < 2 * density.min()


def test_an_interval_leaves_five_per_cent_beyond_each_end() -> None:
    even = np.linspace(0, 1, 10_001)
    found = inside._quantiles(even, np.ones(even.size), np.ones(even.size, dtype=bool))
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.05, 0.95), abs=1e-3)


@pytest.mark.parametrize("guess", [None, 0.96])
def test_laws_that_fit_are_drawn_from_around_their_summit_and_by_their_evidence(
    simulate, guess
) -> None:
    """The walk holds the spread, the density has it integrated out: one summit all the same."""
    asked = problem(simulate, guess=guess, noise=0.2)
    modes = inside._modes([asked])[0]
    log_weight, _, shape = inside._draws(asked, modes)
    plans = [inside._plan(asked, modes, index) for index in range(8)]
    best = max(plan.evidence for plan in plans)
    fitting = [plan for plan in plans if plan.evidence > best - 3]
    assert len(fitting) > 1
    for plan in fitting:
        climbed = minimize(lambda point, of=plan: -of.log_density(point[None])[0], plan.mean)
        assert -climbed.fun - plan.log_density(plan.mean[None])[0] < 0.05
        assert logsumexp(log_weight[shape == plan.row]) == pytest.approx(plan.evidence, abs=1)


def test_the_law_of_a_straight_curve_is_its_line_however_far_away(simulate) -> None:
    errors = 2 * SIZES**-0.3
    far = np.array([SIZES[0] / 1e6, SIZES[-1] * 1e6])
    assert zones(simulate(SIZES, errors)).predict(far) == pytest.approx(2 * far**-0.3, rel=0.02)


def test_a_plateau_that_ends_before_the_second_size_is_left_inside_the_sizes(simulate) -> None:
    sizes = 100 * 2.0 ** np.arange(10)
    errors = 0.9 * np.minimum(1, (sizes / 150) ** -0.5)
    found = zones(simulate(sizes, errors, 0.003, 3, np.random.default_rng(1), guess=0.9))
    assert found.plateau_chance > 0.9
    assert 100 < found.plateau_end.value < 200


def test_the_spread_that_neighbours_show_is_that_of_one_seed(simulate, rng) -> None:
    """However many seeds a size has: its weight says how much less its mean scatters."""
    n = 200
    x, w = np.linspace(-3, 3, n), np.where(np.arange(n) % 2, 1.0, 25.0)
    y = -0.5 * x + 0.04 * rng.standard_normal(n) / np.sqrt(w)
    held = repeats(simulate(np.exp(x), np.exp(y)))
    found = inside._Problem.of(x, y, w, held, None, 0.0)
    assert found.spread == pytest.approx(0.04, rel=0.25)


def test_what_was_found_is_remembered_but_not_without_end(simulate, monkeypatch) -> None:
    curves = [simulate(SIZES, factor * SIZES**-0.3) for factor in (1.0, 2.0, 3.0)]
    asked = [(curve, Window()) for curve in curves]
    weighed = []
    of_several = inside._of_several
    monkeypatch.setattr(
        inside, "_of_several", lambda some: weighed.append(len(some)) or of_several(some)
    )
    monkeypatch.setattr(inside, "_found", {})
    monkeypatch.setattr(inside, "REMEMBERED", 2)
    first = inside.zones_together(asked[:2])
    assert inside.zones_together(asked[:2]) == first
    inside.zones_together([asked[0], asked[2]])  # the second is now the one used longest ago
    assert set(inside._found) == {asked[0], asked[2]}
    assert weighed == [2, 0, 1]


def test_where_nothing_is_known_plateau_and_floor_have_no_chance(simulate) -> None:
    found = zones(simulate(SIZES[:3], [0.9, 0.5, 0.4]))
    assert (found.plateau_chance, found.floor_chance) == (0.0, 0.0)


@pytest.mark.parametrize("near", [slice(0, 5), slice(1, 6)])
def test_sizes_are_too_close_only_where_all_of_them_are(simulate, near) -> None:
    sizes = np.array([10, *(1000 * (1 + 1e-8 * np.arange(4))), 9000])
    errors = np.array([0.5, 0.4, 0.3, 0.25, 0.2, 0.1])
    assert zones(simulate(sizes[near], errors[near])).doubt == ""
    together = zones(simulate(sizes[1:5], errors[1:5]))
    assert together.doubt == "the sizes lie too close together"


def test_the_best_guess_says_where_the_plateau_is_else_the_first_quarter_of_the_sizes(
    simulate,
) -> None:
    errors = np.array([0.5, 0.6, 0.7, 0.9, 0.4, 0.3, 0.25, 0.2, 0.15, 0.12, 0.1, 0.08])
    held = repeats(simulate(SIZES[:12], errors))
    x = held.log_size - held.log_size.mean()
    for guess, level, sd in (
        *((0.8, 0.8, 0.02), (2e-100, 2e-100, 0.02), (9e99, 9e99, 0.02)),
        *((guess, 0.7, 0.3) for guess in (None, 0.0, np.nan, np.inf, 1e-200, 1e200)),
    ):
        found = inside._Problem.of(x, held.log_mean, held.weight, held, guess, 0.0)
        assert (np.exp(found.plateau), found.plateau_sd) == (pytest.approx(level), sd)
    few = repeats(simulate(SIZES[:3], errors[:3]))
    found = inside._Problem.of(x[:3], few.log_mean, few.weight, few, None, 0.0)
    assert np.exp(found.plateau) == pytest.approx(0.5)


def drawn(theta, weight, shape) -> "inside._Draws":
    chance = np.array(
        [sum(w for w, s in zip(weight, shape, strict=True) if s == k) for k in range(8)]
    )
    return inside._Draws(np.array(theta), np.array(weight), np.array(shape), chance)


def test_draws_are_read_as_chances_and_weighted_quantiles() -> None:
    """Sizes from e to e^5 about e^3; beta = -1 throughout, so that log sizes are differences."""
    far, centre = 1e3, 3.0
    theta = [
        [-1.0, 0.0, far, 0.0, -far],  # a bare law
        [-1.0, 0.0, 0.0, np.log(2.0), -far],  # a plateau of 1 that ends at e^(3 - 1)
        [-4.0, 0.0, 0.0, np.log(2.0), -far],  # one that ended before the first size
        [-1.0, 0.0, far, 0.0, -2.0],  # a floor of e^-2, reached by the line at e^(3 + 1)
    ]
    found = inside._read(drawn(theta, [0.4, 0.3, 0.2, 0.1], [0, 2, 2, 1]), (0.0,) * 5, centre, -2.0)
    assert found.plateau_chance == pytest.approx(0.3)
    assert found.floor_chance == pytest.approx(0.1)
    assert found.plateau.value == pytest.approx(1.0)
    assert found.plateau_end.value == pytest.approx(np.exp(2.0))
    # there the plateau has taken half of what a corner would: k log(line / c) = log 2
    assert found.law_begins.value == pytest.approx(np.exp(2.0 - np.log(2.0) / 2))
    assert found.floor_begins.value == pytest.approx(np.exp(4.0))
    assert (found.exponent.value, found.exponent.low, found.exponent.high) == (-1, -1, -1)
    assert (found.floor.value, found.floor.low) == (0, 0)


def test_quantiles_are_where_the_weights_pass_their_shares(rng) -> None:
    value, weight = rng.permutation(41).astype(float), rng.integers(1, 9, 41)
    rows = rng.random(41) < 0.7
    one_each = np.sort(np.repeat(value[rows], weight[rows]))
    found = inside._quantiles(value, weight / weight.sum(), rows)
    expected = [one_each[int(np.ceil(q * one_each.size)) - 1] for q in (0.5, 0.05, 0.95)]
    assert [found.value, found.low, found.high] == expected


@pytest.mark.parametrize(
    ("chances", "low"),
    [((0.319, 0.319, 0.319, 0.043), -0.9), ((0.34, 0.31, 0.31, 0.04), -0.5)],  # 1 to 7.4, 1 to 8.5
)
def test_the_interval_reaches_around_every_law_up_to_eight_times_less_probable(
    chances, low
) -> None:
    """The fourth law alone has another exponent, too seldom to be in the averaged interval."""
    shape = np.repeat([0, 1, 2, 3], 100)
    value = np.where(shape == 3, -0.9, -0.5)
    draws = drawn(np.zeros((400, 5)), np.repeat(chances, 100) / 100, shape)
    found = inside._hull(value, draws)
    assert (found.value, found.low, found.high) == (-0.5, low, -0.5)


def test_as_many_sizes_as_are_looked_at_are_taken_as_they_are(simulate, rng) -> None:
    sizes = np.exp(np.sort(rng.uniform(0, 9, inside.MOST_SIZES)))
    held = repeats(simulate(sizes, sizes**-0.3))
    taken = inside._neighbours_averaged(held)
    assert [each.tolist() for each in taken] == [
        each.tolist() for each in (held.log_size, held.log_mean, held.weight)
    ]


def test_more_sizes_than_are_looked_at_are_averaged_over_neighbours(simulate, rng) -> None:
    sizes = np.geomspace(10, 1e6, 300)
    held = repeats(simulate(sizes, 2 * sizes**-0.3, 0.05, 1, rng))
    x, y, w = inside._neighbours_averaged(held)
    assert x.size == 64
    group = np.searchsorted(np.linspace(np.log(10), np.log(1e6), 65)[1:-1], held.log_size, "right")
    for k in range(64):
        mine = group == k
        assert w[k] == pytest.approx(held.weight[mine].sum())
        assert x[k] == pytest.approx(np.average(held.log_size[mine], weights=held.weight[mine]))
        assert y[k] == pytest.approx(np.average(held.log_mean[mine], weights=held.weight[mine]))


def test_draws_without_weight_are_no_zones(simulate, monkeypatch) -> None:
    nowhere = np.full(4, -np.inf), np.zeros((4, 5)), np.zeros(4, np.intp)
    monkeypatch.setattr(inside, "_draws", lambda problem, modes: nowhere)
    found = inside.zones_of(repeats(simulate(SIZES[:7], three_zones()[:7])), None)
    assert (found.exponent, found.doubt) == (None, "no law comes near these sizes")


def test_sizes_that_differ_by_rounding_alone_are_too_close(simulate) -> None:
    sizes = 1000 * (1 + 1e-8 * np.arange(5))
    assert (
        zones(simulate(sizes, [0.5, 0.4, 0.3, 0.2, 0.1])).doubt
        == "the sizes lie too close together"
    )


@pytest.mark.parametrize(
    ("chance", "said"),
    [
        (0.96, "floor, from size 300 (200 to 500)"),
        (0.94, "floor undecided (chance 94 %): if any, from size 300 (200 to 500)"),
        (0.4, "floor undecided (chance 40 %): if any, from size 300 (200 to 500)"),
    ],
)
def test_a_zone_is_said_with_its_chance_until_hardly_any_doubt_is_left(chance, said) -> None:
    assert inside._said("floor", "from size", chance, Interval(300.0, 200.0, 500.0)) == said
