"""From runs to points: what is asked is taken, what is not said is asked, what is lost is told."""

import pytest

from engine.adopt.answer import Question, answer
from engine.adopt.runs import AdoptError, Run, Runs


def run(name, measured=None, **said):
    return Run(name, said, {k: v if isinstance(v, tuple) else (v,) for k, v in measured.items()})


def runs(*held, rising=()):
    return Runs('MLflow experiment "cifar"', "cifar", held, {}, frozenset(rising))


def told(found):
    return [(p.curve, p.size, p.error, p.seed) for p in found.points]


FOUR = runs(
    run("a", {"test_error": (0.6, 0.4, 0.5), "val_loss": 2.0}, n="100", model="cnn", s="0"),
    run("b", {"test_error": (0.6, 0.3, 0.4), "val_loss": 1.0}, n="200", model="cnn", s="0"),
    run("c", {"test_error": 0.7, "val_loss": 3.0}, n="100", model="mlp", s="0"),
    run("d", {"test_error": 0.65, "val_loss": 2.5}, n="100", model="mlp", s="1"),
)


def test_the_last_value_of_each_run_is_a_point_of_the_curve_that_its_settings_name():
    found = answer(FOUR, Question("n", "test_error", curve=("model",), seed="s"))
    assert told(found) == [
        ("cnn test error", 100, 0.5, 0),
        ("cnn test error", 200, 0.4, 0),
        ("mlp test error", 100, 0.7, 0),
        ("mlp test error", 100, 0.65, 1),
    ]
    assert found.left_out == ()
    assert {p.metric for p in found.points} == {"test error"}


def test_several_settings_name_a_curve_together():
    found = answer(FOUR, Question("n", "test_error", curve=("model", "s"), repeats=True))
    assert {p.curve for p in found.points} == {
        "cnn 0 test error",
        "mlp 0 test error",
        "mlp 1 test error",
    }


def test_the_best_of_all_steps_is_taken_when_it_is_asked_for():
    found = answer(FOUR, Question("n", "test_error", best=True, curve=("model",), seed="s"))
    assert [p.error for p in found.points] == [0.4, 0.3, 0.7, 0.65]


def test_the_best_accuracy_is_the_highest_and_a_step_that_is_no_number_is_not_it():
    held = runs(run("a", {"acc": (0.5, 0.75, float("nan"), 0.25)}, n="100"))
    found = answer(held, Question("n", "acc", accuracy=True, best=True))
    assert [p.error for p in found.points] == [0.25]


def test_an_accuracy_in_percent_becomes_an_error_when_it_is_said_to_be_one():
    held = runs(run("a", {"test_acc": 87.5}, n="100"))
    found = answer(held, Question("n", "test_acc", accuracy=True, percent=True))
    assert told(found) == [("cifar test error", 100, 0.125, None)]


def test_an_accuracy_is_never_taken_for_an_error():
    held = runs(run("a", {"test_acc": 0.875}, n="100"))
    with pytest.raises(
        AdoptError, match=r"'test_acc' is named as an accuracy.*--accuracy test_acc"
    ):
        answer(held, Question("n", "test_acc"))


def test_what_the_project_itself_maximises_is_never_taken_for_an_error():
    held = runs(run("a", {"value": 0.875}, n="100"), rising=["value"])
    with pytest.raises(AdoptError, match=r"the study maximises 'value', so it is no error"):
        answer(held, Question("n", "value"))


def test_an_accuracy_above_one_is_left_out_and_told():
    held = runs(run("a", {"acc": 0.5}, n="100"), run("b", {"acc": 61.0}, n="200"))
    found = answer(held, Question("n", "acc", accuracy=True))
    assert [p.size for p in found.points] == [100]
    assert found.left_out == ("1 run: acc '61.0' is no accuracy: that lies from 0 to 1 (b)",)


def test_a_name_that_no_run_has_is_answered_with_those_that_there_are_the_nearest_first():
    many = {f"layer_{k}": "8" for k in range(30)}
    held = runs(run("a", {"test_error": 0.5}, train_size="100", **many))
    said = r"has 'train_sise': there are train_size, .* and 20 more"
    with pytest.raises(AdoptError, match=said):
        answer(held, Question("train_sise", "test_error"))


def test_no_finished_run_is_said():
    with pytest.raises(AdoptError, match="has no finished run"):
        answer(runs(), Question("n", "e"))


def test_runs_without_the_error_are_left_out_by_name():
    held = runs(*FOUR.runs, run("diverged", {"val_loss": 9.0}, n="100", model="cnn", s="1"))
    found = answer(held, Question("n", "test_error", curve=("model",), seed="s"))
    assert len(found.points) == 4
    assert found.left_out == ("1 run without test_error: diverged",)


def test_an_error_that_is_no_number_is_left_out_by_name():
    held = runs(*FOUR.runs, run("e", {"test_error": float("nan")}, n="400", model="cnn", s="0"))
    found = answer(held, Question("n", "test_error", curve=("model",), seed="s"))
    assert len(found.points) == 4
    (said,) = found.left_out
    assert said.startswith("1 run: test_error 'nan' is not a finite number")


def test_several_runs_of_one_size_are_not_taken_for_repeats_unless_that_is_said():
    with pytest.raises(AdoptError, match=r"3 runs of one curve have size 100: a, c, d\. Say how"):
        answer(FOUR, Question("n", "test_error"))
    assert len(answer(FOUR, Question("n", "test_error", repeats=True)).points) == 4


def test_sizes_written_in_two_ways_are_one_size():
    held = runs(run("a", {"e": 0.5}, n="1000"), run("b", {"e": 0.4}, n="1e3"))
    with pytest.raises(AdoptError, match="2 runs of one curve have size 1000"):
        answer(held, Question("n", "e"))


def test_of_a_search_the_run_with_the_lowest_score_counts():
    question = Question("n", "test_error", score="val_loss")
    found = answer(FOUR, question)
    assert told(found) == [
        ("cifar test error", 100, 0.5, None),
        ("cifar test error", 200, 0.4, None),
    ]
    assert found.left_out == (
        "2 of 4 runs that did not have the lowest val_loss of their curve, size and seed",
    )


def test_a_score_that_is_no_number_never_wins():
    held = runs(
        run("a", {"e": 0.1, "acc": float("nan")}, n="100"),
        run("b", {"e": 0.5, "acc": 0.25}, n="100"),
        run("c", {"e": 0.4, "acc": 0.5}, n="100"),
    )
    found = answer(held, Question("n", "e", score="acc", highest=True))
    assert [p.error for p in found.points] == [0.4]


def test_a_size_counts_what_its_name_says():
    held = runs(run("a", {"loss": 3.5}, train_tokens="10k"))
    (point,) = answer(held, Question("train_tokens", "loss")).points
    assert (point.size, point.unit, point.metric) == (10_000, "tokens", "loss")


def test_model_parameters_and_seconds_come_along_when_they_are_named():
    held = runs(run("a", {"e": 0.5}, n="100", m="cnn", p="1200", duration="3.5"))
    question = Question("n", "e", model="m", parameters="p", seconds="duration")
    (point,) = answer(held, question).points
    assert (point.model, point.parameters, point.seconds) == ("cnn", 1200, 3.5)


def test_a_seed_that_is_none_is_left_out_and_its_point_is_kept():
    held = runs(run("a", {"e": 0.5}, n="100", s="first"))
    found = answer(held, Question("n", "e", seed="s"))
    assert told(found) == [("cifar e", 100, 0.5, None)]
    assert found.left_out == ("only the s of 1 run: s 'first' must be a whole number or blank (a)",)


def test_curves_that_would_bear_one_name_are_refused():
    held = runs(
        run("a", {"err": 0.5}, n="100", one="a b", other="c"),
        run("b", {"err": 0.4}, n="100", one="a", other="b c"),
    )
    with pytest.raises(AdoptError, match="two curves would both be named 'a b c'"):
        answer(held, Question("n", "err", curve=("one", "other")))
