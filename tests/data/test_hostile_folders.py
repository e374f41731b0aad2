"""Folders that someone else packed: nothing outside is read, nothing is read without end."""

import gzip
import hashlib
import io
import json
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from data import aligned, hub, pictures, speech, text, translation
from data.errors import DataError
from data.icons.pack import read_pack
from data.own_files import own_files
from data.pictures import BrokenPicture, decode
from data.sound import decode as decode_sound
from tests.data import waves


def trap(folder: Path, outside: Path, name: str) -> None:
    """Lay links that lead out, a device, a pipe and a link to itself under names like `name`."""
    stem, _, suffix = name.partition(".")
    (folder / f"{stem}1.{suffix}").symlink_to(outside)
    (folder / f"{stem}2.{suffix}").symlink_to("/dev/zero")
    (folder / f"{stem}3.{suffix}").symlink_to(folder / f"{stem}3.{suffix}")
    os.mkfifo(folder / f"{stem}4.{suffix}")
    (folder / f".{stem}5.{suffix}").write_bytes(b"hidden")
    (folder / "elsewhere").symlink_to(outside.parent)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file that no folder of data may show."""
    place = tmp_path / "outside"
    place.mkdir()
    (place / "secret").write_text("the secret words\tdie geheimen Worte\n")
    return place / "secret"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "folder"
    place.mkdir()
    return place


def test_links_may_lead_about_inside_the_folder(folder: Path) -> None:
    (folder / "a.TXT").write_text("a")
    (folder / "deep").mkdir()
    (folder / "deep" / "b.txt").symlink_to(folder / "a.TXT")
    assert own_files(folder, (".txt",)) == [folder / "a.TXT", folder / "deep" / "b.txt"]


def letters(folder: Path) -> str:
    for k in range(20):
        (folder / f"{k:02}.txt").write_text(f"letter number {k}")
    return text.load("file", folder).hash


def recordings(folder: Path) -> str:
    if not any(folder.glob("*.wav")):
        waves.fill(folder)
    return speech.load("folder", folder).hash


def digits(folder: Path) -> str:
    if not any(folder.glob("*.wav")):
        for speaker in ("ann", "bob", "cem"):
            for digit in range(10):
                (folder / f"{digit}_{speaker}_0.wav").write_bytes(waves.encoded())
    return speech.load("spoken-digits", folder).hash


def pairs(folder: Path) -> str:
    lines = [f"Satz {'abcdefghij'[k % 10] * (k // 10 + 1)}" for k in range(500)]
    for language in ("de", "en"):
        (folder / f"all.{language}").write_text("\n".join(lines))
    return translation.load("file", folder).hash


@pytest.mark.parametrize(
    ("read", "name"),
    [(letters, "x.txt"), (recordings, "x.wav"), (digits, "1_x_.wav"), (pairs, "x.de")],
)
def test_what_lies_outside_and_what_has_no_end_is_passed_over(
    folder: Path, outside: Path, read: Callable[[Path], str], name: str
) -> None:
    before = read(folder)
    trap(folder, outside, name)
    assert read(folder) == before


def test_a_table_of_transcripts_that_leads_out_is_not_read(folder: Path, outside: Path) -> None:
    before = recordings(folder)
    (folder / "transcripts.tsv").symlink_to(outside)
    assert recordings(folder) == before


def test_a_transcript_that_leads_out_counts_as_missing(folder: Path, outside: Path) -> None:
    recordings(folder)
    (folder / "r03.txt").unlink()
    (folder / "r03.txt").symlink_to(outside)
    with pytest.raises(DataError, match=r"r03\.wav has no transcript"):
        recordings(folder)


def test_a_pipe_is_not_taken_for_a_parquet_file(folder: Path) -> None:
    os.mkfifo(folder / "train.parquet")
    with pytest.raises(DataError, match=r"there is no train\.parquet"):
        hub.parquet_table(folder, "train")


def test_a_gzip_bomb_is_unpacked_to_the_bound_and_no_further(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aligned, "MOST_BYTES", 10_000)
    (folder / "a.de.gz").write_bytes(gzip.compress(b"a" * 10_001))
    (folder / "a.en").write_text("a")
    with pytest.raises(DataError, match="holds more than"):
        translation.load("file", folder)


def test_more_lines_than_memory_should_hold_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aligned, "MOST_LINES", 1_000)
    (folder / "a.tsv").write_text("a" + "\n" * 1_001)
    with pytest.raises(DataError, match="1,000 lines"):
        translation.load("file", folder / "a.tsv")


def pack(rest: bytes, **header: object) -> bytes:
    """An icon pack whose header vouches for whatever follows."""
    said = {"format": "steepness-icons", "version": 1, "images": 0, "bytes": len(rest)}
    said |= {"sha256": hashlib.sha256(rest).hexdigest()} | header
    return json.dumps(said).encode() + b"\n" + rest


@pytest.mark.parametrize(
    ("rest", "images"),
    [
        (lzma.compress(b"{}\n" + bytes(2**25)), 1),  # 32 MB in 5 kB
        (lzma.compress(b"{}\n", preset=9 | lzma.PRESET_EXTREME), 10**12),
        (lzma.compress(b"{}", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 2**30}]), 0),
        (lzma.compress(b'{"classes": 5, "sets": [{"shell": 1}]}\n'), 0),
        (lzma.compress(b"[[[["), 0),
        (b"not packed at all", 0),
    ],
)
def test_a_pack_whose_own_hash_vouches_for_nonsense_is_refused(
    tmp_path: Path, rest: bytes, images: int
) -> None:
    (tmp_path / "icons.pack").write_bytes(pack(rest, images=images))
    with pytest.raises(DataError, match="its header and its content disagree"):
        read_pack(tmp_path / "icons.pack")


def test_a_jpeg_that_goes_over_its_pixels_again_and_again_is_refused() -> None:
    file = io.BytesIO()
    Image.new("L", (64, 64), 128).save(file, "JPEG", progressive=True)
    whole = file.getvalue()
    last = whole[whole.rindex(b"\xff\xda") : -2]  # one more scan is a dozen bytes
    assert decode(whole[:-2] + last * 50 + b"\xff\xd9", 8).shape == (8, 8, 3)
    with pytest.raises(BrokenPicture, match="scans or more are too many"):
        decode(whole[:-2] + last * (pictures.MOST_SCANS + 1) + b"\xff\xd9", 8)


def test_scans_are_counted_behind_a_marker_that_has_no_length() -> None:
    file = io.BytesIO()
    Image.new("L", (64, 64), 128).save(file, "JPEG", progressive=True)
    whole = file.getvalue()
    last = whole[whole.rindex(b"\xff\xda") : -2]
    hidden = b"\xff\x01" + last * (pictures.MOST_SCANS + 1)
    with pytest.raises(BrokenPicture, match="scans or more are too many"):
        decode(whole[:-2] + hidden + b"\xff\xd9", 8)


def test_scans_are_counted_in_a_jpeg_of_several_pictures() -> None:
    file = io.BytesIO()
    first, second = (Image.new("L", (64, 64), grey) for grey in (100, 200))
    first.save(file, "MPO", save_all=True, append_images=[second], progressive=True)
    whole = file.getvalue()
    assert decode(whole, 8).shape == (8, 8, 3)
    scan = whole.rindex(b"\xff\xda", 0, whole.index(b"\xff\xd9"))
    end = whole.index(b"\xff\xd9")
    again = whole[scan:end] * (pictures.MOST_SCANS + 1)
    with pytest.raises(BrokenPicture, match="scans or more are too many"):
        decode(whole[:end] + again + whole[end:], 8)


def test_what_follows_a_jpeg_s_end_is_no_scan() -> None:
    file = io.BytesIO()
    Image.new("L", (64, 64), 128).save(file, "JPEG")
    film = b"\xff\xda" * 1_000  # telephones put one behind the picture
    assert decode(file.getvalue() + film, 8).shape == (8, 8, 3)


def test_more_channels_than_any_recording_has_are_refused() -> None:
    wide = waves.encoded(np.full((100, 9), 0.1))
    with pytest.raises(DataError, match="says it has 9 channels: at most 8 can be"):
        decode_sound(wide, "a.wav")


def test_a_parquet_file_that_says_it_unpacks_to_more_than_memory_is_refused_unread(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq.write_table(pa.table({"text": ["a" * 1_000] * 1_000}), folder / "train.parquet")
    monkeypatch.setattr(hub, "MOST_BYTES", 1_000)
    monkeypatch.setattr(pq.ParquetFile, "read", lambda *_: pytest.fail("it was read"))
    with pytest.raises(DataError, match="take fewer rows"):
        hub.parquet_table(folder, "train")
