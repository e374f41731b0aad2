"""How soon a study shows something, measured on a study of seconds."""

import pytest

from engine.bench import first


@pytest.mark.slow
def test_a_study_of_too_few_sizes_shows_a_point_and_no_exponent():
    found = first.measure("images", ("--sizes", "25,50,99", "--seeds", "1", "--device", "cpu"))
    assert found.point is not None
    assert found.exponent is None
    assert found.sizes == 3


def test_a_domain_that_is_not_known_is_refused_by_name(capsys):
    assert first.run(["chess"], None) == 2
    assert "--domain chess: choose from images" in capsys.readouterr().err
