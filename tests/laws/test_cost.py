"""What a training costs, from seconds of known law."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import linregress, t

from engine.laws.cost import fit_cost, memory

SIZES = 100 * 2.0 ** np.arange(9)


def timed(simulate, seconds, sizes=SIZES):
    curve = simulate(sizes, 3 * sizes**-0.3)
    points = zip(curve.points, seconds, strict=True)
    return replace(curve, points=tuple(p._replace(seconds=float(s)) for p, s in points))


def test_seconds_follow_the_larger_sizes_and_not_the_floor_of_steps(simulate) -> None:
    cost = fit_cost(timed(simulate, np.maximum(10.0, 0.02 * SIZES**0.9)))
    assert cost.exponent == pytest.approx(0.9)
    assert cost.seconds(1e6).value == pytest.approx(0.02 * 1e6**0.9, rel=1e-6)


def test_the_line_is_scipys_through_the_larger_half_of_the_sizes(simulate, rng) -> None:
    seconds = 0.02 * SIZES**0.9 * np.exp(0.2 * rng.standard_normal(9))
    cost = fit_cost(timed(simulate, seconds))
    line = linregress(np.log(SIZES[4:]), np.log(seconds[4:]))
    assert cost.exponent == pytest.approx(line.slope)
    assert cost.spread / cost.width**0.5 == pytest.approx(line.stderr)


def test_the_interval_of_a_new_measurement_is_that_of_the_normal_equations(simulate, rng) -> None:
    seconds = 0.02 * SIZES**0.9 * np.exp(0.2 * rng.standard_normal(9))
    found = fit_cost(timed(simulate, seconds)).seconds(1e5)
    design = np.stack([np.ones(5), np.log(SIZES[4:])], axis=1)
    line, (rss,), *_ = np.linalg.lstsq(design, np.log(seconds[4:]))
    asked = np.array([1.0, np.log(1e5)])
    variance = rss / 3 * (1 + asked @ np.linalg.inv(design.T @ design) @ asked)
    reach = t.ppf(0.95, 3) * variance**0.5
    expected = np.exp(asked @ line + [0, -reach, reach])
    assert [found.value, found.low, found.high] == pytest.approx(expected, rel=1e-6)


def test_a_new_measurement_lies_inside_nine_times_in_ten(simulate, rng) -> None:
    truth = 0.02 * SIZES**0.9
    hits = []
    for _ in range(400):
        cost = fit_cost(timed(simulate, truth * np.exp(0.2 * rng.standard_normal(9))))
        new = 0.02 * 1e5**0.9 * np.exp(0.2 * rng.standard_normal())
        hits.append(cost.seconds(1e5).holds(new))
    assert 0.86 <= np.mean(hits) <= 0.94


@pytest.mark.parametrize("count", [3, 4, 5])
def test_four_sizes_whose_seconds_are_known_give_a_cost(simulate, count) -> None:
    sizes = SIZES[:count]
    cost = fit_cost(timed(simulate, 0.02 * sizes**0.9, sizes))
    assert (cost.exponent is None) == bool(cost.doubt) == (count < 4)
    assert count < 4 or cost.exponent == pytest.approx(0.9)


def test_seeds_of_one_size_count_as_their_geometric_mean(simulate) -> None:
    curve = simulate(SIZES, 3 * SIZES**-0.3, seeds=2)
    points = [p._replace(seconds=0.02 * p.size**0.9 * 4 ** (p.seed - 0.5)) for p in curve.points]
    cost = fit_cost(replace(curve, points=tuple(points)))
    assert cost.seconds(SIZES[-1]).value == pytest.approx(0.02 * SIZES[-1] ** 0.9)


@pytest.mark.parametrize("near", [(1, 1 + 1e-8, 1 + 2e-8, 2), (1, 2, 2 + 1e-8, 2 + 2e-8)])
def test_sizes_on_top_of_each_other_do_not_hide_another(simulate, near) -> None:
    sizes = 1e6 * np.array(near)
    assert fit_cost(timed(simulate, 0.02 * sizes, sizes)).exponent == pytest.approx(1)


def test_sizes_that_lie_on_top_of_each_other_give_no_cost(simulate) -> None:
    sizes = 1e6 * (1 + 1e-8 * np.arange(6))
    cost = fit_cost(timed(simulate, 0.02 * sizes, sizes))
    assert "well apart" in cost.doubt


def test_without_seconds_the_cost_says_so(simulate) -> None:
    cost = fit_cost(simulate(SIZES, 3 * SIZES**-0.3))
    assert "seconds are known at 0 sizes" in cost.doubt
    with pytest.raises(ValueError, match="no cost is known"):
        cost.seconds(100)


def test_adam_holds_four_numbers_a_parameter() -> None:
    assert memory(1_000_000) == 16e6
