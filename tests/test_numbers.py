"""Numbers on the page carry the digits that their interval allows."""

import pytest

from engine.numbers import duration, number, with_interval


@pytest.mark.parametrize(
    ("value", "low", "high", "shown"),
    [
        (-0.3091, -0.3213, -0.2969, "-0.309 ± 0.012"),
        (-0.30913, -0.30993, -0.30833, "-0.30913 ± 0.00080"),
        (-0.3091, -0.4341, -0.1841, "-0.31 ± 0.12"),
        (-0.3, -3.3, 2.7, "-0.3 ± 3.0"),
        (0.02, 0.0, 0.051, "0.020 (0 to 0.051)"),
        (-0.5, -0.5996, -0.4004, "-0.50 ± 0.10"),
        (1234.5, 1184.5, 1284.5, "1,234 ± 50"),
        (-0.309, -0.309, -0.309, "-0.309"),
        (-0.0001, -0.0301, 0.0299, "0.000 ± 0.030"),
        (3e-13, 2e-13, 4e-13, "3e-13 ± 1.0e-13"),
    ],
)
def test_digits_follow_the_interval(value, low, high, shown) -> None:
    assert with_interval(value, low, high) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (50000, "50,000"),
        (1280000.0, "1,280,000"),
        (0.0123456, "0.0123"),
        (99.76, "99.8"),
        (1581.14, "1,580"),
        (0.09996, "0.100"),
        (4.5e-7, "4.50e-07"),
        (2.5e12, "2.50e+12"),
        (float("inf"), "inf"),
    ],
)
def test_a_number_alone_has_three_digits_and_sizes_stay_whole(value, shown) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (45, "45 s"),
        (100, "2 min"),
        (3_000, "50 min"),
        (7_200, "2 h"),
        (8_100, "2 h 15 min"),
    ],
)
def test_a_duration_is_said_as_a_person_says_it(seconds, words):
    assert duration(seconds) == words
