"""Tables that were exported from anywhere, W&B's among them."""

import pytest

from engine.adopt.kinds import read_runs
from engine.adopt.place import whose
from engine.adopt.runs import AdoptError

EXPORTED = (  # as the page of a project writes it
    '"Name","State","Created","Runtime","train_size","model.name","test_error"\n'
    '"bright-sun-1","finished","2026-03-01T10:00:00.000Z","61","1000","cnn","0.41"\n'
    '"calm-sea-2","crashed","2026-03-01T10:05:00.000Z","12","2000","cnn",""\n'
    '"dry-hill-3","finished","2026-03-01T10:09:00.000Z","63","2000","cnn","0.35"\n'
)


def test_an_exported_table_is_known_by_its_columns_and_its_finished_runs_are_read(tmp_path):
    path = tmp_path / "wandb_export.csv"
    path.write_text(EXPORTED)
    assert whose(str(path)) == "wandb"
    found = read_runs("wandb", str(path))
    assert [(r.name, r.said["train_size"], r.said["test_error"]) for r in found.runs] == [
        ("bright-sun-1", "1000", "0.41"),
        ("dry-hill-3", "2000", "0.35"),
    ]
    assert found.unfinished == {"crashed": 1}


def test_any_table_is_runs_by_line_with_no_state_asked(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("n;err\n100;0.5\n200;0.4\n")
    assert whose(str(path)) is None
    found = read_runs("csv", str(path))
    assert [(run.name, dict(run.said)) for run in found.runs] == [
        ("line 2", {"run": "line 2", "n": "100", "err": "0.5"}),
        ("line 3", {"run": "line 3", "n": "200", "err": "0.4"}),
    ]


def test_a_row_of_another_width_is_refused_with_its_line(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("n,err\n100,0.5\n200,0.4,7\n")
    with pytest.raises(AdoptError, match="line 3 has 3 cells; the header names 2"):
        read_runs("csv", str(path))


def test_decimal_commas_are_left_to_the_page(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("n;err\n100;0,5\n200;0,44\n")
    with pytest.raises(AdoptError, match="decimal commas: take it in on the page"):
        read_runs("csv", str(path))


def test_a_table_keeps_no_course_to_take_the_best_of(tmp_path):
    with pytest.raises(AdoptError, match=r"keeps one value of a metric.*leave --best out"):
        read_runs("csv", str(tmp_path), courses=("err",))


def test_a_table_has_no_experiments(tmp_path):
    with pytest.raises(AdoptError, match="no experiments to choose from"):
        read_runs("csv", str(tmp_path), experiment="cifar")
