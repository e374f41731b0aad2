"""Language modelling by words: nats a word, over the vocabulary of the whole training split."""

from pathlib import Path

from data import text
from data.vocabulary import kept_words
from engine.tasks.passages import Kind, PassageTask, passage_task
from engine.tasks.task import Treatment

KIND = Kind(
    unit="words",
    metric="cross-entropy",
    nats=1.0,
    length=32,  # a long sentence; shards can be small, and 8 rows a batch are 256 words
    held_out=1_500,  # 48,000 words of each: half a second to a second a look at 100,000 parameters
)

TREATMENTS: dict[str, Treatment[PassageTask]] = {}


def load_task(source: str, path: Path | None, cache: Path | None, device: str) -> PassageTask:
    """The task of a source of data.text; see there for `path` and what is raised."""
    return passage_task(kept_words(text.load(source, path), cache), KIND, source, device)
