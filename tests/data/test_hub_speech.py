"""Speech Commands and LibriSpeech in the hub's layout: their transcripts, and wrong columns."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.speech import DataError, is_ready, load
from tests.data.waves import encoded


def hub(folder: Path, **columns: list[object]) -> Path:
    for split in "train", "validation", "test":
        audio = [{"bytes": encoded(), "path": None} for _ in range(6)]
        pq.write_table(pa.table({"audio": audio, **columns}), folder / f"{split}.parquet")
    return folder


def refusal(folder: Path | None) -> str:
    with pytest.raises(DataError) as caught:
        load("speech-commands", folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_speech_commands_take_their_word_from_the_file_and_leave_silence_out(
    tmp_path: Path,
) -> None:
    words = ["yes", "no", "_silence_", "up", "yes", "no"]
    held = load("speech-commands", hub(tmp_path, file=[f"{w}/0a_nohash_0.wav" for w in words]))
    assert held.train.texts == ("yes", "no", "up", "yes", "no")
    assert is_ready("speech-commands", tmp_path) == (True, f"found in {tmp_path}")


def test_librispeech_takes_its_training_split_of_100_hours(tmp_path: Path) -> None:
    hub(tmp_path, text=["HELLO THERE", "NO"] * 3)
    (tmp_path / "train.parquet").rename(tmp_path / "train.100.parquet")
    assert load("librispeech", tmp_path).train.texts[:2] == ("hello there", "no")


def test_other_columns_are_named_with_those_that_are_needed(tmp_path: Path) -> None:
    hub(tmp_path, word=["yes"] * 6)
    assert "transcripts are not among them" in refusal(tmp_path)
    pq.write_table(pa.table({"sound": [b""]}), tmp_path / "train.parquet")
    assert "needs audio {bytes, path}" in refusal(tmp_path)


def test_a_row_without_sound_is_named(tmp_path: Path) -> None:
    hub(tmp_path, file=["yes/a.wav", "no/a.wav"] * 3)
    table = pq.read_table(tmp_path / "test.parquet").to_pydict()
    table["audio"][4] = {"bytes": b"", "path": None}
    pq.write_table(pa.table(table), tmp_path / "test.parquet")
    assert "test, row 4 is empty" in refusal(tmp_path)
