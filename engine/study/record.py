"""Keep a study for good, finished or stopped: `python -m engine.study.record --store STORE`.

Writes NAME.csv and NAME.json into data/recorded/, as engine.recorded reads them: the points, and
the command, device, date, version, data hash and best-guess levels that they were made with.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.curve import write_points
from engine.recorded import FOLDER
from engine.study.store import Store, StudyRow
from engine.study.subject import stored_settings


def record(store: Store, row: StudyRow, folder: Path, device: str) -> Path:
    """Write the curves of one study; returns the CSV's path.

    Args:
        store: where the study lies.
        row: the study.
        folder: where recordings lie.
        device: the machine in words, with what shared it: "2 vCPU ..., idle".
    """
    curves = store.curves(row.id)
    _, plan = store.study_plan(row.id)
    took = sum(work.seconds or 0.0 for work in store.work(row.id))
    name = row.name.replace(", ", "_and_").replace(" ", "_")
    note: dict[str, Any] = {
        "command": command(row.settings),
        "device": device,
        "date": max(curve.measured_on for curve in curves),
        "version": curves[0].version,
        "data_hash": {curve.name: curve.data_hash for curve in curves},
        "guess": {curve.name: curve.guess for curve in curves},
        "note": f"planned: {plan['sentence']}; {row.done} of {row.total} sizes are decided;"
        f" took {took:.0f} worker seconds",
    }
    file = folder / f"{name}.csv"
    folder.mkdir(parents=True, exist_ok=True)
    points = [point._replace(device=device) for curve in curves for point in curve.points]
    text = write_points(points)
    file.write_text(text, encoding="utf-8", newline="")
    file.with_suffix(".json").write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
    return file


def command(settings: dict[str, Any]) -> str:
    """The command line that a study was made with, from its settings."""
    subjects = stored_settings(settings).subjects
    said = f"steepness run {' '.join(_each(subject.domain for subject in subjects))}"
    for flag, values in (
        ("data", (subject.data for subject in subjects)),
        ("model", (subject.model for subject in subjects)),
        ("treatment", (subject.treatment for subject in subjects if subject.treatment)),
    ):
        said += "".join(f" --{flag} {value}" for value in _each(values))
    for flag in ("preset", "minutes", "width", "seeds", "device"):
        if settings.get(flag) is not None:
            said += f" --{flag} {settings[flag]}"
    if settings.get("sizes"):
        said += f" --sizes {','.join(map(str, settings['sizes']))}"
    return said


def _each(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def main() -> int:
    """Record the newest study of a store that is not under way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--device", required=True, help="this machine, in words")
    options = parser.parse_args()
    with Store.open(options.store, "read") as store:
        ended = [row for row in store.studies() if row.state in ("finished", "stopped")]
        if not ended:
            print("there is no study to record: none has finished or stopped", file=sys.stderr)
            return 1
        print(record(store, ended[0], FOLDER, options.device))
    return 0


if __name__ == "__main__":
    sys.exit(main())
