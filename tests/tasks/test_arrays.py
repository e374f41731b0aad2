"""The best guess of a task of arrays: the one answer that is best whatever the inputs."""

import math

import numpy as np
import pytest
from torch import nn
from torch.nn import functional as F

from data.arrays import split_rows
from engine.models.capacity import sized
from engine.tasks import arrays
from engine.tasks.arrays import array_task


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def task_of(target, network, loss):
    inputs = np.linspace(0, 1, 3 * len(target), dtype=np.float32).reshape(-1, 3)
    metrics = {"error": loss}
    models = {"net": sized(network)}
    return array_task(split_rows(inputs, target), "cpu", models=models, loss=loss, metrics=metrics)


def head(outputs, shape=(-1,)):
    def network(width):
        end = nn.Linear(width, outputs)
        return nn.Sequential(nn.Linear(3, width), nn.ReLU(), end, nn.Unflatten(1, shape))

    return network


def letters(output, target):
    return F.cross_entropy(output.transpose(1, 2), target)


def test_of_squares_it_is_the_mean(rng):
    target = rng.normal(1000, 2, size=(3000, 1))
    task = task_of(target, head(1), F.mse_loss)
    held = task.splits["test"].target.numpy()
    mean = task.splits["train"].target.numpy().mean()
    assert task.guess["error"] == pytest.approx(np.square(held - mean).mean(), rel=0.02)


def test_of_classes_it_is_their_shares(rng):
    target = rng.choice(3, 4000, p=[0.7, 0.2, 0.1])
    task = task_of(target, head(3), F.cross_entropy)
    entropy = -sum(p * math.log(p) for p in (0.7, 0.2, 0.1))
    assert task.guess["error"] == pytest.approx(entropy, rel=0.1)


def test_what_is_rare_in_a_place_is_not_held_for_impossible_there(rng):
    shares = np.arange(1, 65) ** -1.5 / (np.arange(1, 65) ** -1.5).sum()
    task = task_of(rng.choice(64, (600, 4), p=shares), head(4 * 64, (4, 64)), letters)
    known = -np.log(
        shares[task.splits["test"].target]
    ).mean()  # of who knows what they were drawn by
    assert known < task.guess["error"] < 1.1 * known


def test_of_long_sequences_few_rows_are_asked_and_only_once(rng, monkeypatch):
    asked = []

    def counted(output, target):
        asked.append(output.numel())
        return letters(output, target)

    monkeypatch.setattr(arrays, "GUESSED_NUMBERS", 1000)
    task = task_of(rng.integers(0, 5, (500, 10)), head(50, (10, 5)), counted)
    assert task.guess
    before = len(asked)
    assert max(asked[:-1]) <= 1000  # the last is the error on all of test
    assert task.guess
    assert len(asked) == before
