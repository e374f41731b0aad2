"""Seeds added to a study, through the command line, with real trainings in this process."""

import json
import shutil
from functools import partial

import pytest

from engine import cli
from engine.study import executors, plan
from engine.study.store import MORE_SEEDS, Store
from tests.drivers import content, inline, measure_at_once
from tests.own import write

SIZES = (40, 80, 160, 320)
ORDER = ("--sizes", "40,80,160,320", "--seeds", "2", "--workers", "1")
WIDTH = ("--width", "0.001")  # that no time would hold


@pytest.fixture
def steepness(capfd, monkeypatch, tmp_path):
    """Run a study of a small domain, and train, in this process; gives code and what it wrote."""
    measure_at_once(monkeypatch)
    monkeypatch.setattr(executors, "run_here", inline)
    own = write(tmp_path)

    def run(*arguments):
        capfd.readouterr()
        code = cli.main(list(map(str, ("run", own, *ORDER, *arguments))))
        said = capfd.readouterr()
        return code, said.out + said.err

    return run


@pytest.fixture
def dozen(monkeypatch):
    """Time for a dozen repeats of the largest size, whatever the speed of this machine."""

    def seconds(part, workers):
        return 12 * part.expected(part.sizes[-1], part.recipe.ladder[-1], 1)

    monkeypatch.setattr(plan.SubjectPlan, "more_seconds", seconds)


@pytest.fixture
def store(tmp_path):
    return tmp_path / "study.db"


def seeds(path, study=1):
    """The seeds of each size, of every curve the same."""
    with Store.open(path, "read") as opened:
        curves = opened.curves(study)
    found = [
        {size: sorted(p.seed for p in curve.points if p.size == size) for size in SIZES}
        for curve in curves
    ]
    assert all(each == found[0] for each in found)
    return found[0]


@pytest.mark.slow
def test_a_width_adds_seeds_to_the_curve_and_says_how_it_ended(steepness, dozen, store):
    code, said = steepness(*WIDTH, "--store", store)
    assert code == 0, said
    found = seeds(store)
    assert sum(map(len, found.values())) > 2 * len(SIZES)
    assert all(numbers == list(range(len(numbers))) for numbers in found.values())
    with Store.open(store, "read") as opened:
        (row,) = opened.studies()
    assert (row.state, row.done, row.total, row.share) == ("finished", 4, 4, 1.0)
    assert "the mae exponent's interval is" in row.reason
    assert row.reason in said


@pytest.mark.slow
def test_a_finished_study_goes_on_with_a_width_and_keeps_its_points(steepness, dozen, store):
    steepness("--store", store)
    with Store.open(store, "read") as opened:
        before = opened.point_records(1)
    assert seeds(store) == {size: [0, 1] for size in SIZES}
    assert steepness(*WIDTH, "--store", store)[0] == 0
    with Store.open(store, "read") as opened:
        after = opened.point_records(1)
        (row,) = opened.studies()
        assert row.settings["width"] == 0.001
    assert len(after) > len(before)
    assert all(each in after for each in before)
    again = content(store)
    assert steepness("--store", store)[0] == 0  # which need not say the width again
    assert content(store) == again


@pytest.mark.slow
def test_seeds_that_were_interrupted_end_as_if_they_had_not_been(
    steepness, dozen, store, tmp_path, monkeypatch
):
    def interrupted(after, queue, loader, workers):
        for number, event in enumerate(inline(queue, loader, workers)):
            yield event
            if number == after:
                raise KeyboardInterrupt

    def with_stop(path, after):
        with monkeypatch.context() as patch:
            patch.setattr(executors, "run_here", partial(interrupted, after))
            steepness(*WIDTH, "--store", path)

    with_stop(store, 0)  # planned, so that both have one plan
    other = tmp_path / "other.db"
    shutil.copy(store, other)
    steepness(*WIDTH, "--store", store)
    states = []
    for _ in range(100):
        with_stop(other, 9)
        with Store.open(other, "read") as opened:
            states.append(opened.studies()[0].state)
        if states[-1] != "stopped":
            break
    assert states[-1] == "finished"
    assert len(states) > 3
    assert content(other) == content(store)


@pytest.mark.slow
def test_while_seeds_are_added_the_study_says_so_and_how_long_at_most(
    steepness, dozen, store, monkeypatch
):
    seen = []

    def watched(queue, loader, workers):
        for event in inline(queue, loader, workers):
            if isinstance(event, executors.Finished) and event.group.spec.stage == "repeat":
                with Store.open(store, "read") as opened:
                    seen.append((opened.studies()[0], opened.ahead(1)))
            yield event

    monkeypatch.setattr(executors, "run_here", watched)
    steepness(*WIDTH, "--store", store)
    assert {row.sizes for row, _ in seen} == {"4 of 4 sizes, now more seeds"}
    assert {name for _, ahead in seen for name in ahead} == {f"lines own mlp / {MORE_SEEDS}"}
    left = [ahead[f"lines own mlp / {MORE_SEEDS}"] for _, ahead in seen]
    assert left == sorted(left, reverse=True)
    assert left[-1] < left[0]
    assert all(0 < row.share < 1 for row, _ in seen)


@pytest.mark.slow
def test_a_repeat_that_failed_is_told_and_tried_again(steepness, dozen, store, monkeypatch):
    def failing(queue, loader, workers):
        failed = False
        for event in inline(queue, loader, workers):
            is_repeat = isinstance(event, executors.Finished) and event.group.spec.stage == "repeat"
            if is_repeat and not failed:
                failed = True
                event = executors.Failed(event.group, "no room", 0.1)
            yield event

    with monkeypatch.context() as patch:
        patch.setattr(executors, "run_here", failing)
        code, said = steepness(*WIDTH, "--store", store)
    assert code == 1
    assert "1 of its groups of trainings failed" in said
    assert "no room" in said
    code, said = steepness("--store", store)
    assert code == 0, said
    assert all(numbers == list(range(len(numbers))) for numbers in seeds(store).values())


def test_an_estimate_says_for_how_long_seeds_may_be_added(steepness):
    order = ("--minutes", 10, "--estimate", "--format", "json")
    code, said = steepness(*WIDTH, *order)
    assert code == 0, said
    answer = json.loads(said.splitlines()[0])
    assert "then more seeds, for" in answer["sentence"]
    assert answer["sentence"].endswith("until the exponent's interval is no wider than 0.001")


@pytest.mark.parametrize("width", ["0", "-1", "narrow"])
def test_a_width_that_is_none_is_one_sentence_and_wrong_usage(steepness, width):
    with pytest.raises(SystemExit) as end:
        steepness("--width", width)
    assert end.value.code == 2
