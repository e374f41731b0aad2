"""Repeats of one size become one mean, one median and one weight."""

import numpy as np
import pytest
from scipy.stats import t

from engine.curve import Curve, Point
from engine.laws.fit import fit
from engine.laws.repeats import (
    _lack_of_fit,
    _miss_of_outliers,
    _weights,
    repeats,
    summarize,
)


def curve_of(*rows: tuple[float, float], **fields) -> Curve:
    return Curve("c", tuple(Point("c", m, e, **fields) for m, e in rows))


def test_a_median_and_a_log_mean_are_taken_over_the_seeds() -> None:
    (summary,) = summarize(curve_of((10, 0.1), (10, 0.4), (10, 0.2)))
    assert (summary.size, summary.n) == (10, 3)
    assert summary.median == pytest.approx(0.2)
    assert summary.log_mean == pytest.approx(np.log(0.2))  # the geometric mean of .1, .2, .4


def test_two_repeats_have_their_median_halfway_in_log_error() -> None:
    (summary,) = summarize(curve_of((10, 0.1), (10, 0.4)))
    assert summary.median == pytest.approx(0.2)


def test_sizes_come_in_ascending_order_whatever_the_file_had() -> None:
    assert [s.size for s in summarize(curve_of((40, 1), (10, 2), (20, 3)))] == [10, 20, 40]


def test_an_interval_uses_the_spread_pooled_over_sizes() -> None:
    """Spread 0 at one size and log 2 either side at the other: both get the pooled one."""
    first, second = summarize(curve_of((10, 1), (10, 1), (20, 0.5), (20, 2)))
    pooled = np.sqrt(2 * np.log(2) ** 2 / 2)
    half = t.ppf(0.95, 2) * pooled * np.sqrt(np.pi / (4 + np.pi - 2))
    for summary in (first, second):
        assert np.log(summary.high / summary.median) == pytest.approx(half)
        assert np.log(summary.median / summary.low) == pytest.approx(half)


def test_the_interval_of_a_median_covers_nine_in_ten() -> None:
    rng = np.random.default_rng(0)
    hits = []
    for _ in range(200):
        errors = np.exp(0.1 * rng.standard_normal((6, 3)))
        rows = [(10.0 * 2**i, float(e)) for i, row in enumerate(errors) for e in row]
        hits += [s.low <= 1 <= s.high for s in summarize(curve_of(*rows))]
    assert 0.86 <= np.mean(hits) <= 0.94


def test_no_spread_known_means_no_width() -> None:
    for summary in summarize(curve_of((10, 0.5), (20, 0.4))):
        assert summary.low == summary.median == summary.high


def test_equal_repeats_at_every_size_weigh_nearly_the_same() -> None:
    """Three seeds tell a variance to within a factor of six; weights must not follow that."""
    rng = np.random.default_rng(1)
    rows = [
        (m, float(np.exp(0.1 * rng.standard_normal()))) for m in (10, 20, 40, 80) for _ in "123"
    ]
    weights = [s.weight for s in summarize(curve_of(*rows))]
    assert np.mean(weights) == pytest.approx(1)
    assert max(weights) / min(weights) < 1.6


def test_a_stated_standard_error_weighs_a_lone_point() -> None:
    precise = [Point("c", m, 0.5, stderr=0.001) for m in (10.0, 20.0)]
    vague = [Point("c", m, 0.5, stderr=0.05) for m in (40.0, 80.0)]
    weights = [s.weight for s in summarize(Curve("c", (*precise, *vague)))]
    assert weights[0] > 2 * weights[2]


def test_stated_errors_of_lone_points_are_the_spread() -> None:
    sizes = 10 * 2.0 ** np.arange(6)
    points = tuple(Point("c", m, e, stderr=0.03 * e) for m, e in zip(sizes, 1 / sizes, strict=True))
    held = repeats(Curve("c", points))
    assert held.spread == pytest.approx(0.03)
    assert held.one_seed == pytest.approx(np.full(6, 0.03**2))
    silent = tuple(point._replace(stderr=None) for point in points)
    unknown = repeats(Curve("c", silent))
    assert (unknown.spread, unknown.seeds_sse) == (0.0, 0.0)


def test_two_seeds_of_one_size_are_enough_for_a_spread() -> None:
    held = repeats(curve_of((10, np.exp(-0.1)), (10, np.exp(0.1)), (20, 1.0)))
    assert held.spread == pytest.approx(0.1 * 2**0.5)  # statistics.stdev([-0.1, 0.1])


def test_a_seed_is_pulled_in_to_five_of_the_deviations_that_three_seeds_show() -> None:
    """Seeds at -d, 0, d have the variance d^2, of which the median of chi^2 / 2 makes 1.443 d^2."""
    d, sizes = 0.01, 10 * 2.0 ** np.arange(7)
    for last, pulled in ((5.5, 5.5), (50.0, 5 * 1.443**0.5)):
        off = np.tile([-d, 0.0, d], (7, 1))
        off[3, 2] = last * d
        rows = zip(sizes.repeat(3), (sizes[:, None] ** -0.5 * np.exp(off)).ravel(), strict=True)
        held = repeats(curve_of(*rows))
        mean = held.log_mean[3] + 0.5 * held.log_size[3]
        assert mean == pytest.approx((pulled - 1) * d / 3, rel=1e-3)


def test_an_outlying_size_is_doubted_by_the_square_of_its_miss() -> None:
    sizes = 10 * 2.0 ** np.arange(9)
    errors = sizes**-0.5
    errors[4] *= np.exp(0.5)
    lack = repeats(curve_of(*zip(sizes, errors, strict=True))).lack
    assert lack == pytest.approx([0.0] * 4 + [0.25] + [0.0] * 4, abs=1e-9)


def test_scatter_beyond_the_seeds_evens_the_weights_out() -> None:
    """v0 + v1 / n: where sizes scatter by 20 %, the number of seeds hardly matters."""
    rng = np.random.default_rng(2)

    def ratio(size_noise: float) -> float:
        points = []
        for i in range(12):
            level = 10 * np.exp(-0.2 * i + size_noise * rng.standard_normal())
            repeats = 1 if i % 2 else 8
            points += [
                Point("c", 10.0 * 2**i, float(level * np.exp(0.05 * rng.standard_normal())))
                for _ in range(repeats)
            ]
        weights = [s.weight for s in summarize(Curve("c", tuple(points)))]
        return float(np.mean(weights[::2]) / np.mean(weights[1::2]))

    assert ratio(0.0) > 2.5
    assert ratio(0.3) < 1.3


@pytest.mark.parametrize(("count", "told"), [(4, False), (5, True)])
def test_three_bends_are_the_least_that_tell_scatter_beyond_the_seeds(count, told) -> None:
    points = [
        Point("c", 100 * 2.0**k, 0.5 * 2.0 ** (-0.3 * k) * (1.1 if k % 2 else 1) * error, seed=seed)
        for k in range(count)
        for seed, error in enumerate((0.999, 1.001))
    ]
    assert repeats(Curve("c", tuple(points))).lack.any() == told


def test_weights_do_not_depend_on_the_order_of_points() -> None:
    rng = np.random.default_rng(3)
    rows = [(m, float(np.exp(rng.standard_normal()))) for m in (10, 20, 40, 80, 160) for _ in "123"]
    shuffled = [rows[i] for i in rng.permutation(len(rows))]
    assert repeats(curve_of(*rows)).weight == pytest.approx(repeats(curve_of(*shuffled)).weight)


def test_a_stray_seed_is_pulled_in_and_the_others_are_as_they_were(simulate) -> None:
    sizes = 100 * 2.0 ** np.arange(8)
    clean = simulate(sizes, 3 * sizes**-0.3, 0.01, 3, np.random.default_rng(1))
    stray = [p._replace(error=9.0) if (p.size, p.seed) == (400, 1) else p for p in clean.points]
    before, after = repeats(clean), repeats(Curve("stray", tuple(stray)))
    assert after.log_mean[2] == pytest.approx(before.log_mean[2], abs=0.04)
    others = np.arange(8) != 2
    assert after.log_mean[others] == pytest.approx(before.log_mean[others])


def test_a_size_far_off_its_neighbours_line_has_little_weight(simulate) -> None:
    sizes = 100 * 2.0 ** np.arange(9)
    errors = 3 * sizes**-0.3 * np.where(sizes == 1600, 1.5, 1.0)
    weight = repeats(simulate(sizes, errors, 0.01, 1, np.random.default_rng(1))).weight
    assert weight[4] < 0.02
    assert np.delete(weight, 4).min() > 0.5


@pytest.mark.parametrize("off", [0.15, -0.15])
@pytest.mark.parametrize("noisy", [4, 5])
def test_an_outlier_is_told_from_a_size_that_is_hardly_known(off, noisy) -> None:
    """One size, of a hundred times the variance, lies further off than the outlier, and rightly."""
    x = np.log(2.0) * np.arange(14)
    variance = np.full(14, 1e-4)
    variance[noisy] = 1e-2
    y = -0.3 * x + 0.005 * (-1.0) ** np.arange(14)
    y[noisy] += 0.25
    y[7] += off
    miss = _miss_of_outliers(x, y, variance)
    assert np.flatnonzero(miss).tolist() == [7]
    assert miss[7] == pytest.approx(0.15**2, rel=0.4)


def test_a_weight_is_one_over_the_variance_and_the_squared_miss() -> None:
    variance = np.array([1e-4, 2e-4, 4e-4, 1e-4])
    miss = np.array([0.0, 0.0, 0.0, 4e-4])
    expected = 1 / (variance + miss)
    assert _weights(variance, miss) == pytest.approx(expected / expected.mean())


def test_no_weight_is_above_twenty_times_that_of_the_mean_variance() -> None:
    variance = np.r_[np.ones(9), 1e-9]
    weight = _weights(variance, np.zeros(10))
    of_the_mean = weight[0] * variance[0] / variance.mean()
    assert weight[-1] / of_the_mean == pytest.approx(20)


def test_an_outlier_of_sizes_that_do_not_scatter_weighs_a_millionth() -> None:
    weight = _weights(np.zeros(3), np.array([0.0, 0.04, 0.0]))
    assert weight[1] / weight[0] == pytest.approx(1e-6, rel=1e-5)
    assert _weights(np.zeros(3), np.zeros(3)).tolist() == [1.0, 1.0, 1.0]


def test_where_most_seeds_agree_to_the_last_digit_none_is_pulled_in() -> None:
    same = [(size, 3 * size**-0.3) for size in (10, 20, 40, 80) for _ in range(3)]
    held = repeats(curve_of(*same, (160, 0.5), (160, 0.6), (160, 0.9)))
    assert held.log_mean[-1] == pytest.approx(np.log([0.5, 0.6, 0.9]).mean())


def test_a_bend_two_sizes_away_hides_no_outlier() -> None:
    x = np.log(2.0) * np.arange(12)
    wave = 0.002 * np.array([1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1])
    y = np.where(x < x[5], -0.3 * x[5], -0.3 * x) + wave  # a corner at the sixth size
    y[7] += 0.3
    assert np.flatnonzero(_miss_of_outliers(x, y, np.full(12, 1e-4))).tolist() == [7]


@pytest.mark.parametrize(("n", "told"), [(6, []), (7, [3])])
def test_five_other_sizes_are_the_least_that_tell_an_outlier(n, told) -> None:
    x = np.log(2.0) * np.arange(n)
    y = -0.3 * x + 0.002 * (-1.0) ** np.arange(n)
    y[3] += 0.3
    assert np.flatnonzero(_miss_of_outliers(x, y, np.full(n, 1e-4))).tolist() == told


@pytest.mark.parametrize("own", [0.0, 0.02])
def test_what_sizes_scatter_by_is_told_apart_from_what_their_seeds_do(own) -> None:
    rng = np.random.default_rng(5)
    x = np.linspace(0, 10, 4000)
    variance = np.where(np.arange(4000) % 2, 1e-4, 4e-4)
    y = -0.3 * x + np.sqrt(own**2 + variance) * rng.standard_normal(4000)
    assert _lack_of_fit(x, y, variance) == pytest.approx(own**2, rel=0.2, abs=5e-5)


def test_one_repeat_of_one_size_is_enough_for_an_interval() -> None:
    rows = summarize(curve_of((10, 0.5), (10, 0.55), (20, 0.4), (40, 0.3)))
    assert all(row.low < row.median < row.high for row in rows)


def test_the_corner_of_a_plateau_is_no_outlier(simulate) -> None:
    sizes = 100 * 2.0 ** np.arange(9)
    errors = np.minimum(0.5, 0.5 * (sizes / 800) ** -0.5)
    weight = repeats(simulate(sizes, errors, 0.003, 1, np.random.default_rng(1))).weight
    assert weight.min() > 0.5


def test_unequal_numbers_of_seeds_do_not_pass_for_sizes_off_the_law() -> None:
    """A true power law, 70 seeds at one size and 2 at others: few are told that it does not fit."""
    seeds = dict(zip(100 * 2.0 ** np.arange(7), (70, 2, 16, 24, 14, 2, 12), strict=True))
    told = 0
    for key in range(100):
        rng = np.random.default_rng(key)
        rows = [
            (m, 3 * m**-0.3 * np.exp(0.05 * rng.standard_normal()))
            for m in seeds
            for _ in range(int(seeds[m]))
        ]
        told += "lack-of-fit" in {note.code for note in fit(curve_of(*rows), law="power").notes}
    assert told <= 10


def test_with_as_many_seeds_at_each_size_their_squares_are_simply_added() -> None:
    rng = np.random.default_rng(2)
    held = repeats(curve_of(*((m, float(np.exp(rng.normal()))) for m in (10, 20, 40, 80) * 3)))
    assert held.seeds_sse == pytest.approx(held.weight @ held.pure / 3)
