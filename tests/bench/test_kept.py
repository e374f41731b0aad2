"""What a bench has measured outlives it."""

import pytest

from engine.bench.kept import KeptError, Wall, append, make, read
from tests.bench.test_parity import PLAIN, cell

WALL = Wall("tiny", ((10, 0), (20, 1)), 10.0, 18.0, 300.0, 1.5, "here", "1", "2026-11-26")


def test_what_is_kept_is_read_back_equal(tmp_path):
    kept = tmp_path / "folder" / "kept.jsonl"
    assert read(kept) == []
    for record in (PLAIN, WALL, cell(20, 1, "ours")):
        append(kept, record)
    assert read(kept) == [PLAIN, WALL, cell(20, 1, "ours")]


def test_a_line_that_was_cut_off_is_left_out_and_written_over(tmp_path):
    kept = tmp_path / "kept.jsonl"
    append(kept, PLAIN)
    kept.write_bytes(kept.read_bytes() + kept.read_bytes()[:40])
    assert read(kept) == [PLAIN]
    append(kept, WALL)
    assert read(kept) == [PLAIN, WALL]


@pytest.mark.parametrize("length", [1, 5, 40])
def test_however_short_the_line_was_cut_the_next_one_is_written_over_it(tmp_path, length):
    kept = tmp_path / "kept.jsonl"
    append(kept, PLAIN)
    kept.write_bytes(kept.read_bytes() + kept.read_bytes()[:length])
    append(kept, WALL)
    assert read(kept) == [PLAIN, WALL]


def test_a_last_line_that_lost_only_its_end_stays(tmp_path):
    kept = tmp_path / "kept.jsonl"
    append(kept, PLAIN)
    kept.write_bytes(kept.read_bytes().rstrip(b"\n"))
    assert read(kept) == [PLAIN]
    append(kept, WALL)
    assert read(kept) == [PLAIN, WALL]


def test_a_file_of_somebody_else_is_refused_and_stays_as_it_is(tmp_path):
    kept = tmp_path / "settings.json"
    kept.write_text('{"theirs": 1}')
    with pytest.raises(KeptError, match=r"line 1.*is not a measurement of this bench"):
        append(kept, PLAIN)
    assert kept.read_text() == '{"theirs": 1}'


def test_a_folder_is_refused_in_words(tmp_path):
    for use in (read, make):
        with pytest.raises(KeptError, match=r"give another --kept"):
            use(tmp_path)


@pytest.mark.parametrize("line", ["12", "nothing", '{"case": "mlp"}', '{"loop": "ours", "x": 1}'])
def test_a_line_that_is_none_of_the_bench_is_refused_by_its_number(tmp_path, line):
    kept = tmp_path / "kept.jsonl"
    append(kept, PLAIN)
    kept.write_text(kept.read_text() + line + "\n")
    with pytest.raises(KeptError, match=r"line 2.*is not a measurement of this bench"):
        read(kept)
