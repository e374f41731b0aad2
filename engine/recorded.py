"""The curves that ship with Steepness: measured by this engine earlier, shown on a first visit.

Each study is a points CSV with a note of its making beside it: NAME.csv and NAME.json. The note has
`command`, `device`, `date` (ISO), `version`, `data_hash`, `guess` (best-guess level by curve
name) and `note`. A list of recordings reads the notes alone; the points are read when asked for.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.curve import Curve, gather, read_points
from engine.domains import DOMAINS

FOLDER = Path(__file__).parents[1] / "data" / "recorded"


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded study; its curves are in its file."""

    file: Path  # of the points
    date: str  # ISO, of the newest point
    subjects: tuple[str, ...]  # "images icons cnn": domain, data, model and treatment

    @property
    def name(self) -> str:
        """What it is known by: its file's name."""
        return self.file.stem

    @property
    def made(self) -> dict[str, Any]:
        """How it was made: `command`, `device`, `note` and what else the note beside it has."""
        return _note(self.file)

    @property
    def curves(self) -> list[Curve]:
        """Its curves, read from its file.

        Raises:
            PointsError: the file is damaged.
        """
        made = _note(self.file)
        return [
            replace(
                curve,
                guess=made["guess"].get(curve.name),
                data_hash=made["data_hash"].get(curve.name, ""),
                version=made["version"],
                origin="shipped",
                measured_on=made["date"],
            )
            for curve in gather(read_points(self.file))
        ]


def recordings(folder: Path | None = None) -> list[Recording]:
    """All recorded studies in `folder` (None: the shipped ones).

    Domains come in their usual order, and each with the data and the model that a first study would
    take first, untreated.
    """
    found = [_recording(file) for file in sorted((folder or FOLDER).glob("*.csv"))]
    order = list(DOMAINS)

    def rank(recording: Recording) -> tuple[int, ...]:
        domain, data, model, treatment = [*" ".join(recording.subjects[:1]).split(), *[""] * 4][:4]
        if domain not in order:
            return (len(order),)
        about = DOMAINS[domain]
        places = (_place(about.sources, data), _place(about.models, model), int(treatment != ""))
        return order.index(domain), *places

    return sorted(found, key=rank)


def recorded_curves(folder: Path | None = None) -> list[Curve]:
    """The curves that ship with Steepness, the first ones of each domain first.

    Args:
        folder: of recorded studies; None: the shipped ones. None are there where it is missing or
            empty.

    Raises:
        PointsError: a file is damaged.
    """
    return [curve for recording in recordings(folder) for curve in recording.curves]


def _recording(file: Path) -> Recording:
    made = _note(file)
    # A curve is its subject and its metric, which is one word.
    subjects = dict.fromkeys(name.rpartition(" ")[0] or name for name in made["guess"])
    return Recording(file, made["date"], tuple(subjects))


def _place(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else len(names)


def _note(file: Path) -> dict[str, Any]:
    note: dict[str, Any] = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    return note
