"""Optuna studies, made by Optuna and read again."""

from importlib.util import find_spec

import pytest

from engine.adopt.answer import Question, answer
from engine.adopt.optuna import read
from engine.adopt.place import whose
from engine.adopt.runs import AdoptError

pytestmark = [
    pytest.mark.skipif(find_spec("optuna") is None, reason="optuna is not installed"),
    pytest.mark.slow,
]
RATES = (0.1, 0.01, 0.001)


def searched(trial):
    """An error that a learning rate of 0.01 makes lowest; a trial at 1.0 is pruned."""
    import optuna

    size = trial.study.user_attrs["size"]
    rate = trial.suggest_float("rate", 1e-4, 1.0, log=True)
    trial.set_user_attr("test_error", size**-0.5 * (1 if rate == 0.01 else 2))
    for step in range(2):
        trial.report(1.0 / (1 + step), step)
    if rate == 1.0:
        raise optuna.TrialPruned
    return size**-0.25 * (1 if rate == 0.01 else 2)


def make(storage, name, size, direction="minimize"):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(study_name=name, storage=storage, direction=direction)
    study.set_user_attr("size", size)
    for rate in (*RATES, 1.0):
        study.enqueue_trial({"rate": rate})
    study.optimize(searched, n_trials=4)


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("optuna") / "studies.db"
    make(f"sqlite:///{path}", "cnn-16", 16)
    make(f"sqlite:///{path}", "cnn-256", 256)
    make(f"sqlite:///{path}", "rising", 16, "maximize")
    return str(path)


def test_complete_trials_are_runs_and_pruned_ones_are_counted(database):
    assert whose(database) == "optuna"
    found = read(database, "cnn-16")
    assert [(run.said["rate"], run.measured["value"]) for run in found.runs] == [
        ("0.1", (1.0,)),
        ("0.01", (0.5,)),
        ("0.001", (1.0,)),
    ]
    assert found.runs[1].said["test_error"] == "0.25"
    assert found.runs[1].measured["intermediate"] == (1.0, 0.5)
    assert found.unfinished == {"PRUNED": 1}


def test_a_study_for_each_size_makes_a_curve_of_its_best_trials(database):
    found = answer(read(database, "cnn-*"), Question("size", "test_error", score="value"))
    assert [(point.size, point.error) for point in found.points] == [(16, 0.25), (256, 0.0625)]


def test_what_a_study_maximises_is_no_error(database):
    with pytest.raises(AdoptError, match="the study maximises 'value', so it is no error"):
        answer(read(database, "rising"), Question("size", "value", repeats=True))


def test_several_studies_are_listed_when_none_is_named(database):
    with pytest.raises(AdoptError, match=r"there are 3: .* there are cnn-16, cnn-256, rising"):
        read(database)


def test_a_journal_file_is_read_without_a_pickle(tmp_path, monkeypatch):
    import pickle
    import warnings

    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    path = tmp_path / "study.journal"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Optuna calls its journal experimental
        make(JournalStorage(JournalFileBackend(str(path))), "cnn", 16)
    assert whose(str(path)) == "optuna"

    def refuse(*_):
        raise AssertionError("a pickle was opened")

    monkeypatch.setattr(pickle, "loads", refuse)
    monkeypatch.setattr(pickle, "load", refuse)
    found = read(str(path))
    assert [run.measured["value"] for run in found.runs] == [(1.0,), (0.5,), (1.0,)]


def test_a_database_of_somebody_else_is_left_as_it_is(tmp_path):
    import sqlite3

    path = tmp_path / "other.db"
    with sqlite3.connect(path) as opened:
        opened.execute("CREATE TABLE mine (a)")
    opened.close()
    before = path.read_bytes()
    with pytest.raises(AdoptError, match="holds nothing of Optuna"):
        read(str(path))
    assert path.read_bytes() == before


def test_a_path_where_nothing_is_stays_empty(tmp_path):
    with pytest.raises(AdoptError, match="there is nothing at"):
        read(f"sqlite:///{tmp_path / 'studies.db'}")
    assert list(tmp_path.iterdir()) == []
