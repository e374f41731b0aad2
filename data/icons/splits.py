"""Which icons enter the pack, and on which side: authors are held out whole, classes are levelled.

Used by build.py. All choices come from the generator that is passed in.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable

import numpy as np
from numpy.typing import NDArray

from data.icons.pack import SPLITS

TRAIN_A_CLASS = 150  # most training images of a class ...
HELD_A_CLASS = 16  # ... and most validation and most test images
HELD_A_FAMILY = 3  # of one class and family in a held-out split: many hands, not many weights
HELD_FAMILIES = 16  # families in validation, and in test
LARGEST_HELD = 0.05  # a family with more of all images than this stays in training
SWAPS = 50_000  # of two families between splits that are tried: few better ones are found by then


def single(pixels: NDArray[np.uint8], concepts: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Mark, (n,), which equal images to keep: the first, or none where they lie in two classes."""
    alike = defaultdict(list)
    for i, picture in enumerate(pixels):
        alike[picture.tobytes()].append(i)
    keep = np.zeros(len(pixels), bool)
    for copies in alike.values():
        keep[copies[0]] = len(set(concepts[copies])) == 1
    return keep


def hold_out(
    labels: NDArray[np.int64],
    family: NDArray[np.int64],
    ink: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Choose the families of validation and test; gives the split of each family, (n_families,).

    From a first draw on, two families change sides as often as that fills the classes of the three
    splits better and brings validation and test closer in style, told by how much ink they use.
    """
    count = np.zeros((family.max() + 1, labels.max() + 1), np.int64)  # (n_families, n_classes)
    np.add.at(count, (family, labels), 1)
    tone = np.bincount(family, ink) / np.bincount(family)  # (n_families,)

    def cost(splits: NDArray[np.int64]) -> float:
        train, validation, test = (splits == i for i in range(len(SPLITS)))
        gaps = _gap(count[train], TRAIN_A_CLASS)
        for held in validation, test:
            gaps += _gap(np.minimum(count[held], HELD_A_FAMILY), HELD_A_CLASS)
        means = float(tone[validation].mean() - tone[test].mean())
        spreads = float(tone[validation].std() - tone[test].std())
        return gaps + (abs(means) + abs(spreads)) / float(tone.std()) / 10  # classes come first

    movable = rng.permutation(np.flatnonzero(count.sum(1) < LARGEST_HELD * len(labels)))
    splits = np.zeros(len(count), np.int64)
    splits[movable[:HELD_FAMILIES]] = SPLITS.index("validation")
    splits[movable[HELD_FAMILIES : 2 * HELD_FAMILIES]] = SPLITS.index("test")
    best = cost(splits)
    for pair in rng.choice(movable, (SWAPS, 2)):
        swapped = splits.copy()
        swapped[pair] = splits[pair[::-1]]
        if (reached := cost(swapped)) < best:
            splits, best = swapped, reached
    return splits


def _gap(count: NDArray[np.int64], wanted: int) -> float:
    """How far classes fall short of the images wanted, 0 to 1; one large gap is worse than many."""
    missing = np.maximum(1 - count.sum(0) / wanted, 0)  # (n_classes,)
    return float(np.mean(missing**2))


def level(
    labels: NDArray[np.int64],
    family: NDArray[np.int64],
    origins: list[str],
    splits: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Choose the images that make classes even: families take turns, and in a family its sets."""
    order = rng.permutation(len(labels))
    by_set = turns(order, zip(labels, origins, strict=True))
    order = order[np.argsort(by_set[order], kind="stable")]
    by_family = turns(order, zip(labels, family, strict=True))
    order = order[np.argsort(by_family[order], kind="stable")]
    by_class = turns(order, zip(labels, splits, strict=True))
    train = splits == SPLITS.index("train")
    fits = np.where(train, by_class < TRAIN_A_CLASS, by_class < HELD_A_CLASS)
    kept = np.flatnonzero(fits & (train | (by_family < HELD_A_FAMILY)))
    return kept[np.lexsort((kept, labels[kept], splits[kept]))]


def turns(order: NDArray[np.int64], groups: Iterable[Hashable]) -> NDArray[np.int64]:
    """Count, (n,), how many of an image's group come before it in the order."""
    group_of, met = list(groups), defaultdict[Hashable, int](int)
    turn = np.empty(len(order), np.int64)
    for i in order:
        turn[i] = met[group_of[i]]
        met[group_of[i]] += 1
    return turn
