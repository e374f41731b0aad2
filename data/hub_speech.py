"""Speech Commands and LibriSpeech, as they lie on the Hugging Face hub, split by their authors."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from data.errors import DataError
from data.hub import hub_ready, hub_table
from data.recordings import WITHOUT, Recording, recorded, transcript
from data.speech_set import SpeechSet


@dataclass(frozen=True, slots=True)
class HubSpeech:
    """A data set on the hub."""

    name: str
    repository: str
    config: str
    splits: tuple[str, str, str]  # as the hub calls training, validation and test
    title: str
    credit: str
    text: Callable[[pa.Table], list[str]]  # the transcripts; "": not speech


def _word_of_file(table: pa.Table) -> list[str]:
    """Speech Commands: the folder of the file is the word; _silence_ is not speech."""
    words = [str(file).replace("\\", "/").split("/")[-2:][0] for file in table["file"].to_pylist()]
    return ["" if word.startswith("_") else word for word in words]


SPEECH_COMMANDS = HubSpeech(
    name="speech-commands",
    repository="google/speech_commands",
    config="v0.02",
    splits=("train", "validation", "test"),
    title="Speech Commands",
    credit="Speech Commands v0.02: Warden 2018, arXiv 1804.03209, CC-BY-4.0",
    text=_word_of_file,
)
LIBRISPEECH = HubSpeech(
    name="librispeech",
    repository="openslr/librispeech_asr",
    config="clean",
    splits=("train.100", "validation", "test"),
    title="LibriSpeech, 100 h",
    credit="LibriSpeech: Panayotov et al. 2015, CC-BY-4.0",
    text=lambda table: [str(text) for text in table["text"].to_pylist()],
)


def load_hub(which: HubSpeech, folder: Path | None, cache: Path | None) -> SpeechSet:
    """Read a set from a folder of its parquet files, or as data.hub finds or downloads it.

    Raises:
        DataError: not to be had, other columns, or a recording that is no sound: named.
    """
    recordings: list[Recording] = []
    for part, split in enumerate(which.splits):
        table = hub_table(
            which.repository, split, config=which.config, folder=folder, without=WITHOUT
        )
        recordings += _recordings(table, which, part, f"{which.repository}, {split}")
    return recorded(
        which.name,
        which.title,
        recordings,
        cache,
        credit=which.credit,
        splitting="by speaker, as the set's authors split it",
    )


def speech_ready(which: HubSpeech, folder: Path | None) -> tuple[bool, str]:
    """Whether a set can be had, and from where, or else what to do. Reads file names only."""
    return hub_ready(
        which.repository, which.splits, config=which.config, folder=folder, without=WITHOUT
    )


def _recordings(table: pa.Table, which: HubSpeech, part: int, place: str) -> Iterator[Recording]:
    """The rows of a split that are speech; the sound stays in the table until it is read."""
    encoded = table["audio"].type if "audio" in table.column_names else pa.null()
    if not pa.types.is_struct(encoded) or encoded.get_field_index("bytes") < 0:
        raise DataError(
            f"{place} has the columns {', '.join(table.column_names)}: it needs audio {{bytes,"
            " path}}."
        )
    try:
        texts = which.text(table)
    except (KeyError, IndexError) as error:
        raise DataError(
            f"{place} has the columns {', '.join(table.column_names)}: its transcripts are not"
            " among them."
        ) from error
    audio = table["audio"]
    for row, text in enumerate(texts):
        if text:
            where = f"{place}, row {row}"

            def content(row: int = row) -> bytes:
                return audio[row]["bytes"].as_py() or b""

            yield Recording(where, content, transcript(text, where), part)
