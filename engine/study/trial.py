"""A first look at the task of a user's own domain, before anything is planned or trained.

Ours are held to the same rules by tests; of others each broken rule is said in words, with the
value and the way out, where training would end in a figure that means nothing.
"""

import math
import warnings
from collections.abc import Mapping
from inspect import getattr_static
from typing import Any

import torch

from engine.domain_files import DomainError
from engine.domains import PARAMETERS, Domain
from engine.models.capacity import parameters
from engine.tasks.task import FittedTask, Task
from engine.training.spec import OF_TRAINING

BROADCAST = "Using a target size"  # torch only warns of an output (n, 1) beside a target (n,)
OF_STEPS = ("build", "extent", "loss")  # what a task does not need whose models have `fit`
FAR = 4  # times the parameters that are asked for: a width of so many, or another mistake
SIZED = (
    "models are functions from a number of parameters, and sized(...) makes one from a function of"
    " a width"
)
OF_TORCH = "compute it from the model's output with torch, without detach, item or numpy"
TRIED = 16  # rows of the first batch and of the errors


def trial(task: Task, row: Domain, model: str, treatment: str = "") -> None:
    """Hold what `load_task` gave to its domain's row, then try a model at both ends of its ladder.

    Raises:
        DomainError: it is no task, or the task or the model breaks a rule.
    """
    _is_task(task, row)
    _has_models(task, row)
    if isinstance(task, FittedTask):
        if treatment in OF_TRAINING:
            raise DomainError(
                f"{row.name} {model} is fitted in one go: the treatment {treatment} of its steps"
                " cannot be applied; leave it out."
            )
        smallest = task.shard(min(TRIED, task.full), 0)
        _measures(task, row, task.fit(model, row.ladder[0], row.rates[0], smallest, seed=0))
    else:
        if row.capacity != PARAMETERS:
            raise DomainError(
                f"the domain {row.name} counts its capacities in {row.capacity}, but {model} is a"
                " network, whose size is counted in parameters: leave capacity out."
            )
        _grows(task, row, model)
        network = task.build(model, row.ladder[0], seed=0)
        _same_again(task, row, model, network)
        _descends(task, row, model, network)
        _measures(task, row, network)
    guess = task.guess
    missing = [metric.name for metric in row.metrics if metric.name not in guess]
    if missing:
        raise DomainError(
            f"the domain {row.name} names the metric {missing[0]}, but its task measures"
            f" {_listed(guess)}: name them alike."
        )


def _is_task(task: object, row: Domain) -> None:
    fits = getattr_static(task, "fit", None) is not None
    wanted = [*_members(Task), *(_members(FittedTask) if fits else ())]
    lacking = [
        name
        for name in wanted
        if getattr_static(task, name, task) is task and not (fits and name in OF_STEPS)
    ]
    if not lacking:
        return
    given = f"an object of {type(task).__name__}, which has no {', '.join(lacking)}"
    raise DomainError(
        f"load_task of {row.name} gives {'nothing' if task is None else given}: it must return a"
        " task, such as array_task and estimator_task make."
    )


def _members(protocol: type) -> list[str]:
    return [name for name in vars(protocol) if not name.startswith("_")]


def _has_models(task: Task, row: Domain) -> None:
    models = getattr(task, "models", None)  # a task of one's own may keep them elsewhere
    if not isinstance(models, Mapping):
        return
    missing = [name for name in row.models if name not in models]
    if missing:
        raise DomainError(
            f"the domain {row.name} names the model {missing[0]}, but its task has"
            f" {_listed(models)}: name them alike."
        )


def _grows(task: Task, row: Domain, model: str) -> None:
    ladder, low = row.ladder, _parameters(task, row, model, row.ladder[0])
    if not low:
        raise DomainError(
            f"the model {model} of {row.name} has no trained parameters: give it a layer that has"
            " some, and leave requires_grad as it is."
        )
    if len(ladder) == 1:
        return
    second = _parameters(task, row, model, ladder[1])  # before the last, which may be enormous
    if second > max(FAR * ladder[1], low):  # one that does not grow is told below
        raise DomainError(
            f"the model {model} of {row.name} has {second:,} parameters where about {ladder[1]:,}"
            f" are asked for: {SIZED}."
        )
    if low == _parameters(task, row, model, ladder[-1]):
        raise DomainError(
            f"the model {model} of {row.name} has {low:,} parameters at a capacity of"
            f" {ladder[0]:,} and of {ladder[-1]:,}: build it by its capacity"
            f" (engine.models.capacity.sized does), or give the domain ladder=({low},) if it has"
            " one size only."
        )


def _parameters(task: Task, row: Domain, model: str, capacity: int) -> int:
    try:
        return parameters(task.build(model, capacity, 0))
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "memory" not in str(error):  # torch's are such
            raise
        raise DomainError(
            f"this machine has no memory for the model {model} of {row.name} where about"
            f" {capacity:,} parameters are asked for: {SIZED}. If it is right, give the domain a"
            " ladder that ends earlier."
        ) from error


def _same_again(task: Task, row: Domain, model: str, network: torch.nn.Module) -> None:
    """Initial weights follow from the seed alone, or a resumed study would not meet its points."""
    again = task.build(model, row.ladder[0], seed=0)
    pairs = zip(network.parameters(), again.parameters(), strict=True)
    if not all(torch.equal(one, other) for one, other in pairs):
        raise DomainError(
            f"two models {model} of {row.name} built from one seed differ: draw their initial"
            " weights with torch, from the seed that build is given."
        )


def _descends(task: Task, row: Domain, model: str, network: torch.nn.Module) -> None:
    rows = task.shard(min(row.schedule.batch, task.full), 0)
    batch = torch.from_numpy(rows).to(task.device)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=BROADCAST)
        try:
            loss = task.loss(network, batch, task.extent(rows))
        except UserWarning as warning:
            raise DomainError(f"the loss of {row.name}: {warning}") from warning
    if not isinstance(loss, torch.Tensor):
        raise DomainError(
            f"the loss of {row.name} gives {loss!r} and no tensor: {OF_TORCH}, or nothing could be"
            " learned from it."
        )
    if loss.ndim:
        raise DomainError(
            f"the loss of {row.name} has the shape {tuple(loss.shape)}: one number is wanted, the"
            " mean over rows."
        )
    if not math.isfinite(loss.item()):
        raise DomainError(
            f"the loss of {row.name} {model} is {loss.item()} on {len(rows)} training rows before"
            " any training: look for a division by zero, a logarithm of zero, or inputs of very"
            " large numbers; scale them to a mean of 0 and a spread of 1."
        )
    if not loss.requires_grad:
        raise DomainError(
            f"the loss of {row.name} does not depend on the parameters of {model}: {OF_TORCH}."
        )


def _measures(task: Task, row: Domain, model: Any) -> None:
    loss = float(task.mean_loss(model, task.part("validation", TRIED)))
    if not math.isfinite(loss):
        raise DomainError(
            f"the loss of {row.name} is {loss} on validation rows: an untrained model's must be"
            " finite too."
        )
    if loss < 0:
        raise DomainError(
            f"the loss of {row.name} is {loss:.3g} on validation rows: a loss is 0 or more, because"
            " when to stop is told by shares of it; add what makes its least value 0."
        )
    errors = task.errors(model, task.part("test", TRIED))
    for metric in row.metrics:
        if metric.name not in errors:
            raise DomainError(
                f"the domain {row.name} names the metric {metric.name}, but its task measures"
                f" {_listed(errors)}: name them alike."
            )
        error = errors[metric.name]
        if not math.isfinite(error) or error < 0:
            raise DomainError(
                f"the metric {metric.name} of {row.name} is {error} of an untrained model: an error"
                " is 0 or more and falls as a model gets better; of a score take 1 - score."
            )


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(names) or "none"
