"""Presets: how thoroughly each domain is searched, from a few minutes to a GPU's night.

The learning rates are a factor of 3 apart around 1e-3, AdamW's customary rate, so that the best
one is inside the range from the smallest shard to the largest (checked in the recorded studies:
the share of shards whose winner sat at an edge stands in data/recorded/README.md).
"""

from engine.study.plan import Recipe
from engine.training.group import Schedule

RATES = (3e-4, 1e-3, 3e-3)
SCHEDULE = Schedule(watched=1024)  # the whole set would double a small shard's cost
PATIENT = Schedule(patience=1.8, ratio=1.2, floor_steps=240, watched=2048)

RECIPES: dict[str, dict[str, Recipe]] = {
    "images": {
        "quick": Recipe(4.0, 3, (40_000, 120_000), RATES, SCHEDULE),
        "standard": Recipe(60.0, 5, (40_000, 120_000, 360_000), RATES, PATIENT),
        "full": Recipe(None, 5, (40_000, 120_000, 360_000, 1_080_000, 3_240_000), RATES, PATIENT),
    },
}


def recipe(domain: str, preset: str | None, minutes: float | None) -> Recipe:
    """The recipe of a preset; with minutes alone, the most thorough one that they suit."""
    if preset is not None:
        return RECIPES[domain][preset]
    assert minutes is not None
    standard = RECIPES[domain]["standard"]
    assert standard.minutes is not None
    return standard if minutes >= standard.minutes / 2 else RECIPES[domain]["quick"]
