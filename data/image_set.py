"""ImageSet: the labelled images of one source, split once and for all, as bytes in memory."""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

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
    if cache is None:
        return decode()
    file = cache / f"images-{content}.npz"
    try:
        with np.load(file, allow_pickle=False) as held:  # the zip inside checks its own sums
            images: NDArray[np.uint8] = held["images"]
            return images
    except (OSError, ValueError, KeyError, BadZipFile):  # not there or damaged: written anew
        images = decode()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=cache, suffix=".npz", delete=False) as part:
        np.savez(part, images=images)
    Path(part.name).replace(file)  # readers see all of it or nothing
    return images
