"""The plan: which groups a study trains and how long that should take on this machine.

Pure: the measured speed comes in, the plan comes out, and the same arguments give the same plan.
It is stored with the study, so a resumed study trains what the first one set out to train even if
the machine is faster today.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from data import shards
from engine.numbers import duration
from engine.training.group import GroupSpec, Schedule
from engine.training.probe import Speed

FILL = 0.9  # of the minutes asked for: one estimate was 25 % low (CHANGELOG, 0.1.0)
LONG_GROUP_SECONDS = 45.0  # a longer group is cut into its seeds, so that no worker ends alone
WORTH_A_CURVE = 8  # sizes: two decades in steps of 2; below that candidates are given up for them
PAIRED = 0.92  # speed of each of two processes on two cores against one alone (performance, 3)


class PlanError(Exception):
    """The settings cannot be planned; the message names the value, the rule and the way out."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user asked for. Two equal settings are the same study."""

    domain: str
    data: str
    model: str
    preset: str | None
    minutes: float | None = None
    sizes: tuple[int, ...] | None = None
    seeds: int | None = None
    device: str = "cpu"

    @property
    def key(self) -> str:
        """A digest by which the store finds the study again."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How thoroughly a preset searches; the same for every shard."""

    minutes: float | None  # wall time to fill; None takes every size
    seeds: int
    capacities: tuple[int, ...]  # parameters, small to large
    learning_rates: tuple[float, ...]
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class PlannedGroup:
    """A group, the shard that it helps to decide, and what it should cost."""

    spec: GroupSpec
    shard: str
    seconds: float  # on one worker


@dataclass(frozen=True, slots=True)
class Plan:
    """A study before it starts."""

    sizes: tuple[int, ...]
    seeds: int
    capacities: tuple[int, ...]
    learning_rates: tuple[float, ...]
    workers: int
    groups: tuple[PlannedGroup, ...]
    seconds: float  # wall

    @property
    def candidates(self) -> int:
        """Candidates searched for each shard."""
        return len(self.capacities) * len(self.learning_rates)

    @property
    def sentence(self) -> str:
        """What will be trained and how long it should take, for the user."""
        return (
            f"{len(self.sizes)} sizes from {self.sizes[0]:,} to {self.sizes[-1]:,} images, "
            f"{self.seeds} seeds, {self.candidates} candidates each: "
            f"about {duration(self.seconds)} with {self.workers} "
            f"worker{'s' if self.workers > 1 else ''}"
        )


def make_plan(
    settings: Settings,
    recipe: Recipe,
    full: int,
    evaluated: int,
    speeds: Mapping[int, Speed],
    workers: int,
) -> Plan:
    """Plan a study: as many sizes, in steps of 2 from 0.1 % up, as the minutes hold.

    Where they hold fewer than eight with the whole search, every shard is searched less.

    Args:
        settings: what the user asked for.
        recipe: how thoroughly to search.
        full: training images in the data set.
        evaluated: images in the validation split; the test split is taken to be as large.
        speeds: measured, by capacity.
        workers: worker processes.

    Raises:
        PlanError: a size is larger than the data, or not even three sizes fit the minutes.
    """
    if settings.seeds is not None:
        recipe = replace(recipe, seeds=settings.seeds)
    minutes = settings.minutes if settings.minutes is not None else recipe.minutes
    ladder = tuple(int(size) for size in shards.sizes(full))
    if settings.sizes is not None:
        ladder = tuple(sorted(set(settings.sizes)))
        if ladder[-1] > full:
            raise PlanError(f"size {ladder[-1]:,} is more than the {full:,} images there are.")
        minutes = settings.minutes

    def fitted(thinned: Recipe) -> Plan:
        """The longest ladder that the minutes hold; three sizes where they hold not even those."""
        kept = len(ladder)
        while True:
            plan = _plan(settings, thinned, ladder[:kept], evaluated, speeds, workers)
            if minutes is None or plan.seconds <= FILL * 60 * minutes or kept <= 3:
                return plan
            kept -= 1

    plans = [fitted(thinned) for thinned in _thinner(recipe)]
    whole = min(WORTH_A_CURVE, len(ladder))
    plan = next((p for p in plans if len(p.sizes) >= whole), max(plans, key=lambda p: len(p.sizes)))
    if minutes is not None and plan.seconds > 60 * minutes:
        raise PlanError(
            f"{minutes:g} minutes do not hold three sizes on this machine "
            f"({duration(plan.seconds)}); give more minutes or fewer seeds."
        )
    return plan


def _thinner(recipe: Recipe) -> list[Recipe]:
    """The recipe, then with fewer candidates: a curve needs sizes more than a wide search.

    The smallest capacity goes first, which larger shards outgrow, then the lowest learning rate,
    which trains slowest; on a slow machine the smallest capacity is all that is left.
    """
    steps = [recipe]
    while len(steps[-1].capacities) > 1:
        steps.append(replace(steps[-1], capacities=steps[-1].capacities[1:]))
    steps.append(replace(steps[-1], learning_rates=recipe.learning_rates[-2:]))
    steps.append(replace(steps[-1], capacities=recipe.capacities[:1]))
    return steps


def _plan(
    settings: Settings,
    recipe: Recipe,
    sizes: Sequence[int],
    evaluated: int,
    speeds: Mapping[int, Speed],
    workers: int,
) -> Plan:
    groups: list[PlannedGroup] = []
    for size in sizes:
        for capacity in recipe.capacities:
            each = expected_seconds(
                size, recipe.schedule, len(recipe.learning_rates), evaluated, speeds[capacity]
            )
            every = tuple(range(recipe.seeds))
            cut = workers > 1 and each * recipe.seeds > LONG_GROUP_SECONDS
            for seeds in [(seed,) for seed in every] if cut else [every]:
                name = f"{settings.model} {capacity:,} on {size:,} images"
                spec = GroupSpec(
                    name=name + (f", seed {seeds[0]}" if cut else ""),
                    domain=settings.domain,
                    data=settings.data,
                    model=settings.model,
                    capacity=capacity,
                    size=size,
                    seeds=seeds,
                    learning_rates=recipe.learning_rates,
                    schedule=recipe.schedule,
                )
                groups.append(PlannedGroup(spec, str(size), each * len(seeds)))
    total = sum(group.seconds for group in groups)
    longest = max(group.seconds for group in groups)
    paired = 1.0 if workers == 1 else PAIRED
    return Plan(
        sizes=tuple(sizes),
        seeds=recipe.seeds,
        capacities=recipe.capacities,
        learning_rates=recipe.learning_rates,
        workers=workers,
        groups=tuple(groups),
        seconds=max(total / workers, longest) / paired + START_SECONDS,
    )


START_SECONDS = 6.0  # a worker's torch import and data load, measured on 2 cores
# Mean steps of a replica, pruned and failed ones included, in the recorded icons study:
# EXPECTED_STEPS at 1,000 images, growing with their number to the power EXPECTED_GROWTH.
EXPECTED_STEPS = 740.0  # at a patience of 1.6, in proportion to it
EXPECTED_GROWTH = 0.28


def expected_seconds(
    size: int, schedule: Schedule, rates: int, evaluated: int, speed: Speed
) -> float:
    """Seconds that one worker needs for one seed of a group, all its learning rates."""
    steps = EXPECTED_STEPS * schedule.patience / 1.6 * math.pow(size / 1000, EXPECTED_GROWTH)
    steps = min(schedule.max_steps, max(1.2 * schedule.floor_steps, steps))
    watched = min(evaluated, schedule.validation_images or evaluated)
    evaluations = sum(1 for step in schedule.evaluations() if step <= steps)
    training = steps * min(schedule.batch, size) / speed.train
    validating = evaluations * watched / speed.evaluate
    testing = 2 * evaluated / speed.evaluate  # the test split, and the shard once more
    return rates * (training + validating + testing)
