"""Labelled images: the sources that a study of the images domain can be run on.

A source gives train, validation and test images as bytes in memory. It knows no models. "icons"
comes with the program; CIFAR is had from the Hugging Face hub or a folder; "folder" and "parquet"
are the user's own, their images made squares of 32 pixels, or of 64 where the name says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from data.errors import DataError
from data.hub import hub_ready
from data.icons.pack import SPLITS, read_pack
from data.image_set import ImageSet, ImageSplit, hash_of
from data.parquet_images import (
    CIFAR10,
    CIFAR100,
    WITHOUT,
    Standard,
    load_parquet,
    load_standard,
    parquet_ready,
)
from data.picture_folder import folder_ready, load_folder

__all__ = ["SOURCES", "DataError", "ImageSet", "ImageSplit", "is_ready", "load"]

ICONS = Path(__file__).parent / "icons" / "icons.pack"


@dataclass(frozen=True, slots=True)
class Source:
    """How a source is had."""

    load: Callable[[Path | None, Path | None], ImageSet]  # from its folder and the cache's
    ready: Callable[[Path | None], tuple[bool, str]]  # whether it is there, and where or what to do


def load(name: str, path: Path | None = None, cache: Path | None = None) -> ImageSet:
    """Load a source by name.

    Args:
        name: one of SOURCES.
        path: the folder where a source that does not come with the program lies; None: the hub's
            cache, or the hub.
        cache: where to keep decoded images; None: decode every time (CIFAR-10: 6 s on one core).

    Raises:
        DataError: no such source, not on this machine, or its files are damaged.
    """
    return _source(name).load(path, cache)


def is_ready(name: str, path: Path | None = None, cache: Path | None = None) -> tuple[bool, str]:
    """Whether a source's files are there, and where, or else what to do. Reads no image.

    `cache` is for domains whose data are made on the machine; decoded images alone make none ready.
    """
    return _source(name).ready(path)


def _source(name: str) -> Source:
    if name not in SOURCES:
        raise DataError(f"there is no image source {name!r}; choose one of {', '.join(SOURCES)}.")
    return SOURCES[name]


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
        hash=hash_of(train, validation, test),
        credit="openly licensed icons; sets, authors and licences in data/icons/ATTRIBUTION.md",
    )


def _icons_ready(_folder: Path | None) -> tuple[bool, str]:
    return ICONS.is_file(), f"comes with the program: {ICONS}"


def _standard(which: Standard) -> Source:
    def ready(folder: Path | None) -> tuple[bool, str]:
        splits = ("train", "test")
        return hub_ready(which.repository, splits, folder=folder, without=WITHOUT)

    return Source(partial(load_standard, which), ready)


def _folder(name: str, side: int) -> Source:
    return Source(partial(load_folder, name, side), folder_ready)


def _parquet(name: str, side: int) -> Source:
    return Source(partial(load_parquet, name, side), parquet_ready)


SOURCES: dict[str, Source] = {
    "icons": Source(_load_icons, _icons_ready),
    "cifar10": _standard(CIFAR10),
    "cifar100": _standard(CIFAR100),
    "folder": _folder("folder", 32),
    "folder-64": _folder("folder-64", 64),
    "parquet": _parquet("parquet", 32),
    "parquet-64": _parquet("parquet-64", 64),
}
