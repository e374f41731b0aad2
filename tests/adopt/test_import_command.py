"""`steepness import` of what others recorded, from the command line to the store."""

import os
import sys
import threading

import pytest

from engine.cli import main
from engine.study.store import Store

TABLE = (
    "run name,train_size,model,seed,test_acc,cost\n"
    "a,1000,cnn,0,0.50,1.0\n"
    "b,2000,cnn,0,0.75,0.9\n"
    "c,1000,cnn,1,0.25,1.1\n"
)
ASKED = ["--size", "train_size", "--accuracy", "test_acc", "--curve", "model", "--seed", "seed"]


@pytest.fixture
def store(tmp_path):
    return tmp_path / "study.db"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(TABLE)
    return path


def bring(path, store, *more):
    return main(["import", str(path), "--store", str(store), *more])


def points(store):
    with Store.open(store, "read") as opened:
        return [(p.curve, p.size, p.error, p.seed) for c in opened.curves() for p in c.points]


def test_names_are_shown_with_a_command_to_go_on_and_nothing_is_taken_in(table, store, capsys):
    assert bring(table, store, "--from", "csv") == 2
    told = capsys.readouterr()
    assert "train_size" in told.out
    assert "1000, 2000" in told.out
    assert told.err.rstrip().endswith(" ".join([str(table), f"--store {store} --from csv", *ASKED]))
    assert not store.exists()


def test_what_was_said_stands_in_the_command_to_go_on(table, store, capsys):
    assert bring(table, store, "--size", "cost", "--unit", "dollars", "--best") == 2
    told = capsys.readouterr().err
    assert f"--store {store} --best --unit dollars --size cost --accuracy test_acc" in told


def test_a_table_that_is_followed_is_a_points_csv(table, store, capsys):
    assert bring(table, store, "--follow", "--size", "train_size") == 1
    assert "--follow takes a points CSV as it is" in capsys.readouterr().err


def test_runs_whose_seeds_are_no_numbers_are_all_there(table, store, capsys):
    table.write_text("n,err,s\n100,0.5,first\n100,0.5,second\n200,0.25,third\n")
    assert bring(table, store, "--size", "n", "--error", "err", "--seed", "s") == 0
    assert [error for _, _, error, _ in points(store)] == [0.5, 0.5, 0.25]


def test_points_come_through_a_pipe(tmp_path, store):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    threading.Thread(
        target=pipe.write_text, args=("curve,size,error\na,100,0.5\n",), daemon=True
    ).start()
    assert bring(pipe, store) == 0
    assert points(store) == [("a", 100, 0.5, None)]


def test_runs_are_taken_in_once_and_grow_by_their_seeds(table, store, capsys):
    assert bring(table, store, *ASKED) == 0
    assert "3 points taken in, 0 were there already: 1 curve" in capsys.readouterr().out
    table.write_text(TABLE + "d,2000,cnn,1,0.5,0.9\n")
    assert bring(table, store, *ASKED) == 0
    assert "1 points taken in, 3 were there already: 1 curve" in capsys.readouterr().out
    assert points(store) == [
        ("cnn test error", 1000, 0.5, 0),
        ("cnn test error", 1000, 0.75, 1),
        ("cnn test error", 2000, 0.25, 0),
        ("cnn test error", 2000, 0.5, 1),
    ]


def test_repeats_that_came_out_alike_are_all_there(table, store):
    table.write_text("n,err\n100,0.5\n100,0.5\n200,0.25\n")
    assert bring(table, store, "--size", "n", "--error", "err", "--repeats") == 0
    assert [error for _, _, error, _ in points(store)] == [0.5, 0.5, 0.25]


def test_another_choice_of_a_search_is_no_second_point(table, store, capsys):
    asked = ["--size", "train_size", "--accuracy", "test_acc", "--lowest", "cost"]
    assert bring(table, store, *asked) == 0
    table.write_text(TABLE + "d,1000,cnn,2,0.9,0.1\n")
    assert bring(table, store, *asked) == 1
    assert "already has a curve named" in capsys.readouterr().err
    assert len(points(store)) == 2


def test_what_is_left_out_is_told(table, store, capsys):
    table.write_text(TABLE + "d,4000,cnn,0,,0.9\n")
    assert bring(table, store, *ASKED) == 0
    assert "left out: 1 run without test_acc: line 5" in capsys.readouterr().out


def test_a_points_csv_is_read_as_strictly_as_ever(tmp_path, store, capsys):
    path = tmp_path / "points.csv"
    path.write_text("curve,size,error\na,100,0.5\n")
    assert bring(path, store) == 0
    path.write_text("curve,size,err\na,100,0.5\n")
    assert bring(path, store) == 1
    told = capsys.readouterr().err
    assert "column 'error' is missing from 'curve,size,err': add it, or say which" in told


def test_what_a_points_csv_says_itself_is_not_overruled_in_silence(tmp_path, store, capsys):
    path = tmp_path / "points.csv"
    path.write_text("curve,size,error\na,100,0.5\n")
    assert bring(path, store, "--unit", "images") == 2
    assert "nothing was taken in" in capsys.readouterr().err
    assert not store.exists()


def test_a_folder_of_nobody_is_refused_with_the_way_out(tmp_path, store, capsys):
    (tmp_path / "empty").mkdir()
    assert bring(tmp_path / "empty", store) == 1
    assert "say it by --from mlflow, tensorboard, wandb, optuna, csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "library", "name"),
    [
        ("optuna", "optuna", "a.journal"),
        ("tensorboard", "tensorboard.backend.event_processing.event_accumulator", "a.tfevents"),
    ],
)
def test_a_library_that_is_not_here_is_said_with_its_extra(
    kind, library, name, tmp_path, store, monkeypatch, capsys
):
    (tmp_path / name).write_bytes(b'{"op_code": 0}')
    monkeypatch.setitem(sys.modules, library, None)
    assert bring(tmp_path / name, store, "--from", kind) == 1
    told = capsys.readouterr().err
    assert f"{library} is not here: pip install 'steepness[{kind}]'" in told
    assert told.count("\n") == 1
