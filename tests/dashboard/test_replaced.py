"""A store that is put in another's place while the page is open, and is given its inode."""

from pathlib import Path

import pytest

from dashboard import state
from engine.study.store import Store
from tests.dashboard.test_pages import said, visit
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


def damaged(path: Path, word: bytes) -> None:
    """Make a store of which a bit was changed, in the last place where this word stands."""
    make_study(path, "finished")
    with Store.open(path) as opened:
        opened._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = bytearray(path.read_bytes())
    raw[raw.rindex(word)] ^= 1
    path.write_bytes(raw)


def test_its_damage_is_found_while_the_page_is_open(store, tmp_path):
    make_study(store, "finished")
    at = visit()
    assert at.table
    damaged(tmp_path / "second.db", b"top-5 error")
    store.write_bytes((tmp_path / "second.db").read_bytes())
    at.run()
    assert "is damaged (1 of the rows in its table point" in said(at)


def test_damage_in_what_the_page_needs_to_draw_it_is_said_in_words(store):
    damaged(store, b'"subjects"')  # the page needs it before the store is read whole
    at = visit()
    assert not at.exception
    assert "is damaged (1 of the rows in its table study" in said(at)


def test_a_sound_one_in_a_damaged_ones_place_is_drawn(store, tmp_path):
    damaged(store, b"top-5 error")
    at = visit()
    assert "is damaged" in said(at)
    make_study(tmp_path / "second.db", "finished")
    store.write_bytes((tmp_path / "second.db").read_bytes())
    at.run()
    assert "is damaged" not in said(at)
    assert at.table


def test_shows_its_own_points(replaced, tmp_path):
    second = tmp_path / "second.db"
    study = make_study(second, "finished", done=SIZES[:3])
    path = replaced(second)
    curves = state.curves_of(path, study, state.look(path).revision)
    assert {point.size for curve in curves for point in curve.points} == set(SIZES[:3])
