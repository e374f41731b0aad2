"""Who trains, as the command line has it, where Ray is not needed or not there."""

import sys

from engine import cli, study


def test_where_ray_is_not_installed_one_sentence_says_how_to_get_it(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    for name in ("ray_cluster", "ray_executor"):  # which another test may have imported
        monkeypatch.delitem(sys.modules, f"engine.study.{name}", raising=False)
        monkeypatch.delattr(study, name, raising=False)
    assert cli.main(["run", "images", "--executor", "ray", "--estimate"]) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert "pip install 'steepness[ray]'" in said


def test_an_address_without_ray_is_refused(capsys):
    assert cli.main(["run", "images", "--address", "head:6379", "--estimate"]) == 2
    assert "--address head:6379 is that of a Ray cluster: give --executor ray" in (
        capsys.readouterr().err
    )
