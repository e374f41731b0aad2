"""How soon a study shows something, measured on a study of seconds."""

import subprocess
from pathlib import Path

import pytest

from engine.bench import first


@pytest.mark.slow
def test_a_study_of_too_few_sizes_shows_a_point_and_no_exponent():
    order = ("--model", "mlp", "--sizes", "25,50,99", "--seeds", "1", "--device", "cpu")
    found = first.measure("images", order)
    assert found.point is not None
    if Path("/proc/self/stat").exists():
        assert found.point_cpu is not None
        assert found.point_cpu > 0
    assert found.exponent is None
    assert found.sizes == 3


@pytest.mark.slow
def test_a_study_that_fails_is_not_taken_for_one_without_points():
    with pytest.raises(subprocess.CalledProcessError) as failed:
        first.measure("images", ("--model", "tree"))
    assert "--model tree: choose from images" in failed.value.stderr
