"""A window is a closed range of sizes whose ends may be open."""

import numpy as np
import pytest

from engine.laws.window import Window

SIZES = np.array([10.0, 20.0, 40.0])


@pytest.mark.parametrize(
    ("window", "inside"),
    [
        (Window(), [True, True, True]),
        (Window(20, None), [False, True, True]),
        (Window(None, 20), [True, True, False]),
        (Window(20, 20), [False, True, False]),
        (Window(21, 39), [False, False, False]),
    ],
)
def test_both_ends_belong_to_a_window(window, inside) -> None:
    assert window.holds(SIZES).tolist() == inside


def test_an_end_that_went_through_a_logarithm_still_holds_its_size() -> None:
    assert Window(float(np.exp(np.log(40.0))), None).holds(SIZES)[2]
    assert Window(None, 10.0 ** np.log10(40.0)).holds(SIZES)[2]


@pytest.mark.parametrize("end", [0, -1, float("nan"), float("inf")])
def test_an_end_that_is_no_size_is_refused(end) -> None:
    with pytest.raises(ValueError, match="must be a positive size"):
        Window(end, None)


def test_a_reversed_window_is_refused() -> None:
    with pytest.raises(ValueError, match="window 5:2 is reversed: give LOW:HIGH"):
        Window(5, 2)


@pytest.mark.parametrize(
    ("other", "both"),
    [
        (Window(20, None), Window(20, 100)),
        (Window(None, 50), Window(10, 50)),
        (Window(), Window(10, 100)),
        (Window(200, 300), Window(10, 100)),  # nothing in common: its own
        (Window(100, 300), Window(100, 100)),  # one size in common
    ],
)
def test_the_overlap_of_two_windows(other, both):
    assert Window(10, 100).overlap(other) == both
