"""Fuzzing for minutes: `STEEPNESS_FUZZ=1000000` for the million inputs of the closing note."""

import os

import pytest

from tests import fuzz

COUNT = int(os.environ.get("STEEPNESS_FUZZ", "100000"))


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["csv", "store"])
def test_damaged_files_are_read_or_refused_and_never_crash(kind: str) -> None:
    became, crashed, slowest = fuzz.run(kind, COUNT, seed=1)
    print(f"{kind}: {dict(became)}, slowest {slowest:.3f} s")
    assert crashed == []
