"""The worked examples of a user's own domain, each run as a small study."""

import math
from pathlib import Path

import pytest

import engine
from engine.study.store import Store
from tests.study.test_own_domain import steepness  # noqa: F401 - a fixture

EXAMPLES = Path(engine.__file__).parent / "examples"


def curve_of(steepness, tmp_path, example, *order):  # noqa: F811
    store = tmp_path / "study.db"
    code, said = steepness("run", EXAMPLES / example, *order, "--workers", 1, "--store", store)
    assert code == 0, said
    with Store.open(store, "read") as opened:
        return opened.curves()[0]


def test_the_regression_of_a_table_takes_less_than_40_lines():
    assert len((EXAMPLES / "table.py").read_text().splitlines()) < 40


@pytest.mark.slow
def test_a_table_is_learned_the_better_the_more_rows_there_are(steepness, tmp_path):  # noqa: F811
    curve = curve_of(steepness, tmp_path, "table.py", "--sizes", "100,800", "--seeds", 1)
    few, many = curve.errors
    noise = 1.0  # of Friedman's function: what no model gets below, but for the luck of the rows
    assert 0.9 * noise < many < few < curve.guess


@pytest.mark.slow
def test_a_table_of_the_users_own_is_read_from_its_path(steepness, tmp_path):  # noqa: F811
    table = tmp_path / "mine.csv"
    table.write_text("a,y\n" + "".join(f"{k / 200},{k / 100}\n" for k in range(200)))
    order = ("--data-path", table, "--sizes", "20,160", "--seeds", 1)
    curve = curve_of(steepness, tmp_path, "table.py", *order)
    assert curve.errors[-1] < 0.2 * curve.guess


@pytest.mark.slow
def test_a_scikit_learn_forest_is_searched_as_a_network_is(steepness, tmp_path):  # noqa: F811
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    curve = curve_of(steepness, tmp_path, "forest.py", "--sizes", "50,1400", "--seeds", 2)
    assert curve.errors[curve.sizes == 1400].max() < 0.06
    assert curve.errors[curve.sizes == 50].min() > 0.1
    assert 0.8 < curve.guess < 0.95  # ten classes


@pytest.mark.slow
def test_a_transformer_is_fine_tuned(steepness, tmp_path):  # noqa: F811
    pytest.importorskip("transformers", reason="transformers is not installed")
    curve = curve_of(steepness, tmp_path, "fine_tuning.py", "--sizes", "32", "--seeds", 1)
    with Store.open(tmp_path / "study.db", "read") as opened:
        runs = [row.record for row in opened.candidates(1)]
    untrained = math.log(2)  # nats of two classes
    assert min(run["last_train_loss"] for run in runs) < 0.8 * untrained
    assert 0 < curve.errors[0] < 0.7
    assert 0.3 < curve.guess < 0.7
