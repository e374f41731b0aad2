"""The coverage table: what it draws and what it counts."""

import numpy as np
import pytest

from engine.bench.coverage import TRUTHS, rows, simulate
from engine.laws.interval import Interval


@pytest.mark.parametrize("truth", TRUTHS)
def test_simulated_curves_fall_and_are_of_the_asked_kind(truth: str) -> None:
    curve, exponent = simulate(truth, 8, 3, 0.0, np.random.default_rng(0))
    assert len(curve.points) == 24
    assert -0.5 <= exponent <= -0.1
    steps = np.diff(np.log(curve.errors[:8])) / np.log(2)
    assert (steps < 0).all()
    if truth == "power":
        assert steps == pytest.approx(np.full(7, exponent))
    else:
        assert steps[-1] > exponent


def test_a_row_counts_the_intervals_that_hold_the_truth() -> None:
    always = {"wide": lambda curve: Interval(-0.5, -1.0, 0.0), "none": lambda curve: None}
    found = rows(5, truths=["power"], sizes=[5], estimators=always)
    assert {(row.estimator, row.coverage) for row in found} == {("wide", 1.0), ("none", 0.0)}
    assert all(row.width == np.inf for row in found if row.estimator == "none")


def test_the_same_seed_draws_the_same_curves() -> None:
    line = {"last": lambda curve: Interval(0.0, -curve.errors[-1], 0.0)}
    first, second = (rows(3, 7, ["power-floor"], [5], line) for _ in range(2))
    assert first == second


def test_honest_intervals_hold_the_truth_with_a_plateau_left_in() -> None:
    found = rows(12, seed=1, truths=["plateau-power-floor"], sizes=[8])
    coverage = {
        name: np.mean([row.coverage for row in found if row.estimator == name])
        for name in {row.estimator for row in found}
    }
    assert coverage["auto fit, all sizes"] >= 0.8  # 48 curves: 0.90 +- 0.04
    assert coverage["log-log line, all points"] < 0.3
