"""One curve, one window, one law: what a fit says and what it refuses to say."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import curve_fit
from scipy.stats import linregress, t

from engine.curve import Curve, Point
from engine.laws.fit import Status, _no_floor, _plateau_left_in, fit
from engine.laws.interval import Interval
from engine.laws.repeats import repeats, summarize
from engine.laws.window import Window
from engine.laws.zones import zones
from engine.numbers import number

SIZES = 100 * 2.0 ** np.arange(8)


def test_an_exact_power_law_is_recovered(simulate) -> None:
    found = fit(simulate(SIZES, 15 * SIZES**-0.309))
    assert (found.law, found.status) == ("power", Status.FITTED)
    assert found.exponent.value == pytest.approx(-0.309, abs=1e-12)
    assert found.coefficient == pytest.approx(15, rel=1e-10)
    assert found.floor is None
    assert found.predict([1.28e6])[0] == pytest.approx(15 * 1.28e6**-0.309)


def test_an_exact_floor_is_found_by_itself(simulate) -> None:
    found = fit(simulate(SIZES, 15 * SIZES**-0.5 + 0.2))
    assert (found.law, found.status) == ("power-floor", Status.FITTED)
    assert found.exponent.value == pytest.approx(-0.5, abs=1e-6)
    assert found.floor.value == pytest.approx(0.2, abs=1e-6)
    assert found.predict(SIZES) == pytest.approx(15 * SIZES**-0.5 + 0.2)


def test_auto_keeps_the_power_law_where_no_floor_shows_and_says_why(simulate) -> None:
    curve = simulate(SIZES, 15 * SIZES**-0.3, 0.03, 3, np.random.default_rng(3))
    found = fit(curve)
    line = fit(curve, law="power")
    assert found.law == "power"
    assert "no-floor" in {note.code for note in found.notes}
    assert (found.exponent.value, found.coefficient) == (line.exponent.value, line.coefficient)
    assert found.exponent.low <= line.exponent.low  # a floor could yet hide in a steeper law
    (said,) = (note.message for note in found.notes if note.code == "no-floor")
    assert found.zones.floor.high > 0
    assert f"at most {number(found.zones.floor.high)}" in said


def test_the_seeds_of_a_fit_are_those_of_the_size_that_has_the_fewest(simulate) -> None:
    curve = simulate(SIZES, 15 * SIZES**-0.3, 0.01, 4, np.random.default_rng(3))
    points = tuple(p for p in curve.points if p.size < 5000 or p.seed < 2)
    assert fit(replace(curve, points=points), law="power").n_seeds == 2


def test_auto_reads_the_law_beyond_a_plateau_that_was_left_in_and_says_so(simulate) -> None:
    errors = np.minimum(0.9, 0.9 * (SIZES / 400) ** -0.5)
    found = fit(simulate(SIZES, errors, 0.01, 3, np.random.default_rng(3), guess=0.9))
    notes = {note.code: note.message for note in found.notes}
    assert found.exponent.value == pytest.approx(-0.5, abs=0.05)
    assert "still leaving the plateau" in notes["plateau-left-in"]
    assert (found.n_sizes, found.window_low) == (8, 100)


LONG = 50 * 2.0 ** np.arange(14)


@pytest.mark.parametrize(
    ("errors", "narrow"),
    [
        (0.9 * np.minimum(1, (LONG / 400) ** -0.5), False),
        (0.5 + 0.4 / (1 + (LONG / 5000) ** 1.2), True),
    ],
)
def test_an_interval_reaches_around_the_line_too_where_the_law_is_narrow(
    simulate, errors, narrow
) -> None:
    found = fit(simulate(LONG, errors, 0.003, 3, np.random.default_rng(3), guess=0.9))
    own = found.zones.exponent
    assert own.holds(found.exponent.value) or narrow
    assert ((found.exponent.low, found.exponent.high) != (own.low, own.high)) == narrow


def test_plateau_and_floor_that_nearly_touch_are_a_doubt(simulate) -> None:
    sizes = 50 * 2.0 ** np.arange(14)
    errors = 0.5 + 0.4 / (1 + (sizes / 3000) ** 1.2)
    found = fit(simulate(sizes, errors, 0.003, 3, np.random.default_rng(3)))
    assert "narrow-law" in {note.code for note in found.notes}


def test_one_capacity_at_the_largest_sizes_puts_a_floor_in_doubt() -> None:
    capacities = [1000, 2000, 4000, 8000, 9000, 9000, 9000, 9000]
    points = tuple(
        Point("c", float(m), float(15 * m**-0.5 + 0.3), parameters=p)
        for m, p in zip(SIZES, capacities, strict=True)
    )
    messages = {note.code: note.message for note in fit(Curve("c", points)).notes}
    assert messages["ladder-end"].startswith("one capacity, 9,000 parameters, at the 4 largest")


def test_one_stray_size_does_not_wreck_the_exponent(simulate) -> None:
    errors = 15 * SIZES**-0.3 * np.where(SIZES == 1600, 1.6, 1.0)
    found = fit(simulate(SIZES, errors, 0.01, 3, np.random.default_rng(3)), law="power")
    assert found.exponent.value == pytest.approx(-0.3, abs=0.01)
    assert found.exponent.high - found.exponent.low < 0.05


def test_auto_takes_a_floor_that_shows_through_noise(simulate) -> None:
    curve = simulate(SIZES, 15 * SIZES**-0.5 + 0.3, 0.02, 3, np.random.default_rng(3))
    found = fit(curve)
    assert found.law == "power-floor"
    assert found.floor.low > 0
    assert found.floor.holds(0.3)


def test_a_floor_read_without_one_is_called_lack_of_fit(simulate) -> None:
    curve = simulate(SIZES, 15 * SIZES**-0.5 + 0.3, 0.02, 3, np.random.default_rng(3))
    assert "lack-of-fit" in {note.code for note in fit(curve, law="power").notes}


def test_a_right_law_is_not_called_lack_of_fit(simulate) -> None:
    curve = simulate(SIZES, 15 * SIZES**-0.3, 0.02, 3, np.random.default_rng(3))
    assert "lack-of-fit" not in {note.code for note in fit(curve, law="power").notes}


def test_single_seeds_give_the_interval_of_textbook_regression(simulate) -> None:
    curve = simulate(SIZES, 15 * SIZES**-0.3, 0.05, 1, np.random.default_rng(2))
    exponent = fit(curve, law="power").exponent
    line = linregress(np.log(curve.sizes), np.log(curve.errors))
    half = t.ppf(0.95, SIZES.size - 2) * line.stderr
    assert exponent.value == pytest.approx(line.slope)
    assert (exponent.low, exponent.high) == pytest.approx((line.slope - half, line.slope + half))


@pytest.mark.parametrize(
    ("law", "window", "sentence"),
    [
        (
            "power",
            Window(100, 250),
            "window holds 2 sizes; a power law needs 3: widen it or add sizes",
        ),
        (
            "power",
            Window(101, 250),
            "window holds 1 size; a power law needs 3: widen it or add sizes",
        ),
        (
            "auto",
            Window(1e6, None),
            "window holds 0 sizes; a power law needs 3: widen it or add sizes",
        ),
        (
            "power-floor",
            Window(None, 400),
            "window holds 3 sizes; a power law with a floor needs 4: widen it or add sizes",
        ),
    ],
)
def test_a_window_of_too_few_sizes_is_a_status_with_a_way_out(
    simulate, law, window, sentence
) -> None:
    found = fit(simulate(SIZES, 15 * SIZES**-0.3), window, law)
    assert found.status is Status.TOO_FEW_SIZES
    assert [note.message for note in found.notes] == [sentence]
    assert (found.exponent, found.coefficient, found.floor) == (None, None, None)
    with pytest.raises(ValueError, match="no law was fitted"):
        found.predict([100])


def test_three_sizes_carry_a_power_law_and_four_a_floor_with_a_note(simulate) -> None:
    curve = simulate(SIZES, 15 * SIZES**-0.3 + 0.1)
    three, four = (
        fit(curve, Window(None, 400), "power"),
        fit(curve, Window(None, 800), "power-floor"),
    )
    assert three.exponent.low < three.exponent.value < three.exponent.high
    assert four.exponent.value == pytest.approx(-0.3, abs=1e-4)
    assert "few-sizes" in {note.code for note in four.notes}


def test_both_ends_of_a_window_are_inside(simulate) -> None:
    found = fit(simulate(SIZES, 15 * SIZES**-0.3, seeds=3), Window(200, 1600))
    assert (found.n_sizes, found.n_points, found.n_seeds) == (4, 12, 3)
    assert (found.window_low, found.window_high) == (200, 1600)


def test_an_open_window_takes_in_new_points(simulate) -> None:
    grown = np.append(SIZES, 25600)
    window = Window(200, None)
    assert fit(simulate(SIZES, 15 * SIZES**-0.3), window).window_high == 12800
    assert fit(simulate(grown, 15 * grown**-0.3), window).window_high == 25600


def test_sizes_outside_the_window_change_nothing(simulate) -> None:
    """Equal seeds at every size, so equal weights: the points outside have no say at all."""
    rng = np.random.default_rng(5)
    errors = 15 * SIZES**-0.3 * np.exp(0.05 * rng.standard_normal(8))
    changed = np.where(SIZES < 150, 9.0, errors)
    window = Window(200, None)
    first = fit(simulate(SIZES, errors), window, "power").exponent
    second = fit(simulate(SIZES, changed), window, "power").exponent
    assert first.value == pytest.approx(second.value, rel=1e-12)


def test_a_rising_error_is_said_and_not_called_a_power_law_that_falls(simulate) -> None:
    found = fit(simulate(SIZES, 0.1 * SIZES**0.2))
    assert found.status is Status.NOT_FALLING
    assert found.exponent.value == pytest.approx(0.2)
    assert found.notes[0].message == (
        "the error does not fall from size 100 to 12,800: move the window"
    )


@pytest.mark.parametrize("law", ["power", "power-floor"])
def test_an_error_that_stays_the_same_does_not_fall(simulate, law) -> None:
    assert fit(simulate(SIZES, np.full(8, 0.3)), law=law).status is Status.NOT_FALLING


def test_a_floor_law_on_a_rising_error_has_no_exponent(simulate) -> None:
    found = fit(simulate(SIZES, 0.1 * SIZES**0.2), law="power-floor")
    assert (found.status, found.exponent) == (Status.NOT_FALLING, None)


def test_a_floor_that_reaches_zero_is_a_status(simulate) -> None:
    curve = simulate(SIZES, 15 * SIZES**-0.3, 0.03, 3, np.random.default_rng(3))
    found = fit(curve, law="power-floor")
    assert found.status is Status.FLOOR_UNRESOLVED
    assert found.floor.low == 0


def test_sizes_at_the_best_guess_are_pointed_out(simulate) -> None:
    curve = simulate(SIZES, np.minimum(0.9, 15 * SIZES**-0.5), guess=0.9)
    messages = {note.code: note.message for note in fit(curve, law="power").notes}
    assert messages["plateau-inside"].startswith("2 of 8 sizes do no better than the best guess")
    assert fit(curve).plateau == 0.9


def test_where_too_few_sizes_would_be_left_larger_ones_are_asked_for(simulate) -> None:
    sizes = SIZES[:4]
    curve = simulate(sizes, np.where(sizes < sizes[-1], 0.9, 0.7), guess=0.9)
    messages = {note.code: note.message for note in fit(curve, law="power").notes}
    assert messages["plateau-inside"].endswith("the best guess: measure larger sizes")


def test_the_preview_formula_of_the_page_equals_the_power_fit(simulate) -> None:
    """What JavaScript computes while dragging, written out: sums over the sizes inside."""
    rng = np.random.default_rng(6)
    points = [
        Point("c", float(m), float(15 * m**-0.3 * np.exp(0.1 * rng.standard_normal())), seed=k)
        for i, m in enumerate(SIZES)
        for k in range(1 + i % 4)
    ]
    curve = Curve("c", tuple(points))
    for window in (Window(), Window(200, None), Window(150, 3000)):
        rows = [
            (s.weight, np.log(s.size), s.log_mean)
            for s in summarize(curve)
            if window.holds(np.array([s.size]))[0]
        ]
        total = sum(w for w, _, _ in rows)
        x_mean = sum(w * x for w, x, _ in rows) / total
        y_mean = sum(w * y for w, _, y in rows) / total
        slope = sum(w * (x - x_mean) * (y - y_mean) for w, x, y in rows) / sum(
            w * (x - x_mean) ** 2 for w, x, _ in rows
        )
        found = fit(curve, window, "power")
        assert found.exponent.value == pytest.approx(slope, rel=1e-12)
        assert np.log(found.coefficient) == pytest.approx(y_mean - slope * x_mean, rel=1e-10)


def test_a_floor_laws_intervals_are_those_of_textbook_regression_of_log_error(simulate) -> None:
    sizes = 100 * 2.0 ** np.arange(12)
    curve = simulate(sizes, 15 * sizes**-0.5 + 0.2, 0.02, 1, np.random.default_rng(2))
    found = fit(curve, law="power-floor")

    def law(x, coefficient, exponent, floor):
        return np.log(coefficient * np.exp(exponent * x) + floor)

    best, covariance = curve_fit(law, np.log(sizes), np.log(curve.errors), (10, -0.4, 0.1))
    half = t.ppf(0.95, sizes.size - 3) * np.sqrt(np.diag(covariance))
    for interval, k in ((found.exponent, 1), (found.floor, 2)):
        assert interval.value == pytest.approx(best[k], rel=1e-4)
        assert interval.low == pytest.approx(best[k] - half[k], rel=1e-3)
        assert interval.high == pytest.approx(best[k] + half[k], rel=1e-3)


def codes(found) -> list[str]:
    return [note.code for note in found.notes]


@pytest.mark.parametrize("law", ["power", "auto"])
def test_an_exponent_whose_interval_reaches_zero_is_said_once(simulate, law) -> None:
    rng = np.random.default_rng(4)
    unclear = fit(simulate(SIZES, 0.5 * SIZES**-0.01, 0.05, 3, rng), law=law)
    assert unclear.exponent.value < 0 <= unclear.exponent.high
    assert codes(unclear).count("slope-unresolved") == 1
    clear = fit(simulate(SIZES, 15 * SIZES**-0.3, 0.02, 3, rng), law=law)
    assert "slope-unresolved" not in codes(clear)


def rough(k, noise, seeds, exponent, floor, seed):
    """A curve whose law its few sizes hardly tell: what a search through many brought."""
    sizes = 100 * 2.0 ** np.arange(k)
    errors = (sizes / 100) ** exponent + floor
    rows = errors * np.exp(noise * np.random.default_rng(seed).standard_normal((seeds, k)))
    return Curve(
        "c",
        tuple(
            Point("c", float(size), float(error), seed=n)
            for n, row in enumerate(rows)
            for size, error in zip(sizes, row, strict=True)
        ),
    )


@pytest.mark.parametrize(
    "curve", [(7, 0.3, 3, -0.1, 0.0, 473188), (5, 0.03, 2, -0.1, 1.0, 62020)], ids=str
)
def test_auto_takes_no_floor_that_the_zones_do_not_claim_though_its_own_interval_would(
    curve,
) -> None:
    curve = rough(*curve)
    assert fit(curve, law="power-floor").status is Status.FITTED
    found = fit(curve)
    assert found.zones.floor.low == 0
    assert (found.law, found.floor) == ("power", None)


@pytest.mark.parametrize(
    "curve", [(5, 0.3, 2, -0.3, 0.2, 841902), (5, 0.3, 1, -0.3, 1.0, 857067)], ids=str
)
def test_auto_takes_no_floor_that_its_law_cannot_resolve_though_the_zones_claim_one(curve) -> None:
    curve = rough(*curve)
    assert fit(curve, law="power-floor").status is not Status.FITTED
    found = fit(curve)
    assert found.zones.floor.low > 0
    assert (found.law, found.floor) == ("power", None)


@pytest.mark.parametrize(
    "curve", [(5, 0.1, 1, -0.3, 1.0, 924931), (7, 0.3, 1, -0.3, 1.0, 214843)], ids=str
)
def test_where_the_line_may_as_well_not_fall_the_interval_of_auto_says_so(curve) -> None:
    curve = rough(*curve)
    line = fit(curve, law="power")
    found = fit(curve)
    assert line.exponent.high >= 0 > found.zones.exponent.high
    assert found.exponent.high == line.exponent.high
    assert codes(found).count("slope-unresolved") == 1


@pytest.mark.parametrize("curve", [(5, 0.03, 2, -0.1, 1.0, 62020), (4, 0.1, 3, -0.1, 0.5, 54130)])
def test_where_plateau_and_floor_touch_the_interval_of_auto_holds_the_lines_too(curve) -> None:
    curve = rough(*curve)
    line, found = fit(curve, law="power").exponent, fit(curve)
    assert found.zones.law_decades < 0.25
    assert line.high < 0
    assert found.exponent.low <= line.low < line.high <= found.exponent.high


@pytest.mark.parametrize(
    "curve", [(8, 0.1, 2, -2.0, 1.0, 828567), (6, 0.03, 3, -2.0, 3.0, 899125)], ids=str
)
def test_an_exponent_that_the_line_leaves_open_is_a_doubt_of_a_floor_law_too(curve) -> None:
    assert "slope-unresolved" not in codes(fit(rough(*curve), law="power-floor"))
    found = fit(rough(*curve))
    assert found.law == "power-floor"
    assert found.exponent.high >= 0
    assert codes(found).count("slope-unresolved") == 1


def test_the_exponent_of_a_floor_law_ends_at_zero_and_says_where_it_reaches_it(simulate) -> None:
    rng = np.random.default_rng(3)
    unclear = fit(simulate(SIZES, 15 * SIZES**-0.05, 0.1, 3, rng), law="power-floor")
    assert unclear.exponent.high == 0
    assert "slope-unresolved" in codes(unclear)
    clear = fit(simulate(SIZES, 15 * SIZES**-0.5 + 0.3, 0.01, 3, rng), law="power-floor")
    assert clear.exponent.high < 0
    assert "slope-unresolved" not in codes(clear)


@pytest.mark.parametrize(
    "errors", [2.0 ** (-10.0 * np.arange(8)), np.exp(-1e-5 * np.arange(8) ** 2.0)]
)
def test_an_exponent_beyond_what_a_floor_law_may_have_is_at_its_bound(simulate, errors) -> None:
    found = fit(simulate(SIZES, errors), law="power-floor")
    assert found.status is Status.AT_BOUND
    assert "at-bound" in codes(found)


@pytest.mark.parametrize("law", ["power", "power-floor"])
def test_sizes_are_too_close_together_only_where_all_of_them_are(simulate, law) -> None:
    near, errors = 1 + 1e-8 * np.arange(4), np.array([0.4, 0.3, 0.25, 0.2, 0.1])
    together = fit(simulate(1000 * near, errors[:4]), law=law)
    assert (together.status, codes(together)[-1]) == (Status.SIZES_TOO_CLOSE, "sizes-too-close")
    for sizes in ([*(1000 * near), 9000], [10, *(1000 * near)]):
        assert fit(simulate(sizes, errors), law=law).status is not Status.SIZES_TOO_CLOSE


def test_single_seeds_are_remarked_on_and_one_repeat_ends_the_remark(simulate) -> None:
    curve = simulate(SIZES, 15 * SIZES**-0.3, 0.02, 1, np.random.default_rng(3))
    assert "no-repeats" in codes(fit(curve, law="power"))
    again = Point("simulated", 100.0, curve.points[0].error * 1.02, seed=1)
    repeated = replace(curve, points=(*curve.points, again))
    assert "no-repeats" not in codes(fit(repeated, law="power"))


@pytest.mark.parametrize(("law", "few"), [("power", (3, 4)), ("power-floor", (4, 5))])
def test_a_law_with_two_sizes_more_than_parameters_is_hardly_tested(simulate, law, few) -> None:
    told = []
    for n in range(few[0], 8):
        errors = 15 * SIZES[:n] ** -0.5 + 0.3
        if "few-sizes" in codes(fit(simulate(SIZES[:n], errors), law=law)):
            told.append(n)
    assert tuple(told) == few


def test_a_window_without_sizes_counts_none(simulate) -> None:
    found = fit(simulate(SIZES, 15 * SIZES**-0.3, guess=0.9), Window(1, 2))
    assert (found.n_sizes, found.n_points, found.n_seeds) == (0, 0, 0)
    assert (found.window_low, found.window_high, found.plateau) == (None, None, 0.9)


def test_the_chances_of_plateau_and_floor_are_said_in_per_cent(simulate) -> None:
    curve = simulate(SIZES, 15 * SIZES**-0.3, 0.03, 3, np.random.default_rng(3))
    found = replace(zones(curve), plateau_chance=0.8, floor_chance=0.8)
    assert "(chance 80 %)" in _plateau_left_in(repeats(curve), 1, found).message
    assert "the chance of one is 80 %" in _no_floor(found).message


@pytest.mark.parametrize(("decades", "narrow"), [(0.9, True), (1.1, False)])
def test_less_than_a_decade_between_plateau_and_floor_is_narrow(
    simulate, monkeypatch, decades, narrow
) -> None:
    errors = np.minimum(0.84, 0.84 * (LONG / 200) ** -0.5) + 0.06
    curve = simulate(LONG, errors, 0.01, 3, np.random.default_rng(3), guess=0.9)
    found = zones(curve)
    end = found.plateau_end.value
    apart = replace(found, floor_begins=Interval(end * 10**decades, end, 1e9))
    monkeypatch.setattr("engine.laws.fit.zones", lambda *_: apart)
    assert ("narrow-law" in codes(fit(curve))) == narrow


def test_of_right_laws_one_in_a_hundred_is_called_lack_of_fit() -> None:
    """The level of the test: in 2,000 curves 20 are expected, give or take 4.5."""
    rng = np.random.default_rng(11)
    called = 0
    for _ in range(2000):
        errors = 15 * SIZES[:6] ** -0.3 * np.exp(0.05 * rng.standard_normal((3, 6)))
        points = [
            Point("c", size, error, seed=seed)
            for seed, row in enumerate(errors.tolist())
            for size, error in zip(SIZES.tolist(), row, strict=False)
        ]
        called += "lack-of-fit" in codes(fit(Curve("c", tuple(points)), law="power"))
    assert 9 <= called <= 31


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (1, "the first size of the window, below 200, is still leaving the plateau"),
        (3, "the first 3 sizes of the window, below 800, are still leaving the plateau"),
    ],
)
def test_sizes_that_leave_a_plateau_are_counted_in_words(simulate, first, said) -> None:
    curve = simulate(SIZES, 15 * SIZES**-0.3)
    note = _plateau_left_in(repeats(curve), first, fit(curve).zones)
    assert note.message.startswith(said)


@pytest.mark.parametrize("law", ["power", "power-floor"])
def test_a_law_whose_coefficient_is_beyond_the_numbers_is_not_fitted(simulate, law) -> None:
    sizes = 1e90 * 2.0 ** np.arange(8)
    found = fit(simulate(sizes, 0.9 * 2.0 ** (-4.0 * np.arange(8))), law=law)
    assert (found.status, found.exponent) == (Status.SIZES_TOO_CLOSE, None)


def test_lack_of_fit_says_how_many_times_as_widely_sizes_scatter(simulate) -> None:
    """Two seeds 2 % apart in the log about sizes that lie 10 % off the line, turn by turn."""
    errors = 15 * SIZES**-0.3 * np.exp(0.1 * np.array([1, -1, -1, 1, 1, -1, -1, 1]))
    points = [
        Point("c", float(m), float(e * np.exp(sign * 0.01)), seed=sign + 1)
        for m, e in zip(SIZES, errors, strict=True)
        for sign in (-1, 1)
    ]
    line = linregress(np.log(SIZES), np.log(errors))
    off = np.log(errors) - line.intercept - line.slope * np.log(SIZES)
    # of a mean of two seeds that lie +-0.01 from it: 2 * 0.01^2 / 1, halved
    times = np.sqrt((off**2).sum() / 6 / 0.01**2)
    (said,) = (
        n.message
        for n in fit(Curve("c", tuple(points)), law="power").notes
        if n.code == "lack-of-fit"
    )
    assert said.startswith(f"the sizes scatter {times:.2g} times as widely")
