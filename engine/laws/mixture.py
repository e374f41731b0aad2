"""The mixture: how much each member of a forecast is worth, learned from curves that ended.

    weights = softmax(A z),        z = the features of `members`, standardised,

a convex combination, so a forecast never leaves the range of its members; B z says how wide its
band is. A and B, 170 numbers in mixture.json, were learned by `engine.bench.learn` on the
development curves; the file says what they score on curves that were kept out. A law that misses
the last third of its curve gets a smaller weight: the lack-of-fit gate, learned.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

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
    width: Array  # (F,) log of the band's half width over its standard deviation

    def weights(self, features: Array) -> Array:
        """Weight of each member, (..., F) -> (..., 4); they sum to 1."""
        score = self._standard(features) @ self.coefficients
        share = np.exp(score - score.max(axis=-1, keepdims=True))
        return np.asarray(share / share.sum(axis=-1, keepdims=True))

    def widening(self, features: Array) -> Array:
        """Standard deviations in half of a 90 % band; (..., F) -> (...)."""
        return np.asarray(np.exp(self._standard(features) @ self.width))

    def _standard(self, features: Array) -> Array:
        return np.asarray(np.clip((features - self.mean) / self.sd, -FARTHEST, FARTHEST))


@cache
def shipped_record() -> dict[str, Any]:
    """Everything in mixture.json: the numbers, where they come from, what they score."""
    path = Path(__file__).with_name("mixture.json")
    return dict(json.loads(path.read_text(encoding="utf-8")))


@cache
def shipped() -> Mixture:
    """The mixture that every forecast uses."""
    return mixture_of(shipped_record())


def mixture_of(record: dict[str, Any]) -> Mixture:
    """The mixture that a record holds.

    Raises:
        ValueError: it was learned for other members or features.
    """
    if tuple(record["members"]) != MEMBERS or tuple(record["features"]) != FEATURES:
        raise ValueError("the mixture was learned for other members or features: learn it again")
    return Mixture(*(np.array(record[name]) for name in ("mean", "sd", "coefficients", "width")))
