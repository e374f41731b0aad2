import json
from types import SimpleNamespace

import pytest

from engine.bench import training
from engine.bench.training import Case
from engine.training.spec import Schedule


@pytest.mark.slow
def test_the_bench_prints_every_loop_of_a_whole_curve(tmp_path, monkeypatch, capsys):
    case = Case("tiny", "images", "icons", "mlp", 5_000, (25, 50), (1e-3, 3e-3))
    monkeypatch.setattr(training, "CASES", (case,))
    monkeypatch.setattr(training, "_wall", lambda *_: {"seconds": 1.0, "peak_mb": 1.0})
    monkeypatch.setattr(training, "STEPS", 2)
    short = Schedule(batch=16, floor_steps=10, margin=5, max_steps=20)
    monkeypatch.setitem(training.RECIPES, "images", {"standard": SimpleNamespace(schedule=short)})
    out = tmp_path / "figures.json"
    assert training.run(["tiny"], 2, out, "cpu", curves=True) == 0
    printed = capsys.readouterr().out
    for line in ("roofline", "plain", "resident", "ours", "wall: 1 s"):
        assert line in printed
    whole = json.loads(out.read_text())["curves"]["tiny"]
    assert len(whole["cells"]) == 4
    assert min(whole["seconds"]["plain"], whole["seconds"]["ours"]) > 0
    assert whole["parity"]["ours"]["pairs"] == 4


def test_a_case_that_is_not_known_is_refused_by_name(capsys):
    assert training.run(["mpl"], 1, None, "cpu", curves=True) == 2
    assert "--case mpl: choose from mlp" in capsys.readouterr().err


def test_equal_errors_are_at_parity_and_worse_ones_are_not():
    cells = [
        {"size": size, "seed": seed, "plain": size**-0.5 * (1 + 0.01 * seed)}
        for size in (10, 20, 40)
        for seed in range(4)
    ]
    for cell in cells:
        cell["same"] = cell["plain"]
        cell["worse"] = cell["plain"] * 1.1 * cell["size"] ** 0.1
    same, worse = (training._parity(cells, name) for name in ("same", "worse"))
    assert (same["mean"], same["half"]) == (0, 0)
    assert same["exponents"] == pytest.approx(0)
    assert worse["exponents"] == pytest.approx(0.1)
    assert worse["mean"] - worse["half"] > 0.1


def test_a_device_that_is_not_here_is_said(capsys, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert training.run([], 1, None, "cuda", curves=False) == 1
    assert "cuda: not on this machine" in capsys.readouterr().err
