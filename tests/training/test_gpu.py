"""What differs on a CUDA device: recorded steps, stacks, and memory that does not hold a group."""

import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from data.text import TextSet
from data.translation import Pairs, TranslationSet
from data.vocabulary import encode_words
from engine.study.sharing import CONTROL, default_workers, shared
from engine.tasks import words
from engine.tasks.images import image_task
from engine.tasks.passages import passage_task
from engine.tasks.translation import translation_task
from engine.training import loop, stack
from engine.training.batches import batches
from engine.training.device import choose
from engine.training.group import APART, run_group
from engine.training.ways import fastest
from tests.training.stripes import spec

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device"),
]
RATES = (1e-3, 1e-3, 4e-3, 4e-3)


@pytest.fixture(autouse=True)
def exact():
    """Products in float32 proper, as on a CPU, and the same kernels whenever asked."""
    before = torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic
    torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic = False, True
    yield
    torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic = before


@pytest.fixture(scope="module")
def there(source):
    return image_task(source, "cuda")


@pytest.fixture(scope="module")
def text():
    rng = np.random.default_rng(0)
    said = [" ".join(f"w{k}" for k in np.cumsum(rng.integers(1, 3, n)) % 20) for n in (3200, 960)]
    source = TextSet("walk", "Walk", (said[0],), (said[1],), (said[1],), "the test's", "0" * 16)
    return passage_task(encode_words(source), words.KIND, "walk", "cuda")


@pytest.fixture(scope="module")
def pairs():
    rng = np.random.default_rng(0)
    said = ["".join(rng.choice(list("abcd "), n)) for n in rng.integers(4, 60, 300)]
    spoken = Pairs(tuple(said), tuple(text.upper() for text in said))
    source = TranslationSet(
        "cases", "Cases", train=spoken, validation=spoken, test=spoken, hash="0" * 16, credit=""
    )
    return translation_task(source, "cuda")


def trained(task, family, way, steps=100):
    """Four replicas trained twice `steps` / 2 steps, a way."""
    models = [task.build(family, 3_000, seed) for seed in range(len(RATES))]
    optimizers = [loop.optimizer(m, rate) for m, rate in zip(models, RATES, strict=True)]
    alone = [
        loop.trainer(task, m, optimizer, way)
        for m, optimizer in zip(models, optimizers, strict=True)
    ]
    streams = [batches(task.shard(task.full // 2, seed), 16, seed) for seed in range(len(RATES))]
    for _ in range(2):
        rows = np.stack([next(each) for _ in range(steps // 2) for each in streams])
        rows = rows.reshape(steps // 2, len(RATES), -1)
        if way == "stacked":
            stack.advance(task, models, optimizers, rows)
        else:
            for place, train in enumerate(alone):
                train(rows[:, place])
    return models


@pytest.mark.parametrize(
    ("family", "way"), [("mlp", "graph"), ("cnn", "graph"), ("resnet", "graph"), ("mlp", "stacked")]
)
def test_a_hundred_steps_recorded_or_stacked_end_at_the_weights_of_the_plain_loop(
    there, family, way
):
    for plain, other in zip(
        trained(there, family, "plain"), trained(there, family, way), strict=True
    ):
        for one, another in zip(plain.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(one, another, atol=1e-4, rtol=0)


@pytest.mark.parametrize("family", ["lstm", "rhn", "transformer"])
def test_a_language_model_recorded_ends_at_the_weights_of_the_plain_loop(text, family):
    for plain, recorded in zip(
        trained(text, family, "plain"), trained(text, family, "graph"), strict=True
    ):
        for one, another in zip(plain.parameters(), recorded.parameters(), strict=True):
            torch.testing.assert_close(one, another, atol=1e-4, rtol=0)


@pytest.mark.parametrize("family", ["attention", "transformer"])
def test_a_translator_recorded_ends_at_the_loss_of_the_plain_loop(pairs, family):
    # Not at its weights: padded to more, it sums in another order, and 100 steps let that grow.
    part = pairs.part("validation")
    for plain, recorded in zip(
        trained(pairs, family, "plain"), trained(pairs, family, "graph"), strict=True
    ):
        loss, other = (float(pairs.mean_loss(model, part)) for model in (plain, recorded))
        assert other == pytest.approx(loss, rel=0.01)


def test_sgd_is_recorded_too(there):
    asked = spec(model="cnn", treatment="sgd", learning_rates=(0.03,))
    plain, recorded = (run_group(there, replace(asked, way=way)) for way in ("plain", "graph"))
    assert [run.validation_loss for run in recorded] == pytest.approx(
        [run.validation_loss for run in plain], rel=1e-3
    )


def test_a_group_on_the_gpu_comes_to_the_losses_of_the_cpu(task, there):
    asked = spec(model="mlp", size=160, seeds=(0, 1))
    here, far = run_group(task, asked), run_group(there, replace(asked, way="graph"))
    assert [run.validation_loss for run in far] == pytest.approx(
        [run.validation_loss for run in here], rel=0.02
    )


def test_a_fixed_seed_repeats_the_loss_on_the_gpu(there):
    asked = spec(model="cnn", way="graph")
    first, again = run_group(there, asked), run_group(there, asked)
    assert [run.validation_loss for run in first] == pytest.approx(
        [run.validation_loss for run in again], rel=1e-5
    )


def test_a_group_that_the_memory_does_not_hold_is_trained_seed_by_seed_and_says_so(there):
    asked = spec(model="mlp", capacity=4_000_000, seeds=(0, 1, 2), learning_rates=(1e-4,))
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.empty_cache()
    held = torch.cuda.memory_reserved()
    # Weights, gradients, two moments and the best weights: 80 MB a replica; room for 2 of 3.
    torch.cuda.set_per_process_memory_fraction((held + 220e6) / total)
    try:
        runs = run_group(there, asked)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert [run.seed for run in runs] == [0, 1, 2]
    assert all(run.reason for run in runs)
    assert APART in {run.reason for run in runs}


def test_memory_that_does_not_hold_one_seed_is_refused_in_words(there):
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + 50e6) / total)
    try:
        with pytest.raises(MemoryError, match=r"does not hold 1 models of 40,000,000"):
            run_group(
                there,
                spec(model="mlp", capacity=40_000_000, seeds=(0,), learning_rates=(1e-4,)),
            )
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


def test_the_probe_has_a_model_that_does_not_stack_recorded(there, tmp_path):
    assert fastest(tmp_path / "ways.json", there, "resnet", 3_000, 16) == "graph"


@pytest.mark.skipif(not shutil.which(CONTROL), reason="no multi-process service here")
def test_processes_share_the_gpu_at_the_same_time():
    device = choose("cuda")
    assert default_workers(device) > 2
    with shared(device, 2) as together:
        assert together
        code = "import torch; print(torch.ones(3, device='cuda').sum().item())"
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        assert said.stdout.strip() == b"3.0"
