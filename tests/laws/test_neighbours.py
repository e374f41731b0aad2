"""What sizes show of their noise without a law."""

import numpy as np
import pytest

from engine.laws.neighbours import off_the_line, typical_variance


def test_a_size_is_held_against_the_line_between_its_neighbours_by_hand() -> None:
    off, unit = off_the_line(
        np.array([0.0, 1.0, 4.0]), np.array([0.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0])
    )
    assert off == pytest.approx([1.0])  # the line is at 1 there
    assert unit == pytest.approx([2 + 9 / 16 + 3 / 16])


def test_the_variance_of_noise_about_a_slope_is_found_beside_a_bend_and_a_bad_size(rng) -> None:
    x = np.cumsum(rng.uniform(0.2, 1.0, 4000))
    y = np.where(x < 900, -0.5 * x, -450.0) + 0.1 * rng.standard_normal(x.size)
    y[100] += 50
    found = typical_variance(*off_the_line(x, y, np.ones(x.size)))
    assert found == pytest.approx(0.01, rel=0.1)
