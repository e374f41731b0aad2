"""The Free Spoken Digit Dataset: its split, and what is said where it is not there."""

from pathlib import Path

import pytest

from data import synthesis
from data.speech import DataError, is_ready, load
from tests.data.waves import encoded, sound


def digits(folder: Path, speakers: tuple[str, ...]) -> Path:
    for speaker in speakers:
        for digit in range(10):
            (folder / f"{digit}_{speaker}_0.wav").write_bytes(encoded(sound(0.3, 8_000), 8_000))
    return folder


def refusal(folder: Path | None) -> str:
    with pytest.raises(DataError) as caught:
        load("spoken-digits", folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_spoken_digits_are_split_by_speaker(tmp_path: Path) -> None:
    held = load("spoken-digits", digits(tmp_path, ("ann", "bob", "cem", "dee")))
    assert [len(split.texts) for split in (held.train, held.validation, held.test)] == [20, 10, 10]
    assert held.test.texts == synthesis.DIGITS
    assert "dee test" in held.splitting


def test_spoken_digits_of_two_speakers_are_refused(tmp_path: Path) -> None:
    assert "only the speakers ann, bob" in refusal(digits(tmp_path, ("ann", "bob")))


def test_spoken_digits_that_are_not_there_say_where_they_come_from(tmp_path: Path) -> None:
    for folder in (None, tmp_path):
        said = refusal(folder)
        assert is_ready("spoken-digits", folder) == (False, said)
        assert "--data-path" in said


@pytest.mark.shared
@pytest.mark.slow
def test_the_real_spoken_digits_are_read_whole(shared_data: Path) -> None:
    held = load("spoken-digits", shared_data / "fsdd" / "recordings")
    assert [len(split.texts) for split in (held.train, held.validation, held.test)] == [
        2_000,
        500,
        500,
    ]
    assert "theo validation, yweweler test" in held.splitting
