"""Recordings to frames: whose they are, what is kept of them, and what they say when damaged."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from data import features
from data.recordings import transcript
from data.speech import DataError, load
from tests.data.waves import encoded, fill


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """Twenty recordings with a .txt beside each."""
    return fill(tmp_path)


def refusal(folder: Path | None) -> str:
    with pytest.raises(DataError) as caught:
        load("folder", folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_frames_of_a_row_are_those_of_its_recording(beside: Path) -> None:
    held = load("folder", beside)
    wave, _ = soundfile.read(beside / "r00.wav", dtype="float32")
    expected = features.log_mel(wave)
    everything = [
        split.frames[end - length : end]
        for split in (held.train, held.validation, held.test)
        for length, end in zip(split.lengths, split.lengths.cumsum(), strict=True)
    ]
    assert sum(np.array_equal(frames, expected) for frames in everything) == 1
    assert held.train.seconds == pytest.approx(0.3)


def test_transcripts_become_lower_case_words() -> None:
    assert transcript("  Don\u2019t STOP, \u00c4pfel-2! ", "x") == "don't stop \u00e4pfel 2"


def test_a_damaged_recording_is_named(beside: Path) -> None:
    (beside / "r11.wav").write_bytes(b"RIFF")
    assert refusal(beside).startswith("r11.wav cannot be read as sound")


def test_a_file_too_large_for_an_utterance_is_refused_unread(beside: Path) -> None:
    with (beside / "r04.wav").open("wb") as file:
        file.truncate(3_000_000_000)  # a hole: no disk is used
    assert "r04.wav has 3,000 MB" in refusal(beside)


def test_a_folder_is_no_recording(beside: Path) -> None:
    (beside / "r04.wav").unlink()
    (beside / "r04.wav").mkdir()
    assert "r04.txt is a transcript without a recording" in refusal(beside)


def test_frames_are_kept_and_a_damaged_copy_is_made_anew(beside: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = load("folder", beside, cache)
    (kept,) = cache.iterdir()
    damaged = bytearray(kept.read_bytes())
    damaged[len(damaged) // 2] ^= 0x01
    kept.write_bytes(damaged)
    again = load("folder", beside, cache)
    assert again.hash == first.hash
    assert list(cache.iterdir()) == [kept]
    assert kept.read_bytes() != damaged


def test_changed_recordings_are_not_answered_from_the_cache(beside: Path, tmp_path: Path) -> None:
    first = load("folder", beside, tmp_path / "cache")
    (beside / "r00.wav").write_bytes(encoded())
    assert load("folder", beside, tmp_path / "cache").hash != first.hash


def test_interrupted_work_leaves_nothing_in_the_cache(beside: Path, tmp_path: Path) -> None:
    (beside / "r19.wav").write_bytes(b"")
    with pytest.raises(DataError):
        load("folder", beside, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_one_transcript_for_all_is_refused(beside: Path) -> None:
    for text in beside.glob("*.txt"):
        text.write_text("yes")
    assert "nothing to tell apart" in refusal(beside)
