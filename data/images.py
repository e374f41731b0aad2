"""Labelled images: the sources that a study of the images domain can be run on.

A source gives train, validation and test images as bytes in memory. It knows no models. "icons"
comes with the program; "cifar10" is read where the Hugging Face `datasets` library keeps it.
"""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from data.errors import DataError
from data.hub import find_parquet, hub_folders, read_images
from data.icons.pack import SPLITS, read_pack
from data.shards import order

__all__ = ["SOURCES", "DataError", "ImageSet", "ImageSplit", "is_ready", "load"]

ICONS = Path(__file__).parent / "icons" / "icons.pack"
CIFAR10 = "uoft-cs/cifar10"  # its name on the hub
CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
VALIDATION_PART = 10  # CIFAR-10 comes without validation: a tenth of its training set, 5,000
VALIDATION_SEED = 10  # of that choice; never changed, or curves of two versions would not compare


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


def load(name: str, folder: Path | None = None, cache: Path | None = None) -> ImageSet:
    """Load a source by name.

    Args:
        name: one of SOURCES.
        folder: where a source that does not come with the program lies; None: where the
            `datasets` library keeps it in the user's home.
        cache: where to keep decoded images; None: decode every time (CIFAR-10: 6 s on one core).

    Raises:
        DataError: no such source, not on this machine, or its files are damaged.
    """
    if name not in SOURCES:
        raise DataError(f"there is no image source {name!r}; choose one of {', '.join(SOURCES)}.")
    return SOURCES[name](folder, cache)


def is_ready(name: str, folder: Path | None = None, cache: Path | None = None) -> tuple[bool, str]:
    """Whether a source's files are there, and where, or else what to do. Reads no image."""
    if name == "icons":
        return ICONS.is_file(), f"comes with the program: {ICONS}"
    try:
        return True, f"found in {_cifar10_folder(folder)}"
    except DataError as error:
        return False, str(error)


def _load_icons(folder: Path | None, _cache: Path | None) -> ImageSet:
    pack = read_pack(folder / ICONS.name if folder else ICONS)

    def split(name: str) -> ImageSplit:
        rows = pack.splits == SPLITS.index(name)
        return ImageSplit(pack.pixels[rows][:, None], pack.labels[rows])  # (n, 1, SIDE, SIDE)

    train, validation, test = (split(name) for name in SPLITS)
    return ImageSet(
        name="icons",
        title="Icon concepts",
        classes=pack.classes,
        train=train,
        validation=validation,
        test=test,
        hash=_hash(train, validation, test),
        credit="openly licensed icons; sets, authors and licences in data/icons/ATTRIBUTION.md",
    )


def _load_cifar10(folder: Path | None, cache: Path | None) -> ImageSet:
    place = _cifar10_folder(folder)
    images, labels = _decoded(find_parquet(place, "train"), cache)
    test = ImageSplit(*_decoded(find_parquet(place, "test"), cache))
    shapes = images.shape[1:], test.images.shape[1:]
    if shapes[0] != shapes[1]:
        raise DataError(
            f"in {place} training images are {shapes[0]} and test images {shapes[1]} (channels,"
            " height, width): they must be alike."
        )
    for found in labels, test.labels:
        if len(np.unique(found)) < 2 or not 0 <= found.min() <= found.max() < len(CIFAR10_CLASSES):
            raise DataError(
                f"in {place} a split has the labels {sorted(set(found.tolist()))[:12]}: CIFAR-10"
                " has several of 0 to 9."
            )
    dealt = order(labels, VALIDATION_SEED)
    held = len(labels) // VALIDATION_PART
    validation, train = np.sort(dealt[:held]), np.sort(dealt[held:])
    splits = [ImageSplit(images[rows], labels[rows]) for rows in (train, validation)]
    return ImageSet(
        name="cifar10",
        title="CIFAR-10",
        classes=CIFAR10_CLASSES,
        train=splits[0],
        validation=splits[1],
        test=test,
        hash=_hash(*splits, test),
        credit="CIFAR-10: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
    )


def _cifar10_folder(folder: Path | None) -> Path:
    """The folder with both of CIFAR-10's splits: the one given, else the `datasets` library's."""
    home = Path.home() / ".cache" / "huggingface"
    candidates = [folder] if folder else hub_folders(CIFAR10, home)
    for candidate in candidates:
        if all(find_parquet(candidate, split) for split in ("train", "test")):
            return candidate
    raise DataError(
        f'CIFAR-10 is not in {folder or home}: run `pip install datasets`, then `python -c "import'
        f" datasets; datasets.load_dataset('{CIFAR10}')\"`, or give --data-folder with"
        " train.parquet and test.parquet; the icons work without it."
    )


def _decoded(
    files: tuple[Path, ...], cache: Path | None
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Decoded images and labels of parquet files, kept in the cache folder for the next time."""
    if cache is None:
        return read_images(files)
    content = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    kept = cache / f"images-{content}.npz"
    try:
        with np.load(kept, allow_pickle=False) as held:  # the zip inside checks its own sums
            return held["images"], held["labels"]
    except (OSError, ValueError, KeyError, BadZipFile):  # not there or damaged: written anew
        images, labels = read_images(files)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=cache, suffix=".npz", delete=False) as part:
        np.savez(part, images=images, labels=labels)
    Path(part.name).replace(kept)  # readers see all of it or nothing
    return images, labels


def _hash(*splits: ImageSplit) -> str:
    """16 hex digits over the pixels and labels of splits, the same on every machine."""
    digest = hashlib.sha256()
    for split in splits:
        digest.update(repr(split.images.shape).encode())
        digest.update(split.images.tobytes())
        digest.update(split.labels.astype("<i8").tobytes())
    return digest.hexdigest()[:16]


SOURCES: dict[str, Callable[[Path | None, Path | None], ImageSet]] = {
    "icons": _load_icons,
    "cifar10": _load_cifar10,
}
