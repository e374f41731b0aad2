"""The curves that ship with Steepness: measured by this engine earlier, shown on a first visit.

Each is a points CSV with a note of its making beside it: NAME.csv and NAME.json. The note has
`command`, `device`, `date` (ISO), `version`, `data_hash`, `guess` (best-guess level by curve
name) and `note`.
"""

import json
from dataclasses import replace
from pathlib import Path

from engine.curve import Curve, gather, read_points

FOLDER = Path(__file__).parents[1] / "data" / "recorded"


def recorded_curves(folder: Path = FOLDER) -> list[Curve]:
    """All shipped curves, files in order of name; none where the folder is missing or empty."""
    return [curve for file in sorted(folder.glob("*.csv")) for curve in _recorded(file)]


def _recorded(file: Path) -> list[Curve]:
    made = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    return [
        replace(
            curve,
            guess=made["guess"].get(curve.name),
            data_hash=made["data_hash"],
            version=made["version"],
            origin="shipped",
            measured_on=made["date"],
        )
        for curve in gather(read_points(file))
    ]
