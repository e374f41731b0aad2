"""Image sets made by the tests: noise with a stripe whose place is the class."""

import numpy as np

from data.images import ImageSet, ImageSplit


def striped(n: int, seed: int, classes: int = 4, stripe: int = 120) -> ImageSplit:
    """16 x 16 noise of 0 to 119 with one row brighter by `stripe`; classes take turns."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    images = rng.integers(0, 120, (n, 1, 16, 16))
    images[np.arange(n), 0, 1 + labels * (14 // classes)] += stripe
    return ImageSplit(images.astype(np.uint8), labels.astype(np.int64))


def striped_set(train: int, held: int, classes: int = 4, stripe: int = 120) -> ImageSet:
    return ImageSet(
        name="stripes",
        title="stripes",
        classes=tuple("abcdefghij"[:classes]),
        train=striped(train, 1, classes, stripe),
        validation=striped(held, 2, classes, stripe),
        test=striped(held, 3, classes, stripe),
        hash="0" * 16,
        credit="made by the test",
    )
