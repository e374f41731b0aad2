"""What a training is asked to be and what comes of it, as values that travel and are stored.

Without torch: the plan, the search, the store and the page speak of trainings and train nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

SGD, WEIGHT_DECAY = OF_TRAINING = "sgd", "weight-decay"  # treatments of the training itself


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to evaluate and when to stop; one for every shard of a curve."""

    batch: int = 64  # rows
    watched: int | None = None  # validation rows looked at in each evaluation; None: all
    first_evaluation: int = 5  # steps; a tiny shard is at its best within ten
    ratio: float = 1.25  # between the steps of successive evaluations
    floor_steps: int = 120  # nothing stops before, unless it overfits beyond doubt (group)
    patience: float = 1.6  # stop at patience x the best step ...
    margin: int = 60  # ... and at least this many steps after it
    max_steps: int = 20_000  # a bound on what one replica may cost; reaching it is recorded

    def evaluations(self) -> Iterator[int]:
        """The steps to evaluate at, the last one at `max_steps`."""
        step = self.first_evaluation
        while step < self.max_steps:
            yield step
            step = max(step + 1, round(step * self.ratio))
        yield self.max_steps


@dataclass(frozen=True, slots=True)
class Pace:
    """How many steps a training takes on average, pruned and failed ones included."""

    steps: float  # on `size` units, at a patience of 1.6; in proportion to the patience
    size: float
    growth: float  # steps grow with the size to this power


Way = Literal["plain", "stacked", "half", "graph"]
"""How the steps of a group are computed: as a loop writes them; the replicas' weights in one
tensor; products in bfloat16; recorded once and replayed (CUDA). A probe finds the fastest
(engine.training.ways)."""


@dataclass(frozen=True, slots=True)
class GroupSpec:
    """What an executor moves about: enough to train the group anywhere."""

    name: str
    domain: str
    data: str
    model: str
    capacity: int
    size: int
    seeds: tuple[int, ...]
    learning_rates: tuple[float, ...]
    schedule: Schedule
    treatment: str = ""  # what is done to the training data or the training; "": nothing
    stage: str = "search"  # of the shard's search that the group belongs to
    scored: bool = False  # whether the task's costly scores are wanted too, of seed 0
    way: Way = "plain"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One training: a model at one capacity and learning rate on one seed's shard."""

    model: str
    capacity: int  # as asked for
    parameters: int  # as built
    learning_rate: float
    size: int
    seed: int
    shard_hash: str
    status: Literal["finished", "pruned", "capped", "failed"]
    reason: str
    steps: int
    best_step: int
    evaluations: int
    validation_loss: float | None  # the minimum, at `best_step`; None where it failed
    train_loss: float | None  # on the shard, at `best_step`
    last_loss: float | None = None  # validation loss when training ended: how far it overfitted
    last_train_loss: float | None = None  # on the shard, same place
    test: dict[str, float] = field(default_factory=dict)  # every metric, at `best_step`
    scores: dict[str, float] = field(default_factory=dict)  # further figures, where asked for
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured of one model on this machine, one process alone, in rows a second."""

    train: float  # in training
    evaluate: float  # when the loss is measured
    test: float  # when all errors are measured, which may mean decoding
    way: Way = "plain"  # in which it trains so fast
