"""The floor of steps must not freeze a curve on an early ledge (notes: performance, section 11)."""

from dataclasses import replace

import pytest
import torch

from data import images
from engine.study.presets import RATES, SCHEDULE
from engine.tasks.images import image_task
from engine.training.group import run_group
from engine.training.spec import GroupSpec

torch.set_num_threads(1)
LEDGE = 1.02  # a ledge was seen to cost 7 %; the noise of a shard's best loss is under 1 %


@pytest.fixture(scope="module")
def task():
    return image_task(images.load("icons"), "cpu")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "size"), [("mlp", 99), ("mlp", 792), ("cnn", 99), ("cnn", 792), ("resnet", 99)]
)
def test_training_four_times_past_the_floor_finds_no_lower_loss(task, model, size):
    def best_loss(floor: int) -> float:
        spec = GroupSpec(
            name=f"{model} on {size}",
            domain="images",
            data="icons",
            model=model,
            capacity=40_000,
            size=size,
            seeds=(0,),
            learning_rates=RATES,
            schedule=replace(SCHEDULE, floor_steps=floor),
        )
        return min(run.validation_loss for run in run_group(task, spec))

    floor = SCHEDULE.floor_steps
    assert best_loss(floor) < LEDGE * best_loss(4 * floor)
