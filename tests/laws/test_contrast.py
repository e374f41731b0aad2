"""How far two exponents lie apart: paired over the same sizes, else independent."""

from dataclasses import replace

import numpy as np
import pytest

from engine.laws.contrast import contrast
from engine.laws.fit import fit
from engine.laws.interval import Interval
from engine.laws.window import Window

SIZES = 100 * 2.0 ** np.arange(9)


def test_curves_over_other_sizes_are_taken_as_independent(simulate, rng) -> None:
    hits = []
    for _ in range(300):
        a = fit(simulate(SIZES, 3 * SIZES**-0.3, 0.03, 3, rng), law="power")
        other = SIZES * 1000
        b = fit(simulate(other, 9 * other**-0.2, 0.02, 3, rng), law="power")
        hits.append(contrast(a, b).holds(0.1))
    assert 0.85 <= np.mean(hits) <= 0.97


def test_curves_over_the_same_sizes_are_compared_seed_by_seed(simulate, rng) -> None:
    """What both curves share drops out: the interval is far narrower than that of either."""
    shared = np.exp(0.1 * rng.standard_normal(SIZES.size))
    a = fit(simulate(SIZES, 3 * SIZES**-0.3 * shared, 0.005, 3, rng), law="power")
    b = fit(simulate(SIZES, 2 * SIZES**-0.4 * shared, 0.005, 3, rng), law="power")
    found = contrast(a, b)
    assert found.value == pytest.approx(-0.1, abs=0.01)
    assert found.high - found.low < 0.2 * (a.exponent.high - a.exponent.low)


@pytest.mark.parametrize(
    "other",
    [
        {"law": "power-floor"},  # over the same sizes, of another kind
        {"window": Window(200, None)},  # of the same kind, over other sizes
    ],
    ids=str,
)
def test_half_widths_of_fits_that_cannot_be_paired_add_in_squares(simulate, other) -> None:
    found = fit(simulate(SIZES, 3 * SIZES**-0.3), law="power")
    a = replace(found, exponent=Interval(-0.30, -0.42, -0.26))
    b = replace(found, exponent=Interval(-0.50, -0.53, -0.45), **other)
    difference = contrast(a, b)
    assert difference.value == pytest.approx(-0.20)
    assert difference.low == pytest.approx(-0.20 - 0.05)  # 3 and 4 give 5
    assert difference.high == pytest.approx(-0.20 + 0.13)  # 5 and 12 give 13


def test_without_a_fit_there_is_no_difference(simulate) -> None:
    a = fit(simulate(SIZES, 3 * SIZES**-0.3), law="power")
    assert contrast(a, replace(a, exponent=None)) is None
    assert contrast(replace(a, exponent=None), a) is None
