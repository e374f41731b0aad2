"""The floor of steps must not freeze a curve on an early ledge (notes: performance, section 11)."""

import math
from dataclasses import replace
from functools import lru_cache

import pytest
import torch

from engine.domains import DOMAINS
from engine.study.presets import RECIPES
from engine.tasks.load import TaskLoader
from engine.training import group
from engine.training.group import run_group
from engine.training.spec import Candidate, GroupSpec

torch.set_num_threads(1)
LEDGE = 1.02  # a ledge was seen to cost 7 %; the noise of a shard's best loss is under 1 %
FOLDERS = {"multi30k": "multi30k", "spoken-digits": "fsdd/recordings"}


@lru_cache
def task(domain, data, folder, cache):
    paths = {domain: folder / FOLDERS[data]} if data in FOLDERS else {}
    return TaskLoader(paths, cache, "cpu")(domain, data)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize(
    ("domain", "data", "model", "size"),
    [
        ("images", "icons", "mlp", 99),
        ("characters", "sotu", "lstm", 2_381),
        pytest.param("images", "icons", "cnn", 99, marks=pytest.mark.soak),
        pytest.param("images", "icons", "mlp", 792, marks=pytest.mark.soak),
        pytest.param("images", "icons", "resnet", 99, marks=pytest.mark.soak),
        pytest.param("words", "sotu", "lstm", 3_499, marks=pytest.mark.soak),
        pytest.param("words", "sotu", "transformer", 3_499, marks=pytest.mark.soak),
        pytest.param("characters", "sotu", "transformer", 2_381, marks=pytest.mark.soak),
        pytest.param("translation", "multi30k", "attention", 453, marks=pytest.mark.soak),
        pytest.param("translation", "multi30k", "transformer", 226, marks=pytest.mark.soak),
        pytest.param("speech", "spoken-digits", "ctc", 30, marks=pytest.mark.soak),
    ],
)
def test_training_four_times_past_the_floor_finds_no_lower_loss(
    shared_data, cache, monkeypatch, domain, data, model, size
):
    recipe = RECIPES[domain]["quick"]
    low, high = recipe.rates

    def trained(floor: int) -> Candidate:
        spec = GroupSpec(
            name=f"{model} on {size} {DOMAINS[domain].unit}",
            domain=domain,
            data=data,
            model=model,
            capacity=recipe.ladder[0],
            size=size,
            seeds=(0,),
            learning_rates=((low * high) ** 0.5,),
            schedule=replace(recipe.schedule, floor_steps=floor),
        )
        (candidate,) = run_group(task(domain, data, shared_data, cache), spec)
        return candidate

    floor = recipe.schedule.floor_steps
    short = trained(floor)
    monkeypatch.setattr(group, "OVERFITTED", math.inf)  # nor where overfitting has lifted the floor
    long = trained(4 * floor)
    assert short.steps < long.steps, "the case tells nothing: patience alone went past the floor"
    assert short.validation_loss < LEDGE * long.validation_loss
