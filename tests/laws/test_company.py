"""Curves measured side by side draw each other's forecasts a little, and only where they differ."""

from dataclasses import replace

import numpy as np
import pytest

from engine.curve import Curve, Point
from engine.laws.company import PULL, REACHES, companies
from engine.laws.forecast import forecast, forecasts_together, in_company

SIZES = 100 * 2.0 ** np.arange(9)
AHEAD = SIZES[-1] * np.array([2.0, 4.0])


def curve_of(name: str, exponent: float, **said: str) -> Curve:
    rng = np.random.default_rng(sum(map(ord, name)))
    errors = 3 * SIZES**exponent * np.exp(0.02 * rng.standard_normal(SIZES.size))
    pairs = zip(SIZES.tolist(), errors.tolist(), strict=True)
    return Curve(name, tuple(Point(name, m, e, **said) for m, e in pairs))


STEEP = curve_of("steep", -0.5)
SHALLOW = [curve_of(f"shallow {k}", -0.2) for k in range(4)]


def test_the_pull_is_the_share_that_the_formula_says() -> None:
    slope = np.array([-0.1, -0.2, -0.6])
    first = companies(np.tile(slope[:, None], REACHES.size))[0]
    x, own = np.array([1.0, 2.0]), np.array([-0.1, -0.2])
    share = PULL * 2 / 3 * 0.01 / (0.01 + slope.var() * x**2)
    assert first.pull(x, own, np.array([0.01])) == pytest.approx(share * (-0.4 * x - own))


def test_rates_that_agree_pull_nowhere() -> None:
    first = companies(np.full((3, REACHES.size), -0.3))[0]
    x = np.array([0.0, 0.5, 1.4])
    assert first.pull(x, -0.3 * x, np.full(3, 0.01)) == pytest.approx(0.0, abs=1e-12)


def test_a_steep_curve_beside_shallow_ones_is_expected_to_fall_less() -> None:
    together = forecasts_together([STEEP, *SHALLOW])[0]
    alone = forecast(STEEP)
    assert (together.error_at(AHEAD).error > alone.error_at(AHEAD).error).all()
    assert together.error_at(SIZES[-1]).error == pytest.approx(alone.error_at(SIZES[-1]).error)
    assert any("4 others" in note.message for note in together.notes)


def test_a_lone_curve_is_forecast_as_ever() -> None:
    alone = forecast(STEEP)
    assert in_company([alone])[0] is alone


def test_curves_of_another_metric_or_of_few_sizes_keep_no_company() -> None:
    other = curve_of("other", -0.2, metric="top-5 error")
    few = replace(SHALLOW[0], points=SHALLOW[0].points[:5])
    told = forecasts_together([STEEP, other, few])
    assert all(each.company is None for each in told)


def test_the_order_of_the_file_does_not_matter() -> None:
    there = forecasts_together([STEEP, *SHALLOW])
    back = forecasts_together([*SHALLOW[::-1], STEEP])[::-1]
    for a, b in zip(there, back, strict=True):
        assert a.curve == b.curve
        assert a.error_at(AHEAD).error == pytest.approx(b.error_at(AHEAD).error, rel=1e-9)


def test_hostile_company_leaves_every_forecast_finite() -> None:
    errors = {
        "equal": np.full(9, 0.5),
        "rising": 1e-5 * SIZES,
        "tiny": 1e-12 * SIZES**-0.3,
        "stray end": SIZES**-0.3 * np.append(np.ones(8), 1e6),
        "no noise": 3 * SIZES**-0.5,
    }
    curves = [
        Curve(name, tuple(Point(name, m, e) for m, e in zip(SIZES.tolist(), row, strict=True)))
        for name, row in errors.items()
    ]
    for each in forecasts_together([STEEP, *curves]):
        at = each.error_at(SIZES[-1] * np.array([0.3, 1.0, 4.0, 1e6]))
        assert np.isfinite([at.low, at.error, at.high]).all()
        assert (at.low <= at.error).all()
        assert (at.error <= at.high).all()
