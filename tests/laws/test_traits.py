"""Traits of a curve: each says what its name does, whatever curves are looked at beside it."""

import numpy as np
import pytest

from engine.laws.members import fit_members
from engine.laws.traits import TRAITS, traits_of
from engine.laws.trend import Trend


def traits(*curves: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    x, y = zip(*curves, strict=True)
    return fit_members(x, y, [np.ones(each.size) for each in x]).traits


def named(row: np.ndarray, name: str) -> float:
    return float(row[TRAITS.index(name)])


SIZES = np.log(100 * 2.0 ** np.arange(11))


def test_longer_curves_beside_it_leave_a_curve_its_traits(rng) -> None:
    short = SIZES[:6], -0.3 * SIZES[:6] + 0.02 * rng.standard_normal(6)
    long = SIZES, -0.4 * SIZES + 0.02 * rng.standard_normal(11)
    assert traits(short, long)[0] == pytest.approx(traits(short)[0], abs=1e-6)


def test_the_last_slopes_are_numpys_over_the_last_sizes(rng) -> None:
    y = np.logaddexp(-0.5 * SIZES, -3.0) + 0.02 * rng.standard_normal(11)
    row = traits((SIZES, y))[0]
    own = np.polyfit(SIZES[-3:], y[-3:], 1)[0]
    deviation = np.exp(named(row, "last factor of 4's deviation")) - 0.01
    found = named(row, "slope") + deviation * named(row, "last factor of 4's slope")
    assert found == pytest.approx(own, rel=1e-6)


def test_a_curve_that_nears_its_floor_bends_up_and_leaves_flatter_than_the_filter_says() -> None:
    bent, straight = traits((SIZES, np.logaddexp(-0.5 * SIZES, -3.0)), (SIZES, -0.5 * SIZES))
    assert named(bent, "bend") > 0.1
    assert named(straight, "bend") == pytest.approx(0.0, abs=1e-9)
    assert named(bent, "floor law's floor") > named(straight, "floor law's floor")


def test_a_stray_last_size_leans_away() -> None:
    y = -0.3 * SIZES + 0.01 * (-1.0) ** np.arange(11)
    y[-1] += 0.3
    assert named(traits((SIZES, y))[0], "last size's lean") > 0.5


def second_way(x, y, weight, noise, followed, floor, broken) -> dict[str, float]:
    """The traits of one curve without its empty places: numpy's fits, and the laws' formulas."""

    def line(rows):
        return np.polyfit(x[rows], y[rows], 1, w=np.sqrt(weight[rows]))[0]

    def deviation(rows):  # of that slope, by the textbook's covariance
        design = np.stack([np.ones(rows.sum()), x[rows]], axis=1)
        known = design.T @ (weight[rows, None] * design)
        return noise * np.sqrt(np.linalg.inv(known)[1, 1])

    def law_with_floor(at):
        a, b, c = floor
        return np.log(np.exp(a + b * at) + np.exp(c))

    def law_with_break(at):
        level, before, after, place, log_width, c = broken
        width = np.exp(log_width)
        soft = [width * np.log(1 + np.exp((each - place) / width)) for each in (at, 0.0)]
        bent = soft[0] - soft[1]
        return np.log(np.exp(level + before * (at - bent) + after * bent) + np.exp(c))

    probability, slope, v_slope, q = followed
    mean_slope, ending = probability @ slope, x >= x[0] / 3
    found = {
        "sizes": np.log(x.size),
        "sizes in the last factor of e": np.log((np.exp(x) > 1 / np.e).sum()),
        "noise": np.log(noise),
        "slope": mean_slope,
        "slope's deviation": np.log(np.sqrt(probability @ v_slope) + 0.001),
        "slope's change": mean_slope - np.polyfit(x, y, 1)[0],
        "wander": probability @ np.log(q),
        "fall": np.log(max(y[0], 0) + 0.1),
        "last size's lean": np.clip(y[-1] / noise, -3, 3),
        "span": np.log(0.1 - x[0]),
        "roughness": np.log(np.abs(np.diff(y))[-8:].mean() / noise + 0.1),
        "noise over slope": np.log(noise / (abs(mean_slope) + 0.02)),
        "floor law's floor": np.clip(floor[2], -5, 0),
        "broken law's floor": np.clip(broken[5], -5, 0),
    }
    for name, law in ("floor", law_with_floor), ("broken", law_with_break):
        off = (law(x[ending]) - y[ending]) / noise
        found[f"{name} law's misfit"] = np.log(np.sqrt((off**2).mean()) + 0.1)
        found[f"{name} law's lean"] = off.mean()
        leaving = (law(1e-4) - law(-1e-4)) / 2e-4
        found[f"{name} law's slope"] = np.clip(leaving - mean_slope, -1, 1)
    for name, factor in ("2", 2.05), ("4", 4.1):
        near = np.exp(x) >= 1 / factor
        near = near if near.sum() >= 3 else np.arange(x.size) >= x.size - 3
        off = (line(near) - mean_slope) / deviation(near)
        found[f"last factor of {name}'s slope"] = np.clip(off, -4, 4)
        found[f"last factor of {name}'s deviation"] = np.log(deviation(near) + 0.01)
    early, late = x <= x[0] / 2, x > x[0] / 2
    found["bend"] = np.clip(line(late) - line(early), -1, 1)
    both = np.hypot(deviation(early), deviation(late))
    found["bend in deviations"] = np.clip((line(late) - line(early)) / both, -5, 5)
    return found


def test_every_trait_is_what_numpy_finds_of_that_curve_alone(rng) -> None:
    sizes = [np.log(2.0) * np.arange(-10, 1), np.log(1.3) * np.arange(-12, 1)]
    sizes.append(np.log(5.0) * np.arange(-5, 1))  # three sizes reach further than a factor of 4
    n = max(each.size for each in sizes)
    x, y, weight = np.zeros((3, n)), np.zeros((3, n)), np.zeros((3, n))
    for row, (each, deep) in enumerate(zip(sizes, (0.4, 0.9, 0.1), strict=True)):
        x[row, -each.size :], x[row, : -each.size] = each, each[0]
        # a wave that no law follows
        y[row, -each.size :] = -deep * each + 0.02 * np.sin(5 * each + row) - 0.03 * row
        weight[row, -each.size :] = rng.uniform(0.5, 2.0, each.size)
    noise = np.array([0.02, 0.03, 0.05])
    cells = (3, 4)
    probability = rng.dirichlet(np.ones(4), 3)
    slope, v_slope = rng.uniform(-0.5, -0.1, cells), rng.uniform(1e-4, 1e-2, cells)
    q, nothing = rng.uniform(1e-6, 1e-2, cells), np.zeros(cells)
    filtered = Trend(
        *(np.zeros(3), nothing, slope, nothing, nothing, v_slope),
        *(q, nothing, np.zeros((1, 4)), probability),
    )
    floor = np.array([[-0.3, -0.5, -1.2], [-0.1, -1.0, -6.0], [-0.9, -0.2, -0.4]])
    broken = np.array(
        [
            [-0.4, -0.1, -0.5, -2.0, 0.3, -1.1],
            [-0.1, -0.9, -0.8, -0.1, -0.5, -0.6],
            [-0.2, -0.3, -0.2, -3.0, 0.1, -7.0],
        ]
    )
    found = traits_of(x, y, weight, noise, filtered, floor, broken)
    for row, each in enumerate(sizes):
        own = (values[row, -each.size :] for values in (x, y, weight))
        followed = probability[row], slope[row], v_slope[row], q[row]
        expected = second_way(*own, noise[row], followed, floor[row], broken[row])
        assert expected.keys() == set(TRAITS)
        for name in TRAITS:
            assert named(found[row], name) == pytest.approx(expected[name], abs=1e-3, rel=1e-3), (
                f"{name} of curve {row}"
            )


@pytest.mark.parametrize(
    "sizes", [[1.0, 300.0, 400.0, 500.0, 700.0, 1000.0], [1.0, 1.5, 2.0, 2.5, 3.0, 1000.0]]
)
def test_a_curve_with_one_early_or_one_late_size_has_no_bend(rng, sizes) -> None:
    sizes = np.log(np.array(sizes))
    row = traits((sizes, -0.3 * sizes + 0.05 * rng.standard_normal(6)))[0]
    assert (named(row, "bend"), named(row, "bend in deviations")) == (0, 0)


def test_sizes_close_together_bend_as_others_do() -> None:
    x = np.log(1.05) * np.arange(-9, 1)
    y = -0.5 * x + 0.2 * np.maximum(x - x[0] / 2, 0)
    assert named(traits((x, y))[0], "bend") == pytest.approx(0.2, abs=1e-6)


@pytest.mark.parametrize("way", [1, -1])
def test_a_bend_counts_up_to_one(way: int) -> None:
    middle = SIZES.mean()
    y = -2.0 * SIZES + way * 1.8 * np.maximum(SIZES - middle, 0) + 0.01 * (-1.0) ** np.arange(11)
    row = traits((SIZES, y))[0]
    assert (named(row, "bend"), named(row, "bend in deviations")) == (way, 5 * way)


@pytest.mark.parametrize(("slope", "counted"), [(-1.7, 1), (1.7, -1)])
def test_a_law_that_leaves_otherwise_than_the_filter_counts_up_to_one(slope, counted) -> None:
    x = np.log(2.0) * np.arange(-5, 1)[None]
    one, nothing = np.ones((1, 1)), np.zeros((1, 1))
    filtered = Trend(
        *(np.zeros(1), nothing, slope * one, nothing, nothing, 1e-4 * one),
        *(1e-4 * one, nothing, nothing, one),
    )
    floor, broken = np.array([[-40.0, -1.0, 0.0]]), np.array([[-40.0, -1.0, -1.0, -2.0, 0.0, 0.0]])
    row = traits_of(x, -0.3 * x, np.ones(x.shape), np.array([0.1]), filtered, floor, broken)[0]
    assert named(row, "floor law's slope") == named(row, "broken law's slope") == counted


@pytest.mark.parametrize(
    ("floor_at", "last", "floor_said", "lean_said"),
    [(0.5, 9.0, 0.0, 3.0), (-9.0, -9.0, -5.0, -3.0), (-2.0, 0.05, -2.0, 0.5)],
)
def test_floors_count_from_the_last_error_down_and_a_lean_up_to_three_deviations(
    floor_at, last, floor_said, lean_said
) -> None:
    x = np.log(2.0) * np.arange(-5, 1)[None]
    one, nothing = np.ones((1, 1)), np.zeros((1, 1))
    filtered = Trend(
        *(np.zeros(1), nothing, -0.3 * one, nothing, nothing, 1e-4 * one),
        *(1e-4 * one, nothing, nothing, one),
    )
    floor = np.array([[-40.0, -1.0, floor_at]])
    broken = np.array([[-40.0, -1.0, -1.0, -2.0, 0.0, floor_at]])
    y = -0.3 * x
    y[0, -1] = last
    row = traits_of(x, y, np.ones(x.shape), np.array([0.1]), filtered, floor, broken)[0]
    assert named(row, "floor law's floor") == named(row, "broken law's floor") == floor_said
    assert named(row, "last size's lean") == pytest.approx(lean_said)
