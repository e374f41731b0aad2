"""Data sets of the Hugging Face hub: found in a folder or a cache, else had from the network.

A source of any domain asks `hub_table` for a split as it stands, undecoded. It looks in the user's
own folder, then among the files that the hub's libraries keep on this machine, and only then asks
the `datasets` library, which downloads. What lies in the columns is the source's business.
"""

import importlib.util
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data.errors import DataError

HUB_SECONDS = 5.0  # in which the hub must answer; `datasets` itself tries for 23 s to 6 minutes
MOST_BYTES = 16 * 2**30  # of a split as its files say of themselves: all is held in memory
PART_OF = re.compile(r"-(\d+)-of-(\d+)$")  # train-00000-of-00002: the hub's way to split a file


def hub_home() -> Path:
    """Hugging Face's own folder: where its library says, else where it lies by default."""
    try:
        from huggingface_hub.constants import HF_HOME  # an extra: comes with `datasets`
    except ImportError:
        return Path.home() / ".cache" / "huggingface"
    return Path(HF_HOME)


def hub_folders(repository: str, home: Path) -> tuple[Path, ...]:
    """Folders that may hold a hub data set's files, newest first.

    Args:
        repository: "owner/name" on the hub.
        home: Hugging Face's own folder; see `hub_home`.
    """
    snapshots = home / "hub" / f"datasets--{repository.replace('/', '--')}" / "snapshots"
    return tuple(sorted(snapshots.glob("*"), key=lambda folder: folder.stat().st_mtime)[::-1])


def hub_ready(
    repository: str,
    splits: Sequence[str],
    *,
    config: str | None = None,
    folder: Path | None = None,
    without: str,
) -> tuple[bool, str]:
    """Whether a data set can be had, and from where, or else what to do. Reads file names only.

    A folder is ready that has all splits. Without one, what lies in a cache is ready, and so is all
    else where there is the `datasets` library: whether there is a network too, `hub_table` sees.
    See that for the arguments.
    """
    if folder is not None:
        try:
            for split in splits:
                _own_files(folder, split)
        except DataError as error:
            return False, str(error)
        return True, f"found in {folder}"
    home = hub_home()
    for kept in hub_folders(repository, home):
        if all(_whole(find_parquet(kept, split, config)) for split in splits):
            return True, f"found in {kept}"
    if importlib.util.find_spec("datasets") is None:
        return (
            False,
            f"{repository} is not on this machine; {_way_out(repository, config, without)}.",
        )
    if prepared := _prepared(repository, config, home):
        return True, f"found in {prepared}"
    return True, (
        "the `datasets` library downloads it at first use, or give --data-path with its parquet"
        " files"
    )


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
            None: the hub's cache, else the `datasets` library, which downloads where it can.
        without: which data of the domain work without the hub, for the error's way out.

    Raises:
        DataError: not there, not reachable (known within HUB_SECONDS), or damaged; the message
            says what to run.
    """
    if folder is not None:
        return parquet_table(folder, split)
    for kept in hub_folders(repository, hub_home()):
        files = find_parquet(kept, split, config)
        if _whole(files):
            return _read(files)
    way_out = _way_out(repository, config, without)
    try:
        import datasets  # most of a second, and an extra: only who asks for the hub pays for it
        import huggingface_hub
    except ImportError:
        raise DataError(f"{repository} is not on this machine; {way_out}.") from None
    why = ""
    try:
        huggingface_hub.HfApi().dataset_info(repository, timeout=HUB_SECONDS)  # tries once
    except Exception as error:  # the library raises what its own libraries raise
        why = _reason(error)
    try:
        if why:
            with _without_network():  # what was downloaded in another form than parquet is kept too
                return datasets.load_dataset(repository, config, split=split).data.table
        return datasets.load_dataset(repository, config, split=split).data.table
    except Exception as error:  # ditto
        raise DataError(
            f"{repository} cannot be had ({why or _reason(error)}); {way_out}."
        ) from error


def parquet_table(folder: Path, split: str) -> pa.Table:
    """A split that lies as parquet files in a folder of the user's own.

    Raises:
        DataError: there is none, a part of it is missing, or a file is damaged: named.
    """
    return _read(_own_files(folder, split))


def _own_files(folder: Path, split: str) -> tuple[Path, ...]:
    """The files of a split in a folder of the user's own, all parts there."""
    files = find_parquet(folder, split)
    if not files:
        raise DataError(
            f"there is no {split}.parquet or {split}-*.parquet in {folder}: give the folder that"
            " has it as --data-path."
        )
    folders = sorted({file.parent for file in files})
    if len(folders) > 1:
        raise DataError(
            f"{split} lies in several folders, {', '.join(map(str, folders))}: give one of them as"
            " --data-path."
        )
    if not _whole(files):
        raise DataError(
            f"parts of {split} are missing in {folders[0]}: it ends with {files[-1].name}."
        )
    return files


def find_parquet(folder: Path, split: str, config: str | None = None) -> tuple[Path, ...]:
    """The parquet files of a split: train.parquet, or train-00000-of-00002.parquet and so on.

    They may lie in the folder or one folder deeper, as the hub has them ("plain_text/"); with a
    configuration they lie in the folder of its name.
    """
    return tuple(
        sorted(
            file
            for pattern in (f"{split}.parquet", f"{split}-*.parquet")
            for depth in (("", "*/") if config is None else (f"{config}/",))
            for file in folder.glob(depth + pattern)
            if file.is_file()  # a pipe of that name would be waited for
        )
    )


def _prepared(repository: str, config: str | None, home: Path) -> Path | None:
    """Where the `datasets` library keeps a set that was not parquet, made a table of."""
    wanted = repository.replace("/", "___").casefold()  # versions of it differ in capitals
    for folder in (home / "datasets").glob("*___*"):
        place = folder / (config or "")
        if folder.name.casefold() == wanted and place.is_dir():
            return place
    return None


def _whole(files: tuple[Path, ...]) -> bool:
    """Whether there are files, and as many as their names say that there must be."""
    parts = [PART_OF.search(file.stem) for file in files]
    return bool(files) and all(part is None or int(part[2]) == len(files) for part in parts)


def _read(files: tuple[Path, ...]) -> pa.Table:
    tables, size = [], 0
    for file in files:
        try:
            with pq.ParquetFile(file) as held:
                groups = map(held.metadata.row_group, range(held.metadata.num_row_groups))
                if (size := size + sum(group.total_byte_size for group in groups)) > MOST_BYTES:
                    raise DataError(
                        f"{file} brings its split to {size / 2**30:,.0f} GB, and at most"
                        f" {MOST_BYTES // 2**30} GB fit in memory: take fewer rows."
                    )
                tables.append(held.read())
        except (OSError, pa.ArrowException) as error:
            raise DataError(
                f"{file} is not a whole parquet file ({_reason(error)}): remove it and get it"
                " again."
            ) from error
    try:
        return pa.concat_tables(tables)
    except pa.ArrowException as error:
        names = ", ".join(file.name for file in files)
        raise DataError(f"{names} have unlike columns: {_reason(error)}.") from error


@contextmanager
def _without_network() -> Iterator[None]:
    """`datasets` as under HF_HUB_OFFLINE=1, which it reads at import only: its cache or nothing."""
    import datasets.config as library

    before = library.HF_HUB_OFFLINE
    library.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        library.HF_HUB_OFFLINE = before


def _way_out(repository: str, config: str | None, without: str) -> str:
    asked = ", ".join(repr(part) for part in (repository, config) if part)
    return (
        'run `pip install datasets`, then `python -c "import datasets;'
        f' datasets.load_dataset({asked})"` where there is a network, or give --data-path with its'
        f" parquet files; {without}"
    )


def _reason(error: Exception) -> str:
    """What a library says, as the end of a sentence."""
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
