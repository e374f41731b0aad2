"""What is slow to make is made once and kept in the cache folder, which may be lost at any time.

What is damaged there is said and made anew; what cannot be written is said and done without.
"""

import sys
import tempfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

# What numpy and zipfile raise for a file in which any byte may be wrong.
DAMAGED = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    RuntimeError,
    SyntaxError,
    BadZipFile,
    zlib.error,
)

Arrays = Mapping[str, NDArray[Any]]


def kept_arrays(
    name: str, names: tuple[str, ...], cache: Path | None, make: Callable[[], Arrays]
) -> Arrays:
    """Arrays by name, read from the cache folder or made and kept there for the next time.

    Args:
        name: of the file, after all that the arrays follow from: other content, other name.
        names: of the arrays.
        cache: None: made every time.
        make: gives the arrays.
    """
    if cache is None:
        return make()
    file = cache / f"{name}.npz"
    try:
        # Opened here: numpy leaves a file open that is no zip. The zip checks its own sums.
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as held:
            return {one: held[one] for one in names}
    except FileNotFoundError:
        made = make()
    except DAMAGED as error:
        print(f"{file} cannot be used ({error}): made anew", file=sys.stderr)
        made = make()
    keep(file, lambda part: np.savez(part, allow_pickle=False, **made))
    return made


def keep(file: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file of the cache, which stands there whole or not at all.

    A full disk or a folder that may not be written costs the file, and a line says so.
    """
    part = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as stream:
            part = Path(stream.name)
            write(stream)
        part.replace(file)
    except OSError as error:
        print(f"{file} cannot be kept ({error.strerror}): made again next time", file=sys.stderr)
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
