"""Arrays that are made once and kept in the cache folder: what is slow to decode or synthesise."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

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
        with np.load(file, allow_pickle=False) as held:  # the zip inside checks its own sums
            return {one: held[one] for one in names}
    except (OSError, ValueError, KeyError, BadZipFile):  # not there or damaged: made anew
        made = make()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=cache, suffix=".part", delete=False) as part:
        np.savez(part, allow_pickle=False, **made)
    Path(part.name).replace(file)  # readers see all of it or nothing
    return made
