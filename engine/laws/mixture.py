"""The mixture: how much each member of a forecast is worth, learned from curves that ended.

    weights = softmax(A z),        z = the features of `members`, standardised,

a convex combination, so a forecast never leaves the range of its members. A holds 80 numbers in
mixture.json, learned by `engine.bench.learn` on the development curves, with where they come from
and what they score on curves that were kept out. A law that misses the last third of its curve
gets a smaller weight: the lack-of-fit gate, learned.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.laws.members import FEATURES, MEMBERS

Array = NDArray[np.float64]

FARTHEST = 3.0  # standard deviations beyond which a feature says no more


@dataclass(frozen=True, slots=True)
class Mixture:
    """What was learned."""

    mean: Array  # (F,) of the features
    sd: Array  # (F,)
    coefficients: Array  # (F, 4)
    widening: float  # of the band: times its standard deviation gives half of 90 %

    def weights(self, features: Array) -> Array:
        """Weight of each member, (..., F) -> (..., 4); they sum to 1."""
        z = np.clip((features - self.mean) / self.sd, -FARTHEST, FARTHEST)
        score = z @ self.coefficients
        share = np.exp(score - score.max(axis=-1, keepdims=True))
        return np.asarray(share / share.sum(axis=-1, keepdims=True))


@cache
def shipped() -> Mixture:
    """The mixture that every forecast uses."""
    held = json.loads(Path(__file__).with_name("mixture.json").read_text(encoding="utf-8"))
    if tuple(held["members"]) != MEMBERS or tuple(held["features"]) != FEATURES:
        raise ValueError("mixture.json was learned for other members or features: learn it again")
    mean, sd, coefficients = (np.array(held[name]) for name in ("mean", "sd", "coefficients"))
    return Mixture(mean, sd, coefficients, float(held["widening"]))
