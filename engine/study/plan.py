"""The plan: which sizes a study measures, how it searches each, and how long that should take.

Pure: the measured speed comes in, the plan comes out, and the same arguments give the same plan.
It is stored with the study, so a resumed study trains what the first one set out to train even if
the machine is faster today. Which capacities a shard needs is found out on the way (see search);
the plan guesses them, to tell the time.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from data import shards
from engine.domains import DOMAINS, SCHEDULE, Domain, Metric, Quick
from engine.numbers import duration
from engine.study.search import Search
from engine.study.subject import Settings, Subject
from engine.training.spec import Pace, Schedule, Speed

OVER = 1.2  # of the minutes asked for: a search that climbs past its guess is broken off there
FILL = 0.9  # of the minutes asked for: one estimate was 25 % low (CHANGELOG, before 1.0.0)
LONG_GROUP_SECONDS = 45.0  # of two workers; a longer group is cut into its seeds: none ends alone
PAIRED = 0.92  # speed of each of two processes on two cores against one alone (performance, 3)
FLOOR = (
    0.6  # of the floor of steps: smallest shards overfit at .3 (images) to .8 of it (characters)
)
START_SECONDS = 6.0  # a worker's torch import and data load, measured on 2 cores


class PlanError(Exception):
    """The settings cannot be planned; the message names the value, the rule and the way out."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How thoroughly a preset searches one subject; the same for every shard."""

    minutes: float | None  # wall time to fill; None takes every size
    seeds: int
    ladder: tuple[int, ...]  # capacities, small to large, in steps of one factor
    rates: tuple[float, float]  # lowest and highest learning rate
    search: Search
    schedule: Schedule
    pace: Pace
    smallest: float = 0.001  # share of the data at the smallest size
    step: float = 2.0  # between sizes
    worth: int = 8  # sizes that a curve should have before any of its shards is searched more
    least_seeds: int = 2  # that short minutes may cut the seeds to; what the user asked for


@dataclass(frozen=True, slots=True)
class Extent:
    """How much data there is, in the subject's unit and in rows."""

    full: int  # units of the training split
    rows: int  # rows of it
    validation: int  # rows
    test: int  # rows
    unit: str


@dataclass(frozen=True, slots=True)
class SubjectPlan:
    """One subject of a study before it starts."""

    subject: Subject
    extent: Extent
    sizes: tuple[int, ...]
    recipe: Recipe
    speeds: dict[int, Speed]  # by capacity, at all rungs
    seconds: float  # of all trainings, on one worker
    minutes: float | None = None  # that it may fill; None: as long as it takes
    held: int | None = None  # the largest capacity measured, where memory held no larger; else None

    def more_seconds(self, workers: int) -> float:
        """Wall seconds that more seeds may take: as much again as the subject was planned for."""
        return _wall([self], workers) if self.minutes is None else 60 * self.minutes

    def expected(self, size: int, capacity: int, trainings: int) -> float:
        """Seconds that one worker should need for some trainings of one capacity on one shard."""
        return trainings * training_seconds(
            size, self.recipe, self.extent, self.speeds[capacity], self.subject.treatment
        )

    def shard_seconds(self, size: int) -> float:
        """Seconds that one worker should need for the whole search of one shard."""
        ladder, search, seeds = self.recipe.ladder, self.recipe.search, self.recipe.seeds
        start = self._start(size)
        low = max(0, min(start - search.below, len(ladder) - 1 - search.below - search.above))
        rungs = ladder[low : start + search.above + 1 + search.widenings]
        each = [self.expected(size, rung, search.rates * seeds) for rung in rungs]
        count = search.below + 1 + search.above + search.widenings
        apart = search.rates > 1  # else a fit is the first seed of its candidate
        return self._fit_seconds(size) * apart + float(np.mean(each)) * count

    @property
    def chain_seconds(self) -> float:
        """Seconds of what cannot be shared out: stage by stage, shard by shard."""
        search = self.recipe.search
        seconds = 0.0
        for size in self.sizes:
            stage = self.expected(size, self.recipe.ladder[self._start(size)], search.rates)
            same = search.apart and search.candidates == 1  # the fit is the search
            seconds += (0.0 if same else self._fit_seconds(size)) + stage * (1 + search.widenings)
        return seconds

    def _start(self, size: int) -> int:
        """Where on the ladder the search of a shard starts: a guess, climbing it with the logs."""
        span = math.log(self.extent.full / self.sizes[0]) or 1.0
        top = len(self.recipe.ladder) - 1
        return round(top * math.log(size / self.sizes[0]) / span)

    def _fit_seconds(self, size: int) -> float:
        """Of looking for the start: one training, and none at the top of the ladder."""
        start = self._start(size)
        if start == len(self.recipe.ladder) - 1:
            return 0.0
        return self.expected(size, self.recipe.ladder[start], 1)


@dataclass(frozen=True, slots=True)
class Plan:
    """A study before it starts."""

    subjects: tuple[SubjectPlan, ...]
    workers: int
    seconds: float  # wall
    domains: tuple[Domain, ...] = ()  # those that are not ours, as they were

    def row(self, domain: str) -> Domain:
        """A domain as it was planned with."""
        own = {row.name: row for row in self.domains}
        return own.get(domain) or DOMAINS[domain]

    def metrics(self, domain: str) -> tuple[Metric, ...]:
        """What is measured of a domain."""
        return self.row(domain).metrics

    @property
    def sentence(self) -> str:
        """What will be trained and how long it should take, for the user."""
        workers = f"{self.workers} worker{'s' if self.workers > 1 else ''}"
        parts = [_sentence(part, named=len(self.subjects) > 1) for part in self.subjects]
        doubts = [
            f"; the speed of {part.subject.label} could not be measured beyond {part.held:,}"
            f" {self.row(part.subject.domain).capacity}, as where memory ends: that of larger ones"
            " is reckoned from it, and they may fail"
            for part in self.subjects
            if part.held is not None
        ]
        said = f"{'; '.join(parts)}: about {duration(self.seconds)} with {workers}"
        return said + "".join(doubts)


def make_plan(
    settings: Settings,
    recipes: Sequence[Recipe],
    extents: Sequence[Extent],
    speeds: Sequence[Mapping[int, Speed]],
    workers: int,
) -> Plan:
    """Plan a study: as many sizes of each subject, in its recipe's steps, as its minutes hold.

    The subjects share the minutes evenly. Where they hold fewer sizes with the whole search
    than the recipe wants, every shard is searched less.

    Args:
        settings: what the user asked for.
        recipes: how thoroughly to search, for each subject; so are the next two.
        extents: how much data there is.
        speeds: measured, by capacity, at some of the ladder's rungs: the first, and the last
            unless memory does not hold it.
        workers: worker processes.

    Raises:
        PlanError: a size is larger than the data, or not even three sizes fit the minutes that
            were asked for (a preset's own are then exceeded).
    """
    count = len(settings.subjects)
    parts = []
    for subject, recipe, extent, speed in zip(
        settings.subjects, recipes, extents, speeds, strict=True
    ):
        minutes = recipe.minutes if settings.sizes is None else None
        if settings.search_minutes is not None:
            minutes = settings.search_minutes / count
        if settings.seeds is not None:
            recipe = replace(recipe, seeds=settings.seeds, least_seeds=settings.seeds)
        whole = {rung: interpolated(speed, rung) for rung in recipe.ladder}
        ladder = settings.sizes or _ladder(subject, settings.subjects, extents, recipe)
        part = _subject_plan(subject, recipe, extent, whole, workers, ladder, minutes)
        if recipe.ladder[-1] > max(speed):
            part = replace(part, held=max(speed))
        wall = _wall([part], workers)
        if settings.search_minutes is not None and wall > 60 * settings.search_minutes / count:
            kept = "" if settings.width is None else ", half of which --width keeps for its seeds,"
            raise PlanError(
                f"{(settings.minutes or 0) / count:.3g} minutes{kept} do not hold three sizes of"
                f" {subject.label} on this machine ({duration(wall)}); give more minutes or fewer"
                " seeds."
            )
        if part.minutes is not None and wall > 60 * part.minutes:  # of a preset
            part = replace(part, minutes=wall / 60)
        parts.append(part)
    return Plan(tuple(parts), workers, _wall(parts, workers))


def interpolated(speeds: Mapping[int, Speed], capacity: int) -> Speed:
    """The speed at a capacity, from those measured: straight lines in logs, the nearest's way.

    Beyond the largest a model is taken to be as much slower as it is larger.
    """
    measured = sorted(speeds)
    at = np.log(measured)
    beyond = max(1.0, capacity / measured[-1])

    def one(values: Sequence[float]) -> float:
        return float(np.exp(np.interp(np.log(capacity), at, np.log(values)))) / beyond

    known = [speeds[capacity] for capacity in measured]
    return Speed(
        train=one([speed.train for speed in known]),
        evaluate=one([speed.evaluate for speed in known]),
        test=one([speed.test for speed in known]),
        way=known[int(np.abs(at - np.log(capacity)).argmin())].way,
    )


def training_seconds(
    size: int, recipe: Recipe, extent: Extent, speed: Speed, treatment: str = ""
) -> float:
    """Seconds that one worker should need for one training.

    Args:
        size: of the shard, in units.
        recipe: its schedule and pace.
        extent: turns units into rows.
        speed: of the model, in rows a second.
        treatment: of the training; SGD takes the steps that AdamW takes, as far as is known.
    """
    schedule, steps = recipe.schedule, training_steps(size, recipe)
    rows = max(1.0, size * extent.rows / extent.full)
    watched = min(extent.validation, schedule.watched or extent.validation)
    evaluations = sum(1 for step in schedule.evaluations() if step <= steps)
    training = steps * min(schedule.batch, rows) / speed.train
    validating = evaluations * watched / speed.evaluate
    return training + validating + extent.test / speed.test


def training_steps(size: int, recipe: Recipe) -> float:
    """Steps that one training should take on a shard of `size` units."""
    schedule, pace = recipe.schedule, recipe.pace
    steps = pace.steps * schedule.patience / 1.6 * math.pow(size / pace.size, pace.growth)
    return min(schedule.max_steps, max(FLOOR * schedule.floor_steps, steps))


def _ladder(
    subject: Subject, subjects: Sequence[Subject], extents: Sequence[Extent], recipe: Recipe
) -> tuple[int, ...]:
    """The recipe's sizes, from the whole data downwards.

    A treatment may leave data out; it then has the sizes of the untreated data as far as it
    reaches, because curves are compared size by size.
    """
    full = {other: extent.full for other, extent in zip(subjects, extents, strict=True)}
    plain = full.get(replace(subject, treatment=""), full[subject])
    sizes = shards.sizes(plain, recipe.smallest, recipe.step)
    return tuple(size for size in sizes if size <= full[subject])


def _subject_plan(
    subject: Subject,
    recipe: Recipe,
    extent: Extent,
    speeds: dict[int, Speed],
    workers: int,
    sizes: tuple[int, ...],
    minutes: float | None,
) -> SubjectPlan:
    ladder = tuple(sorted(set(sizes)))
    if ladder[-1] > extent.full:
        raise PlanError(
            f"size {ladder[-1]:,} is more than the {extent.full:,} {extent.unit} there are."
        )

    def fitted(thinned: Recipe) -> SubjectPlan:
        """The longest run of sizes that the minutes hold; three where they hold not even those."""
        kept = len(ladder)
        while True:
            plan = SubjectPlan(subject, extent, ladder[:kept], thinned, speeds, 0.0, minutes)
            plan = replace(plan, seconds=sum(map(plan.shard_seconds, plan.sizes)))
            wall = _wall([plan], workers)
            if minutes is None or wall <= FILL * 60 * minutes or kept <= 3:
                return plan
            kept -= 1

    plans = [fitted(thinned) for thinned in _thinner(recipe)]
    whole = min(recipe.worth, len(ladder))
    return next((p for p in plans if len(p.sizes) >= whole), max(plans, key=lambda p: len(p.sizes)))


def _thinner(recipe: Recipe) -> list[Recipe]:
    """The recipe, then with less search: a curve needs sizes more than a wide search.

    Rates go before the second rung: on text two rates were within 1 %, two capacities 3 to 5 %.
    """
    steps = [recipe]
    search = recipe.search
    for smaller in (
        search := replace(search, below=0),
        search := replace(search, widenings=0),
        search := replace(search, rates=1),
        replace(search, above=0),
    ):
        steps.append(replace(recipe, search=smaller))
    if recipe.seeds > recipe.least_seeds:
        steps.append(replace(steps[-1], seeds=recipe.least_seeds))
    return list(dict.fromkeys(steps))


def _wall(parts: Sequence[SubjectPlan], workers: int) -> float:
    """Seconds on the wall: the work shared out, or the longest chain where that is longer."""
    shared = sum(part.seconds for part in parts) / workers
    longest = max(part.chain_seconds for part in parts)
    return max(shared, longest) / (1.0 if workers == 1 else PAIRED) + START_SECONDS


def _sentence(plan: SubjectPlan, named: bool) -> str:
    sizes, recipe = plan.sizes, plan.recipe
    said = f"{plan.subject.label}: " if named else ""
    return (
        f"{said}{len(sizes)} sizes from {sizes[0]:,} to {sizes[-1]:,} {plan.extent.unit}, "
        f"{recipe.seeds} seed{'s' * (recipe.seeds > 1)}, {recipe.search.candidates} "
        f"candidate{'s' * (recipe.search.candidates > 1)} each"
    )


def stored_plan(record: dict[str, Any]) -> Plan:
    """A plan as the store keeps it (JSON of `asdict`), read back equal."""
    return Plan(
        tuple(_stored_subject(part) for part in record["subjects"]),
        record["workers"],
        record["seconds"],
        tuple(map(stored_domain, record.get("domains", ()))),
    )


def stored_domain(record: dict[str, Any]) -> Domain:
    """A domain's row as the store keeps it, read back equal."""
    found: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in record.items()
    }
    if (batch := found.pop("batch", None)) is not None:  # all that rows said before 1.0.0
        found["schedule"] = replace(SCHEDULE, batch=batch)
    else:
        found["schedule"] = Schedule(**found["schedule"])
        found["pace"] = Pace(**found["pace"])
        found["quick"] = _stored_quick(found["quick"])
    found["metrics"] = tuple(Metric(**metric) for metric in found["metrics"])
    return Domain(**found)


def _stored_quick(record: dict[str, Any]) -> Quick:
    ladder, schedule, pace = record["ladder"], record["schedule"], record["pace"]
    return Quick(
        ladder=ladder and tuple(ladder),
        smallest=record["smallest"],
        schedule=schedule and Schedule(**schedule),
        pace=pace and Pace(**pace),
    )


def _stored_subject(record: dict[str, Any]) -> SubjectPlan:
    recipe = record["recipe"]
    return SubjectPlan(
        subject=Subject(**record["subject"]),
        extent=Extent(**record["extent"]),
        sizes=tuple(record["sizes"]),
        recipe=Recipe(
            minutes=recipe["minutes"],
            seeds=recipe["seeds"],
            ladder=tuple(recipe["ladder"]),
            rates=tuple(recipe["rates"]),
            search=Search(**recipe["search"]),
            schedule=Schedule(**recipe["schedule"]),
            pace=Pace(**recipe["pace"]),
            smallest=recipe["smallest"],
            step=recipe.get("step", 2.0),
            worth=recipe["worth"],
            least_seeds=recipe.get("least_seeds", 2),
        ),
        speeds={int(capacity): Speed(**speed) for capacity, speed in record["speeds"].items()},
        seconds=record["seconds"],
        minutes=record.get("minutes"),
        held=record.get("held"),
    )


def plan_record(plan: Plan) -> dict[str, Any]:
    """A plan as JSON holds it."""
    return {**asdict(plan), "sentence": plan.sentence}
