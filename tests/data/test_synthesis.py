"""Synthetic speech: what is said by whom, and the process that says it."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data import features, synthesis
from data.errors import DataError
from data.synthesis import PARTS, RECIPES, VOICES, noisy, ready, synthesise, utterances

SMALL = replace(RECIPES["synthetic-words"], utterances=(24, 4, 4))
needs_espeak = pytest.mark.skipif(not ready()[0], reason="espeakng-loader is an optional extra")


@pytest.mark.parametrize("source", RECIPES)
def test_no_voice_is_in_two_splits(source):
    said = utterances(RECIPES[source])
    voices = [{u.voice for u in said if u.split == split} for split in range(3)]
    assert not voices[0] & voices[1]
    assert not voices[0] & voices[2]
    assert not voices[1] & voices[2]
    assert set.union(*voices) == set(VOICES)


@pytest.mark.parametrize("source", RECIPES)
@pytest.mark.slow
def test_there_are_as_many_utterances_of_as_many_words_as_the_recipe_says(source):
    recipe = RECIPES[source]
    said = utterances(recipe)
    assert tuple(np.bincount([u.split for u in said])) == recipe.utterances
    counts = {len(u.text.split()) for u in said}
    assert counts == set(range(recipe.fewest, recipe.most + 1))
    assert {word for u in said for word in u.text.split()} == set(recipe.words)


def test_the_words_are_the_thirty_five_of_speech_commands():
    assert len(set(RECIPES["synthetic-words"].words)) == 35


def test_the_same_recipe_says_the_same_and_another_seed_something_else():
    assert utterances(SMALL) == utterances(SMALL)
    assert utterances(replace(SMALL, seed=12)) != utterances(SMALL)


def test_every_setting_is_in_the_recipes_name():
    changed = [replace(SMALL, seed=12), replace(SMALL, version=2), replace(SMALL, noise=(0.0, 9.0))]
    assert len({recipe.name for recipe in [SMALL, *changed]}) == 4


def test_noise_is_as_far_below_the_speech_as_drawn():
    speech = np.sin(np.arange(40_000)).astype(np.float32)
    utterance = replace(utterances(SMALL)[0], noise=13.0, lead=0.5)
    wave = noisy(speech, utterance, np.random.default_rng(0))
    lead = len(wave) - len(speech)
    assert lead == features.RATE // 2
    ratio = np.mean(speech**2) / np.mean((wave[lead:] - speech) ** 2)
    assert 10 * np.log10(ratio) == pytest.approx(13.0, abs=0.2)
    assert np.std(wave[:lead]) > 0  # over the lead too


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(DataError, match=r"pip install espeakng-loader.*spoken-digits work"):
        synthesise("synthetic-words")


def test_a_library_that_fails_is_reported_in_one_sentence(monkeypatch):
    failing = "import sys; sys.exit('espeak-ng has no voice en-us+f9')"
    run = subprocess.run

    def fail(_command, **options):
        return run([sys.executable, "-c", failing], **options)

    monkeypatch.setattr(synthesis, "ready", lambda: (True, ""))
    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(DataError, match="no voice en-us\\+f9; try `pip install") as caught:
        synthesise("synthetic-words")
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_the_program_itself_never_loads_the_library():
    code = (
        "import sys, data.synthesis, data.speech; data.synthesis.ready();"
        " sys.exit('espeakng_loader' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 0
    )


@needs_espeak
@pytest.mark.slow
def test_a_part_is_spoken_the_same_every_time_and_in_the_right_number():
    first, again = (synthesis._in_process("synthetic-words", 3, lambda _n: None) for _ in range(2))
    assert np.array_equal(first.frames, again.frames)
    wanted = len(np.array_split(np.arange(len(utterances(RECIPES["synthetic-words"]))), PARTS)[3])
    assert len(first.lengths) == wanted
    assert first.lengths.sum() == len(first.frames)
    seconds = first.lengths * features.HOP / features.RATE
    assert 0.1 < seconds.min() < seconds.max() < 2.0  # one word, "up" the shortest
