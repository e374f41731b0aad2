"""Runs of Weights & Biases without an account: an exported table, or the folders of its runs.

The table is what the page of a project exports as CSV, or what a script made of `wandb.Api()`. A
folder `wandb` holds `config.yaml` and `wandb-summary.json` of each run that was online; the log of
an offline run (`.wandb`) can be read by W&B's own program alone. Needs PyYAML for the folders.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.adopt.outside import outside
from engine.adopt.place import files_in, here
from engine.adopt.runs import AdoptError, Run, Runs, text_of
from engine.adopt.table import read as read_table

SUMMARY, CONFIG = "wandb-summary.json", "config.yaml"
LARGEST = 16 * 2**20  # bytes of one such file; W&B's own limit for a summary is below
# Of one file: YAML's aliases can blow a few lines up to millions, or lead back to themselves.
MOST_VALUES, DEEPEST = 20_000, 50
SHOWN = ("_step", "_runtime")  # of the names that are W&B's own
OFFLINE = (
    "were recorded offline, which W&B's own program alone can read: send them there by `wandb sync`"
    " and export the table of runs as CSV"
)


def read(source: str) -> Runs:
    """Read the finished runs of an exported table, or all runs of a folder.

    Raises:
        AdoptError: there are none, or a file is not what W&B writes.
    """
    place = here(source)
    if place.is_file():
        return _finished(read_table(source))
    files = list(files_in(place))
    offline = sum(path.suffix == ".wandb" and _is_offline(path.parent) for path in files)
    folders = {path.parent for path in files if path.name == SUMMARY}
    runs = tuple(_run(folder) for folder in sorted(folders) if not _is_offline(folder.parent))
    if not runs:
        said = f"the {offline} runs in {place} {OFFLINE}" if offline else f"no {SUMMARY} in {place}"
        raise AdoptError(said)
    unfinished = {"offline: see `wandb sync`": offline} if offline else {}
    return Runs(f"W&B folder {place}", place.resolve().name, runs, unfinished)


def _is_offline(folder: Path) -> bool:
    return folder.name.startswith("offline-run-")  # W&B's own mark; it writes no results beside


def _finished(table: Runs) -> Runs:
    """The runs whose state is "finished", where the table tells states; W&B's export does."""
    names = {name for run in table.runs for name in run.said}
    key = next((name for name in ("State", "state") if name in names), None)
    if key is None:
        return table
    unfinished: dict[str, int] = {}
    for run in table.runs:
        state = run.said.get(key, "unknown")
        if state != "finished":
            unfinished[state] = unfinished.get(state, 0) + 1
    runs = tuple(run for run in table.runs if run.said.get(key) == "finished")
    return Runs(table.source, table.name, runs, unfinished)


def _run(files: Path) -> Run:
    try:
        return _read_run(files)
    except AdoptError:
        raise
    except (OSError, OverflowError, ValueError) as fault:  # numbers of thousands of digits
        raise AdoptError(f"{files} cannot be read: {fault}") from None


def _read_run(files: Path) -> Run:
    name = files.parent.name if files.name == "files" else files.name
    said = {"run": name}
    measured: dict[str, tuple[float, ...]] = {}
    if (files / CONFIG).is_file():
        for key, value in flat(_config(files / CONFIG)).items():
            if (text := text_of(value)) is not None:
                said[key] = text
    for key, value in flat(_summary(files / SUMMARY)).items():
        if (number := _number(value)) is not None:
            measured[key] = (number,)
        elif (text := text_of(value)) is not None:
            said.setdefault(key, text)
    return Run(name, said, measured)


def flat(nested: Mapping[Any, Any]) -> dict[str, Any]:
    """Names as W&B's page shows them: {"model": {"width": 8}} is model.width; its own are left out.

    Raises:
        AdoptError: there are more than MOST_VALUES, or they lie deeper than DEEPEST.
    """
    found: dict[str, Any] = {}
    waiting = [(str(key), value, 1) for key, value in nested.items()]
    looked_at = 0
    while waiting:
        name, value, depth = waiting.pop()
        looked_at += 1
        if looked_at > MOST_VALUES or depth > DEEPEST:
            raise AdoptError(
                f"a run holds more than {MOST_VALUES:,} values, or values more than {DEEPEST} deep:"
                " export the runs as a table"
            )
        if name.startswith("_") and name not in SHOWN:
            continue
        if isinstance(value, Mapping) and "_type" not in value:  # that is a picture or a table
            waiting += [(f"{name}.{key}", below, depth + 1) for key, below in value.items()]
        else:
            found[name] = value
    return found


def _config(path: Path) -> dict[str, Any]:
    with outside("PyYAML", f"read {path}"):
        import yaml

        settings = yaml.safe_load(_text(path))
    if not isinstance(settings, dict):
        raise AdoptError(f"{path} holds no settings: it is not what W&B writes")
    return {
        key: entry["value"]
        for key, entry in settings.items()
        if isinstance(entry, dict) and "value" in entry
    }


def _summary(path: Path) -> dict[str, Any]:
    try:
        summary = json.loads(_text(path))
    except (ValueError, RecursionError) as fault:
        raise AdoptError(f"{path} is no JSON: {fault}") from None
    if not isinstance(summary, dict):
        raise AdoptError(f"{path} holds no summary: it is not what W&B writes")
    return summary


def _text(path: Path) -> str:
    if path.stat().st_size > LARGEST:
        raise AdoptError(f"{path} is larger than {LARGEST:,} bytes: export the runs as a table")
    return path.read_text(encoding="utf-8")


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    return math.nan if value in ("NaN", "Infinity", "-Infinity") else None  # as W&B writes them
