"""The image task: errors against a second way, best guess by hand, and what treatments change."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from data.images import ImageSplit
from engine.tasks import images
from engine.tasks.images import TREATMENTS, ImageTask, best_guess, image_task, load_task, shifted
from engine.tasks.task import Part
from engine.tasks.treatments import noise_floor, noisy_labels, treated
from engine.training.group import run_group
from engine.training.spec import GroupSpec, Schedule
from tests.tasks.stripes import striped_set

torch.set_num_threads(1)
ROWS = torch.arange(16)


@pytest.fixture(scope="module")
def task() -> ImageTask:
    return image_task(striped_set(400, 80), "cpu")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that takes a moment."""
    monkeypatch.setattr(images, "JUDGE", ("cnn", 2_000, 1e-2))
    monkeypatch.setattr(images, "JUDGE_STEPS", 20)


def spec(**changes) -> GroupSpec:
    usual = GroupSpec(
        name="",
        domain="images",
        data="stripes",
        model="cnn",
        capacity=3_000,
        size=100,
        seeds=(0,),
        learning_rates=(3e-3,),
        schedule=Schedule(batch=32, floor_steps=60, margin=20, max_steps=200),
    )
    return replace(usual, **changes)


class Fixed(nn.Module):
    """Gives the logits it was made with, row by row."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.logits, self.at = logits, 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.at += len(x)
        return self.logits[self.at - len(x) : self.at]


def test_errors_are_those_counted_another_way():
    held = image_task(striped_set(400, 1_100, classes=7, stripe=100), "cpu")
    logits = torch.randn(1_100, 7, generator=torch.Generator().manual_seed(0))
    labels = held.splits["test"].labels
    errors = held.errors(Fixed(logits), held.part("test"))
    place = (logits > logits[torch.arange(1_100), labels][:, None]).sum(1)  # classes ahead of it
    assert errors["top-1"] == pytest.approx((place >= 1).float().mean().item())
    assert errors["top-5"] == pytest.approx((place >= 5).float().mean().item())
    assert errors["cross-entropy"] == pytest.approx(F.cross_entropy(logits, labels).item())
    part = held.part("test")
    each = held.losses(Fixed(logits), part)
    assert each.mean() == pytest.approx(float(held.mean_loss(Fixed(logits), part)), rel=1e-5)


def test_images_made_ready_once_have_the_losses_that_their_rows_have():
    held = image_task(striped_set(400, 1_100, classes=7, stripe=100), "cpu")
    model = held.build("mlp", 3_000, seed=0)
    chosen = held.part("validation", 700)  # of two batches
    assert len(chosen.ready) == len(chosen.rows) == 700
    plain = Part("validation", chosen.rows)
    assert np.array_equal(held.losses(model, chosen), held.losses(model, plain))
    assert held.mean_loss(model, chosen) == held.mean_loss(model, plain)


def test_the_best_guess_is_the_one_worked_by_hand():
    """Train 3 of a and 1 of b, so shares 4/6 and 2/6 with one added; test 1 of a and 3 of b."""
    source = striped_set(4, 4, classes=2)
    train = replace(source.train, labels=np.array([0, 0, 0, 1]))
    test = replace(source.test, labels=np.array([0, 1, 1, 1]))
    guess = best_guess(replace(source, train=train, test=test))
    assert guess["top-1"] == 0.75
    assert guess["top-5"] == 0
    assert guess["cross-entropy"] == pytest.approx(-0.25 * np.log(4 / 6) - 0.75 * np.log(2 / 6))


def test_an_image_is_moved_and_its_edge_repeated():
    images = torch.arange(40, dtype=torch.uint8).view(1, 1, 5, 8)
    images = images.expand(200, 2, 5, 8).contiguous(memory_format=torch.channels_last)
    rows = torch.arange(200)
    got = shifted(images, rows, 2)
    picture = images[0].permute(1, 2, 0).numpy()
    padded = np.pad(picture, ((2, 2), (2, 2), (0, 0)), mode="edge")
    possible = {
        padded[y : y + 5, x : x + 8].transpose(2, 0, 1).tobytes()
        for y in range(5)
        for x in range(5)
    }
    assert {one.numpy().tobytes() for one in got} == possible


def test_each_image_stays_its_own_under_shifts():
    images = torch.arange(10, dtype=torch.uint8).view(10, 1, 1, 1).expand(10, 3, 6, 6)
    images = images.contiguous(memory_format=torch.channels_last)
    rows = torch.tensor([7, 0, 7, 3])
    assert shifted(images, rows, 2)[:, 1, 2, 2].tolist() == [7, 0, 7, 3]


def test_shifted_images_differ_from_step_to_step_and_repeat_for_the_same_batch(task):
    moved = TREATMENTS["augment"](task)
    inputs = task.splits["train"].inputs
    assert torch.equal(shifted(inputs, ROWS, 2), shifted(inputs, ROWS, 2))
    assert not torch.equal(shifted(inputs, ROWS, 2), shifted(inputs, ROWS.flip(0), 2).flip(0))
    model = task.build("cnn", 3_000, 0)
    assert torch.equal(moved.loss(model, ROWS), moved.loss(model, ROWS))
    assert not torch.equal(moved.loss(model, ROWS), task.loss(model, ROWS))


def test_shifts_are_for_training_alone(task):
    moved, model = TREATMENTS["augment"](task), task.build("cnn", 3_000, 0)
    for split in "train", "validation", "test":
        part = task.part(split)
        assert torch.equal(moved.mean_loss(model, part), task.mean_loss(model, part))


@pytest.mark.parametrize("name", ["augment", "label-noise-20", "drop-hardest-20"])
def test_a_group_under_a_treatment_repeats_exactly(task, name, quick):
    short = spec(schedule=Schedule(batch=32, floor_steps=20, margin=10, max_steps=40))
    first, again = (run_group(treated(task, name, TREATMENTS), short)[0] for _ in range(2))
    assert replace(first, seconds=0) == replace(again, seconds=0)
    assert first.validation_loss != run_group(task, short)[0].validation_loss


@pytest.mark.parametrize("name", TREATMENTS)
def test_no_treatment_touches_test_and_only_wrong_labels_touch_validation(task, name, quick):
    other = treated(task, name, TREATMENTS)
    same = ["test"] if name.startswith("label-noise") else ["validation", "test"]
    for split in same:
        assert torch.equal(other.splits[split].inputs, task.splits[split].inputs)
        assert torch.equal(other.splits[split].labels, task.splits[split].labels)


@pytest.mark.parametrize("split", ["train", "validation"])
@pytest.mark.parametrize("rate", [10, 20, 40])
def test_noise_replaces_its_share_of_the_labels_that_are_learned_and_selected_by(task, rate, split):
    noisy = TREATMENTS[f"label-noise-{rate}"](task)
    wrong = noisy.splits[split].labels != task.splits[split].labels
    assert wrong.float().mean() == pytest.approx(rate / 100, abs=0.5 / len(wrong))


def test_under_label_noise_shards_hold_the_same_images_nested(task):
    noisy = TREATMENTS["label-noise-40"](task)
    assert np.array_equal(noisy.shard(100, 3), task.shard(100, 3))
    assert np.array_equal(noisy.shard(50, 3), noisy.shard(100, 3)[:50])


def test_dropping_the_hardest_leaves_four_fifths_of_every_class(task, quick):
    rest = TREATMENTS["drop-hardest-20"](task)
    assert rest.full == 320
    assert np.bincount(task.truth[rest.pool]).tolist() == [80] * 4
    assert set(rest.shard(320, 1)) == set(rest.pool) == set(rest.part("train").rows.tolist())


@pytest.mark.slow
def test_what_is_dropped_is_what_was_labelled_wrongly():
    """A tenth of the labels are wrong: a model that learned from others finds those hard."""
    source = striped_set(2_000, 80)
    wrong = np.random.default_rng(0).random(2_000) < 0.1
    labels = np.where(wrong, (source.train.labels + 1) % 4, source.train.labels)
    task = image_task(replace(source, train=replace(source.train, labels=labels)), "cpu")
    rest = TREATMENTS["drop-hardest-20"](task)
    assert wrong[rest.pool].mean() < 0.005


def noised(split: ImageSplit, rate: float) -> ImageSplit:
    return replace(split, labels=noisy_labels(split.labels, 4, rate))


def curve(task: ImageTask) -> list[float]:
    """Cross-entropy on test at three sizes; stripes are told apart without error."""
    schedule = Schedule(batch=128, max_steps=800)
    specs = [
        spec(size=size, learning_rates=(1e-3,), schedule=schedule) for size in (500, 2_000, 16_000)
    ]
    return [run_group(task, one)[0].test["cross-entropy"] for one in specs]


@pytest.mark.slow
@pytest.mark.parametrize("rate", [pytest.param(0.2, marks=pytest.mark.soak), 0.4])
def test_no_model_comes_below_the_entropy_of_noisy_test_labels_and_the_largest_comes_near(rate):
    source = striped_set(16_000, 2_000)
    source = replace(
        source,
        train=noised(source.train, rate),
        validation=noised(source.validation, rate),
        test=noised(source.test, rate),
    )
    floor = -rate * np.log(rate / 3) - (1 - rate) * np.log(1 - rate)  # of a label given its x
    found = curve(image_task(source, "cpu"))
    assert found[0] > found[1] > found[2] > floor
    assert found[2] < 1.03 * floor


@pytest.mark.slow
@pytest.mark.parametrize("rate", [20, pytest.param(40, marks=pytest.mark.soak)])
def test_under_label_noise_the_loss_comes_down_to_the_floor_that_the_noise_sets(rate):
    floor = noise_floor(rate / 100, 4)
    found = curve(TREATMENTS[f"label-noise-{rate}"](image_task(striped_set(16_000, 2_000), "cpu")))
    assert found[0] > found[1] > found[2]
    assert found[2] == pytest.approx(floor, rel=0.05)


@pytest.mark.slow
def test_the_icons_load_as_a_task():
    task = load_task("icons", None, None, "cpu")
    assert (task.full, task.shape, task.classes) == (25_357, (1, 32, 32), 207)
    assert task.data_hash == "8358c3ff2dc56b13"
