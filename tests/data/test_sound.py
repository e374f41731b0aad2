"""One recording to samples: what is brought to one form, and what is refused in words."""

import io

import numpy as np
import pytest
import soundfile

from data import features
from data.errors import DataError
from data.sound import decode
from tests.data.waves import encoded, sound


def refused(content: bytes) -> str:
    with pytest.raises(DataError) as caught:
        decode(content, "a.wav")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("a.wav")
    return str(caught.value)


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
def test_other_rates_are_brought_to_one(rate: int) -> None:
    wave = decode(encoded(sound(0.5, rate), rate), "a.wav")
    assert len(wave) == pytest.approx(0.5 * features.RATE, abs=1)


def test_two_channels_are_mixed_into_their_mean() -> None:
    both = sound(channels=2)
    wave = decode(encoded(both), "a.wav")
    assert wave == pytest.approx(both.mean(axis=1), abs=1e-4)


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG"])
def test_wav_flac_and_ogg_are_read(kind: str) -> None:
    assert len(decode(encoded(kind=kind), "a")) == pytest.approx(4_800, abs=64)


def test_an_empty_file_is_refused() -> None:
    assert "is empty" in refused(b"")


def test_what_is_no_sound_is_refused_in_words() -> None:
    said = refused(b"hello, this is a text")
    assert "cannot be read as sound" in said
    assert "BytesIO" not in said


@pytest.mark.parametrize("level", [0.0, 0.3])
def test_a_silent_recording_is_refused_with_its_name(level: float) -> None:
    assert "is silent" in refused(encoded(np.full((4_000, 1), level)))


def test_a_recording_without_samples_is_refused() -> None:
    assert "is silent" in refused(encoded(np.zeros((0, 1))))


def test_samples_that_are_not_numbers_are_refused() -> None:
    file = io.BytesIO()
    soundfile.write(file, np.full(1_000, np.nan), 16_000, format="WAV", subtype="FLOAT")
    assert "not numbers" in refused(file.getvalue())


def test_a_header_that_declares_more_than_there_is_is_refused() -> None:
    content = bytearray(encoded())
    at = content.index(b"data") + 4
    content[at : at + 4] = (2_000_000).to_bytes(4, "little")
    said = refused(bytes(content))
    assert "cut short" in said
    assert "2,000,000" in said


@pytest.mark.parametrize(
    ("kind", "said"), [("WAV", "was cut short"), ("FLAC", "flac decoder lost sync")]
)
def test_a_recording_cut_short_is_refused(kind: str, said: str) -> None:
    whole = encoded(sound(2.0), kind=kind)
    assert said in refused(whole[: len(whole) // 2])


def test_a_wav_of_a_program_that_did_not_know_its_end_is_read() -> None:
    content = bytearray(encoded())
    at = content.index(b"data") + 4
    content[at : at + 4] = b"\xff\xff\xff\xff"
    assert len(decode(bytes(content), "a.wav")) == 4_800


def test_a_recording_over_the_stated_length_is_refused_before_it_is_read() -> None:
    long = encoded(np.broadcast_to(sound(1.0), (16_000, 1)).repeat(41, axis=0))
    said = refused(long)
    assert "41 s long" in said
    assert "at most 40 s" in said


@pytest.mark.parametrize("rate", [1, 2_000_000_000])
def test_a_rate_that_no_recording_has_is_refused(rate: int) -> None:
    content = bytearray(encoded())
    content[24:28] = rate.to_bytes(4, "little")
    assert f"{rate:,} samples a second" in refused(bytes(content))
