"""One encoded picture to pixels: of its own size, or cut and scaled to a square of a stated side.

Every picture becomes RGB: transparent parts lie on white, the first frame stands for an animation,
and the camera's note on which way is up (EXIF) is followed. The rule for a square: the shorter side
is scaled to the side wanted and the longer one is cut evenly at both ends, as for ImageNet.
"""

import io
import re
import struct
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP")
MOST_PIXELS = 89_478_485  # pillow's own bound against bombs: 256 MB as RGB
LONGEST_SIDE = (
    32_768  # pixels; no camera's picture is longer, and a 100,000 x 1 strip is no picture
)
MOST_SCANS = (
    100  # of a JPEG, each over all its pixels; encoders write about 10, and 14 bytes are one
)
# Of a JPEG's segments; fill bytes, TEM, restarts and the start have no length of their own.
MARKER = re.compile(rb"\xff+([^\x00\x01\xff\xd0-\xd8])", re.DOTALL)
START, SCAN, END = b"\xff\xd8", b"\xda", b"\xd9"
BROKEN = (  # what pillow raises for damaged files of these formats, bombs among it
    OSError, SyntaxError, ValueError, TypeError, EOFError, IndexError, KeyError, OverflowError,
    struct.error, Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip


class BrokenPicture(Exception):
    """A picture cannot be decoded; the message is the end of a sentence."""


def decode(content: bytes, side: int | None) -> NDArray[np.uint8]:
    """Decode one picture.

    Args:
        content: the file's bytes.
        side: of the square it is made to, pixels; None: left at its own size.

    Returns:
        (height, width, 3)

    Raises:
        BrokenPicture: damaged, of another format, or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.simplefilter("ignore", UserWarning)  # of damaged EXIF, beside sound pixels
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                return _pixels(image, content, side)
    except BROKEN as error:
        said = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        if isinstance(error, UnidentifiedImageError):
            said = f"not one of {', '.join(FORMATS)}"
        raise BrokenPicture(said) from error


def _pixels(image: Image.Image, content: bytes, side: int | None) -> NDArray[np.uint8]:
    wide, high = image.size
    if max(wide, high) > LONGEST_SIDE or wide * high > MOST_PIXELS:
        raise ValueError(f"{wide:,} x {high:,} pixels are too many")
    if content.startswith(START) and (scans := _scans(content)) > MOST_SCANS:  # MPO is one too
        raise ValueError(f"{scans:,} scans or more are too many")
    if side is not None:
        image.draft("RGB", (2 * side, 2 * side))  # JPEG: decodes at 1/2, 1/4, 1/8; never below
    upright = ImageOps.exif_transpose(image)
    assert upright is not None  # it returns None only where it works in place
    flat = _on_white(upright)
    if side is not None and flat.size != (side, side):
        flat = ImageOps.fit(flat, (side, side), Image.Resampling.BICUBIC)  # averages on shrinking
    return np.asarray(flat)


def _scans(content: bytes) -> int:
    """How often a JPEG goes over its pixels; no further than one too many."""
    at, scans = 2, 0
    while scans <= MOST_SCANS and (found := MARKER.search(content, at)) and found[1] != END:
        scans += found[1] == SCAN
        at = found.end() + int.from_bytes(content[found.end() : found.end() + 2])
    return scans


def _on_white(image: Image.Image) -> Image.Image:
    """RGB; what shows through is white, as on a page."""
    if image.mode.startswith(("I", "F")):  # 16-bit grey: its upper eight bits
        return Image.fromarray((np.asarray(image) / 257).clip(0, 255).astype(np.uint8)).convert(
            "RGB"
        )
    if not image.has_transparency_data:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    ground = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(ground, layered).convert("RGB")
