"""A forecast: near the truth, its band honest, and never an exception whatever the curve."""

from math import isfinite

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.curve import Curve, Point
from engine.laws.company import REACHES
from engine.laws.fit import fit
from engine.laws.forecast import (
    MOST_SIZES,
    REACH,
    Forecast,
    Status,
    _thin,
    forecast,
    forecasts,
    in_company,
    prepared,
    variance_of,
)
from engine.laws.repeats import repeats
from engine.laws.window import Window
from engine.numbers import number

SIZES = 100 * 2.0 ** np.arange(10)


def curve_of(rows, name: str = "hostile") -> Curve:
    return Curve(name, tuple(Point(name, float(m), float(e)) for m, e in rows))


def law(m):
    return 3 * np.asarray(m) ** -0.35 + 0.05


def assert_sound(told: Forecast) -> None:
    assert isinstance(told.status, Status)
    assert told.notes or told.status is Status.FORECAST
    if told.members is None:
        assert told.notes
        return
    size = [told.smallest / 100, told.smallest, told.largest, told.largest * 4, told.largest * 1e6]
    at = told.error_at(size)
    assert np.isfinite([at.error, at.low, at.high]).all()
    assert (at.low <= at.error).all()
    assert (at.error <= at.high).all()
    assert (at.low > 0).all()
    for error in (at.error[2] / 2, at.error[2] * 2):
        needed = told.size_for(float(error))
        known = [s for s in (needed.low, needed.size, needed.high) if s is not None]
        assert all(isfinite(s) for s in known)
        assert known == sorted(known)
        assert needed.note or needed.size is not None


HOSTILE = {
    "no points": [],
    "one point": [(10, 0.5)],
    "two points": [(10, 0.5), (20, 0.4)],
    "three points": [(10, 0.5), (20, 0.4), (40, 0.3)],
    "four points": [(10, 0.5), (20, 0.4), (40, 0.3), (80, 0.25)],
    "one size, many repeats": [(10, e) for e in (0.5, 0.4, 0.3)],
    "all equal": [(m, 0.5) for m in SIZES],
    "rising": [(m, 1e-5 * m) for m in SIZES],
    "zero noise": [(m, 3 * m**-0.5) for m in SIZES],
    "exact repeats": [(m, 3 * m**-0.5) for m in SIZES for _ in range(3)],
    "errors near 1e-12": [(m, 1e-12 * m**-0.3) for m in SIZES],
    "sizes near 1e12": [(1e12 * m, m**-0.3) for m in SIZES],
    "one outlier": [(m, m**-0.3 * (1e6 if m == SIZES[3] else 1)) for m in SIZES],
    "an outlier at the end": [(m, m**-0.3 * (1e6 if m == SIZES[-1] else 1)) for m in SIZES],
    "sizes that differ in the last digit": [(1e12 + k, 0.5 - 0.1 * k) for k in range(4)],
    "a cliff": [(m, 1.0 if m < 1000 else 1e-9) for m in SIZES],
    "not numbers": [(10, 0.0), (20, -1.0), (30, float("nan")), (40, float("inf")), (50, 0.5)],
}


@pytest.mark.parametrize("rows", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_degenerate_curve_gives_a_status(rows) -> None:
    assert_sound(forecast(curve_of(rows)))


NUMBERS = st.one_of(
    st.floats(1e-12, 1e12), st.floats(), st.sampled_from([0.1, 0.5, 1.0, 1e-300, 1e300, -1.0])
)


@settings(max_examples=40)
@given(rows=st.lists(st.tuples(NUMBERS, NUMBERS), max_size=14), repeats=st.integers(1, 3))
def test_a_random_curve_gives_a_status(rows, repeats: int) -> None:
    assert_sound(forecast(curve_of(rows * repeats)))


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_too_few_sizes_are_said_in_words(n: int) -> None:
    told = forecast(curve_of([(m, law(m)) for m in SIZES[:n]]))
    assert told.status is Status.TOO_FEW_SIZES
    words = "1 size" if n == 1 else f"{n} sizes"
    assert told.notes[0].message == (
        f"{words} in the window; a forecast needs 4: widen it or add sizes"
    )
    with pytest.raises(ValueError, match="no forecast of 'hostile': too few sizes"):
        told.error_at([100])


def test_a_hundred_thousand_points_are_thinned_and_forecast(rng) -> None:
    size = np.geomspace(1, 1e6, 100_000)
    told = forecast(
        curve_of(zip(size, law(size) * np.exp(0.05 * rng.standard_normal(size.size)), strict=True))
    )
    assert told.error_at([4e6]).error[0] == pytest.approx(float(law(4e6)), rel=0.05)


@pytest.mark.parametrize("noise", [0.005, 0.03])
def test_it_comes_near_a_law_with_a_floor(rng, noise: float) -> None:
    off = []
    for _ in range(20):
        errors = law(SIZES) * np.exp(noise * rng.standard_normal(SIZES.size))
        at = forecast(curve_of(zip(SIZES, errors, strict=True))).error_at([2 * SIZES[-1]])
        off.append(np.log(at.error[0] / law(2 * SIZES[-1])))
    assert np.sqrt(np.mean(np.square(off))) < 0.01 + 1.5 * noise


def test_the_band_covers_most_new_measurements(rng) -> None:
    inside = []
    for _ in range(60):
        noise = rng.uniform(0.01, 0.08)
        exponent, floor = rng.uniform(-0.7, -0.1), rng.uniform(0, 0.2)
        size = SIZES[: rng.integers(6, 11)]
        draw = rng.standard_normal(size.size + 1)
        ahead = np.r_[size, size[-1] * rng.uniform(1.5, 4)]
        errors = ((ahead / 100) ** exponent + floor) * np.exp(noise * draw)
        told = forecast(curve_of(zip(size, errors, strict=False)))
        at = told.error_at(ahead[-1:])
        inside.append(at.low[0] <= errors[-1] <= at.high[0])
    assert 0.75 <= np.mean(inside) <= 1.0


def test_units_of_size_and_error_do_not_matter(rng) -> None:
    errors = law(SIZES) * np.exp(0.02 * rng.standard_normal(SIZES.size))
    first = forecast(curve_of(zip(SIZES, errors, strict=True))).error_at([1e5])
    other = forecast(curve_of(zip(1e6 * SIZES, 100 * errors, strict=True))).error_at([1e11])
    assert other.error / 100 == pytest.approx(first.error, rel=1e-6)
    assert other.high / 100 == pytest.approx(first.high, rel=1e-5)


def test_repeats_of_a_size_are_one_size() -> None:
    told = forecast(curve_of([(m, law(m)) for m in SIZES for _ in range(3)]))
    assert told.n_sizes == SIZES.size


def test_only_the_sizes_inside_the_window_are_used() -> None:
    rows = [(m, law(m)) for m in SIZES]
    spoiled = [(m, e if m >= 400 else 0.99) for m, e in rows]
    window = Window(400, None)
    told = [forecast(curve_of(each), window).error_at([1e5]).error[0] for each in (rows, spoiled)]
    assert told[0] == told[1]


def test_many_curves_at_once_are_each_forecast_as_alone(rng) -> None:
    curves = [
        curve_of(zip(size, law(size) * np.exp(0.03 * rng.standard_normal(size.size)), strict=True))
        for size in (SIZES, SIZES[2:], np.geomspace(100, 5e4, 40))
    ]
    together = forecasts([*curves, curve_of([])])
    assert together[3].status is Status.TOO_FEW_SIZES
    for curve, told in zip(curves, together, strict=False):
        alone = forecast(curve).error_at([2e5])
        assert told.error_at([2e5]).error == pytest.approx(alone.error, rel=1e-3)


def test_beyond_four_times_the_largest_size_a_value_says_so() -> None:
    told = forecast(curve_of([(m, law(m)) for m in SIZES]))
    at = told.error_at([SIZES[-1], REACH * SIZES[-1], 4.1 * SIZES[-1], SIZES[0] / 5])
    assert at.beyond.tolist() == [False, False, True, True]


def test_a_size_below_a_quarter_of_the_smallest_is_beyond_what_was_tested() -> None:
    told = forecast(curve_of(zip(SIZES, law(SIZES), strict=True)))
    sizes = SIZES[0] * np.array([1, 0.9, 1 / 3.9, 1 / 4.1, 1e-3])
    assert told.error_at(sizes).beyond.tolist() == [False, False, False, True, True]


def test_without_a_forecast_there_is_neither_an_error_nor_a_size_for_one() -> None:
    told = forecast(curve_of([(10, 0.5), (20, 0.4)]))
    with pytest.raises(ValueError, match="no forecast of 'hostile': too few sizes"):
        told.size_for(0.1)
    with pytest.raises(ValueError, match="no forecast of 'hostile': too few sizes"):
        told.error_at([100])


def test_the_spread_of_the_members_is_their_weighted_mean_square() -> None:
    ahead = np.array([[1.0, 4.0, 6.0]])
    share = np.array([[0.5, 0.25, 0.25]])
    assert variance_of(ahead, share, np.array([3.0])) == pytest.approx([2 + 0.25 + 2.25])


def test_what_is_prepared_is_log_size_log_error_and_weights_of_mean_one(simulate, rng) -> None:
    x, y, weight = prepared(simulate(SIZES, law(SIZES), 0.05, 1, rng))
    assert x == pytest.approx(np.log(SIZES))
    assert y == pytest.approx(np.log(law(SIZES)), abs=0.2)
    assert weight.tolist() == [1.0] * 10
    curve = simulate(SIZES, law(SIZES), 0.05, 3, rng)
    some = Curve("simulated", tuple(p for p in curve.points if p.seed == 0 or p.size > 1000))
    weight = prepared(some)[2]
    assert weight.mean() == pytest.approx(1)
    assert weight[-1] > weight[0]


def test_the_weights_of_sizes_inside_a_window_have_the_mean_one_too(simulate, rng) -> None:
    curve = simulate(SIZES, law(SIZES), 0.05, 3, rng)
    held = repeats(Curve("c", tuple(p for p in curve.points if p.seed == 0 or p.size > 1000)))
    large = held.rows(held.size > 500)
    assert large.weight.mean() > 1.1
    assert _thin(large)[2] == pytest.approx(large.weight / large.weight.mean())


def test_an_error_that_ends_above_where_it_began_does_not_fall_whatever_lies_between() -> None:
    errors = [0.4, 0.6, 0.55, 0.5, 0.48, 0.46, 0.45]
    told = forecast(curve_of(zip(SIZES, errors, strict=False)))
    assert told.status is Status.NOT_FALLING


@pytest.mark.parametrize("near", [slice(0, 5), slice(1, 6)])
def test_sizes_are_too_close_only_where_all_of_them_are(near) -> None:
    sizes = np.array([10, *(1000 * (1 + 1e-8 * np.arange(4))), 9000])
    rows = list(zip(sizes, [0.5, 0.4, 0.3, 0.25, 0.2, 0.1], strict=True))
    assert forecast(curve_of(rows[near])).status is not Status.SIZES_TOO_CLOSE
    assert forecast(curve_of(rows[1:5])).status is Status.SIZES_TOO_CLOSE


def test_a_curve_of_six_sizes_keeps_company_already() -> None:
    alone = forecasts([curve_of(zip(SIZES[:n], law(SIZES[:n]), strict=True)) for n in (6, 10, 5)])
    assert [each.company is not None for each in in_company(alone)] == [True, True, False]


def test_the_band_widens_with_the_distance(rng) -> None:
    errors = law(SIZES) * np.exp(0.03 * rng.standard_normal(SIZES.size))
    at = forecast(curve_of(zip(SIZES, errors, strict=True))).error_at(
        SIZES[-1] * np.array([1.5, 4, 16])
    )
    assert np.all(np.diff(np.log(at.high / at.low)) > 0)


def test_the_size_for_an_error_is_where_the_forecast_has_it(rng) -> None:
    errors = law(SIZES) * np.exp(0.02 * rng.standard_normal(SIZES.size))
    told = forecast(curve_of(zip(SIZES, errors, strict=True)))
    wanted = float(told.error_at([2 * SIZES[-1]]).error[0])
    needed = told.size_for(wanted)
    assert needed.size == pytest.approx(2 * SIZES[-1], rel=0.01)
    assert needed.low < needed.size
    assert needed.note == ""


def test_an_error_below_the_floor_is_not_reachable_in_words(rng) -> None:
    size = np.geomspace(10, 1e6, 30)
    errors = (size**-0.8 + 0.2) * np.exp(0.01 * rng.standard_normal(size.size))
    needed = forecast(curve_of(zip(size, errors, strict=True))).size_for(0.1)
    assert needed.size is None
    assert needed.high is None
    assert needed.note.startswith("not reachable: the floor's interval, 0.")
    assert needed.note.endswith("lies above 0.100")


def test_a_size_or_an_error_that_is_none_is_refused() -> None:
    told = forecast(curve_of([(m, law(m)) for m in SIZES]))
    for wrong in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="positive finite number"):
            told.error_at([wrong])
        with pytest.raises(ValueError, match="positive finite number"):
            told.size_for(wrong)


def test_the_size_for_an_error_is_where_that_error_is_expected(simulate) -> None:
    sizes = 100 * 2.0 ** np.arange(9)
    found = forecast(simulate(sizes, 3 * sizes**-0.4))
    for share in (0.5, 0.73, 0.9):
        error = share * 3 * sizes[-1] ** -0.4
        assert found.error_at(found.size_for(error).size).error == pytest.approx(error, rel=1e-4)


def test_one_size_that_is_none_among_others_is_refused(simulate) -> None:
    sizes = 100 * 2.0 ** np.arange(9)
    found = forecast(simulate(sizes, 3 * sizes**-0.4))
    with pytest.raises(ValueError, match="must be a positive finite number"):
        found.error_at([1e5, -1.0])


def test_a_falling_curve_whose_points_all_count_has_no_note(simulate) -> None:
    sizes = 100 * 2.0 ** np.arange(9)
    curve = simulate(sizes, 3 * sizes**-0.4)
    assert (forecast(curve).status, forecast(curve).notes) == (Status.FORECAST, ())
    stray = (*curve.points, Point("simulated", 100.0, float("nan")))
    (note,) = forecast(Curve("simulated", stray)).notes
    assert note.code == "left-out"


def test_below_six_sizes_the_floor_law_speaks_alone_and_from_six_on_all_do(rng) -> None:
    size = 100 * 3.0 ** np.arange(6)
    errors = law(size) * np.exp(0.05 * rng.standard_normal(6))
    ahead = np.log(4.0)
    for n in (5, 6):
        told = forecast(curve_of(zip(size[:n], errors[:n], strict=True)))
        found = np.log(told.error_at([4 * size[n - 1]]).error[0])
        level, slope, floor = told.members.floor[0]
        by_floor_law = told.members.level[0] + np.log(np.exp(level + slope * ahead) + np.exp(floor))
        assert (found == pytest.approx(by_floor_law, abs=1e-9)) == (n == 5)
        said = [note.message for note in told.notes]
        few = ["5 sizes: the forecast rests on one law and its prior; add sizes"]
        assert said == (few if n == 5 else [])


def test_of_few_sizes_the_band_knows_where_the_filter_says_otherwise(rng) -> None:
    """Half a band: 1.645 deviations of filter, of the two's difference and of one measurement."""
    size = 100 * 3.0 ** np.arange(5)
    told = forecast(
        curve_of(zip(size, law(size) * np.exp(0.05 * rng.standard_normal(5)), strict=True))
    )
    at = told.error_at([4 * size[-1]])
    mean, variance, _ = told.members.trend.predict(np.log([[4 * size[-1]]]))
    apart = mean[0, 0] - np.log(at.error[0])
    half = 1.645 * np.sqrt(variance[0, 0] + apart**2 + told.members.noise[0] ** 2)
    assert np.log(at.high[0] / at.error[0]) == pytest.approx(half, rel=1e-3)
    assert np.log(at.error[0] / at.low[0]) == pytest.approx(half, rel=1e-3)


def test_as_many_sizes_as_are_taken_are_taken_as_they_are(rng) -> None:
    sizes = np.exp(np.sort(rng.uniform(0, 9, MOST_SIZES)))
    x, _, weight = _thin(repeats(curve_of(zip(sizes, law(sizes), strict=True))))
    assert x == pytest.approx(np.log(sizes))
    assert weight.tolist() == [1.0] * MOST_SIZES


def test_more_sizes_than_are_taken_are_averaged_in_even_bins_of_log_size(simulate, rng) -> None:
    sizes = np.r_[np.geomspace(10, 1e4, 300), 1e6]  # most bins of the upper half are empty
    both = simulate(sizes, law(sizes), 0.05, 2, rng).points
    some = tuple(each for each in both if each.seed == 0 or each.size < 1000)
    held = repeats(Curve("simulated", some))
    x, y, weight = _thin(held)
    width = (np.log(1e6) - np.log(10)) / 96
    bins = np.minimum((held.log_size - np.log(10)) // width, 95)
    filled = sorted(set(bins))
    assert x.size == len(filled)
    total = np.array([held.weight[bins == k].sum() for k in filled])
    assert weight == pytest.approx(total / total.mean())
    for at, k in enumerate(filled):
        mine = bins == k
        assert x[at] == pytest.approx(np.average(held.log_size[mine], weights=held.weight[mine]))
        assert y[at] == pytest.approx(np.average(held.log_mean[mine], weights=held.weight[mine]))


def test_the_largest_of_many_sizes_stays_where_it_is(rng) -> None:
    size = np.geomspace(1, 1e6, 500)
    x, _, weight = _thin(repeats(curve_of(zip(size, law(size), strict=True))))
    assert (x.size, x[-1]) == (96, pytest.approx(np.log(1e6), rel=1e-12))
    assert weight.mean() == pytest.approx(1)


def test_an_error_that_is_not_reached_is_told_beside_the_floor(simulate) -> None:
    sizes = 100 * 2.0 ** np.arange(12)
    curve = simulate(sizes, 3 * sizes**-0.6 + 0.05, 0.002, 3, np.random.default_rng(4))
    found, floor = forecast(curve), fit(curve).floor
    between = f"{number(floor.low)} to {number(floor.high)}"
    assert found.size_for(floor.low / 2).note == (
        f"not reachable: the floor's interval, {between}, lies above {number(floor.low / 2)}"
    )
    last = float(found.error_at([1e4 * sizes[-1]]).error[0])
    assert found.size_for((floor.low + last) / 2).note == (
        "not reached within 10,000 times the largest size: the floor may lie above it,"
        f" its interval is {between}"
    )


def test_what_is_already_reached_and_what_lies_far_ahead_are_said(simulate) -> None:
    sizes = 100 * 2.0 ** np.arange(9)
    found = forecast(simulate(sizes, 3 * sizes**-0.4))
    last = 3 * sizes[-1] ** -0.4
    reached = found.size_for(2 * last)
    assert (reached.size, reached.note) == (sizes[-1], "already reached at the largest size")
    near, far, never = (found.size_for(share * last) for share in (0.7, 0.4, 1e-4))
    assert near.note == ""
    times = far.size / sizes[-1]
    assert times > 4
    assert far.note == f"{times:.2g} times the largest size: forecasts are tested up to 4 times"
    assert (never.size, never.note) == (None, "not reached within 10,000 times the largest size")


@pytest.mark.parametrize(
    ("others", "said"), [(1, "1 other curve falls"), (2, "2 others fall")], ids=["one", "two"]
)
def test_company_is_kept_from_two_curves_on_and_said(rng, others: int, said: str) -> None:
    curves = [
        curve_of(zip(SIZES, law(SIZES) * np.exp(0.03 * rng.standard_normal(10)), strict=True))
        for _ in range(others + 1)
    ]
    alone = forecasts(
        [*curves, curve_of([(m, law(m)) for m in SIZES[:5]])]
    )  # the last is too short
    *together, short = in_company(alone)
    assert {each.notes[-1].message for each in together} == {f"drawn a little towards how {said}"}
    assert short is alone[-1]
    assert in_company(alone[:1]) == alone[:1]


def test_between_the_measured_sizes_the_curve_is_drawn_as_it_runs(rng) -> None:
    size = 100 * 2.0 ** np.arange(12)
    told = forecast(
        curve_of(zip(size, law(size) * np.exp(0.01 * rng.standard_normal(12)), strict=True))
    )
    between = size[1:] / np.sqrt(2)
    assert told.error_at(between).error == pytest.approx(law(between), rel=0.03)
    either_side = told.error_at(size[-1] * np.array([1 - 1e-9, 1 + 1e-9])).error
    assert either_side[0] == pytest.approx(either_side[1], rel=1e-6)


@pytest.mark.parametrize(
    ("rows", "status", "said"),
    [
        (
            [(m, 0.1 + 1e-5 * m) for m in SIZES],
            Status.NOT_FALLING,
            "the error does not fall from size 100 to 51,200: the forecast carries on what it does",
        ),
        (
            [(m, 0.3) for m in SIZES],
            Status.NOT_FALLING,
            "the error does not fall from size 100 to 51,200: the forecast carries on what it does",
        ),
        (
            [*((m, law(m)) for m in SIZES[:9]), (SIZES[9], 0.7)],
            Status.NOT_FALLING,
            "the error does not fall from size 100 to 51,200: the forecast carries on what it does",
        ),
        (
            [(1e12 + k, 0.5 - 0.1 * k) for k in range(4)],
            Status.SIZES_TOO_CLOSE,
            "sizes 1000000000000 to 1000000000003 lie too close together to tell a slope:"
            " add sizes further apart",
        ),
    ],
    ids=["rising", "level", "up at the end", "close"],
)
def test_what_stands_in_the_way_is_said_with_its_sizes(rows, status, said) -> None:
    told = forecast(curve_of(rows))
    assert told.status is status
    assert [note.message for note in told.notes] == [said]


def test_rates_are_what_the_forecast_falls_by_over_log_size(rng) -> None:
    told = forecast(
        curve_of(zip(SIZES, law(SIZES) * np.exp(0.02 * rng.standard_normal(10)), strict=True))
    )
    now, *then = np.log(told.error_at(SIZES[-1] * np.exp(np.r_[0.0, REACHES])).error)
    assert told.rates == pytest.approx([(e - now) / r for e, r in zip(then, REACHES, strict=True)])


def test_stated_errors_alone_weigh_nothing_in_a_forecast() -> None:
    points = [Point("c", float(m), float(law(m)), stderr=0.001 * k) for k, m in enumerate(SIZES, 1)]
    assert _thin(repeats(Curve("c", tuple(points))))[2].tolist() == [1.0] * 10
