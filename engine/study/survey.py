"""The survey of a subject before it is planned: its data, and how fast its models train here.

Memory may not hold what is tried: it is tried in a process of its own, and told where that ends.
"""

import gc
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import torch

from engine.domains import DOMAINS, PARAMETERS, Domain
from engine.study import isolated, presets
from engine.study.plan import Extent, Recipe
from engine.study.subject import Subject
from engine.study.trial import trial
from engine.tasks.load import TaskLoader
from engine.tasks.task import FittedTask, Task
from engine.training import fitted, memory, probe, ways
from engine.training.spec import SGD, Speed


class NoMemoryError(Exception):
    """Memory holds too little of a subject to plan it; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Site:
    """What is known of a subject's data once they are loaded."""

    extent: Extent
    rows: int  # of the training split
    is_fitted: bool  # whether its models are fitted in one go
    data_hash: str
    guess: dict[str, float | None]  # each metric's best-guess level


@dataclass(frozen=True, slots=True)
class Survey:
    """What a subject's plan is made of."""

    site: Site
    speeds: dict[int, Speed]  # by capacity, without those that memory did not hold


def survey(load: TaskLoader, subject: Subject, recipe: Recipe, cache: Path) -> Survey:
    """Load a subject's data, hold a user's own to the rules, and measure its models' speed.

    Args:
        load: of the subject's task.
        subject: to be planned.
        recipe: whose ladder, batch and rates it is measured with.
        cache: folder where the ways that were the fastest are remembered.

    Raises:
        NoMemoryError: memory does not hold the data, or not even the smallest model.
        engine.domain_files.DomainError: a domain that is not ours breaks a rule.
        data.errors.DataError: the data is not ready on this machine.
    """
    speeds: dict[int, Speed] = {}
    with closing(isolated.each(load.device, _look, load, subject, recipe, cache)) as seen:
        try:
            site = next(seen)
            assert isinstance(site, Site)
        except (isolated.Died, MemoryError) as error:
            raise NoMemoryError(_no_data(load, subject, error)) from error
        try:
            for rung, speed in zip(_rungs(recipe.ladder), seen, strict=True):
                assert isinstance(speed, Speed)
                speeds[rung] = speed
        except (isolated.Died, MemoryError) as error:
            if not speeds:
                raise NoMemoryError(_no_model(load, subject, recipe, error)) from error
    if load.device == "cuda":
        gc.collect()  # out here: an error above held on to what did not fit
        torch.cuda.empty_cache()  # for the workers
    return Survey(site, speeds)


def _look(
    load: TaskLoader, subject: Subject, recipe: Recipe, cache: Path
) -> Iterator[Site | Speed]:
    """The site, then the speed at each rung that is measured, the smallest first.

    Raises:
        MemoryError: memory does not hold what follows.
    """
    own = load.own.get(subject.domain)
    kept = cache / (f"ways-{own.sha256[:16]}.json" if own else "ways.json")  # its code may change
    try:
        task = load(subject.domain, subject.data, subject.treatment)
        if own:
            trial(task, own, subject.model, subject.treatment)
        yield _site(task, (own or DOMAINS[subject.domain]).unit)
        for rung in _rungs(recipe.ladder):
            yield _speed(task, subject, recipe, rung, kept)
    except RuntimeError as error:
        if not memory.is_of_memory(error):
            raise
        raise MemoryError(str(error)) from error


def _site(task: Task, unit: str) -> Site:
    extent = Extent(
        full=task.full,
        rows=len(task.shard(task.full, seed=0)),
        validation=len(task.part("validation").rows),
        test=len(task.part("test").rows),
        unit=unit,
    )
    rows = len(task.part("train").rows)
    return Site(extent, rows, isinstance(task, FittedTask), task.data_hash, dict(task.guess))


def _rungs(ladder: Sequence[int]) -> list[int]:
    """The capacities that are measured: a ladder's ends, and a long one's middle."""
    middle = [ladder[len(ladder) // 2]] if len(ladder) > 3 else []
    return sorted({ladder[0], *middle, ladder[-1]})


def _speed(task: Task, subject: Subject, recipe: Recipe, rung: int, kept: Path) -> Speed:
    if isinstance(task, FittedTask):
        return fitted.measure(task, subject.model, rung, recipe.rates[0])
    batch = recipe.schedule.batch
    way = ways.fastest(kept, task, subject.model, rung, batch)
    if subject.treatment == SGD and way == "stacked":
        way = "plain"  # stacks are of AdamW
    return probe.measure(task, subject.model, rung, batch, way)


def _no_data(load: TaskLoader, subject: Subject, error: Exception) -> str:
    own = load.own.get(subject.domain)
    tried, way_out = "", "by --data or --data-path"
    if own:
        tried = f" and a model of {_count(own.ladder[0], own)} tried"
        way_out = "or a ladder that ends earlier"
    return (
        f"{_short(load, subject, error)} as its data were loaded{tried}: end other programs or give"
        f" fewer data {way_out}."
    )


def _no_model(load: TaskLoader, subject: Subject, recipe: Recipe, error: Exception) -> str:
    own = load.own.get(subject.domain)
    standard = presets.recipe(subject, "standard", None, own)
    if standard.ladder[0] < recipe.ladder[0]:
        way_out = f"--preset standard, whose smallest has {_count(standard.ladder[0], own)}"
    else:
        way_out = (
            f"{own.name} a ladder that begins with a smaller one" if own else "another --model"
        )
    return (
        f"{_short(load, subject, error)} at its smallest model, of {_count(recipe.ladder[0], own)}:"
        f" end other programs or give {way_out}."
    )


def _short(load: TaskLoader, subject: Subject, error: Exception) -> str:
    """That memory ended, and how much there is."""
    size = torch.cuda.mem_get_info()[1] if load.device == "cuda" else memory.limit()
    there = f"{size / 1e6:,.0f} MB in all" if size else "how much there is is not known"
    if isinstance(error, isolated.Died):
        return f"{subject.label}: its process died ({error}), as where memory ends ({there}),"
    return f"{subject.label}: there was not enough memory ({there})"


def _count(capacity: int, own: Domain | None) -> str:
    return f"{capacity:,} {own.capacity if own else PARAMETERS}"
