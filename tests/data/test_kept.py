"""What the cache keeps may be cut, altered or gone, and the disk full: nothing is lost by it."""

import errno
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from data.kept import Arrays, keep, kept_arrays

MADE: Arrays = {"a": np.arange(6, dtype=np.uint8).reshape(2, 3), "b": np.array([1.5, 2.5])}


def held(cache: Path | None) -> Arrays:
    return kept_arrays("x", ("a", "b"), cache, lambda: MADE)


def same(one: Arrays) -> bool:
    return all(np.array_equal(one[name], MADE[name]) for name in MADE)


def test_a_byte_that_flipped_anywhere_never_gives_other_arrays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held(tmp_path)
    file = tmp_path / "x.npz"
    whole = file.read_bytes()
    said = 0
    for place in range(len(whole)):
        altered = bytearray(whole)
        altered[place] ^= 0x10
        file.write_bytes(altered)
        assert same(held(tmp_path))
        said += "x.npz cannot be used" in capsys.readouterr().err
    assert said > len(whole) / 2  # the others are padding and dates


@pytest.mark.parametrize("part", [0, 1, 100, 300, -1])
def test_a_file_cut_short_is_made_anew_and_whole_again(tmp_path: Path, part: int) -> None:
    held(tmp_path)
    file = tmp_path / "x.npz"
    whole = file.read_bytes()
    file.write_bytes(whole[:part])
    assert same(held(tmp_path))
    assert file.stat().st_size == len(whole)


def test_a_cache_that_vanished_is_made_again(tmp_path: Path) -> None:
    held(tmp_path / "cache")
    (tmp_path / "cache" / "x.npz").unlink()
    (tmp_path / "cache").rmdir()
    assert same(held(tmp_path / "cache"))
    assert [file.name for file in (tmp_path / "cache").iterdir()] == ["x.npz"]


def test_a_full_disk_costs_the_kept_file_alone_and_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def write(part: IO[bytes]) -> None:
        part.write(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    keep(tmp_path / "x.npz", write)
    assert list(tmp_path.iterdir()) == []
    assert "x.npz cannot be kept (No space left on device)" in capsys.readouterr().err


def test_a_cache_that_cannot_be_made_costs_the_kept_file_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert same(held(tmp_path / "cache"))
    assert "made again next time" in capsys.readouterr().err
