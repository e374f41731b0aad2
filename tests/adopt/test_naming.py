"""Sizes and seeds that only the names of runs tell."""

import pytest

from engine.adopt.naming import named
from engine.adopt.runs import AdoptError, Run, Runs


def runs(*names):
    return Runs("a folder", "a", tuple(Run(n, {"size": "?"}, {"e": (1.0,)}) for n in names), {})


def test_a_pattern_reads_what_a_name_says():
    found, others = named(runs("cnn/n1000-s3", "mlp/n20-s0"), "{model}/n{size}-s{seed}")
    assert [dict(run.said) for run in found.runs] == [
        {"model": "cnn", "size": "1000", "seed": "3"},
        {"model": "mlp", "size": "20", "seed": "0"},
    ]
    assert others == ()


def test_names_that_it_does_not_fit_are_told():
    found, others = named(runs("n1000", "old", "n1000/test"), "n{size}")
    assert [run.name for run in found.runs] == ["n1000"]
    assert others == ("old", "n1000/test")


def test_letters_outside_of_braces_stand_for_themselves():
    with pytest.raises(AdoptError, match=r"no run has a name like 'n\.\{size\}': there are n-1000"):
        named(runs("n-1000"), "n.{size}")


@pytest.mark.parametrize("pattern", ["cnn", "{}", "{size}-{size}", ""])
def test_a_pattern_without_fields_that_differ_is_refused(pattern):
    with pytest.raises(AdoptError, match="must name fields in braces, each once"):
        named(runs("n-1000"), pattern)
