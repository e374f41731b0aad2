"""A folder of the user's own pictures, a folder per class, as an image set.

Two layouts: FOLDER/CLASS/... where the splits are made here, or FOLDER/train/CLASS/...,
FOLDER/validation/CLASS/... and FOLDER/test/CLASS/... where the user made them (either of the last
two may be missing and is then made from train). Pictures may lie deeper inside their class.

A split made here follows from the pictures' bytes alone: in each class the distinct pictures lie in
the order of their SHA-256, the first of them are test, the next validation, the rest training. So
copies stay on one side, classes are in even shares, and neither names, dates nor the order of the
disk matter. What is not read: see data.own_files.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.errors import DataError
from data.image_set import HELD_MOST, ImageSet, ImageSplit, hash_of, kept
from data.own_files import own_files
from data.pictures import FORMATS, BrokenPicture, decode

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp")
SPLIT_NAMES = {
    "train": "train", "training": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "test": "test",
}  # fmt: skip
HELD_PART = 0.15  # of the distinct pictures, for validation and again for test: 1,500 of 10,000
LEAST_A_CLASS = 5  # distinct pictures: one for validation, one for test and a few to learn from
LEAST = 100  # distinct pictures: below, test errors come in steps of several percent
MOST_FILE_BYTES = 256 * 2**20  # no picture within the bound on pixels is larger
MOST_BYTES = 8 * 2**30  # of decoded pixels: half of a usual machine's memory
NAMED = 3  # files named in an error about many
NO_FOLDER = (
    "give --data-path with a folder that has a folder of pictures for every class"
    f" ({', '.join(SUFFIXES)})"
)


@dataclass(frozen=True, slots=True)
class _Picture:
    """A file that was found."""

    path: Path
    label: int
    digest: str  # SHA-256 of its bytes


def folder_ready(folder: Path | None) -> tuple[bool, str]:
    """Whether a folder may be one of pictures: it has folders. Opens none of them."""
    if folder is None:
        return False, f"{NO_FOLDER}."
    try:
        if _folders(folder):
            return True, f"found in {folder}"
    except DataError as error:
        return False, str(error)
    return False, f"{folder} has no folders in it: {NO_FOLDER}."


def load_folder(name: str, side: int, folder: Path | None, cache: Path | None) -> ImageSet:
    """Read a folder of pictures, each made a square of `side` pixels (see data.pictures).

    The set is grey (one channel) where no pixel of any picture has a colour.

    Args:
        name: of the source.
        side: pixels.
        folder: where the classes' folders, or train/, validation/ and test/, lie.
        cache: where decoded pixels are kept, by the content of the files.

    Raises:
        DataError: no such folder, no pictures, fewer than two classes, an empty class, too few
            pictures, or pictures that cannot be decoded: named.
    """
    if folder is None:
        raise DataError(f"{NO_FOLDER}.")
    root = folder.resolve()
    places = _split_folders(root)
    classes = tuple(_folders(places["train"]))
    if len(classes) < 2:
        held = f"only the folder {classes[0]}" if classes else "no folders"
        raise DataError(
            f"{places['train']} has {held}: two classes or more are needed; {NO_FOLDER}."
        )
    found = {split: _find(place, classes, root) for split, place in places.items()}
    total = sum(map(len, found.values()))
    if not total:
        raise DataError(f"there are no pictures in {folder}: {NO_FOLDER}.")
    splits = _complete(_without_copies(found), classes, places["train"])
    rows = [splits[split] for split in ("train", "validation", "test")]
    paths = {picture.digest: picture.path for part in rows for picture in part}
    digests = sorted(paths)
    if (needed := len(digests) * 3 * side**2) > MOST_BYTES:
        raise DataError(
            f"{folder} has {len(digests):,} pictures: {needed / 2**30:.1f} GB as {side} x {side}"
            f" pixels, and at most {MOST_BYTES // 2**30} GB fit."
        )
    content = hashlib.sha256(f"{side} {' '.join(digests)}".encode()).hexdigest()[:16]
    pixels = kept(
        content, cache, lambda: _decode([paths[digest] for digest in digests], root, side)
    )
    row_of = {digest: row for row, digest in enumerate(digests)}
    train, validation, test = (
        ImageSplit(
            pixels[[row_of[picture.digest] for picture in part]],
            np.array([picture.label for picture in part], np.int64),
        )
        for part in rows
    )
    left_out = total - sum(map(len, rows))
    copies = f"; {left_out:,} left out, being copies of held-out ones" if left_out else ""
    return ImageSet(
        name=name,
        title=root.name,
        classes=classes,
        train=train,
        validation=validation,
        test=test,
        hash=hash_of(train, validation, test),
        credit=f"the user's own pictures, cut and scaled to {side} x {side} pixels{copies}",
    )


def _folders(place: Path) -> dict[str, Path]:
    """The folders in a folder by name, sorted; hidden ones and links are none."""
    try:
        with os.scandir(place) as entries:
            inside = [
                e.name for e in entries if e.is_dir(follow_symlinks=False) and e.name[0] != "."
            ]
    except OSError as error:
        raise DataError(f"{place} cannot be read: {error.strerror}; {NO_FOLDER}.") from error
    return {name: place / name for name in sorted(inside)}


def _split_folders(root: Path) -> dict[str, Path]:
    """Where each split lies: the user's own train/, validation/ and test/, or all in `root`."""
    inside = _folders(root)
    named = [name for name in inside if name.lower() in SPLIT_NAMES]
    roles = [SPLIT_NAMES[name.lower()] for name in named]
    train = next((inside[name] for name in named if SPLIT_NAMES[name.lower()] == "train"), None)
    if train is None or not _folders(train):  # a class may be called "train": it has no folders
        return {"train": root}
    if len(named) < len(inside):
        others = sorted(set(inside) - set(named))[:NAMED]
        raise DataError(
            f"beside {train.name} lies {', '.join(others)} in {root}: there must be either a folder"
            " for every class, or train, validation and test with the classes inside."
        )
    if len(set(roles)) < len(roles):
        raise DataError(
            f"{', '.join(named)} in {root} stand for one split twice: keep one of each."
        )
    return {role: inside[name] for role, name in zip(roles, named, strict=True)}


def _find(place: Path, classes: Sequence[str], root: Path) -> list[_Picture]:
    """The pictures in the classes' folders of one split, sorted by path."""
    inside = _folders(place)
    if strangers := sorted(set(inside) - set(classes)):
        raise DataError(f"{place} has the class {strangers[0]}, which training has not.")
    pictures = []
    for label, name in enumerate(classes):
        for path in _files(inside[name], root) if name in inside else ():
            pictures.append(_Picture(path, label, _digest(path)))
    return pictures


def _files(place: Path, root: Path) -> list[Path]:
    """Picture files at any depth, none too large."""
    found = own_files(place, SUFFIXES, root)
    for path in found:
        if (size := path.stat().st_size) > MOST_FILE_BYTES:
            raise DataError(
                f"{path} has {size / 2**20:,.0f} MB: a picture has at most"
                f" {MOST_FILE_BYTES // 2**20} MB; make it smaller or remove it."
            )
    return found


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error


def _without_copies(found: dict[str, list[_Picture]]) -> dict[str, list[_Picture]]:
    """Where the user made the splits: each picture in one, in test before validation before train.

    What was seen in training measures nothing.
    """
    met: set[str] = set()
    single: dict[str, list[_Picture]] = {}
    for split in "test", "validation", "train":
        if split in found:
            single[split] = [picture for picture in found[split] if picture.digest not in met]
            met |= {picture.digest for picture in found[split]}
    return single


def _complete(
    found: dict[str, list[_Picture]], classes: Sequence[str], place: Path
) -> dict[str, list[_Picture]]:
    """All three splits; those that the user did not make are cut out of training."""
    distinct: list[list[str]] = [
        [] for _ in classes
    ]  # digests by class: each in the first it is in
    met: set[str] = set()
    for picture in found["train"]:
        if picture.digest not in met:
            met.add(picture.digest)
            distinct[picture.label].append(picture.digest)
    for name, held in zip(classes, distinct, strict=True):
        if len(held) < LEAST_A_CLASS:
            raise DataError(
                f"the class {name} in {place} has {len(held)} different pictures"
                f" ({', '.join(SUFFIXES)}): {LEAST_A_CLASS} or more are needed; add some or take"
                " the folder away."
            )
    if len(met) < LEAST:
        raise DataError(
            f"{place} has {len(met)} different pictures: a curve needs {LEAST} or more; add some."
        )
    part = min(HELD_PART, HELD_MOST / len(met))
    side: dict[str, str] = {}  # the split of each digest that leaves training
    for held in distinct:
        each, begin = max(1, round(part * len(held))), 0
        ordered = sorted(held)
        for split in "test", "validation":
            if split not in found:
                side |= dict.fromkeys(ordered[begin : begin + each], split)
                begin += each
    splits = {split: list(pictures) for split, pictures in found.items() if split != "train"}
    for picture in found["train"]:
        splits.setdefault(side.get(picture.digest, "train"), []).append(picture)
    for split in "validation", "test":
        if not splits[split]:
            raise DataError(
                f"there are no pictures in {split} beside {place}: add some or remove it."
            )
    return splits


def _decode(paths: Sequence[Path], root: Path, side: int) -> NDArray[np.uint8]:
    """Pixels, (n, 3 or 1, side, side); all broken pictures are told of at once."""
    pixels = np.empty((len(paths), side, side, 3), np.uint8)
    broken = []
    for row, path in enumerate(paths):
        try:
            pixels[row] = decode(path.read_bytes(), side)
        except (BrokenPicture, OSError) as error:
            broken.append((path.relative_to(root), error))
    if broken:
        broken.sort(key=lambda one: one[0])
        named = "; ".join(f"{path}: {error}" for path, error in broken[:NAMED])
        more = f"; and {len(broken) - NAMED:,} more" if len(broken) > NAMED else ""
        raise DataError(
            f"{len(broken):,} of {len(paths):,} pictures in {root} cannot be decoded"
            f" ({named}{more}): mend or remove them ({', '.join(FORMATS)} are read)."
        )
    planes = pixels.transpose(0, 3, 1, 2)  # (n, 3, side, side)
    grey = (planes == planes[:, :1]).all()
    return np.ascontiguousarray(planes[:, :1] if grey else planes)
