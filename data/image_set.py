"""ImageSet: the labelled images of one source, split once and for all, as bytes in memory."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.kept import kept_arrays

HELD_MOST = 5_000  # most validation and most test images cut out here: top-1 to +-0.7 % of a share


@dataclass(frozen=True, slots=True)
class ImageSplit:
    """Images and their classes, row by row."""

    images: NDArray[np.uint8]  # (n, channels, height, width)
    labels: NDArray[np.int64]  # (n,), index into the set's classes


@dataclass(frozen=True, slots=True)
class ImageSet:
    """One source's images, split once and for all."""

    name: str
    title: str
    classes: tuple[str, ...]
    train: ImageSplit
    validation: ImageSplit
    test: ImageSplit
    hash: str  # 16 hex digits over all pixels and labels, for the record
    credit: str  # whose images, under which licence
    unit: str = "images"


def hash_of(*splits: ImageSplit) -> str:
    """16 hex digits over the pixels and labels of splits, the same on every machine."""
    digest = hashlib.sha256()
    for split in splits:
        digest.update(repr(split.images.shape).encode())
        digest.update(split.images.tobytes())
        digest.update(split.labels.astype("<i8").tobytes())
    return digest.hexdigest()[:16]


def kept(
    content: str, cache: Path | None, decode: Callable[[], NDArray[np.uint8]]
) -> NDArray[np.uint8]:
    """Decoded images, read from the cache folder or decoded and kept there for the next time.

    Args:
        content: a hash over all that the pixels follow from.
        cache: None: decoded every time.
        decode: gives the images.
    """
    arrays = kept_arrays(f"images-{content}", ("images",), cache, lambda: {"images": decode()})
    images: NDArray[np.uint8] = arrays["images"]
    return images
