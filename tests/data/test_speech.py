"""The table of speech sources: which there are, and that synthetic speech says so."""

from pathlib import Path

import numpy as np
import pytest

from data import features, synthesis
from data.speech import SOURCES, DataError, is_ready, load


def test_a_name_that_is_no_source_is_answered_with_the_names_that_are() -> None:
    for ask in load, is_ready:
        with pytest.raises(DataError, match=rf"'timit'.*{', '.join(SOURCES)}"):
            ask("timit")


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
