"""Labelled images in the Hugging Face layout: a table with an encoded image and a class each row.

The column of images is img or image, {bytes, path}; that of classes label or fine_label, a whole
number from 0. Used for the standard sets (CIFAR) and for a folder of the user's own parquet files.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.errors import DataError
from data.hub import find_parquet, hub_table, parquet_table
from data.image_set import HELD_MOST, ImageSet, ImageSplit, hash_of, kept
from data.pictures import BrokenPicture, decode
from data.shards import order

IMAGE_COLUMNS = ("img", "image")
LABEL_COLUMNS = ("label", "fine_label")
VALIDATION_PART = 10  # a set without validation: a tenth of its training images, 5,000 of CIFAR-10
VALIDATION_SEED = 10  # of that choice; never changed, or curves of two versions would not compare
HELD_NAMES = {name: "validation" for name in ("validation", "valid", "val")} | {"test": "test"}
PUBLISHED_MOST = 10_000  # images looked at of a set's own validation or test split: CIFAR's number
WITHOUT = "the icons work without it"


@dataclass(frozen=True, slots=True)
class Standard:
    """A published set with train and test splits and images of one size."""

    name: str
    title: str
    repository: str  # on the hub
    classes: tuple[str, ...]
    credit: str


CIFAR10 = Standard(
    name="cifar10",
    title="CIFAR-10",
    repository="uoft-cs/cifar10",
    classes=(
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    ),
    credit="CIFAR-10: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
)  # fmt: skip
CIFAR100 = Standard(
    name="cifar100",
    title="CIFAR-100",
    repository="uoft-cs/cifar100",
    classes=(
        "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle",
        "bottle", "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle",
        "caterpillar", "cattle", "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch",
        "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest", "fox",
        "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion",
        "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse", "mushroom",
        "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree",
        "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road",
        "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake",
        "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank",
        "telephone", "television", "tiger", "tractor", "train", "trout", "tulip", "turtle",
        "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
    ),
    credit="CIFAR-100: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
)  # fmt: skip


def load_standard(which: Standard, folder: Path | None, cache: Path | None) -> ImageSet:
    """A published set from its own parquet files or the hub; a tenth of training is validation.

    Raises:
        DataError: it cannot be had, or is not what it should be.
    """

    def split(name: str) -> ImageSplit:
        table = hub_table(which.repository, name, folder=folder, without=WITHOUT)
        place = f"{which.title} {name}" if folder is None else f"{folder}, {name}"
        found = read_images(table, place, None, cache)
        last = len(which.classes) - 1
        if (
            len(np.unique(found.labels)) < 2
            or not 0 <= found.labels.min() <= found.labels.max() <= last
        ):
            raise DataError(
                f"{place} has the labels {_some(found.labels)}: {which.title} has several of 0 to"
                f" {last}."
            )
        return found

    train, test = split("train"), split("test")
    shapes = train.images.shape[1:], test.images.shape[1:]
    if shapes[0] != shapes[1]:
        raise DataError(
            f"{which.title}: training images are {shapes[0]} and test images {shapes[1]} (channels,"
            " height, width): they must be alike."
        )
    train, validation = _cut(train)
    return ImageSet(
        name=which.name,
        title=which.title,
        classes=which.classes,
        train=train,
        validation=validation,
        test=test,
        hash=hash_of(train, validation, test),
        credit=which.credit,
    )


def load_parquet(name: str, side: int, folder: Path | None, cache: Path | None) -> ImageSet:
    """Any image set as parquet files in a folder, every image made a square of `side` pixels.

    Test is its test split, where that is labelled, else its validation split, else a tenth of
    training; validation is its validation split, where test did not take it, else another tenth.
    Training images that are equal to one of these are left out: they would be known by heart.

    Raises:
        DataError: no folder, no training split, other columns, or labels that are none.
    """
    if folder is None:
        raise DataError(NO_FOLDER)
    tables = {"train": parquet_table(folder, "train")}
    for spelled, split in HELD_NAMES.items():
        if split not in tables and find_parquet(folder, spelled):
            tables[split] = parquet_table(folder, spelled)
    found = {
        split: read_images(table, f"{folder}, {split}", side, cache)
        for split, table in tables.items()
    }
    if "test" in found and (found["test"].labels == -1).all():
        del found["test"]  # the hub's way to hide them: ImageNet's test split
    splits = _apart(found)
    classes = _check(splits, folder)
    copies = sum(len(split.labels) for split in found.values())
    copies -= sum(len(split.labels) for split in splits.values())
    said = f"; {copies:,} left out, being copies of held-out ones" if copies else ""
    train, validation, test = (
        # numbered by the classes that occur, so that every class has images
        ImageSplit(part.images, np.searchsorted(classes, part.labels).astype(np.int64))
        for part in (splits["train"], _at_most(splits["validation"]), _at_most(splits["test"]))
    )
    names = _class_names(tables["train"])
    return ImageSet(
        name=name,
        title=folder.resolve().name,
        classes=tuple(names[i] if i < len(names) else str(i) for i in classes),
        train=train,
        validation=validation,
        test=test,
        hash=hash_of(train, validation, test),
        credit=f"the user's own parquet files, cut and scaled to {side} x {side} pixels{said}",
    )


def _apart(found: dict[str, ImageSplit]) -> dict[str, ImageSplit]:
    """All three splits, no image in two of them."""
    splits = dict(found)
    if "test" not in splits and "validation" in splits:
        splits["test"] = splits.pop("validation")
    train = _unlike(splits.pop("train"), *splits.values())
    for missing in "test", "validation":
        if missing not in splits:
            train, splits[missing] = _cut(train)
    splits["validation"] = _unlike(splits["validation"], splits["test"])
    return {"train": _unlike(train, splits["validation"], splits["test"]), **splits}


def _check(splits: dict[str, ImageSplit], folder: Path) -> NDArray[np.int64]:
    """The labels that occur, ascending; refuses what no curve can be measured on."""
    for split, part in splits.items():
        if not len(part.labels):
            raise DataError(f"{folder}, {split}: no image is left that is not a copy of another.")
        if part.labels.min() < 0:
            raise DataError(
                f"{folder}, {split} has the labels {_some(part.labels)}: none may be below 0."
            )
    classes = np.unique(splits["train"].labels)
    if len(classes) < 2:
        raise DataError(
            f"{folder}: all training images have the label {classes[0]}; two classes are needed."
        )
    for split, part in splits.items():
        strangers = np.setdiff1d(part.labels, classes)
        if len(strangers):
            raise DataError(
                f"{folder}, {split} has labels that training has not: {_some(strangers)}."
            )
    return classes


NO_FOLDER = (
    "give --data-path with a folder of parquet files: train.parquet or train-*.parquet, and test"
    " and validation where there are any."
)


def parquet_ready(folder: Path | None) -> tuple[bool, str]:
    """Whether a folder has a training split; reads file names only."""
    if folder is None:
        return False, NO_FOLDER
    if not find_parquet(folder, "train"):
        return False, f"there is no train.parquet or train-*.parquet in {folder}; {NO_FOLDER}"
    return True, f"found in {folder}"


def read_images(table: pa.Table, place: str, side: int | None, cache: Path | None) -> ImageSplit:
    """Decode a table's images, in row order.

    Args:
        table: in the layout that the module's docstring describes.
        place: what the table is called in an error.
        side: pixels of the squares that images are made to; None: all must be of one size.
        cache: folder for decoded images.

    Raises:
        DataError: other columns, no rows, an image that cannot be decoded, images of several sizes.
    """
    image, label = _columns(table, place)
    contents: list[bytes] = pc.struct_field(table[image], "bytes").to_pylist()
    labels = table[label].to_pylist()
    if not contents:
        raise DataError(f"there are no images in {place}.")
    if None in labels:
        raise DataError(f"{place}: image {labels.index(None)} has no label.")
    images = kept(_content(contents, side), cache, _decoder(contents, place, side))
    return ImageSplit(images, np.array(labels, np.int64))


def _columns(table: pa.Table, place: str) -> tuple[str, str]:
    """The names of the image and the label column."""
    types = {field.name: field.type for field in table.schema}
    for image in IMAGE_COLUMNS:
        held = types.get(image, pa.null())
        if pa.types.is_struct(held) and held.get_field_index("bytes") >= 0:
            for label in LABEL_COLUMNS:
                if pa.types.is_integer(types.get(label, pa.null())):
                    return image, label
    raise DataError(
        f"{place} has the columns {', '.join(types)}: it needs img or image {{bytes, path}} and"
        " label or fine_label, a whole number."
    )


def _content(contents: list[bytes], side: int | None) -> str:
    digest = hashlib.sha256(repr((side, len(contents))).encode())
    for content in contents:
        digest.update(hashlib.sha256(content or b"").digest())
    return digest.hexdigest()[:16]


def _decoder(
    contents: list[bytes], place: str, side: int | None
) -> Callable[[], NDArray[np.uint8]]:
    """What decodes the contents to (n, 3, height, width)."""

    def work() -> NDArray[np.uint8]:
        pictures = []
        for row, content in enumerate(contents):
            try:
                pictures.append(decode(content or b"", side))  # (height, width, 3)
            except BrokenPicture as error:
                raise DataError(f"{place}: image {row} cannot be decoded: {error}.") from error
            if pictures[row].shape != pictures[0].shape:
                (high, wide, _), (height, width, _) = pictures[row].shape, pictures[0].shape
                raise DataError(
                    f"{place}: image {row} is {wide} x {high} pixels, the first image is {width} x"
                    f" {height}: all must be of one size."
                )
        return np.ascontiguousarray(np.stack(pictures).transpose(0, 3, 1, 2))

    return work


def _cut(train: ImageSplit) -> tuple[ImageSplit, ImageSplit]:
    """Training images and a tenth of them set aside, in even shares of the classes."""
    dealt = order(train.labels, VALIDATION_SEED)
    held = min(max(1, len(dealt) // VALIDATION_PART), HELD_MOST)
    rows = np.sort(dealt[held:]), np.sort(dealt[:held])
    rest, aside = (ImageSplit(train.images[some], train.labels[some]) for some in rows)
    return rest, aside


def _unlike(train: ImageSplit, *held: ImageSplit) -> ImageSplit:
    """Training images of which there is no copy in the held-out splits."""
    met = {image.tobytes() for split in held for image in split.images}
    rows = np.array([image.tobytes() not in met for image in train.images], bool)
    return ImageSplit(train.images[rows], train.labels[rows])


def _at_most(held: ImageSplit) -> ImageSplit:
    """A held-out split, or PUBLISHED_MOST of its images in even shares of the classes."""
    if len(held.labels) <= PUBLISHED_MOST:
        return held
    rows = np.sort(order(held.labels, VALIDATION_SEED)[:PUBLISHED_MOST])
    return ImageSplit(held.images[rows], held.labels[rows])


def _class_names(table: pa.Table) -> tuple[str, ...]:
    """The classes' names, where the hub wrote them beside the columns."""
    try:
        features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
        label = next(features[name] for name in LABEL_COLUMNS if name in features)
        return tuple(map(str, label["names"]))
    except (TypeError, KeyError, ValueError, StopIteration):  # a file that others wrote
        return ()


def _some(labels: NDArray[np.int64]) -> str:
    return ", ".join(map(str, np.unique(labels)[:12]))
