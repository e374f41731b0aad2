"""A training that nobody ran, for studies that are simulated; the tests make theirs of it too."""

from dataclasses import replace
from typing import Any

from engine.training.spec import Candidate

_NOBODYS = Candidate(
    model="mlp",
    capacity=1,
    parameters=1,
    learning_rate=1e-3,
    size=1,
    seed=0,
    shard_hash="",
    status="finished",
    reason="",
    steps=1,
    best_step=1,
    evaluations=1,
    validation_loss=1.0,
    train_loss=1.0,
)


def made_up(size: int, capacity: int, rate: float, seed: int, **known: Any) -> Candidate:
    """A candidate that ended well, of as many parameters as were asked for; `known` is its own."""
    at = {"size": size, "capacity": capacity, "parameters": capacity, "learning_rate": rate}
    return replace(_NOBODYS, **{**at, "seed": seed, **known})
