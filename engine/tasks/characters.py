"""Language modelling by characters: bits a character; training descends nats all the same."""

from pathlib import Path

from data import text
from data.vocabulary import encode_characters
from engine.tasks.passages import BITS, Kind, PassageTask, passage_task
from engine.tasks.task import Treatment

KIND = Kind(
    unit="characters",
    metric="bits",
    nats=BITS,
    length=128,  # some twenty words of context
    held_out=750,  # 96,000 characters of each: a quarter of a second a look, LSTM of 50,000
)

TREATMENTS: dict[str, Treatment[PassageTask]] = {}


def load_task(source: str, path: Path | None, cache: Path | None, device: str) -> PassageTask:
    """The task of a source of data.text; see there for `path` and what is raised.

    Nothing is kept in `cache`: reading the default source takes a second.
    """
    return passage_task(encode_characters(text.load(source, path)), KIND, source, device)
