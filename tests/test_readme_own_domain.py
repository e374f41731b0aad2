"""What the README says of a user's own domain is run as it stands there."""

import re
import shutil
import tomllib
from pathlib import Path

import plotly.graph_objects as go
import pytest

import engine
from engine import cli, follow
from engine.curve import read_points
from engine.domain_files import GROUP
from engine.study import executors, location
from engine.study.store import Store
from tests.drivers import measure_at_once

ROOT = Path(engine.__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README.split("## Your own domain\n", 1)[1].split("\n## ", 1)[0]
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", SECTION, flags=re.DOTALL)
COMMANDS = [
    re.split(r"\s{3,}", line)[0].split()[1:]
    for kind, text in BLOCKS
    if not kind
    for line in text.splitlines()
    if line.startswith("steepness run ")
]
EXAMPLE, LOGGED, NOTEBOOK = [text for kind, text in BLOCKS if kind == "python"]


@pytest.fixture
def store(tmp_path, monkeypatch) -> Path:
    path = tmp_path / "study.db"
    monkeypatch.setattr(location, "default_store", lambda: path)
    monkeypatch.setattr("engine.live.default_store", lambda: path)
    return path


def test_the_example_is_the_file_that_the_tests_of_examples_run():
    assert (ROOT / "engine" / "examples" / "table.py").read_text(encoding="utf-8") == EXAMPLE


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_plans_a_study(command, store, tmp_path, monkeypatch, capsys):
    """The trainings themselves are left out: the tests of the examples have them."""
    measure_at_once(monkeypatch)
    monkeypatch.setattr(executors, "run_here", lambda queue, loader, workers: (x for x in ()))
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "engine" / "examples", tmp_path / "engine" / "examples")
    shutil.copy(ROOT / "engine" / "examples" / "friedman.csv", tmp_path / "YOURS.csv")
    assert cli.main([*command, "--workers", "1"]) == 0, capsys.readouterr().err
    assert ("--estimate" in command) != store.exists()


def test_the_entry_point_is_in_the_group_that_is_looked_in():
    (text,) = [text for kind, text in BLOCKS if kind == "toml"]
    assert list(tomllib.loads(text)["project"]["entry-points"]) == [GROUP]


def test_logged_points_are_fitted_and_drawn_in_a_notebook(store, capsys):
    exec(LOGGED, {})
    room: dict[str, object] = {}
    exec(NOTEBOOK, room)
    assert isinstance(room["figure"], go.Figure)
    assert len(room["curve"].points) == 9
    assert "power" in capsys.readouterr().out


def test_a_points_file_is_followed_until_ctrl_c(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("points.csv").write_text("curve,size,error\nmine,100,0.5\n")

    def stop(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(follow.time, "sleep", stop)
    (command,) = re.findall(r"`steepness (import points.csv .*?)`", SECTION)
    assert cli.main(command.split()) == 0
    with Store.open(store, "read") as opened:
        assert [p.error for p in opened.curves()[0].points] == [0.5]


def test_all_that_the_engine_names_is_there():
    assert set(engine.PUBLIC) <= set(dir(engine))
    assert all(getattr(engine, name) is not None for name in engine.PUBLIC)
    assert engine.read_points is read_points
