"""Data sets in the Hugging Face layout: parquet files that a user has, found and read.

A source of any domain asks `hub_table` for a split as it stands, undecoded; downloading and caching
are the `datasets` library's own. For image classification, columns are img {bytes, path} with a PNG
or JPEG inside, and label.
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


def hub_table(
    repository: str,
    split: str,
    *,
    config: str | None = None,
    folder: Path | None = None,
    without: str,
) -> pa.Table:
    """A split of a data set on the Hugging Face hub, its images and audio still encoded.

    Args:
        repository: "owner/name" on the hub.
        split: as the hub calls it: "train", "validation", "test".
        config: the data set's configuration, where it has several.
        folder: parquet files of the user's own, SPLIT.parquet or SPLIT-*.parquet, read instead;
            None: the `datasets` library finds the set in its cache or downloads it.
        without: which data of the domain work without the hub, for the error's way out.

    Raises:
        DataError: not there, not reachable, or damaged; the message says what to run.
    """
    if folder is not None:
        files = find_parquet(folder, split)
        if not files:
            raise DataError(f"there is no {split}.parquet or {split}-*.parquet in {folder}.")
        try:
            return pa.concat_tables([pq.read_table(file) for file in files])
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{folder} cannot be read: {_reason(error)}.") from error
    asked = ", ".join(repr(part) for part in (repository, config) if part)
    try:
        import datasets  # half a second, and an extra: only who asks for the hub pays for it
    except ImportError:
        raise DataError(
            f"{repository} is read with the `datasets` library: `pip install datasets`, or give"
            f" --data-path with its parquet files; {without}."
        ) from None
    try:
        return datasets.load_dataset(repository, config, split=split).data.table
    except Exception as error:  # the library raises what its many sources raise
        raise DataError(
            f'{repository} cannot be had ({_reason(error)}): run `python -c "import datasets;'
            f' datasets.load_dataset({asked})"` where there is a network, or give --data-path with'
            f" its parquet files; {without}."
        ) from error


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
