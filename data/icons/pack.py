"""The icon pack: one file that holds small grey images with their classes, splits and origins.

Layout: one line of JSON (format, version, counts, bytes and SHA-256 of the rest), then the rest,
compressed by LZMA: one line of JSON (classes, sets), the labels and sets (uint16, little endian),
the splits (uint8), and the pixels, two to a byte. Nothing in it can run code. Every field of the
header is checked against the rest, so that a file cut short or a flipped byte never goes unseen.
"""

import hashlib
import json
import lzma
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import DataError

FORMAT = "steepness-icons"
VERSION = 1
SIDE = 32  # pixels a side
SPLITS = ("train", "validation", "test")
MOST_IMAGES = 1_000_000  # half a gigabyte of them, in a pack of a user's own
MOST_MEMORY = 2**27  # bytes for unpacking; what `write_pack` asks for takes 65 MB
MOST_ABOUT = 2**20  # bytes that tell of classes and sets
LEVELS = 15  # a pixel is 0 .. 15 on disk, 0 .. 255 in memory
WAY_OUT = "get the file again (git checkout data/icons/icons.pack)"


@dataclass(frozen=True, slots=True)
class IconSet:
    """Where images come from: one published set of icons."""

    name: str  # short name in the package that the pack was built from
    title: str
    author: str
    family: str  # authors who draw after one another share a family; one family, one split
    licence: str  # SPDX
    url: str


@dataclass(frozen=True, slots=True)
class Pack:
    """Images with all that is known of them; row i of every array is image i."""

    classes: tuple[str, ...]
    sets: tuple[IconSet, ...]
    pixels: NDArray[np.uint8]  # (n, SIDE, SIDE), ink bright, 0 .. 255 in 16 steps
    labels: NDArray[np.int64]  # (n,), index into classes
    origins: NDArray[np.int64]  # (n,), index into sets
    splits: NDArray[np.int64]  # (n,), index into SPLITS


def write_pack(pack: Pack, path: Path) -> None:
    """Write a pack; equal packs give equal files."""
    about = json.dumps({"classes": pack.classes, "sets": [asdict(held) for held in pack.sets]})
    levels = (pack.pixels // (255 // LEVELS)).reshape(len(pack.labels), -1)  # (n, SIDE * SIDE)
    rest = lzma.compress(
        about.encode("ascii")
        + b"\n"
        + pack.labels.astype("<u2").tobytes()
        + pack.origins.astype("<u2").tobytes()
        + pack.splits.astype("u1").tobytes()
        + (levels[:, 0::2] << 4 | levels[:, 1::2]).tobytes(),
        preset=9 | lzma.PRESET_EXTREME,
    )
    path.write_bytes(json.dumps(_header(pack, rest)).encode("ascii") + b"\n" + rest)


def read_pack(path: Path) -> Pack:
    """Read a pack and check it.

    Raises:
        DataError: the file is missing, cut short, altered, or of another version.
    """
    try:
        head, _, rest = path.read_bytes().partition(b"\n")
    except OSError as error:
        raise DataError(f"cannot read the icons at {path}: {error.strerror}; {WAY_OUT}.") from error
    header = _parse(head)
    if header.get("format") != FORMAT:
        raise DataError(f"{path} does not begin as an icon pack does; {WAY_OUT}.")
    if header.get("version") != VERSION:
        found = header.get("version")
        raise DataError(
            f"{path} has format version {found}, this program reads {VERSION}; {WAY_OUT}."
        )
    if header.get("bytes") != len(rest):
        raise DataError(
            f"{path} holds {len(rest):,} of {header.get('bytes')} bytes: it was cut short or"
            f" altered; {WAY_OUT}."
        )
    if header.get("sha256") != hashlib.sha256(rest).hexdigest():
        raise DataError(
            f"{path} was altered: its content does not have the hash it states; {WAY_OUT}."
        )
    pack = _decode(rest, header.get("images"))
    if pack is None or header != _header(pack, rest):
        raise DataError(f"{path} was altered: its header and its content disagree; {WAY_OUT}.")
    return pack


def _header(pack: Pack, rest: bytes) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "images": len(pack.labels),
        "classes": len(pack.classes),
        "sets": len(pack.sets),
        "bytes": len(rest),
        "sha256": hashlib.sha256(rest).hexdigest(),
    }


def _parse(head: bytes) -> dict[str, Any]:
    try:
        header = json.loads(head)
    except ValueError:  # not UTF-8 or not JSON: not a header
        return {}
    return header if isinstance(header, dict) else {}


def _decode(rest: bytes, n: object) -> Pack | None:
    """Unpack no more than `n`, from the header, says; None where that does not fit the rest.

    The hash beside it tells of accidents: whoever makes a pack of his own can state it too.
    """
    if not isinstance(n, int) or not 0 <= n <= MOST_IMAGES:
        return None
    size = n * (2 + 2 + 1 + SIDE * SIDE // 2)
    try:
        unpacked = lzma.LZMADecompressor(memlimit=MOST_MEMORY).decompress(rest, MOST_ABOUT + size)
    except lzma.LZMAError:
        return None
    about, _, arrays = unpacked.partition(b"\n")
    if len(arrays) != size:
        return None
    packed = np.frombuffer(arrays, np.uint8, offset=5 * n).reshape(n, SIDE, SIDE // 2)
    pixels = np.empty((n, SIDE, SIDE), np.uint8)
    pixels[:, :, 0::2] = packed >> 4
    pixels[:, :, 1::2] = packed & LEVELS
    pixels *= 255 // LEVELS
    try:
        known = json.loads(about)
        classes, sets = tuple(known["classes"]), tuple(IconSet(**held) for held in known["sets"])
    except (ValueError, TypeError, KeyError):
        return None
    return Pack(
        classes=classes,
        sets=sets,
        pixels=pixels,
        labels=np.frombuffer(arrays, "<u2", n).astype(np.int64),
        origins=np.frombuffer(arrays, "<u2", n, offset=2 * n).astype(np.int64),
        splits=np.frombuffer(arrays, np.uint8, n, offset=4 * n).astype(np.int64),
    )
