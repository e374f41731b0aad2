"""A store that is put in another's place while the page is open, and is given its inode."""

from pathlib import Path

import pytest

from dashboard import state
from tests.studies import SIZES, make_study


@pytest.fixture
def replaced(tmp_path: Path):
    """Put what the second file holds in the place of the first, whose pages were looked at."""

    def put(second: Path) -> Path:
        first = tmp_path / "study.db"
        study = make_study(first, "finished")
        seen = state.look(first)
        assert not seen.trouble
        assert state.curves_of(first, study, seen.revision)
        assert state.searched(first, study, seen.revision).about
        inode = first.stat().st_ino
        first.write_bytes(second.read_bytes())
        assert first.stat().st_ino == inode
        return first

    return put


def test_is_read_whole_again_so_that_its_damage_is_found(replaced, tmp_path):
    second = tmp_path / "second.db"
    make_study(second, "finished")
    raw = bytearray(second.read_bytes())
    raw[raw.rindex(b"top-5 error")] ^= 1
    second.write_bytes(raw)
    assert state.look(replaced(second)).damaged


def test_shows_its_own_points(replaced, tmp_path):
    second = tmp_path / "second.db"
    study = make_study(second, "finished", done=SIZES[:3])
    path = replaced(second)
    curves = state.curves_of(path, study, state.look(path).revision)
    assert {point.size for curve in curves for point in curve.points} == set(SIZES[:3])
