"""Presets: how thoroughly each domain is searched, from a few minutes to a GPU's night.

A ladder's rungs are a factor of 2 or 3 apart. The learning rates reach a factor of 3 to either side
of AdamW's customary 1e-3; SGD's, with momentum, are RATE_OF_SGD times as large. Paces were read off
measured studies (the command that shows them: `python -m engine.study.pace --store STORE`).
"""

from dataclasses import replace

from engine.study.plan import Pace, Recipe
from engine.study.search import Search
from engine.study.subject import Subject
from engine.training.group import RATE_OF_SGD, SGD, Schedule

RATES = (3e-4, 3e-3)
QUICK = Search(below=0, above=1, rates=2, widenings=0)
STANDARD = Search(below=1, above=1, rates=2, widenings=1)

# the whole validation set would double a small shard's cost
SCHEDULE = Schedule(watched=1024)
PATIENT = Schedule(patience=1.8, ratio=1.2, floor_steps=240, watched=2048)
IMAGE_PACE = Pace(steps=740.0, size=1000, growth=0.28)  # the recorded icons study
IMAGES = (5_000, 15_000, 40_000, 120_000, 360_000)

RECIPES: dict[str, dict[str, Recipe]] = {
    "images": {
        "quick": Recipe(4.0, 3, IMAGES[:4], RATES, QUICK, SCHEDULE, IMAGE_PACE),
        "standard": Recipe(60.0, 5, IMAGES, RATES, STANDARD, PATIENT, IMAGE_PACE),
        "full": Recipe(
            None, 5, (*IMAGES, 1_080_000, 3_240_000), RATES, STANDARD, PATIENT, IMAGE_PACE
        ),
    },
}


def recipe(subject: Subject, preset: str | None, minutes: float | None) -> Recipe:
    """The recipe of a preset; with minutes alone, the most thorough one that they suit."""
    known = RECIPES[subject.domain]
    if preset is None:
        assert minutes is not None
        standard = known["standard"].minutes
        assert standard is not None
        preset = "standard" if minutes >= standard / 2 else "quick"
    found = known[preset]
    if subject.treatment == SGD:
        low, high = found.rates
        found = replace(found, rates=(low * RATE_OF_SGD, high * RATE_OF_SGD))
    return found
