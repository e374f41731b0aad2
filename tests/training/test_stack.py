from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from data.arrays import split_rows
from engine.tasks.arrays import array_task
from engine.tasks.task import Part
from engine.training import loop, stack
from engine.training.adamw import AdamW
from engine.training.batches import batches
from engine.training.group import run_group
from engine.training.stack import stackable
from engine.training.ways import agrees, fastest, stacks
from tests.training.stripes import SCHEDULE, spec

RATES = (1e-3, 1e-3, 4e-3, 4e-3)


def trained(task, family, together, steps=100):
    """Together with our optimiser, apart with torch's own."""
    models = [task.build(family, 3_000, seed) for seed in range(len(RATES))]
    optimizers = [
        AdamW(list(model.parameters()), rate, 0.01)
        if together
        else torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01, fused=True)
        for model, rate in zip(models, RATES, strict=True)
    ]
    streams = [batches(task.shard(120, seed), 16, seed) for seed in range(len(RATES))]
    for _ in range(2):  # a stack is made of what the one before has left
        rows = np.stack([next(stream) for _ in range(steps // 2) for stream in streams])
        rows = rows.reshape(steps // 2, len(RATES), 16)
        if together:
            stack.advance(task, models, optimizers, rows)
        else:
            for place, (model, optimizer) in enumerate(zip(models, optimizers, strict=True)):
                loop.trainer(task, model, optimizer, "plain")(rows[:, place])
    return models


@pytest.mark.parametrize("family", ["mlp", "cnn"])
def test_a_hundred_steps_stacked_end_at_the_weights_of_the_plain_loop(task, family):
    for alone, stacked in zip(
        trained(task, family, False), trained(task, family, True), strict=True
    ):
        for one, other in zip(alone.parameters(), stacked.parameters(), strict=True):
            torch.testing.assert_close(one, other, atol=1e-4, rtol=0)


def test_running_statistics_go_back_to_each_replica(task):
    part = Part("validation", task.part("validation").rows)
    for alone, stacked in zip(trained(task, "cnn", False), trained(task, "cnn", True), strict=True):
        torch.testing.assert_close(
            task.mean_loss(alone, part), task.mean_loss(stacked, part), atol=1e-3, rtol=1e-3
        )


def test_a_group_that_drops_replicas_on_the_way_gives_the_same_points_stacked(task):
    asked = spec(
        model="cnn", size=100, seeds=(0, 1), learning_rates=(1e-5, 3e-3, 1e-2), schedule=SCHEDULE
    )
    plain, stacked = (run_group(task, replace(asked, way=way)) for way in ("plain", "stacked"))
    assert {run.status for run in plain} > {"pruned"}
    assert [run.status for run in plain] == [run.status for run in stacked]
    assert [run.steps for run in plain] == [run.steps for run in stacked]
    losses = [[run.validation_loss for run in runs] for runs in (plain, stacked)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-2)


def test_a_model_with_layers_that_a_stack_does_not_know_is_not_stacked(task):
    assert stackable(task.build("cnn", 3_000, 0))
    assert not stackable(task.build("resnet", 3_000, 0))


def test_half_precision_trains_to_nearly_the_loss_of_float32(task):
    asked = spec(model="mlp", size=160, seeds=(0, 1, 2), learning_rates=(1e-3,))
    plain, half = (run_group(task, replace(asked, way=way)) for way in ("plain", "half"))
    assert [run.validation_loss for run in plain] != [run.validation_loss for run in half]
    for one, other in zip(plain, half, strict=True):
        assert other.validation_loss == pytest.approx(one.validation_loss, rel=0.03)


def test_half_precision_is_refused_where_it_bends_the_gradient(task, monkeypatch):
    assert agrees(task, "mlp", 3_000, 16)
    monkeypatch.setattr("engine.training.ways.SAME", 1e-5)
    assert not agrees(task, "mlp", 3_000, 16)


def test_half_precision_is_refused_where_the_processor_has_it_not(task, monkeypatch):
    def gradient(task, network, rows, half):
        if half:
            raise RuntimeError("could not create a primitive descriptor")
        return torch.ones(3)

    monkeypatch.setattr("engine.training.ways._gradient", gradient)
    assert not agrees(task, "mlp", 3_000, 16)


def test_half_precision_is_not_even_tried_where_it_is_emulated(task, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.backends.cpu.get_cpu_capability", lambda: "AVX2")
    monkeypatch.setattr("engine.training.ways.agrees", None)  # a trial would fail
    assert fastest(tmp_path / "ways.json", task, "resnet", 3_000, 16) == "plain"


def test_a_way_once_found_is_remembered(task, tmp_path, monkeypatch):
    kept = tmp_path / "cache" / "ways.json"
    found = fastest(kept, task, "mlp", 3_000, 16)
    monkeypatch.setattr("engine.training.ways.trainer", None)  # a second probe would fail
    assert fastest(kept, task, "mlp", 3_000, 16) == found
    kept.write_text("[1")
    monkeypatch.undo()
    assert fastest(kept, task, "mlp", 3_000, 16) in ("plain", "stacked", "half")


def own_task(layers, loss=F.mse_loss):
    """A user's task of 64 rows of 3 numbers, with a network of these layers."""
    rng = np.random.default_rng(0)
    data = split_rows(rng.normal(size=(200, 3)), rng.normal(size=(200, 1)))
    models = {"net": lambda capacity: nn.Sequential(*layers())}
    return array_task(data, "cpu", models=models, loss=loss, metrics={"mse": F.mse_loss})


def test_a_users_network_of_known_layers_is_stacked():
    task = own_task(lambda: (nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1)))
    assert stacks(task, "net", 1)


@pytest.mark.parametrize(
    ("layers", "loss"),
    [
        (lambda: (nn.Linear(3, 8, bias=False), nn.ReLU(), nn.Linear(8, 1)), F.mse_loss),
        (lambda: (nn.Linear(3, 1),), lambda out, wanted: F.mse_loss(out, wanted).sqrt()),
        (lambda: (nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1)), F.mse_loss),
        (lambda: (nn.Linear(3, 8).requires_grad_(False), nn.ReLU(), nn.Linear(8, 1)), F.mse_loss),
    ],
    ids=["no bias", "a loss that is no mean over rows", "an unknown layer", "a frozen layer"],
)
def test_what_a_stack_would_train_otherwise_is_not_stacked(layers, loss):
    assert not stacks(own_task(layers, loss), "net", 1)
