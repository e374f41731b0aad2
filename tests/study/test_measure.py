"""A study asked for in Python is the study of the same words on the command line."""

from dataclasses import replace

import pytest

from engine import Study, estimate, measure
from engine.cli import main
from engine.domain_files import UnknownDomainError
from engine.study import executors
from engine.study.run_command import UsageError
from engine.study.store import Store
from tests.drivers import inline, measure_at_once
from tests.own import write


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A domain of a user's own, whose trainings are short and stay in this process."""
    measure_at_once(monkeypatch)
    monkeypatch.setattr(executors, "run_here", inline)
    return write(tmp_path)


def study(path, **more):
    return Study(str(path), sizes=(40, 160), seeds=1, workers=1, device="cpu", **more)


@pytest.mark.slow
def test_the_command_of_the_same_words_finds_the_study_done(path, tmp_path, monkeypatch):
    store = tmp_path / "study.db"
    found = measure(study(path), store)
    assert (found.state, found.reason) == ("finished", "")

    def refuse(queue, loader, workers):
        assert not queue
        yield from ()

    monkeypatch.setattr(executors, "run_here", refuse)
    words = ["--sizes", "40,160", "--seeds", "1", "--workers", "1", "--device", "cpu"]
    assert main(["run", str(path), *words, "--store", str(store)]) == 0
    with Store.open(store, "read") as opened:
        (row,) = opened.studies()
        assert tuple(opened.curves(row.id)) == found.curves
    assert [len(curve.points) for curve in found.curves] == [2, 2]
    assert measure(study(path), store) == found


def test_an_estimate_says_sizes_and_time_and_keeps_nothing(path, tmp_path):
    plan = estimate(study(path))
    assert plan.sentence.startswith("2 sizes from 40 to 160 rows, 1 seed")
    assert plan.seconds > 0
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".db"] == []


@pytest.mark.parametrize(
    ("choices", "rule"),
    [
        ({"preset": "fast"}, "choose from quick, standard, full"),
        ({"preset": "quick", "minutes": 5}, "give one of the two"),
        ({"minutes": 0}, "must be a positive finite number"),
        ({"width": 0}, "must be a positive finite number"),
        ({"seeds": 0}, "at least 1"),
        ({"workers": 0}, "at least 1"),
        ({"sizes": (100, 0)}, "at least 1"),
    ],
)
def test_what_the_command_line_refuses_is_refused_with_its_rule(choices, rule):
    with pytest.raises(ValueError, match=rule):
        Study("images", **choices)


def test_names_that_there_are_not_are_refused_with_those_that_there_are(path):
    with pytest.raises(UnknownDomainError, match="choose from images, words"):
        estimate(Study("imagse"))
    with pytest.raises(UsageError, match="choose from lines: mlp"):
        estimate(replace(study(path), model="cnn"))
