"""Data sets in the Hugging Face layout: parquet files that a user has, found and read.

Nothing is downloaded here: the `datasets` library does that, with the user's consent. Columns are
those of an image classification set: img {bytes, path} with a PNG or JPEG inside, and label.
"""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

from data.errors import DataError


def hub_folders(repository: str, home: Path) -> tuple[Path, ...]:
    """Folders that may hold a hub data set's parquet files, newest first.

    Args:
        repository: "owner/name" on the hub.
        home: Hugging Face's own folder: $HF_HOME, or ~/.cache/huggingface.
    """
    snapshots = home / "hub" / f"datasets--{repository.replace('/', '--')}" / "snapshots"
    return tuple(sorted(snapshots.glob("*"), key=lambda folder: folder.stat().st_mtime)[::-1])


def find_parquet(folder: Path, split: str) -> tuple[Path, ...]:
    """The parquet files of a split: train.parquet, or train-00000-of-00002.parquet and so on.

    They may lie in the folder or one folder deeper, as the hub has them ("plain_text/").
    """
    return tuple(
        sorted(
            file
            for pattern in (f"{split}.parquet", f"{split}-*.parquet")
            for depth in ("", "*/")
            for file in folder.glob(depth + pattern)
        )
    )


def read_images(files: tuple[Path, ...]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Decode the images of parquet files, in file and row order.

    Returns:
        Images (n, 3, height, width), and labels (n,).

    Raises:
        DataError: a file is damaged, has other columns, or holds images of several sizes.
    """
    rows = [row for file in files for row in _read_rows(file)]
    if not rows:
        raise DataError(f"there are no images in {', '.join(map(str, files))}.")
    pictures = [_decode(content, place) for content, _, place in rows]  # each (height, width, 3)
    for picture, (_, _, place) in zip(pictures, rows, strict=True):
        if picture.shape != pictures[0].shape:
            (high, wide, _), (height, width, _) = picture.shape, pictures[0].shape
            raise DataError(
                f"{place} is {wide} x {high} pixels, the first image is {width} x {height}:"
                " all must be of one size."
            )
    images = np.stack(pictures).transpose(0, 3, 1, 2)  # (n, 3, height, width)
    return np.ascontiguousarray(images), np.array([label for _, label, _ in rows], np.int64)


def _read_rows(file: Path) -> list[tuple[bytes, int, str]]:
    """Encoded image, label and place of every row of a parquet file."""
    try:
        table = pq.read_table(file)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{file} is not a whole parquet file: {_reason(error)}.") from error
    names = {field.name: field.type for field in table.schema}
    image, label = names.get("img", pa.null()), names.get("label", pa.null())
    encoded = pa.types.is_struct(image) and image.get_field_index("bytes") >= 0
    if not encoded or not pa.types.is_integer(label):
        raise DataError(
            f"{file} has the columns {', '.join(names)}: it needs img {{bytes, path}} and label, a"
            " whole number."
        )
    contents = pc.struct_field(table["img"], "bytes").to_pylist()
    labels = table["label"].to_pylist()
    if None in labels:
        raise DataError(f"{file}: image {labels.index(None)} has no label.")
    places = (f"{file}: image {row}" for row in range(len(labels)))
    return list(zip(contents, labels, places, strict=True))


def _decode(content: bytes, place: str) -> NDArray[np.uint8]:
    """Decode one image to (height, width, 3)."""
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, TypeError, SyntaxError) as error:  # SyntaxError: pillow's word for broken PNG
        raise DataError(f"{place} cannot be decoded as JPEG or PNG: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    """What a library says, as the end of a sentence."""
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
