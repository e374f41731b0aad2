"""What `make audit` says of a database's answer, above all where there is none."""

import importlib.util
from pathlib import Path

import pytest

PATH = Path(__file__).parents[1] / ".ci" / "audit.py"


@pytest.fixture(scope="module")
def audit():
    spec = importlib.util.spec_from_file_location("audit", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SOUND = {"name": "numpy", "version": "2.5", "vulns": []}
UNKNOWN = {"name": "scipy", "skip_reason": "Dependency not found on PyPI"}
HOLE = {
    "name": "pillow",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": [], "description": "x"}],
}


def test_an_answer_without_a_hole_is_said_with_the_number_looked_up(audit):
    said, code = audit.verdict({"dependencies": [SOUND, SOUND]}, "PyPI's")
    assert said.startswith("PyPI's advisory database knows 2 of the 2 pinned packages, and none")
    assert code == 0


def test_no_answer_is_never_taken_for_a_good_one(audit):
    said, code = audit.verdict(None, "OSV's")
    assert "cannot be reached" in said
    assert "nothing was looked up" in said
    assert code == 2


def test_packages_that_a_mirror_does_not_know_are_not_called_sound(audit):
    said, code = audit.verdict({"dependencies": [SOUND, UNKNOWN]}, "PyPI's")
    assert "knows 1 of the 2" in said
    assert "not looked up: scipy" in said
    assert code == 2


def test_a_hole_is_named_with_the_version_that_mends_it(audit):
    said, code = audit.verdict({"dependencies": [HOLE, UNKNOWN]}, "PyPI's")
    assert "pillow 1.0: PYSEC-1, mended in 1.1" in said
    assert code == 1


def test_a_mirror_that_knows_no_package_is_no_answer(audit):
    said, code = audit.verdict({"dependencies": [UNKNOWN]}, "PyPI's")
    assert said.endswith("knows no package.")
    assert code == 2
