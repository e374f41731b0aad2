import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.bench import cases, training
from engine.bench.cases import CASES, Case
from engine.bench.kept import Cell, Wall, append, read
from engine.training.spec import Schedule
from tests.bench.test_parity import PLAIN, both

TINY = Case("tiny", "images", "icons", "mlp", 5_000, (25, 50), (1e-3, 3e-3))


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(training, "CASES", (TINY,))
    short = Schedule(batch=16, floor_steps=10, margin=5, max_steps=20)
    monkeypatch.setitem(cases.RECIPES, "images", {"standard": SimpleNamespace(schedule=short)})


def here(cell):
    return replace(cell, machine=training.machine(), version=training.version())


@pytest.mark.slow
def test_the_bench_measures_every_loop_of_a_whole_curve(tiny, tmp_path, capsys):
    kept = tmp_path / "kept.jsonl"
    assert training.run(["tiny"], 2, kept, None, wall=True) == 0
    printed = capsys.readouterr().out
    for line in ("2 of 2 sizes, 25 to 50, 2 seeds", "plain", "resident", "ours"):
        assert line in printed
    *found, wall = read(kept)
    assert set(wall.cells) == {(size, seed) for size in (25, 50) for seed in (0, 1)}
    assert 0 < wall.worker_seconds < 2 * wall.clock_seconds
    assert training.run(["tiny"], 2, kept, None, wall=True) == 0
    assert read(kept) == [*found, wall]  # nothing is timed twice
    assert len(found) == 12
    assert len({(each.size, each.seed, each.loop) for each in found}) == 12
    assert all(0 < each.validation_seconds < each.cpu_seconds for each in found)


@pytest.mark.slow
def test_a_bench_goes_on_behind_what_is_kept(tiny, tmp_path):
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    training.run([], 1, whole, None, wall=False)
    for record in read(whole)[:4]:
        append(cut, record)
    training.run([], 1, cut, None, wall=False)
    assert read(cut)[:4] == read(whole)[:4]
    told = [[(c.size, c.loop, c.steps, c.test_error) for c in read(f)] for f in (whole, cut)]
    assert told[0] == told[1]


def test_no_minutes_print_what_is_kept_and_measure_nothing(tiny, tmp_path, capsys):
    kept = tmp_path / "kept.jsonl"
    for record in both():
        append(kept, record)
    before = kept.read_bytes()
    assert training.run([], 3, kept, 0.0, wall=False) == 0
    assert "10.0x" in capsys.readouterr().out
    assert kept.read_bytes() == before


def test_other_machines_are_told_apart(tiny, tmp_path, capsys):
    kept = tmp_path / "kept.jsonl"
    for record in both():
        append(kept, record)
        append(kept, replace(record, machine="there", cpu_seconds=1.0))
    training.run([], 3, kept, 0.0, wall=False)
    here, there = capsys.readouterr().out.split("there; 1")
    assert "10.0x" in here
    assert "10.0x" not in there
    assert "1.0x" in there


def test_what_another_machine_or_version_measured_is_still_due():
    plain = here(replace(PLAIN, size=25))
    assert plain.loop in {loop for _, size, _, loop in training.due([TINY], 1, []) if size == 25}
    for record, there in ((plain, False), (replace(plain, version="0"), True)):
        due = [(size, loop) for _, size, _, loop in training.due([TINY], 1, [record])]
        assert ((25, "plain") in due) is there
        assert len(due) == 5 + there


def test_a_bench_that_is_stopped_early_has_some_of_every_case_and_two_sizes_soon():
    due = [
        (case.name, size, seed, loop)
        for case, size, together, loop in training.due(CASES, 3, [])
        for seed in together
    ]
    assert len(set(due)) == len(due) == sum(len(case.sizes) for case in CASES) * 3 * 3
    first = due[: 4 * len(CASES)]  # three seeds of ours, one of the plain loop
    assert {(name, loop) for name, _, _, loop in first} == {
        (case.name, loop) for case in CASES for loop in ("ours", "plain")
    }
    second = {(name, size, seed) for name, size, seed, _ in due[: 12 * len(CASES)]}
    assert {("ctc", 28, 0), ("ctc", 14, 1)} < second


def test_a_cell_is_expected_to_take_more_than_any_of_its_loop():
    cells = [here(cell) for cell in both()]
    assert training.expected(TINY, 40, "plain", []) == 0
    assert training.expected(TINY, 40, "plain", cells) > max(c.clock_seconds for c in cells)


def test_larger_sizes_and_other_machines_do_not_tell_what_a_cell_may_take():
    large = here(replace(PLAIN, size=10_000, clock_seconds=7200.0))
    assert training.expected(TINY, 25, "plain", [large, replace(PLAIN, machine="there")]) == 0


def test_a_case_that_is_not_known_is_refused_by_name(tmp_path, capsys):
    assert training.run(["mpl"], 1, tmp_path / "kept.jsonl", 0.0, wall=False) == 2
    assert "--case mpl: choose from mlp" in capsys.readouterr().err


def test_a_file_that_is_none_of_the_bench_is_refused_in_words(tmp_path, capsys):
    kept = tmp_path / "kept.jsonl"
    kept.write_text("size,error\n1,2\n")
    assert training.run([], 1, kept, 0.0, wall=False) == 1
    assert "line 1" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="/proc tells of memory")
def test_the_memory_of_a_worker_is_the_most_that_it_held():
    worker = subprocess.Popen(
        [sys.executable, "-c", "bytearray(80 * 2**20); print('held', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert worker.stdout.readline() == b"held\n"
    found = training._peak_mb(worker.pid)
    worker.communicate(b"\n")
    assert 80 < found < 200
    assert training._peak_mb(worker.pid) == 0


def test_no_case_is_trained_by_what_the_version_leaves_out():
    look = (
        "import sys, engine.bench.training as bench; from importlib import import_module;"
        "from engine.domains import DOMAINS;"
        "[import_module(DOMAINS[case.domain].task) for case in bench.CASES];"
        "print([n for n in bench.USERS_OWN if 'engine.tasks.' + n[:-3] in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", look], text=True) == "[]\n"


def test_the_shipped_cells_are_of_the_cases_that_the_bench_has():
    shipped = read(Path(training.__file__).with_name("training.jsonl"))
    known = {(case.name, size) for case in CASES for size in case.sizes}
    assert shipped
    walls = [each for each in shipped if isinstance(each, Wall)]
    cells = {(each.case, each.size) for each in shipped if isinstance(each, Cell)}
    timed = {(each.case, size) for each in walls for size, _ in each.cells}
    assert cells | timed <= known
