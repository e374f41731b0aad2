"""The hub's data sets: from a folder, from its caches, and refused without a network."""

import json
import os
import subprocess
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import hub
from data.errors import DataError
from data.hub import find_parquet, hub_folders, hub_ready, hub_table, parquet_table

ROOT = Path(__file__).parents[2]
WITHOUT = "the stones work without it"


def write(path: Path, *values: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"value": list(values)}), path)
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hugging Face's own folder, empty."""
    monkeypatch.setattr(hub, "hub_home", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The `datasets` library, as far as anyone who does not import it sees."""
    there = SimpleNamespace(__spec__=ModuleSpec("datasets", None))
    monkeypatch.setitem(sys.modules, "datasets", there)


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)  # as Python marks what cannot be imported


def snapshot(home: Path, repository: str) -> Path:
    return home / "hub" / f"datasets--{repository.replace('/', '--')}" / "snapshots" / "0b2714"


def values(table: pa.Table) -> list[int]:
    return table["value"].to_pylist()


def test_parts_of_a_split_are_read_in_their_order(tmp_path: Path) -> None:
    write(tmp_path / "train-00001-of-00002.parquet", 3)
    write(tmp_path / "train-00000-of-00002.parquet", 1, 2)
    assert values(hub_table("a/b", "train", folder=tmp_path, without=WITHOUT)) == [1, 2, 3]


def test_a_missing_part_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "train-00000-of-00002.parquet", 1, 2)
    with pytest.raises(DataError, match="parts of train are missing"):
        parquet_table(tmp_path, "train")


def test_a_split_in_two_folders_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "plain" / "train.parquet", 1)
    write(tmp_path / "fancy" / "train.parquet", 2)
    with pytest.raises(DataError, match=r"train lies in several folders, .*fancy.*plain"):
        parquet_table(tmp_path, "train")


def test_parts_with_unlike_columns_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "train-00000-of-00002.parquet", 1)
    pq.write_table(pa.table({"other": ["x"]}), tmp_path / "train-00001-of-00002.parquet")
    with pytest.raises(DataError, match="have unlike columns"):
        parquet_table(tmp_path, "train")


def test_a_folder_without_the_split_is_refused_with_the_files_that_are_needed(
    tmp_path: Path,
) -> None:
    with pytest.raises(DataError, match=r"no test\.parquet or test-\*\.parquet .* --data-path"):
        hub_table("a/b", "test", folder=tmp_path, without=WITHOUT)


def test_names_that_begin_alike_are_other_splits(tmp_path: Path) -> None:
    write(tmp_path / "validation-00000-of-00001.parquet", 1)
    assert find_parquet(tmp_path, "val") == ()


def test_the_hubs_own_cache_is_read_without_its_library(home: Path, no_library: None) -> None:
    write(snapshot(home, "a/b") / "plain_text" / "train-00000-of-00001.parquet", 7)
    assert hub_folders("a/b", home) == (snapshot(home, "a/b"),)
    assert values(hub_table("a/b", "train", without=WITHOUT)) == [7]
    assert hub_ready("a/b", ["train"], without=WITHOUT) == (
        True,
        f"found in {snapshot(home, 'a/b')}",
    )


def test_a_configuration_lies_in_the_folder_of_its_name(home: Path) -> None:
    write(snapshot(home, "a/b") / "cs-en" / "train-00000-of-00001.parquet", 1)
    write(snapshot(home, "a/b") / "de-en" / "train-00000-of-00001.parquet", 2)
    assert values(hub_table("a/b", "train", config="de-en", without=WITHOUT)) == [2]


def test_what_is_not_here_is_ready_where_the_library_can_download_it(
    home: Path, library: None
) -> None:
    ready, why = hub_ready("a/b", ["train"], without=WITHOUT)
    assert ready
    assert "downloads it at first use" in why
    assert "--data-path" in why


def test_what_the_library_prepared_is_found_whatever_its_capitals(
    home: Path, library: None
) -> None:
    kept = home / "datasets" / "Owner___b" / "plain"
    kept.mkdir(parents=True)
    found = True, f"found in {kept}"
    assert hub_ready("owner/B", ["train"], config="plain", without=WITHOUT) == found


def test_without_the_library_what_it_prepared_is_not_ready_and_what_to_install_is_said(
    home: Path, no_library: None
) -> None:
    (home / "datasets" / "a___b" / "plain").mkdir(parents=True)
    ready, why = hub_ready("a/b", ["train"], config="plain", without=WITHOUT)
    assert not ready
    for way_out in ("pip install datasets", "load_dataset('a/b', 'plain')", "--data-path", WITHOUT):
        assert way_out in why
    with pytest.raises(DataError) as caught:
        hub_table("a/b", "train", config="plain", without=WITHOUT)
    assert str(caught.value) == why


def test_a_download_that_was_broken_off_is_not_found(home: Path, no_library: None) -> None:
    write(snapshot(home, "a/b") / "train-00000-of-00002.parquet", 7)
    assert not hub_ready("a/b", ["train"], without=WITHOUT)[0]


def test_a_folder_is_ready_that_has_every_split(tmp_path: Path, library: None) -> None:
    write(tmp_path / "train-00000-of-00001.parquet", 1)
    ready, why = hub_ready("a/b", ["train", "test"], folder=tmp_path, without=WITHOUT)
    assert not ready
    assert "no test.parquet" in why
    write(tmp_path / "test-00000-of-00002.parquet", 2)
    ready, why = hub_ready("a/b", ["train", "test"], folder=tmp_path, without=WITHOUT)
    assert not ready
    assert "parts of test are missing" in why
    write(tmp_path / "test-00001-of-00002.parquet", 3)
    found = True, f"found in {tmp_path}"
    assert hub_ready("a/b", ["train", "test"], folder=tmp_path, without=WITHOUT) == found


OF_THE_HUB = [
    ("images", "cifar10"),
    ("images", "cifar100"),
    ("text", "wikitext-2"),
    ("text", "wikitext-103"),
    ("text", "billion-words"),
    ("translation", "multi30k"),
    ("translation", "wmt16"),
    ("speech", "speech-commands"),
    ("speech", "librispeech"),
]


@pytest.mark.parametrize(("domain", "source"), OF_THE_HUB)
def test_a_source_of_any_domain_is_ready_by_the_same_rule(
    home: Path, monkeypatch: pytest.MonkeyPatch, library: None, domain: str, source: str
) -> None:
    is_ready = import_module(f"data.{domain}").is_ready
    assert is_ready(source) == hub_ready("a/b", ["train"], without=WITHOUT)
    ready, why = is_ready(source, home)
    assert not ready
    assert f"in {home}: give the folder that has it as --data-path" in why
    monkeypatch.setitem(sys.modules, "datasets", None)
    ready, why = is_ready(source)
    assert not ready
    assert "pip install datasets" in why


def ask(home: Path, endpoint: str, repository: str) -> str:
    """What `hub_table` answers in a process of its own, which may not hang."""
    code = (
        "import datasets, data.hub, data.errors\n"
        "try:\n"
        f"    table = data.hub.hub_table({repository!r}, 'train', without={WITHOUT!r})\n"
        "    said = str(table.to_pydict())\n"
        "except data.errors.DataError as error:\n"
        "    said = 'refused: ' + str(error)\n"
        "print('ANSWER', said)\n"
    )
    around = {"HF_HOME": str(home), "HF_ENDPOINT": endpoint, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **around},
        capture_output=True,
        text=True,
        check=True,
        timeout=HANGING,
    )
    return done.stdout[done.stdout.index("ANSWER") :].strip().split(" ", 1)[1]


CLOSED = "http://127.0.0.1:9"  # the discard port: nothing listens there
HANGING = 60 * hub.HUB_SECONDS  # `datasets` left to itself tries for up to 6 minutes


@pytest.mark.slow
def test_without_a_network_the_answer_is_a_refusal(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    said = ask(tmp_path, CLOSED, "a/b")
    assert said.startswith("refused: a/b cannot be had (")
    for way_out in ("pip install datasets", "load_dataset('a/b')", "--data-path", WITHOUT):
        assert way_out in said


@pytest.mark.slow
def test_a_hub_that_never_answers_is_given_up(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        said = ask(tmp_path, endpoint, "a/b")
    assert said.startswith("refused: a/b cannot be had (")


@pytest.mark.slow
def test_what_the_library_prepared_before_is_had_without_a_network(tmp_path: Path) -> None:
    """As it keeps a set that is not parquet on the hub: an Arrow file and its description."""
    datasets = pytest.importorskip("datasets")
    table = write(tmp_path / "source" / "train.parquet", 4, 5)
    kept = tmp_path / "made"
    datasets.load_dataset("parquet", data_files=str(table), cache_dir=str(kept), split="train")
    made = next(kept.glob("parquet/*/*/*/dataset_info.json")).parent
    home = tmp_path / "home"
    place = home / "datasets" / "a___b" / "default" / "0.0.0" / "abc"
    place.mkdir(parents=True)
    about = json.loads((made / "dataset_info.json").read_text(encoding="utf-8"))
    about |= {"config_name": "default", "dataset_name": "b"}
    (place / "dataset_info.json").write_text(json.dumps(about), encoding="utf-8")
    (place / "b-train.arrow").write_bytes((made / "parquet-train.arrow").read_bytes())
    said = ask(home, CLOSED, "a/b")
    assert said == "{'value': [4, 5]}"
