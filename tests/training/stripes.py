"""Striped noise: four classes that a model learns within seconds, for every test of training."""

from dataclasses import replace

import numpy as np

from data.images import ImageSet, ImageSplit
from engine.training.spec import GroupSpec, Schedule

SCHEDULE = Schedule(batch=16, first_evaluation=10, floor_steps=60, margin=20, max_steps=300)


def striped_images(n: int, seed: int) -> ImageSplit:
    """Four classes of 16x16 noise, each with a faint stripe at its own place; 1 label in 8 wrong.

    The wrong labels make a model that trains on get worse, as real data does.
    """
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 4
    images = rng.integers(0, 120, (n, 1, 16, 16))
    for image, label in zip(images, labels, strict=True):
        image[0, 4 * label + 1] += 50
    wrong = rng.random(n) < 1 / 8
    labels = np.where(wrong, (labels + 1) % 4, labels)
    return ImageSplit(images.astype(np.uint8), labels.astype(np.int64))


def striped_set() -> ImageSet:
    """A training set of 200, and of validation and test 80 each."""
    return ImageSet(
        name="stripes",
        title="stripes",
        classes=("a", "b", "c", "d"),
        train=striped_images(200, 1),
        validation=striped_images(80, 2),
        test=striped_images(80, 3),
        hash="0" * 16,
        unit="images",
        credit="made by the test",
    )


def spec(**changes) -> GroupSpec:
    usual = GroupSpec(
        name="mlp on 40",
        domain="images",
        data="stripes",
        model="mlp",
        capacity=5_000,
        size=40,
        seeds=(0, 1),
        learning_rates=(1e-3, 3e-3),
        schedule=SCHEDULE,
    )
    return replace(usual, **changes)
