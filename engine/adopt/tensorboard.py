"""Runs of TensorBoard: event files, read by TensorBoard's own loader.

Needs the package tensorboard. A run is a folder that holds event files. Its settings are those that
the hparams plugin logged in it, or above it (Keras), or in the one folder below it that
`SummaryWriter.add_hparams` of PyTorch makes; where nothing was logged its path has to tell.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath

import numpy as np

from engine.adopt.outside import outside
from engine.adopt.place import files_in, here, is_events
from engine.adopt.runs import AdoptError, Run, Runs, text_of

PYTORCHS = re.compile(r"\d+\.\d+")  # its folder: the time


@dataclass(frozen=True, slots=True)
class Log:
    """What the event files of one folder say."""

    said: Mapping[str, str]
    measured: Mapping[str, tuple[float, ...]]


def read(source: str) -> Runs:
    """Read every run below a folder, or of one event file, by its path.

    Scalars are kept in 32 bits there: they come as the shortest number that rounds to the same.

    Args:
        source: folder or file.

    Raises:
        AdoptError: TensorBoard is not here or fails, or there is no event file.
    """
    place = here(source)
    root = place if place.is_dir() else place.parent
    files = [path for path in files_in(place) if is_events(path)] if place.is_dir() else [place]
    if not files:
        raise AdoptError(f"there is no event file (*tfevents*) in {place}: look at the path")
    with outside("TensorBoard", f"read {place}"):
        logs = {
            PurePosixPath(folder.relative_to(root).as_posix()): _log(inside)
            for folder, inside in groupby(files, key=lambda path: path.parent)
        }
    top = root.resolve().name
    runs = []
    for path, log in joined(logs).items():
        name = top if path == PurePosixPath(".") else str(path)
        if log.measured:
            runs.append(Run(name, {"run": name, **log.said}, log.measured))
    return Runs(f"TensorBoard folder {place}", top, tuple(runs), {})


def joined(logs: Mapping[PurePosixPath, Log]) -> dict[PurePosixPath, Log]:
    """Each run with its settings, wherever they were logged; folders of settings alone go."""
    below: dict[PurePosixPath, list[PurePosixPath]] = {}
    for path, log in logs.items():
        if log.said and path.parent in logs and PYTORCHS.fullmatch(path.name):
            below.setdefault(path.parent, []).append(path)
    lent = {
        parent: children[0]
        for parent, children in below.items()
        if len(children) == 1 and not logs[parent].said
    }
    gone = set(lent.values())
    found = {}
    for path, log in logs.items():
        if path in gone:
            continue
        if path in lent:
            child = logs[lent[path]]
            log = Log(child.said, {**child.measured, **log.measured})
        elif not log.said:
            above = next((up for up in path.parents if up in logs and logs[up].said), None)
            log = Log(logs[above].said if above is not None else {}, log.measured)
        found[path] = log
    return found


def _log(files: Iterable[Path]) -> Log:
    """Of the files of one folder; a later one, of a resumed run, goes over earlier steps."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import metadata
    from tensorboard.util import tensor_util

    said: dict[str, str] = {}
    steps: dict[str, dict[int, float]] = {}
    for path in files:
        # 0: keep all; by default a sample of the steps is kept, and of tensors the last ten
        events = EventAccumulator(str(path), size_guidance={"scalars": 0, "tensors": 0})
        events.Reload()
        for tag in events.Tags()["scalars"]:
            for event in events.Scalars(tag):
                steps.setdefault(tag, {})[event.step] = _shortest(event.value)
        for tag, about in events.summary_metadata.items():
            if about.plugin_data.plugin_name == "scalars" and tag in events.Tags()["tensors"]:
                for event in events.Tensors(tag):  # how TensorFlow 2 and Keras write a scalar
                    value = tensor_util.make_ndarray(event.tensor_proto).item()
                    steps.setdefault(tag, {})[event.step] = _shortest(value)
            elif tag == metadata.SESSION_START_INFO_TAG:
                content = about.plugin_data.content
                started = metadata.parse_session_start_info_plugin_data(content)
                said |= {name: _setting(value) for name, value in started.hparams.items()}
    measured = {tag: tuple(by[step] for step in sorted(by)) for tag, by in steps.items()}
    return Log(said, measured)


def _shortest(value: float) -> float:
    return float(str(np.float32(value)))


def _setting(value: object) -> str:
    """A value of protobuf's Struct: one of its number_value, string_value, bool_value."""
    return text_of(getattr(value, str(value.WhichOneof("kind")), None)) or ""  # type: ignore[attr-defined]
