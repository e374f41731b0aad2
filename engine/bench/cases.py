"""The models, data and sizes that the training benches measure."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.study.location import default_cache
from engine.study.presets import RECIPES
from engine.tasks.task import Task
from engine.training.spec import GroupSpec, Way
from engine.training.ways import fastest


@dataclass(frozen=True, slots=True)
class Case:
    """One curve that is measured."""

    name: str
    domain: str
    data: str
    model: str
    capacity: int
    sizes: tuple[int, ...]
    rates: tuple[float, ...]


def _doubling(first: int, count: int) -> tuple[int, ...]:
    return tuple(first * 2**step for step in range(count))


CASES = (
    Case("mlp", "images", "icons", "mlp", 160_000, _doubling(25, 10), (3e-4, 1e-3, 3e-3)),
    Case("cnn", "images", "icons", "cnn", 40_000, _doubling(25, 10), (1e-3, 3e-3, 1e-2)),
    Case("resnet", "images", "icons", "resnet", 40_000, _doubling(25, 8), (1e-3, 3e-3, 1e-2)),
    Case("lstm", "characters", "sotu", "lstm", 20_000, _doubling(1_200, 7), (3e-3, 7e-3, 1.6e-2)),
    Case(
        "translation",
        "translation",
        "interface",
        "attention",
        50_000,
        _doubling(53, 7),
        (2e-3, 5e-3, 1.2e-2),
    ),
    Case("ctc", "speech", "synthetic-phrases", "ctc", 30_000, _doubling(14, 6), (2e-3, 4e-3, 8e-3)),
)
STEPS_TOO = (  # families of which single steps are timed, and no whole curve
    Case("words lstm", "words", "sotu", "lstm", 100_000, (), ()),
    Case("words lstm, large", "words", "sotu", "lstm", 800_000, (), ()),
    Case("characters rhn", "characters", "sotu", "rhn", 40_000, (), ()),
    Case("characters transformer", "characters", "sotu", "transformer", 40_000, (), ()),
    Case("translation transformer", "translation", "interface", "transformer", 100_000, (), ()),
    Case("speech attention", "speech", "synthetic-phrases", "attention", 60_000, (), ()),
    Case("mlp, small", "images", "icons", "mlp", 20_000, (), ()),
    Case("cnn, large", "images", "icons", "cnn", 320_000, (), ()),
    Case("lstm, large", "characters", "sotu", "lstm", 640_000, (), ()),
)


class CaseError(Exception):
    """There is no such case; the message names those that there are."""


def chosen(names: Sequence[str], among: Sequence[Case]) -> list[Case]:
    """The cases of these names; none means all.

    Raises:
        CaseError: there is none of a name.
    """
    known = [case.name for case in among]
    for name in names:
        if name not in known:
            raise CaseError(f"--case {name}: choose from {', '.join(known)}")
    return [case for case in among if not names or case.name in names]


def group(case: Case, size: int, seeds: tuple[int, ...], way: Way) -> GroupSpec:
    """What a study of the standard preset would train on one shard, at the case's capacity."""
    return GroupSpec(
        name=f"{case.name} {size} {seeds}",
        domain=case.domain,
        data=case.data,
        model=case.model,
        capacity=case.capacity,
        size=size,
        seeds=seeds,
        learning_rates=case.rates,
        schedule=RECIPES[case.domain]["standard"].schedule,
        way=way,
    )


def way(task: Task, case: Case) -> Way:
    """As a study finds it."""
    batch = RECIPES[case.domain]["standard"].schedule.batch
    return fastest(default_cache() / "ways.json", task, case.model, case.capacity, batch)
