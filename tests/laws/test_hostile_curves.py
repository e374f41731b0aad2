"""Whatever the points, a fit is an answer or a status in words: no exception, no NaN."""

from dataclasses import replace
from math import isfinite

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.curve import Curve, Point
from engine.laws.capacity_floor import capacity_floor
from engine.laws.compare import compare, compare_floors
from engine.laws.fit import Fit, Interval, Status, fit
from engine.laws.forecast import forecast
from engine.laws.local import local_slopes, residuals
from engine.laws.propose import propose_window
from engine.laws.repeats import summarize
from engine.laws.window import Window
from engine.laws.window_map import window_map
from engine.laws.zones import Zones, zones

LAWS = ("auto", "power", "power-floor")


def curve_of(rows: list[tuple[float, float]], guess: float | None = None) -> Curve:
    return Curve("hostile", tuple(Point("hostile", m, e) for m, e in rows), guess=guess)


def assert_sound(found: Fit) -> None:
    """Every number that a reader may see is finite and every interval holds its value."""
    assert isinstance(found.status, Status)
    assert found.notes or found.status is Status.FITTED
    for interval in (found.exponent, found.floor):
        if interval is not None:
            assert all(isfinite(x) for x in (interval.value, interval.low, interval.high))
            assert interval.low <= interval.value <= interval.high
    if found.exponent is None:
        assert found.coefficient is None
        assert found.floor is None
        return
    assert found.coefficient is not None
    assert isfinite(found.coefficient)
    assert np.isfinite(found.predict([1, found.window_low, found.window_high, 1e12])).all()


def assert_zones_sound(found: Zones) -> None:
    assert found.sentence
    assert (found.exponent is None) == bool(found.doubt)
    sizes = (found.plateau_end, found.law_begins, found.floor_begins)
    for interval in (found.exponent, found.floor, found.plateau, *sizes):
        if interval is not None:
            assert all(isfinite(x) for x in (interval.value, interval.low, interval.high))
            assert interval.low <= interval.value <= interval.high
    assert 0 <= found.plateau_chance <= 1 + 1e-9
    assert 0 <= found.floor_chance <= 1 + 1e-9
    if found.exponent is not None:
        assert np.isfinite(found.predict([1, 1e6, 1e12])).all()


def assert_forecast_sound(curve: Curve) -> None:
    """A reason in words, or errors and sizes that are finite numbers."""
    found = forecast(curve)
    if found.members is None:
        assert found.notes
        return
    assert found.largest is not None
    sizes = found.largest * np.array([1e-3, 1.0, 2.0, 4.0, 1e3])
    at = found.error_at(sizes)
    for values in (at.error, at.low, at.high):
        assert np.isfinite(values).all()
    assert (at.low <= at.error).all()
    assert (at.error <= at.high).all()
    for error in (at.error[2], at.error[3] / 10):
        needed = found.size_for(max(float(error), 1e-290))
        assert all(x is None or isfinite(x) for x in (needed.size, needed.low, needed.high))
        assert needed.size is not None or needed.note


def assert_comparison_sound(curve: Curve) -> None:
    """With itself, and with a model of fixed size that differs in the last of its digits."""
    other = replace(
        curve,
        name="other",
        points=tuple(p._replace(error=p.error * (1 + 1e-9), parameters=7) for p in curve.points),
    )
    found = compare(curve, other)
    assert found.sentence
    assert (found.exponent is None) == (found.level is None)
    for interval in (found.exponent, found.level):
        if interval is not None:
            assert all(isfinite(x) for x in (interval.value, interval.low, interval.high))
            assert interval.low <= interval.value <= interval.high
    larger = replace(other, points=tuple(p._replace(parameters=9) for p in other.points))
    floor = capacity_floor(curve, [other, larger])
    assert floor.sentence
    assert floor.gain is None or isfinite(floor.gain.value)
    assert compare_floors(curve, other).sentence


def assert_strips_sound(curve: Curve) -> None:
    """What is drawn beneath a panel: slopes between neighbours, and residuals of every law."""
    rows = [*local_slopes(curve), *(row for law in LAWS for row in residuals(fit(curve, law=law)))]
    for row in rows:
        assert all(isfinite(x) for x in (row.size, row.value.low, row.value.value, row.value.high))


def assert_all_sound(curve: Curve) -> None:
    window = propose_window(curve)
    for law in LAWS:
        assert_sound(fit(curve, window, law))
        assert_sound(fit(curve, Window(), law))
    assert_zones_sound(zones(curve))
    mapped = window_map(curve)
    assert np.isfinite(mapped.exponent).all()
    assert not np.isnan(mapped.half_width).any()
    assert_forecast_sound(curve)
    assert_comparison_sound(curve)
    assert_strips_sound(curve)
    assert all(isfinite(x) for s in summarize(curve) for x in (s.median, s.low, s.high, s.weight))


SIZES = np.geomspace(10, 1e4, 8)
CURVES = {
    "no points": [],
    "one point": [(10, 0.5)],
    "two points": [(10, 0.5), (20, 0.4)],
    "one size, many repeats": [(10, e) for e in (0.5, 0.4, 0.3)],
    "all equal": [(m, 0.5) for m in SIZES],
    "rising": [(m, 1e-3 * m) for m in SIZES],
    "zero noise": [(m, 3 * m**-0.5) for m in SIZES],
    "zero noise and a floor": [(m, 3 * m**-0.5 + 0.1) for m in SIZES],
    "exact repeats": [(m, 3 * m**-0.5) for m in SIZES for _ in range(3)],
    "errors near 1e-12": [(m, 1e-12 * m**-0.3) for m in SIZES],
    "sizes near 1e12": [(1e12 * m, m**-0.3) for m in SIZES],
    "ever the same two points": [(10, 0.5), (20, 0.4)] * 50,
    "sizes up to 1e12": [(10.0**k, 10.0 ** (-k / 4)) for k in range(13)],
    "duplicates": [(m, 3 * m**-0.5 + 0.1) for m in [*SIZES, *SIZES[::-1]]],
    "one outlier": [(m, m**-0.3 * (1e6 if m == SIZES[3] else 1)) for m in SIZES],
    "sizes that differ in the last digit": [(1e12 + k, 0.5 - 0.1 * k) for k in range(4)],
    "sizes that logs cannot tell apart": [(1e15 + k / 8, 0.5 - 0.1 * k) for k in range(4)],
    "a few sizes, then a crowd": [(1, 9), (2, 8), *((1e15 + k / 8, 7 - k) for k in range(5))],
    "a cliff": [(m, 1.0 if m < 100 else 1e-9) for m in SIZES],
    "all at the guess": [(m, 0.9) for m in SIZES],
    "zero, negative, NaN and infinite errors": [
        (10, 0.0), (20, -1.0), (30, float("nan")), (40, float("inf")), (50, 0.5),
    ],
}  # fmt: skip


@pytest.mark.parametrize("rows", CURVES.values(), ids=CURVES.keys())
@pytest.mark.parametrize("guess", [None, 0.9])
def test_a_degenerate_curve_gives_a_status(
    rows: list[tuple[float, float]], guess: float | None
) -> None:
    assert_all_sound(curve_of(rows, guess))


def test_a_hundred_thousand_sizes_are_fitted() -> None:
    sizes = np.geomspace(1, 1e9, 100_000)
    noise = np.random.default_rng(0).standard_normal(sizes.size)
    rows = zip(
        sizes.tolist(), (2 * sizes**-0.3 * np.exp(0.01 * noise) + 0.01).tolist(), strict=True
    )
    found = fit(curve_of(list(rows)))
    assert found.law == "power-floor"
    assert found.exponent.holds(-0.3)


@pytest.mark.slow
@pytest.mark.parametrize("distinct", [20_000, 20], ids=["sizes", "repeats"])
def test_a_hundred_thousand_points_are_answered_soundly(distinct: int) -> None:
    size = np.resize(np.geomspace(1, 1e9, distinct), 100_000)
    noise = np.random.default_rng(0).standard_normal(size.size)
    error = (2 * size**-0.3 + 0.01) * np.exp(0.01 * noise)
    curve = curve_of(list(zip(size.tolist(), error.tolist(), strict=True)))
    assert_all_sound(curve)


def test_points_that_cannot_be_logged_are_left_out_and_counted() -> None:
    rows = [(m, 3 * m**-0.5) for m in SIZES]
    found = fit(curve_of([*rows, (5.0, 0.0), (6.0, float("nan"))]), law="power")
    assert found.n_points == len(rows)
    assert found.notes[0].message == (
        "2 points are left out: size and error must be positive finite numbers"
    )
    assert found.exponent.value == pytest.approx(-0.5, abs=1e-12)


NUMBERS = st.one_of(
    st.floats(1e-12, 1e12),
    st.floats(),
    st.sampled_from([0.1, 0.5, 1.0, 2.0, 10.0, 1e-300, 1e300, -1.0]),
)


RANDOM = st.builds(
    lambda rows, guess, repeats: curve_of(rows * repeats, guess),
    rows=st.lists(st.tuples(NUMBERS, NUMBERS), max_size=14),
    guess=st.one_of(st.none(), NUMBERS),
    repeats=st.integers(1, 3),
)


def stated(exponent: float, floor: float, stderr: float | None, noise: float) -> Curve:
    draws = np.random.default_rng(1).standard_normal(SIZES.size)
    errors = (3 * SIZES**exponent + floor) * np.exp(noise * draws)
    rows = zip(SIZES.tolist(), errors.tolist(), strict=True)
    return Curve("stated", tuple(Point("stated", m, e, stderr=stderr) for m, e in rows))


STATED = st.builds(
    stated,
    exponent=st.floats(-2, -0.05),
    floor=st.floats(0, 0.5),
    stderr=st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True)),
    noise=st.floats(0, 0.5),
)


@pytest.mark.slow
@settings(max_examples=60)
@given(curve=RANDOM)
def test_a_random_curve_gives_a_status(curve: Curve) -> None:
    assert_all_sound(curve)


@pytest.mark.slow
@settings(max_examples=20)
@given(curve=STATED)
def test_a_curve_with_stated_errors_gives_a_status(curve: Curve) -> None:
    assert_all_sound(curve)


@settings(max_examples=20)
@given(low=st.floats(1e-3, 1e6), decades=st.floats(0, 6))
def test_any_window_gives_a_status(low: float, decades: float) -> None:
    curve = curve_of([(m, 3 * m**-0.5 + 0.1) for m in SIZES])
    for law in LAWS:
        assert_sound(fit(curve, Window(low, low * 10**decades), law))
    assert isinstance(fit(curve).exponent, Interval)


def test_sizes_too_close_to_tell_a_slope_are_named_as_numbers() -> None:
    found = fit(curve_of([(1.0, 0.5), (1 + 1e-13, 0.4), (1 + 2e-13, 0.3)]), law="power")
    assert found.status is Status.SIZES_TOO_CLOSE
    assert found.notes[-1].message.startswith("sizes 1 to 1.0000000000002")
