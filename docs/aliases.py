"""Types in the reference as the code writes them: NumPy's aliases are not spelled out."""

import re
from typing import Any

from numpy.typing import ArrayLike
from sphinx.application import Sphinx
from sphinx.util.typing import stringify_annotation

WHOLE = stringify_annotation(ArrayLike, "smart")
ARRAY = re.compile(
    r"~numpy\.ndarray\[tuple\[~typing\.Any, \.\.\.\], ~numpy\.dtype\[~\w+\.(\w+)\]\]"
)


def shorten(
    app: Sphinx, what: str, name: str, of: Any, options: Any, said: str | None, back: str | None
) -> tuple[str | None, str | None]:
    """Called by autodoc with each signature and what it returns, as text."""
    return _short(said), _short(back)


def _short(text: str | None) -> str | None:
    if text is None:
        return None
    return ARRAY.sub(r"NDArray[\1]", text.replace(WHOLE, "ArrayLike"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("autodoc-process-signature", shorten)
    return {"parallel_read_safe": True}
