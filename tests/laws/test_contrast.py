"""How far two exponents lie apart: paired over the same sizes, else independent."""

from dataclasses import replace

import numpy as np
import pytest

from engine.laws.contrast import contrast
from engine.laws.fit import fit

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


def test_without_a_fit_there_is_no_difference(simulate) -> None:
    a = fit(simulate(SIZES, 3 * SIZES**-0.3), law="power")
    assert contrast(a, replace(a, exponent=None)) is None
    assert contrast(replace(a, exponent=None), a) is None
