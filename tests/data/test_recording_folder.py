"""A folder of the user's own recordings: its transcripts and its split, and what is refused."""

from pathlib import Path

import pytest

from data import recording_folder
from data.speech import DataError, is_ready, load
from tests.data.waves import WORDS, encoded, fill


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """Twenty recordings with a .txt beside each."""
    return fill(tmp_path)


@pytest.fixture
def listed(beside: Path) -> Path:
    """The same with a table of transcripts and five speakers."""
    rows = [f"r{row:02}.wav\t{WORDS[row % 4]}\tspeaker{row % 5}" for row in range(20)]
    for text in beside.glob("*.txt"):
        text.unlink()
    (beside / "transcripts.tsv").write_text("\n".join(rows) + "\n")
    return beside


def refusal(folder: Path | None) -> str:
    with pytest.raises(DataError) as caught:
        load("folder", folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_without_speakers_is_split_by_file_and_says_so(beside: Path) -> None:
    held = load("folder", beside)
    counts = [len(split.texts) for split in (held.train, held.validation, held.test)]
    assert counts == [16, 2, 2]
    assert held.splitting.startswith("by file")


def test_a_folder_with_speakers_is_split_by_them(listed: Path) -> None:
    held = load("folder", listed)
    assert held.splitting.startswith("by speaker")
    assert [len(split.texts) for split in (held.train, held.validation, held.test)] == [12, 4, 4]


def test_subfolders_are_taken_for_speakers(beside: Path) -> None:
    for row in range(20):
        place = beside / f"s{row % 5}"
        place.mkdir(exist_ok=True)
        for end in "wav", "txt":
            (beside / f"r{row:02}.{end}").rename(place / f"r{row:02}.{end}")
    assert load("folder", beside).splitting.startswith("by folder")


def test_two_speakers_are_too_few_to_split_by(listed: Path) -> None:
    table = listed / "transcripts.tsv"
    text = table.read_text()
    for number in (2, 3, 4):
        text = text.replace(f"speaker{number}", "speaker1")
    table.write_text(text)
    assert load("folder", listed).splitting.startswith("by file")


def test_a_split_does_not_depend_on_the_order_of_the_files() -> None:
    names = [f"file{i}" for i in range(50)]
    forwards = dict(zip(names, recording_folder._dealt(names), strict=True))
    backwards = dict(zip(names[::-1], recording_folder._dealt(names[::-1]), strict=True))
    assert forwards == backwards


def test_a_recording_without_transcript_is_named(beside: Path) -> None:
    (beside / "r07.txt").unlink()
    assert "r07.wav has no transcript" in refusal(beside)


def test_a_transcript_without_recording_is_named(beside: Path) -> None:
    (beside / "r07.wav").unlink()
    assert "r07.txt is a transcript without a recording" in refusal(beside)


def test_an_empty_transcript_is_named(beside: Path) -> None:
    (beside / "r07.txt").write_text(" ?! ")
    assert "r07.txt: the transcript ' ?! ' has no words" in refusal(beside)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("r99.wav\tyes\tspeaker1", "line 21: there is no recording r99.wav"),
        ("r03.wav\tyes\tspeaker1", "line 21: r03.wav has a transcript already"),
        ("r03.wav", "line 21 has 1 cells"),
        ("a\tb\tc\td", "line 21 has 4 cells"),
        ("../../etc/passwd\tyes", "there is no recording ../../etc/passwd"),
    ],
)
def test_a_wrong_line_of_the_table_is_named(listed: Path, line: str, said: str) -> None:
    with (listed / "transcripts.tsv").open("a") as file:
        file.write(line + "\n")
    assert said in refusal(listed)


def test_a_recording_that_the_table_lacks_is_named(listed: Path) -> None:
    (listed / "r99.wav").write_bytes(encoded())
    assert "such as r99.wav" in refusal(listed)


def test_speakers_are_named_for_all_or_none(listed: Path) -> None:
    table = listed / "transcripts.tsv"
    table.write_text(table.read_text().replace("\tspeaker0", "", 1))
    assert "name all or none" in refusal(listed)


def test_a_table_in_another_encoding_is_refused(listed: Path) -> None:
    (listed / "transcripts.tsv").write_bytes("r00.wav\tm\u00fcde".encode("latin-1"))
    assert "is not UTF-8" in refusal(listed)


def test_a_folder_with_too_few_recordings_says_how_many_are_needed(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(encoded())
    said = refusal(tmp_path)
    assert "1 recordings" in said
    assert "at least 10" in said
    assert is_ready("folder", tmp_path) == (False, said)


def test_a_folder_that_is_not_there_is_described(tmp_path: Path) -> None:
    assert "transcripts.tsv" in refusal(tmp_path / "none")
    assert "--data-path" in refusal(None)
