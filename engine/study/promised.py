"""Whether what a user's `load_task` gave is a task, and has the models that its DOMAIN names."""

from collections.abc import Mapping
from inspect import getattr_static

from engine.domain_files import DomainError
from engine.domains import Domain
from engine.tasks.task import FittedTask, Task

OF_STEPS = ("build", "extent", "loss")  # what a task does not need whose models have `fit`


def promised(task: object, row: Domain) -> None:
    """Hold a task to its domain's row, before it is tried.

    Raises:
        DomainError: it is no task, or lacks a model.
    """
    fits = getattr_static(task, "fit", None) is not None
    wanted = [*_members(Task), *(_members(FittedTask) if fits else ())]
    lacking = [
        name
        for name in wanted
        if getattr_static(task, name, task) is task and not (fits and name in OF_STEPS)
    ]
    if lacking:
        raise DomainError(
            f"load_task of {row.name} gives {_said(task, lacking)}: it must return a task, such as"
            " array_task and estimator_task make."
        )
    models = getattr(task, "models", row.models)  # a task of one's own may keep them elsewhere
    missing = [name for name in row.models if name not in models]
    if isinstance(models, Mapping) and missing:
        raise DomainError(
            f"the domain {row.name} names the model {missing[0]}, but its task has"
            f" {', '.join(models) or 'none'}: name them alike."
        )


def _members(protocol: type) -> list[str]:
    return [name for name in vars(protocol) if not name.startswith("_")]


def _said(task: object, lacking: list[str]) -> str:
    if task is None:
        return "nothing"
    return f"an object of {type(task).__name__}, which has no {', '.join(lacking)}"
