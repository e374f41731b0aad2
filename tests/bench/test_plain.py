"""The loops to be compared with must train on the same thing: equal losses on equal rows."""

import numpy as np
import pytest
import torch

from data.images import ImageSet
from data.text import TextSet
from data.translation import TranslationSet
from data.vocabulary import encode_words
from engine.bench.plain import loader, plain_loss, train_plain, train_resident
from engine.tasks import words
from engine.tasks.images import image_task
from engine.tasks.passages import passage_task
from engine.tasks.speech import speech_task
from engine.tasks.translation import translation_task
from engine.training.group import run_group
from tests.tasks.test_passages import walk
from tests.tasks.test_speech import made
from tests.tasks.test_translation import grammar, pairs_of
from tests.training.stripes import spec, striped_images

torch.set_num_threads(1)


def pictures():
    splits = [striped_images(rows, seed) for seed, rows in ((1, 200), (2, 80), (3, 80))]
    classes = ("a", "b", "c", "d")
    return image_task(ImageSet("stripes", "", classes, *splits, hash="0" * 16, credit=""), "cpu")


def passages():
    text = TextSet("walk", "", (walk(800, 1),), (walk(600, 2),), (walk(600, 3),), "", "0" * 16)
    return passage_task(encode_words(text), words.KIND, "walk", "cpu")


def pairs():
    rows = grammar()
    parts = (pairs_of(rows[:320]), pairs_of(rows[320:360]), pairs_of(rows[360:]))
    return translation_task(TranslationSet("grammar", "", *parts, "0" * 16, ""), "cpu")


def phrases():
    return speech_task(made(), "cpu")


@pytest.mark.parametrize(
    ("make", "family"),
    [
        (pictures, "cnn"),
        (passages, "lstm"),
        (pairs, "attention"),
        (phrases, "ctc"),
        (phrases, "attention"),
    ],
)
def test_a_batch_of_the_plain_loop_has_the_engines_loss(make, family):
    task = make()
    rows = task.shard(task.full, 0)[:9]
    model = task.build(family, 10_000, seed=0)
    (batch,) = loader(task, "train", rows, batch=9, seed=None)
    found = float(plain_loss(task)(model, batch).detach())
    assert found == pytest.approx(
        float(task.loss(model, torch.from_numpy(rows)).detach()), rel=1e-5
    )


def test_plain_loops_shuffle_and_hold_every_row_once():
    task = pictures()
    rows = np.arange(40)
    labels = torch.cat([y for _, y in loader(task, "train", rows, batch=16, seed=1)])
    truth = task.splits["train"].labels[:40]
    assert sorted(labels.tolist()) == sorted(truth.tolist())
    assert labels.tolist() != truth.tolist()


@pytest.mark.parametrize("train", [train_plain, train_resident])
def test_plain_loops_come_to_the_validation_loss_of_the_engine(train):
    task = pictures()
    asked = spec(model="cnn", size=120, seeds=(0,), learning_rates=(3e-3,))
    (ours,) = run_group(task, asked)
    assert train(task, asked, 0, 3e-3).validation_loss == pytest.approx(
        ours.validation_loss, rel=0.15
    )
