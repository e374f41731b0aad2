"""Fields of dataclasses in the reference: what the comment at the end of each line says.

The code says what a field holds, in which shape and unit, in a comment beside it. Sphinx reads
docstrings alone, so the comments are put into the class's, as a section Fields.
"""

import inspect
import re
from dataclasses import fields, is_dataclass
from typing import Any

from sphinx.application import Sphinx

FIELD = re.compile(r"    (?P<name>\w+): (?P<type>[^=#]+?)(?: = [^#]*)?(?:  # (?P<said>.*))?")


def described(kind: type) -> list[str]:
    """The fields of a dataclass as lines of a docstring in Google's style."""
    known = {field.name for field in fields(kind)}
    found = (FIELD.fullmatch(line) for line in inspect.getsource(kind).splitlines())
    rows = {row["name"]: row for row in found if row and row["name"] in known}
    return [
        "",
        "Fields:",
        *(f"    {name} (`{row['type']}`): {row['said'] or ''}" for name, row in rows.items()),
    ]


def add(app: Sphinx, what: str, name: str, kind: Any, options: Any, lines: list[str]) -> None:
    """Called by autodoc with the lines of each docstring, before Napoleon reads them."""
    if what == "class" and is_dataclass(kind):
        lines += described(kind)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("autodoc-process-docstring", add, priority=100)
    return {"parallel_read_safe": True}
