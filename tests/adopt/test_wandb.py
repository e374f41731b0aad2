"""Folders of W&B runs: files as W&B writes them beside an online run.

Without an account no online run can be made here. The settings are as `save_config_file_from_dict`
of wandb 0.16.6 wrote them, the summary is JSON.
"""

import json
import os

import pytest

from engine.adopt.place import whose
from engine.adopt.runs import AdoptError
from engine.adopt.wandb import MOST_VALUES, flat, read

SETTINGS = """wandb_version: 1

_wandb:
  value:
    python_version: '3.11'
train_size:
  value: {size}
model:
  value:
    name: cnn
seed:
  value: 0
"""


@pytest.fixture
def folder(tmp_path):
    pytest.importorskip("yaml", reason="PyYAML is not installed: steepness[wandb]")
    for size in (1000, 2000):
        files = tmp_path / "wandb" / f"run-20260301_10000{size // 1000}-abc{size}" / "files"
        files.mkdir(parents=True)
        (files / "config.yaml").write_text(SETTINGS.format(size=size))
        summary = {
            "test_error": 400 / size,
            "test_acc": {"max": 0.5},
            "loss": "NaN",
            "picture": {"_type": "image-file", "width": 8},
            "_runtime": 12.5,
            "_wandb": {"runtime": 12},
        }
        (files / "wandb-summary.json").write_text(json.dumps(summary))
    return tmp_path / "wandb"


def test_settings_and_summary_of_each_run_are_read_by_the_names_of_the_page(folder):
    assert whose(str(folder)) == "wandb"
    first, second = read(str(folder)).runs
    assert first.name == "run-20260301_100001-abc1000"
    assert {k: first.said[k] for k in ("train_size", "model.name", "seed")} == {
        "train_size": "1000",
        "model.name": "cnn",
        "seed": "0",
    }
    assert (first.measured["test_error"], second.measured["test_error"]) == ((0.4,), (0.2,))
    assert first.measured["test_acc.max"] == (0.5,)
    assert str(first.measured["loss"]) == "(nan,)"
    assert "picture" not in {*first.said, *first.measured}


def test_a_link_to_the_latest_run_is_no_second_run(folder):
    os.symlink(folder / "run-20260301_100002-abc2000", folder / "latest-run")
    assert len(read(str(folder)).runs) == 2


def test_offline_runs_are_counted_and_left_to_the_program_that_reads_them(folder):
    offline = folder / "offline-run-20260301_100003-abc3000"
    offline.mkdir()
    (offline / "run-abc3000.wandb").write_bytes(b":W&B")
    found = read(str(folder))
    assert len(found.runs) == 2
    assert list(found.unfinished.values()) == [1]


def test_nothing_but_offline_runs_says_the_way_out(tmp_path):
    offline = tmp_path / "offline-run-20260301_100003-abc3000"
    offline.mkdir()
    (offline / "run-abc3000.wandb").write_bytes(b":W&B")
    with pytest.raises(AdoptError, match=r"the 1 runs in .* offline.*`wandb sync`.*as CSV"):
        read(str(tmp_path))


BACK = "a: &a\n  value: {x: *a, y: *a}\n"  # leads back to itself
DOUBLED = (f"a{k}: &a{k} {{x: *a{k - 1}, y: *a{k - 1}}}\n" for k in range(1, 40))
ENDS = "a0: &a0 {}\n" + "".join(DOUBLED) + "all:\n  value: *a39\n"  # 2^39 empty ones


@pytest.mark.parametrize("text", [BACK, ENDS])
def test_settings_that_would_never_end_are_refused(folder, text):
    (folder / "run-20260301_100001-abc1000" / "files" / "config.yaml").write_text(text)
    with pytest.raises(AdoptError, match="more than 20,000 values"):
        read(str(folder))


def test_settings_that_name_an_object_of_python_make_none(folder):
    path = folder / "run-20260301_100001-abc1000" / "files" / "config.yaml"
    path.write_text("a:\n  value: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(AdoptError, match="could not determine a constructor"):
        read(str(folder))


@pytest.mark.parametrize("text", ["{", "[1]", "[" * 200_000])
def test_a_summary_that_is_none_is_refused_in_a_sentence(folder, text):
    (folder / "run-20260301_100001-abc1000" / "files" / "wandb-summary.json").write_text(text)
    with pytest.raises(AdoptError, match=r"wandb-summary\.json (is no JSON|holds no summary)"):
        read(str(folder))


def test_as_many_values_as_are_allowed_are_read():
    assert len(flat({f"a{k}": k for k in range(MOST_VALUES)})) == MOST_VALUES


def test_a_table_whose_first_state_is_blank_still_tells_states(tmp_path):
    (tmp_path / "runs.csv").write_text("Name,State,n\na,,1\nb,crashed,2\nc,finished,3\n")
    found = read(str(tmp_path / "runs.csv"))
    assert [run.said["n"] for run in found.runs] == ["3"]


def test_a_number_that_no_machine_holds_is_refused_in_a_sentence(folder):
    (summary, *_) = sorted(folder.rglob("wandb-summary.json"))
    summary.write_text('{"test_error": 1' + "0" * 400 + "}")
    with pytest.raises(AdoptError, match="cannot be read"):
        read(str(folder))
