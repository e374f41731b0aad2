"""Whose results lie somewhere, told from what is there; and what of it is looked at."""

import os

import pytest

from engine.adopt.place import files_in, here, is_address, path_of, shown, uri_of, whose
from engine.adopt.runs import AdoptError


def test_a_folder_with_experiments_is_mlflows_whoevers_files_its_artifacts_are(tmp_path):
    (tmp_path / "0" / "abc" / "artifacts").mkdir(parents=True)
    (tmp_path / "0" / "meta.yaml").touch()
    (tmp_path / "0" / "abc" / "artifacts" / "events.out.tfevents.1").touch()
    assert whose(str(tmp_path)) == "mlflow"


def test_a_folder_with_event_files_at_any_depth_is_tensorboards(tmp_path):
    assert whose(str(tmp_path)) is None
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "events.out.tfevents.1").touch()
    assert whose(str(tmp_path)) == "tensorboard"


def test_a_path_a_database_and_a_server_are_told_apart(tmp_path):
    assert [is_address(s) for s in ("a.db", "C:\\a.db", "/a/b", "sqlite:///a.db", "http://a")] == [
        False,
        False,
        False,
        True,
        True,
    ]
    assert path_of("sqlite:////a/b%20c.db") == path_of("/a/b c.db")
    assert path_of((tmp_path / "b c").as_uri()) == tmp_path / "b c"
    assert path_of("http://a/b") is None
    assert uri_of(str(tmp_path)) == tmp_path.as_uri()
    assert uri_of(str(tmp_path / "a.db")) == f"sqlite:///{tmp_path / 'a.db'}"


def test_a_password_is_not_shown():
    assert shown("postgresql://me:secret@there/runs") == "postgresql://***@there/runs"
    assert shown("postgresql://me:se@cret@there/runs") == "postgresql://***@there/runs"


def test_links_out_of_a_folder_and_pipes_in_it_are_passed_over(tmp_path):
    (tmp_path / "outside").touch()
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "own").touch()
    os.symlink(tmp_path / "outside", inside / "link")
    os.mkfifo(inside / "pipe")
    assert [path.name for path in files_in(inside)] == ["own"]


def test_an_address_is_no_file():
    with pytest.raises(AdoptError, match="http://there is an address: name a file or a folder"):
        here("http://there")


def test_a_points_csv_is_nobodys_whatever_columns_it_has_more(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("curve,size,error,name,state\na,100,0.5,x,finished\n")
    assert whose(str(path)) is None


def test_a_file_named_like_a_server_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "databricks.csv").write_text("curve,size,error\na,100,0.5\n")
    assert whose("databricks.csv") is None
    assert whose("databricks") == whose("databricks://profile") == "mlflow"


@pytest.mark.parametrize("source", ["~nobody-of-this-name/x.csv", "x" * 300])
def test_a_path_that_cannot_be_is_nothing(source):
    assert whose(source) is None
    with pytest.raises(AdoptError, match="there is nothing at"):
        here(source)
