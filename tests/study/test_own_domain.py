"""Studies of a user's own domain, through the command line, as those of ours."""

import json
import os
import subprocess
import sys

import pytest

from engine import cli
from engine.study import executors
from engine.study.fixed_size import fixed_size_curves
from engine.study.measure import Study, estimate
from engine.study.plan import stored_plan
from engine.study.store import Store
from tests.drivers import inline, measure_at_once
from tests.own import write

SIZES = ("--sizes", "40,160", "--seeds", "2", "--workers", "1")


@pytest.fixture
def steepness(capfd, monkeypatch):
    """Run a command, and train, in this process; gives code and what was written."""
    measure_at_once(monkeypatch)
    monkeypatch.setattr(executors, "run_here", inline)

    def run(*arguments):
        capfd.readouterr()
        code = cli.main(list(map(str, arguments)))
        said = capfd.readouterr()
        return code, said.out + said.err

    return run


@pytest.fixture
def path(tmp_path):
    return write(tmp_path)


@pytest.fixture
def store(tmp_path):
    return tmp_path / "study.db"


def names(store):
    with Store.open(store, "read") as opened:
        return [(row.name, row.state) for row in opened.studies()]


@pytest.mark.slow
def test_a_study_of_a_file_is_one_like_ours(steepness, path, store):
    code, said = steepness("run", path, *SIZES, "--treatment", "sgd", "--store", store)
    assert code == 0, said
    assert names(store) == [("lines own mlp, lines own mlp sgd", "finished")]
    path.unlink()  # what follows needs the store alone
    with Store.open(store, "read") as opened:
        mae, *rest = opened.curves()
        plan = stored_plan(opened.study_plan(1)[1])
        fixed = fixed_size_curves(opened, 1)
    assert [curve.name for curve in (mae, *rest)] == [
        *("lines own mlp mae", "lines own mlp mse"),
        *("lines own mlp sgd mae", "lines own mlp sgd mse"),
    ]
    assert (mae.unit, mae.metric) == ("rows", "mean absolute error, kWh")
    assert {(p.size, p.seed) for p in mae.points} == {(m, s) for m in (40, 160) for s in (0, 1)}
    assert mae.errors[mae.sizes == 160].mean() < mae.errors[mae.sizes == 40].mean() < mae.guess
    assert fixed
    assert (plan.domains[0].title, plan.domains[0].task) == ("Lines", str(path))


@pytest.mark.slow
def test_the_same_file_resumes_its_study_wherever_it_lies(steepness, path, store, tmp_path):
    order = (*SIZES, "--store", store)
    steepness("run", path, *order)
    with Store.open(store, "read") as opened:
        before = opened.point_records(1)
    (tmp_path / "elsewhere").mkdir()
    moved = path.rename(tmp_path / "elsewhere" / "lines.py")
    code, said = steepness("run", moved, *order)
    assert code == 0, said
    assert names(store) == [("lines own mlp", "finished")]
    with Store.open(store, "read") as opened:
        assert opened.point_records(1) == before


@pytest.mark.slow
def test_a_file_that_was_changed_begins_a_study_of_its_own_and_says_so(
    steepness, path, store, tmp_path
):
    order = (*SIZES, "--store", store)
    steepness("run", path, *order)
    (tmp_path / "now").mkdir()
    changed = write(tmp_path / "now", "* 2", "* 3")
    code, said = steepness("run", changed, *order)
    assert code == 0, said
    assert "the file of lines has changed since the study lines own mlp (sha256" in said
    assert names(store) == [("lines own mlp @2", "finished"), ("lines own mlp", "finished")]


@pytest.mark.slow
def test_a_study_does_not_go_on_with_other_data(steepness, store, tmp_path, monkeypatch):
    path = write(tmp_path, " + 3 + ", " + float(path.read_text()) + ")
    data = tmp_path / "level.txt"
    data.write_text("3")
    order = ("run", path, "--data-path", data, *SIZES, "--store", store)
    with monkeypatch.context() as stopped:
        stopped.setattr(executors, "run_here", lambda queue, loader, workers: (x for x in ()))
        steepness(*order)
    data.write_text("4")
    code, said = steepness(*order)
    assert code == 1
    assert "the data of lines own are not those that the study was planned on" in said


def test_data_that_differ_from_call_to_call_are_refused(steepness, store, tmp_path):
    path = write(tmp_path, "default_rng(0)", "default_rng()")
    code, said = steepness("run", path, *SIZES, "--store", store)
    assert code == 1
    assert "let it draw from a fixed seed" in said


@pytest.mark.slow
def test_dropout_gives_the_same_points_again(steepness, tmp_path):
    path = write(tmp_path, "nn.ReLU(), ", "nn.ReLU(), nn.Dropout(0.2), ")
    stores = [tmp_path / "one.db", tmp_path / "other.db"]
    for store, workers in zip(stores, ("1", "3"), strict=True):
        steepness("run", path, *SIZES[:4], "--workers", workers, "--store", store)
    errors = []
    for store in stores:
        with Store.open(store, "read") as opened:
            errors.append([curve.errors.tolist() for curve in opened.curves()])
    assert errors[0] == errors[1]


def test_no_size_of_few_data_is_of_fewer_rows_than_can_teach_anything(steepness, path):
    code, said = steepness("run", path, "--estimate")
    assert code == 0, said
    assert "sizes from 8 to 320 rows" in said


def test_data_that_a_treatment_thins_keep_the_sizes_of_the_whole(path, monkeypatch):
    measure_at_once(monkeypatch)
    path.write_text(
        f"{path.read_text()}\nfrom dataclasses import replace\n"
        'def half(task):\n    train = task.splits["train"]\n'
        "    inputs = tuple(each[::2] for each in train.inputs)\n"
        "    less = replace(train, inputs=inputs, target=train.target[::2])\n"
        '    return replace(task, splits={**task.splits, "train": less})\n'
        'TREATMENTS = {"half": half}\n'
    )
    whole, half = estimate(Study(str(path), treatment="half")).plan.subjects
    assert (whole.extent.full, half.extent.full) == (320, 160)
    assert half.sizes == tuple(size for size in whole.sizes if size <= 160)


def test_an_estimate_says_what_it_is_at_apart_from_its_answer(path, capfd, monkeypatch):
    measure_at_once(monkeypatch)
    assert cli.main(["run", str(path), "--estimate"]) == 0
    answer, meanwhile = capfd.readouterr()
    assert "lines own mlp: loading the data, then measuring" in meanwhile
    assert answer.count("\n") == 1


def test_an_estimate_of_a_file_says_what_would_be_trained(steepness, path):
    code, said = steepness("run", path, "--minutes", 1, "--estimate", "--format", "json")
    assert code == 0, said
    assert "sizes from" in json.loads(said.splitlines()[0])["sentence"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("def load_task(source, path, cache, device):", "def load_task():", "load_task takes ()"),
        ("size=(400, 1)", "size=(399, 1)", "ValueError: operands could not be broadcast"),
        ("split_rows(inputs, target)", "split_rows(inputs, target[1:])", "are not rows"),
        ("F.mse_loss(output, target)", "output.mean() * float('nan')", "is nan on 32 training"),
        ("nn.Linear(4, width)", "nn.Linear(5, width)", "shapes cannot be multiplied"),
        ("def mlp(width)", "def mlp()", "mlp() takes 0 positional arguments"),
    ],
)
def test_a_fault_in_the_file_is_one_line_and_no_traceback(
    steepness, tmp_path, store, old, new, said
):
    code, heard = steepness("run", write(tmp_path, old, new), *SIZES, "--store", store)
    assert code == 1
    last = heard.splitlines()[-1]
    assert last.startswith("steepness: ")
    assert said in last
    assert "Traceback" not in heard


def test_two_files_of_one_name_are_refused(steepness, path, tmp_path):
    (tmp_path / "other").mkdir()
    code, said = steepness("run", path, write(tmp_path / "other"), "--estimate")
    assert code == 2
    assert "both call their domain 'lines'" in said


@pytest.mark.slow
def test_what_raises_in_a_worker_is_kept_with_its_line_and_a_retry_can_mend_it(tmp_path, store):
    """The workers are processes of their own, which import the file themselves."""
    path = write(tmp_path, "def mae(", "import os\nfrom pathlib import Path\ndef mae(")
    text = path.read_text().replace(
        "    return F.l1",
        '    if broken := os.environ.get("BROKEN"):\n'
        "        first = Path(broken)  # process to come here: it measures the speed\n"
        "        if not first.exists():\n            first.write_text(str(os.getpid()))\n"
        "        if first.read_text() != str(os.getpid()):\n"
        '            raise ValueError("no such row")\n    return F.l1',
    )
    path.write_text(text)
    command = [sys.executable, "-m", "engine.cli", "run", path, *SIZES, "--store", store]
    broken = {**os.environ, "BROKEN": str(tmp_path / "first")}
    first = subprocess.run(command, capture_output=True, text=True, env=broken, timeout=900)
    assert first.returncode == 1
    assert "Traceback" not in first.stderr
    with Store.open(store, "read") as opened:
        (row,) = opened.studies()
    assert "ValueError: no such row (lines.py, line 30, in mae: raise ValueError" in row.reason
    again = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert again.returncode == 0, again.stderr
    assert names(store) == [("lines own mlp", "finished")]


def test_errors_that_are_all_zero_and_scores_that_rise_are_said(steepness, store, tmp_path):
    old, new = 'metrics={"mae": mae,', 'metrics={"mae": lambda output, target: 0.0,'
    path = write(tmp_path, old, new)
    score = '"mse": lambda output, target: 1 / F.mse_loss(output, target)'
    path.write_text(path.read_text().replace('"mse": F.mse_loss', score))
    sizes = ("--sizes", "20,80,320", "--seeds", 1)
    code, said = steepness("run", path, *sizes, "--workers", 1, "--store", store)
    assert code == 0, said
    assert "no points of lines own mlp mae: errors on test were all 0" in said
    assert "lines own mlp mse: exponent" in said
    assert "; error does not fall" in said
