"""Local slopes and residuals, against laws that are known."""

import numpy as np
import pytest
from scipy.stats import t

from engine.curve import Curve, Point
from engine.laws.fit import fit
from engine.laws.local import local_slopes, residuals
from engine.laws.window import Window

SIZES = 100 * 2.0 ** np.arange(8)


def test_the_local_slope_of_a_power_law_is_its_exponent_everywhere(simulate) -> None:
    found = local_slopes(simulate(SIZES, 3 * SIZES**-0.3))
    assert [row.value.value for row in found] == pytest.approx([-0.3] * 7)
    assert [row.size for row in found] == pytest.approx(100 * 2 ** (np.arange(7) + 0.5))


def test_a_local_slopes_interval_holds_the_truth_nine_times_in_ten(simulate, rng) -> None:
    hits = [
        row.value.holds(-0.3)
        for _ in range(300)
        for row in local_slopes(simulate(SIZES, 3 * SIZES**-0.3, 0.05, 3, rng))
    ]
    assert 0.87 <= np.mean(hits) <= 0.93


def test_a_local_slopes_interval_is_that_of_the_seeds_at_both_its_sizes() -> None:
    """Student's t of the seeds' pooled spread, written out."""
    errors = {100: [0.5, 0.53, 0.48], 200: [0.4], 400: [0.3, 0.32]}
    points = [
        Point("c", float(size), error, seed=seed)
        for size, those in errors.items()
        for seed, error in enumerate(those)
    ]
    logs = [np.log(those) for those in errors.values()]
    dof = 2 + 0 + 1
    spread = np.sqrt(sum(((each - each.mean()) ** 2).sum() for each in logs) / dof)
    n = np.array([3, 1, 2])
    half = t.ppf(0.95, dof) * spread * np.sqrt(1 / n[1:] + 1 / n[:-1]) / np.log(2)
    found = local_slopes(Curve("c", tuple(points)))
    assert [row.value.width / 2 for row in found] == pytest.approx(half)


def test_one_repeat_of_one_size_gives_every_size_an_interval() -> None:
    points = [Point("c", float(m), 3 * m**-0.3, seed=0) for m in (100, 200, 400)]
    points.append(Point("c", 100.0, 1.1 * points[0].error, seed=1))
    assert all(row.value.width > 0 for row in local_slopes(Curve("c", tuple(points))))
    assert all(row.value.width == 0 for row in local_slopes(Curve("c", tuple(points[:3]))))


def test_residuals_are_told_outside_the_window_too(simulate) -> None:
    errors = 3 * SIZES**-0.3
    errors[0] *= 0.9
    found = residuals(fit(simulate(SIZES, errors), Window(200), "power"))
    assert found[0].value.value == pytest.approx(np.log(0.9))
    assert [row.value.value for row in found[1:]] == pytest.approx([0.0] * 7, abs=1e-9)


def test_without_a_fit_there_are_no_residuals(simulate) -> None:
    assert residuals(fit(simulate(SIZES, 3 * SIZES**-0.3), Window(6400))) == ()
    assert local_slopes(simulate(SIZES[:1], [0.3])) == ()
