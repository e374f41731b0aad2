import json
from types import SimpleNamespace

import pytest

from engine.bench import cases, steps
from engine.bench.cases import Case
from engine.training.spec import Schedule


@pytest.mark.slow
def test_single_steps_are_told_beside_the_plain_loops(tmp_path, monkeypatch, capsys):
    case = Case("tiny", "images", "icons", "mlp", 5_000, (), ())
    monkeypatch.setattr(steps, "CASES", (case,))
    monkeypatch.setattr(steps, "STEPS", 2)
    recipes = {"standard": SimpleNamespace(schedule=Schedule(batch=16))}
    monkeypatch.setitem(cases.RECIPES, "images", recipes)
    out = tmp_path / "figures.json"
    assert steps.run(["tiny"], out, "cpu") == 0
    printed = capsys.readouterr().out
    assert "roofline" in printed
    found = json.loads(out.read_text())["steps"]["tiny"]
    middle, least, most = found["ratio"]
    assert 0 < least <= middle <= most
    assert found["plain"] > 0


def test_a_step_of_a_case_that_is_not_known_is_refused_by_name(capsys):
    assert steps.run(["mpl"], None, "cpu") == 2
    assert "--case mpl: choose from mlp" in capsys.readouterr().err


def test_a_device_that_is_not_here_is_said(capsys, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert steps.run([], None, "cuda") == 1
    assert "cuda: not on this machine" in capsys.readouterr().err
