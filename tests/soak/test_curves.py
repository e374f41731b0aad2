"""Curves that nobody has thought of, others in every run, and many more than the suite tries."""

import pytest
from hypothesis import given, settings

from engine.curve import Curve
from tests.laws.test_hostile_curves import RANDOM, STATED, assert_all_sound


@pytest.mark.soak
@settings(max_examples=2_000, derandomize=False)
@given(curve=RANDOM | STATED)
def test_a_curve_of_any_kind_gives_a_status(curve: Curve) -> None:
    assert_all_sound(curve)
