"""Where results lie: a path as it is typed, or the address of a database or a server.

And whose they are, told from what is there: the tables of a database, the files of a folder.
"""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from os.path import exists, expanduser, isdir, isfile  # which raise at no path
from pathlib import Path
from urllib.parse import unquote

from data.own_files import is_own
from engine.adopt.runs import AdoptError
from engine.curve import REQUIRED

SQLITE = "sqlite:///"
MAGIC = b"SQLite format 3\0"
MOST_FILES = 200_000  # looked at until it is told whose a folder is
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # two letters or more: C:/ is a drive


def is_address(source: str) -> bool:
    """Whether it is an address (sqlite:///..., http://..., databricks) and no path."""
    return source == "databricks" or SCHEME.match(source) is not None


def path_of(source: str) -> Path | None:
    """The file or folder that a source is; None for a server."""
    if source.startswith(SQLITE):
        return Path(unquote(source.removeprefix(SQLITE).split("?")[0]))
    if source.startswith("file:"):
        return Path(unquote(re.sub(r"^file:(//(localhost)?(?=/))?", "", source)))
    return None if is_address(source) else Path(expanduser(source))


def uri_of(source: str) -> str:
    """The address of a source; a path to a file is taken for an SQLite database."""
    if is_address(source):
        return source
    path = Path(expanduser(source)).absolute()
    return path.as_uri() if path.is_dir() else f"{SQLITE}{path}"


def shown(source: str) -> str:
    """A source as a message may show it: without the password in its address."""
    return re.sub(r"//[^/\s]*@", "//***@", source)


def here(source: str) -> Path:
    """The file or folder that a source is.

    Raises:
        AdoptError: it is an address, or there is nothing.
    """
    path = path_of(source)
    if path is None:
        raise AdoptError(f"{shown(source)} is an address: name a file or a folder")
    if not exists(path):
        raise AdoptError(f"there is nothing at {path}: look at the path")
    return path


def check_whose(source: str, kind: str, title: str) -> None:
    """Refuse a path where the library of a project would make a store of its own.

    Raises:
        AdoptError: there is nothing, or nothing of that project.
    """
    if path_of(source) is not None:
        path = here(source)
        if whose(source) != kind:
            raise AdoptError(f"{path} holds nothing of {title}: look at the path")


def whose(source: str) -> str | None:
    """Whose results these are: a name of `engine.adopt.kinds`, or None where nothing tells."""
    path = path_of(source)
    if path is None:
        return "mlflow" if re.match(r"https?:|databricks(:|$)", source) else None
    if isdir(path):
        return _folder(path)
    return _file(path) if isfile(path) else None  # a pipe could not be read again


def files_in(folder: Path) -> Iterator[Path]:
    """The files of a folder at any depth, links out of it and hidden files passed over."""
    inside, seen = folder.resolve(), 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            seen += 1
            if seen > MOST_FILES:
                raise AdoptError(
                    f"{folder} holds more than {MOST_FILES:,} files: name a folder below it"
                )
            path = Path(place, name)
            if is_own(path, inside):
                yield path


def is_database(path: Path) -> bool:
    """Whether a file is an SQLite database."""
    with suppress(OSError):
        if isfile(path):
            with path.open("rb") as opened:
                return opened.read(len(MAGIC)) == MAGIC
    return False


def is_events(path: Path) -> bool:
    """Whether a file is TensorBoard's, by the name that every writer gives it."""
    return "tfevents" in path.name


def _folder(folder: Path) -> str | None:
    if any(folder.glob("*/meta.yaml")):  # an experiment in it; its artifacts may be anybody's
        return "mlflow"
    events = False
    for path in files_in(folder):
        if path.name in ("wandb-summary.json", "config.yaml") and path.parent.name == "files":
            return "wandb"
        if path.suffix == ".wandb":
            return "wandb"
        events |= is_events(path)
    return "tensorboard" if events else None


def _file(path: Path) -> str | None:
    if is_events(path):
        return "tensorboard"
    with suppress(OSError), path.open("rb") as opened:
        head = opened.read(4096)
        if head.startswith(MAGIC):
            return _database(path)
        if head.startswith(b"{") and b'"op_code"' in head:
            return "optuna"
        first = head.split(b"\n")[0].decode("utf-8", "replace").lower()
        columns = {column.strip(' "\r\ufeff') for column in first.split(",")}
        if {"name", "state"} <= columns and not columns.issuperset(REQUIRED):
            return "wandb"
    return None


def _database(path: Path) -> str | None:
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened,
    ):
        rows = opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        tables = {name for (name,) in rows}
        if {"studies", "trials", "version_info"} <= tables:
            return "optuna"
        if {"experiments", "runs", "metrics", "params", "alembic_version"} <= tables:
            return "mlflow"
    return None
