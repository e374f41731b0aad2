"""Speech sources: what they hold, and what they say when recordings or transcripts are wrong."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from data import features, speech, synthesis
from data.speech import SOURCES, DataError, decode, is_ready, load

RNG = np.random.default_rng(5)
WORDS = ("yes", "no", "up", "down")


def sound(seconds: float = 0.3, rate: int = 16_000, channels: int = 1) -> np.ndarray:
    return 0.1 * RNG.standard_normal((round(seconds * rate), channels))


def encoded(wave: np.ndarray | None = None, rate: int = 16_000, kind: str = "WAV") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, sound() if wave is None else wave, rate, format=kind)
    return file.getvalue()


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """Twenty recordings with a .txt beside each."""
    for row in range(20):
        (tmp_path / f"r{row:02}.wav").write_bytes(encoded())
        (tmp_path / f"r{row:02}.txt").write_text(f"{WORDS[row % 4]} {WORDS[row % 3]}")
    return tmp_path


@pytest.fixture
def listed(beside: Path) -> Path:
    """The same with a table of transcripts and five speakers."""
    rows = [f"r{row:02}.wav\t{WORDS[row % 4]}\tspeaker{row % 5}" for row in range(20)]
    for text in beside.glob("*.txt"):
        text.unlink()
    (beside / "transcripts.tsv").write_text("\n".join(rows) + "\n")
    return beside


def refusal(source: str, folder: Path | None) -> str:
    with pytest.raises(DataError) as caught:
        load(source, folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def refused(content: bytes) -> str:
    with pytest.raises(DataError) as caught:
        decode(content, "a.wav")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("a.wav")
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
    forwards = dict(zip(names, speech._dealt(names), strict=True))
    backwards = dict(zip(names[::-1], speech._dealt(names[::-1]), strict=True))
    assert forwards == backwards


def test_transcripts_become_lower_case_words() -> None:
    assert speech._transcript("  Don\u2019t STOP, \u00c4pfel-2! ", "x") == "don't stop \u00e4pfel 2"


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


def test_a_file_too_large_for_an_utterance_is_refused_unread(beside: Path) -> None:
    with (beside / "r04.wav").open("wb") as file:
        file.truncate(3_000_000_000)  # a hole: no disk is used
    assert "r04.wav has 3,000 MB" in refusal("folder", beside)


def test_a_recording_that_is_a_folder_is_refused(beside: Path) -> None:
    (beside / "r04.wav").unlink()
    (beside / "r04.wav").mkdir()
    assert "r04.wav cannot be read" in refusal("folder", beside)


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


def test_a_recording_without_transcript_is_named(beside: Path) -> None:
    (beside / "r07.txt").unlink()
    assert "r07.wav has no transcript" in refusal("folder", beside)


def test_a_transcript_without_recording_is_named(beside: Path) -> None:
    (beside / "r07.wav").unlink()
    assert "r07.txt is a transcript without a recording" in refusal("folder", beside)


def test_an_empty_transcript_is_named(beside: Path) -> None:
    (beside / "r07.txt").write_text(" ?! ")
    assert "r07.txt: the transcript ' ?! ' has no words" in refusal("folder", beside)


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
    assert said in refusal("folder", listed)


def test_a_recording_that_the_table_lacks_is_named(listed: Path) -> None:
    (listed / "r99.wav").write_bytes(encoded())
    assert "such as r99.wav" in refusal("folder", listed)


def test_speakers_are_named_for_all_or_none(listed: Path) -> None:
    table = listed / "transcripts.tsv"
    table.write_text(table.read_text().replace("\tspeaker0", "", 1))
    assert "name all or none" in refusal("folder", listed)


def test_a_table_in_another_encoding_is_refused(listed: Path) -> None:
    (listed / "transcripts.tsv").write_bytes("r00.wav\tm\u00fcde".encode("latin-1"))
    assert "is not UTF-8" in refusal("folder", listed)


def test_one_transcript_for_all_is_refused(beside: Path) -> None:
    for text in beside.glob("*.txt"):
        text.write_text("yes")
    assert "nothing to tell apart" in refusal("folder", beside)


def test_a_damaged_recording_is_named(beside: Path) -> None:
    (beside / "r11.wav").write_bytes(b"RIFF")
    assert refusal("folder", beside).startswith("r11.wav cannot be read as sound")


def test_a_folder_with_too_few_recordings_says_how_many_are_needed(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(encoded())
    said = refusal("folder", tmp_path)
    assert "1 recordings" in said
    assert "at least 10" in said
    assert is_ready("folder", tmp_path) == (False, said)


def test_a_folder_that_is_not_there_is_described(tmp_path: Path) -> None:
    assert "transcripts.tsv" in refusal("folder", tmp_path / "none")
    assert "--data-path" in refusal("folder", None)


def digits(folder: Path, speakers: tuple[str, ...]) -> Path:
    for speaker in speakers:
        for digit in range(10):
            (folder / f"{digit}_{speaker}_0.wav").write_bytes(encoded(sound(0.3, 8_000), 8_000))
    return folder


def test_spoken_digits_are_split_by_speaker(tmp_path: Path) -> None:
    held = load("spoken-digits", digits(tmp_path, ("ann", "bob", "cem", "dee")))
    assert [len(split.texts) for split in (held.train, held.validation, held.test)] == [20, 10, 10]
    assert held.test.texts == synthesis.DIGITS
    assert "dee test" in held.splitting


def test_spoken_digits_of_two_speakers_are_refused(tmp_path: Path) -> None:
    assert "only the speakers ann, bob" in refusal(
        "spoken-digits", digits(tmp_path, ("ann", "bob"))
    )


def test_spoken_digits_that_are_not_there_say_where_they_come_from(tmp_path: Path) -> None:
    for folder in (None, tmp_path):
        said = refusal("spoken-digits", folder)
        assert is_ready("spoken-digits", folder) == (False, said)
        assert "--data-path" in said


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


def hub(folder: Path, **columns: list[object]) -> Path:
    for split in "train", "validation", "test":
        audio = [{"bytes": encoded(), "path": None} for _ in range(6)]
        pq.write_table(pa.table({"audio": audio, **columns}), folder / f"{split}.parquet")
    return folder


def test_speech_commands_take_their_word_from_the_file_and_leave_silence_out(
    tmp_path: Path,
) -> None:
    words = ["yes", "no", "_silence_", "up", "yes", "no"]
    held = load("speech-commands", hub(tmp_path, file=[f"{w}/0a_nohash_0.wav" for w in words]))
    assert held.train.texts == ("yes", "no", "up", "yes", "no")
    assert is_ready("speech-commands", tmp_path)[0]


def test_librispeech_takes_its_training_split_of_100_hours(tmp_path: Path) -> None:
    hub(tmp_path, text=["HELLO THERE", "NO"] * 3)
    (tmp_path / "train.parquet").rename(tmp_path / "train.100.parquet")
    assert load("librispeech", tmp_path).train.texts[:2] == ("hello there", "no")


def test_other_columns_are_named_with_those_that_are_needed(tmp_path: Path) -> None:
    hub(tmp_path, word=["yes"] * 6)
    assert "transcripts are not among them" in refusal("speech-commands", tmp_path)
    pq.write_table(pa.table({"sound": [b""]}), tmp_path / "train.parquet")
    assert "needs audio {bytes, path}" in refusal("speech-commands", tmp_path)


def test_a_row_without_sound_is_named(tmp_path: Path) -> None:
    hub(tmp_path, file=["yes/a.wav", "no/a.wav"] * 3)
    table = pq.read_table(tmp_path / "test.parquet").to_pydict()
    table["audio"][4] = {"bytes": b"", "path": None}
    pq.write_table(pa.table(table), tmp_path / "test.parquet")
    assert "test, row 4 is empty" in refusal("speech-commands", tmp_path)


def test_a_name_that_is_no_source_is_answered_with_the_names_that_are() -> None:
    assert "synthetic-phrases, synthetic-words, spoken-digits" in refusal("timit", None)


@pytest.mark.parametrize("source", ["synthetic-words", "synthetic-phrases"])
def test_synthetic_speech_says_so_wherever_it_is_named(source: str, tmp_path: Path) -> None:
    recipe = synthesis.RECIPES[source]
    n = sum(recipe.utterances)
    np.savez(
        tmp_path / f"speech-synthetic-{recipe.name}.npz",
        frames=np.ones((n, features.BANDS), np.uint8),
        lengths=np.ones(n, np.int64),
        seconds=np.ones(n),
    )
    held = load(source, None, tmp_path)
    for label in held.name, held.title, held.credit:
        assert "synthetic" in label.lower()
    assert len(held.train.texts) == recipe.utterances[0]


def test_every_source_of_the_domain_is_there() -> None:
    from engine.domains import DOMAINS

    assert tuple(SOURCES) == DOMAINS["speech"].sources


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
