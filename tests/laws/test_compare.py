"""Differences of curves with known laws."""

import numpy as np
import pytest

from engine.curve import Curve, Point
from engine.laws.compare import compare, compare_floors
from engine.laws.interval import Interval
from engine.laws.window import Window
from engine.laws.zones import zones

SIZES = np.array([100, 200, 400, 800, 1600, 3200, 6400])


def curve(name, coefficient, exponent, noise, seeds=3, seeded=True):
    """A power law; `noise` (n_sizes, seeds) is in log error."""
    errors = coefficient * SIZES[:, None] ** exponent * np.exp(noise)
    return Curve(
        name,
        tuple(
            Point(name, float(size), float(error), seed=seed if seeded else None)
            for size, row in zip(SIZES, errors, strict=True)
            for seed, error in enumerate(row[:seeds])
        ),
    )


def test_without_noise_the_difference_is_exact():
    none = np.zeros((7, 3))
    found = compare(curve("a", 2.0, -0.3, none), curve("b", 1.0, -0.4, none))
    assert found.exponent.value == pytest.approx(-0.1)
    middle = np.exp(np.log(SIZES).mean())
    assert found.level.value == pytest.approx(0.5 * middle**-0.1)


def test_the_intervals_hold_the_truth_nine_times_in_ten():
    rng = np.random.default_rng(5)
    held = []
    for _ in range(400):
        a = curve("a", 2.0, -0.30, rng.normal(0, 0.03, (7, 3)))
        b = curve("b", 1.8, -0.35, rng.normal(0, 0.03, (7, 3)))
        found = compare(a, b)
        truth = 0.9 * np.exp(np.log(SIZES).mean()) ** -0.05
        held.append((found.exponent.holds(-0.05), found.level.holds(truth)))
    exponent, level = np.mean(held, axis=0)
    assert 0.86 <= exponent <= 0.95  # 0.90 +- 3 standard errors of 400
    assert 0.86 <= level <= 0.95


def test_pairing_seeds_takes_out_what_both_curves_share():
    rng = np.random.default_rng(6)
    shared = rng.normal(0, 0.1, (7, 3))
    a = curve("a", 2.0, -0.3, shared + rng.normal(0, 0.01, (7, 3)))
    b = curve("b", 1.0, -0.3, shared + rng.normal(0, 0.01, (7, 3)))
    paired = compare(a, b)
    strangers = curve("b", 1.0, -0.3, rng.normal(0, 0.1, (7, 3)))
    assert width(paired) < width(compare(a, strangers)) / 4


def test_only_seeds_that_both_curves_have_are_paired():
    noise = np.log([[2.0, 1.0, 1.0]]).repeat(7, axis=0)  # a seed that the other curve has not
    a, b = curve("a", 2.0, -0.3, noise), curve("b", 1.0, -0.3, noise[:, ::-1])
    a, b = (
        Curve(c.name, tuple(p for p in c.points if p.seed != out)) for c, out in ((a, 2), (b, 0))
    )
    ratio = compare(a, b).ratio.curve
    assert {point.seed for point in ratio.points} == {1}
    assert ratio.errors == pytest.approx(np.full(7, 0.5))


def test_curves_without_seeds_are_compared_by_their_means():
    noise = np.random.default_rng(7).normal(0, 0.02, (7, 3))
    a = curve("a", 2.0, -0.3, noise, seeded=False)
    b = curve("b", 1.0, -0.3, -noise, seeded=False)
    assert compare(a, b).level.value == pytest.approx(0.5, rel=0.05)
    assert len(compare(a, b).ratio.curve.points) == 7


def test_only_sizes_in_the_window_that_both_curves_have_count():
    none = np.zeros((7, 3))
    b = curve("b", 1.0, -0.4, none)
    b = Curve("b", tuple(p for p in b.points if p.size != 400))
    found = compare(curve("a", 2.0, -0.3, none), b, Window(150, 4000))
    assert found.ratio.n_sizes == 4


def test_too_few_common_sizes_are_said_in_words():
    none = np.zeros((7, 3))
    found = compare(curve("a", 1, -0.3, none), curve("b", 1, -0.3, none), Window(100, 200))
    assert found.exponent is None
    assert "window holds 2 sizes" in found.sentence


@pytest.mark.parametrize(
    ("coefficient", "exponent", "said"),
    [
        (2.0, -0.3, "no difference seen"),
        (4.0, -0.3, "shifts up"),
        (2.0, -0.6, "steeper"),
        (2.0, -0.1, "flatter"),
    ],
)
def test_the_sentence_says_what_the_intervals_allow(coefficient, exponent, said):
    rng = np.random.default_rng(8)
    a = curve("a", 2.0, -0.3, rng.normal(0, 0.02, (7, 3)))
    b = curve("b", coefficient, exponent, rng.normal(0, 0.02, (7, 3)))
    assert compare(a, b).sentence.startswith(said)


def floored(floor, seed):
    sizes = 100 * 2.0 ** np.arange(12)
    rng = np.random.default_rng(seed)
    errors = (9 * sizes**-0.5 + floor)[:, None] * np.exp(rng.normal(0, 0.01, (sizes.size, 3)))
    return Curve(
        "f",
        tuple(
            Point("f", float(size), float(error), seed=seed)
            for size, row in zip(sizes, errors, strict=True)
            for seed, error in enumerate(row)
        ),
    )


def test_floors_that_differ_are_told_apart_with_an_interval():
    found = compare_floors(floored(0.1, 1), floored(0.2, 2))
    assert found.interval.holds(0.1)
    assert found.sentence.startswith("higher floor")
    a, b = (zones(floored(*each)).floor for each in ((0.1, 1), (0.2, 2)))
    value = b.value - a.value
    down, up = (b.value - b.low, a.high - a.value), (b.high - b.value, a.value - a.low)
    said = (found.interval.low, found.interval.high)
    assert said == pytest.approx((value - np.hypot(*down), value + np.hypot(*up)))


def test_equal_floors_are_no_difference():
    found = compare_floors(floored(0.1, 1), floored(0.1, 2))
    assert found.interval.holds(0.0)
    assert found.sentence.startswith("no difference of floors seen")


def test_a_floor_beside_a_curve_without_one_is_a_difference_and_two_without_are_none():
    exact, ends = curve("exact", 2.0, -0.3, np.zeros((7, 3))), floored(0.2, 2)
    found = compare_floors(exact, ends)
    assert found.interval.holds(0.2)
    assert found.sentence.startswith("higher floor")
    assert compare_floors(ends, exact).sentence.startswith("lower floor")
    neither = compare_floors(exact, exact)
    assert neither.sentence == "neither curve has a floor in sight"
    assert neither.interval == Interval(0.0, 0.0, 0.0)


def test_the_interval_of_floors_holds_their_difference():
    held = [compare_floors(floored(0.1, 2 * k), floored(0.15, 2 * k + 1)) for k in range(40)]
    assert np.mean([found.interval.holds(0.05) for found in held]) > 0.8


def test_floors_of_curves_that_are_too_short_cannot_be_compared():
    short = Curve("short", floored(0.1, 1).points[:6])
    assert compare_floors(short, floored(0.1, 2)).sentence == (
        "floors cannot be compared: short: zones need 4 sizes and there are 2"
    )


def width(found):
    return found.exponent.high - found.exponent.low
