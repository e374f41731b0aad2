"""Domains that are not ours: a Python file named on the command line, or an installed package.

Such a module holds `DOMAIN`, a row as ours are, and `load_task(source, path, cache, device)`; if it
has some, `TREATMENTS` and `is_ready(source, path, cache)`. Its code runs where somebody named it on
a command line and in the workers of that command. The page never asks for it: a study that it finds
in a store is shown by what the store holds.
"""

import hashlib
import importlib.util
import inspect
import linecache
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from math import inf
from pathlib import Path
from types import ModuleType
from typing import Any

from data.errors import DataError
from engine.domains import DOMAINS, Domain, Metric, Quick
from engine.training.spec import OF_TRAINING, Pace, Schedule

GROUP = "steepness.domains"  # of the entry points: NAME = "package.module"
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")  # names stand in curves' names, split at spaces
PHRASE = re.compile(r"[^\W\d_][\w -]*")  # no comma, which parts it from the rest of a curve's name
CALLERS = [Path(__file__).parent / "tasks" / name for name in ("arrays.py", "estimators.py")]
ASKED = {  # of such a caller: what it wants of a user, by its module and function
    "arrays._answered": "a model takes inputs as array_task was given them, (rows, ...)",
    "arrays.build": "a model is a function from a number of parameters to a network; sized makes"
    " one from a function of a width",
    "arrays.loss": "the loss is a function from (output, target) to one number",
    "arrays._measured": "a metric is a function from (output, target) to one number",
    "estimators.fit": "a model is a function from (capacity, rate, seed) to what has fit(inputs,"
    " target); smallest in DOMAIN says how few rows a fit may get",
    "estimators.mean_loss": "the loss is a function from (fitted, inputs, target) to one number",
    "estimators.errors": "a metric is a function from (fitted, inputs, target) to one number",
}
LEAST: dict[str, int] = {  # of a schedule
    "batch": 1,
    "watched": 1,
    "first_evaluation": 1,
    "ratio": 1,
    "floor_steps": 0,
    "patience": 1,
    "margin": 0,
    "max_steps": 1,
}
WHOLE = LEAST.keys() - {"ratio", "patience"}
LINES = 3  # of a user's file that are told when its code raises

_opened: dict[str, ModuleType] = {}  # what is not ours, by where it lies


class DomainError(Exception):
    """A domain cannot be used; the message names the value, the rule and the way out."""


class UnknownDomainError(DomainError):
    """What a command names is neither a domain nor a file."""


def find(said: str) -> Domain:
    """The domain that a command names: one of ours, a file's path, or an entry point's name.

    Raises:
        DomainError: there is none, or it breaks a rule; what its own code raises is said with the
            lines of its file that it came from.
    """
    if said in DOMAINS:
        return DOMAINS[said]
    if _is_path(said):
        return _row(str(Path(said).expanduser().absolute()))
    installed = _installed()
    if said not in installed:
        raise UnknownDomainError(
            f"there is no domain {said!r}: choose from {', '.join([*DOMAINS, *installed])}, or give"
            " the path of a Python file that holds one, such as ./houses.py."
        )
    row = _row(installed[said].module)
    if row.name != said:
        raise DomainError(
            f"the installed domain {said!r} calls itself {row.name!r} in {row.task}: name its entry"
            f" point of {GROUP!r} as its DOMAIN is named."
        )
    return row


def installed_names() -> tuple[str, ...]:
    """The names of installed domains that are not ours; imports none of them."""
    return tuple(_installed())


def opened(home: str, sha256: str = "") -> ModuleType:
    """The module of a domain, imported once in a process.

    Args:
        home: a module's name, or the path of a Python file. The folder of a file goes to the end of
            the search path, so that it finds what lies beside it and hides nothing.
        sha256: that the file must have; "": any.

    Raises:
        DomainError: it is not there, was changed, or raises while it is imported.
    """
    if home not in _opened:
        _opened[home] = _from_file(Path(home)) if _is_path(home) else _from_package(home)
    if sha256 and digest(_opened[home]) != sha256:
        raise DomainError(
            f"{home} was changed while its study ran: its points would not compare. Stop the study,"
            " then put the file back as it was, or run it as it is now as a new study."
        )
    return _opened[home]


def digest(module: ModuleType) -> str:
    """The sha256 of a module's file, in hex."""
    assert module.__file__ is not None
    return hashlib.sha256(Path(module.__file__).read_bytes()).hexdigest()


@contextmanager
def own_code() -> Iterator[None]:
    """Turn what a user's own code raises into a DomainError that says where in their file.

    Errors that are written for the user, and those of memory, pass as they are; so does what no
    line of such a file had a part in, which is a fault of ours.
    """
    try:
        yield
    except (DataError, DomainError, MemoryError):
        raise
    except Exception as error:
        if not _lines(error) and not (_opened and _asked(error)):
            raise
        raise DomainError(blamed(error)) from error


def blamed(error: BaseException) -> str:
    """An exception in one line, with the last lines of users' own files that it came through."""
    said = f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
    found = _lines(error)
    if not found:
        rules = [rule for each in _asked(error) if (rule := _rule(each))]
        return f"{said} ({rules[-1]})" if rules else said
    where = "; ".join(f"line {each.lineno}, in {each.name}: {each.line}" for each in found)
    return f"{said} ({Path(found[-1].filename).name}, {where})"


def own_modules() -> dict[str, ModuleType]:
    """What this process has of users' own files, by path: each domain, and what lies beside it."""
    there = set(map(id, sys.modules.values()))  # others were only heard of
    found = {home: it for home, it in _opened.items() if _is_path(home) and id(it) in there}
    folders = {Path(home).parent for home in found}
    for module in list(sys.modules.values()):
        path = Path(getattr(module, "__file__", None) or ".")
        if path.parent in folders and path.stem == getattr(module, "__name__", ""):
            found[str(path)] = module
    return found


def heard_of(sources: Mapping[str, str]) -> None:
    """Take files for users' own whose code came here from another machine: their text by path."""
    for home, text in sources.items():
        _opened.setdefault(home, ModuleType(Path(home).stem))
        linecache.cache[home] = len(text), None, text.splitlines(keepends=True), home


def _lines(error: BaseException) -> list[traceback.FrameSummary]:
    files = {getattr(module, "__file__", "") for module in _opened.values()} | set(_opened)
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if frame.filename in files][-LINES:]


def _is_path(said: str) -> bool:
    return said.endswith(".py") or "/" in said or "\\" in said


def _asked(error: BaseException) -> list[traceback.FrameSummary]:
    """Where our tasks of arrays and estimators called what a user gave them.

    A layer of torch that is given a wrong shape raises without any line of the user's file.
    """
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if Path(frame.filename) in CALLERS]


def _rule(caller: traceback.FrameSummary) -> str:
    """What one of those wants; "" of those between it and the user's."""
    return ASKED.get(f"{Path(caller.filename).stem}.{caller.name}", "")


def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP) if point.name not in DOMAINS}


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UnknownDomainError(
            f"there is no file {path}: give the path of a Python file with a DOMAIN."
        )
    if path.suffix != ".py":
        raise UnknownDomainError(f"{path} is no Python file: give one, .py, with a DOMAIN.")
    name = f"steepness_domain_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    _opened[str(path)] = module  # its lines are a user's from now on
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        said = blamed(error)
        del sys.modules[name], _opened[str(path)]
        raise DomainError(f"{path.name} cannot be imported: {said}") from error
    return module


def _from_package(name: str) -> ModuleType:
    try:
        return import_module(name)
    except Exception as error:
        raise DomainError(
            f"the domain's module {name} cannot be imported: {blamed(error)}"
        ) from error


def _row(home: str) -> Domain:
    """The checked row of a module, with where it lies."""
    module = opened(home)
    row = getattr(module, "DOMAIN", None)
    if not isinstance(row, Domain):
        raise DomainError(
            f"{home} holds no domain: it must set DOMAIN = engine.domains.Domain(name=..., title="
            "..., unit=..., metrics=..., models=...)."
        )
    if not callable(getattr(module, "load_task", None)):
        raise DomainError(
            f"{home} does not say what is learned: it must define load_task(source, path, cache,"
            " device)."
        )
    try:
        inspect.signature(module.load_task).bind("own", None, None, "cpu")
    except TypeError:
        raise DomainError(
            f"load_task takes {inspect.signature(module.load_task)} in {home}: it must take"
            " (source, path, cache, device)."
        ) from None
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    lists: dict[str, Any] = {
        name: tuple(each) for name, each in values.items() if isinstance(each, list)
    }
    if isinstance(row.quick, Quick) and isinstance(row.quick.ladder, list):
        lists["quick"] = replace(row.quick, ladder=tuple(row.quick.ladder))
    row = replace(
        row,
        **lists,
        task=home,
        data=home if hasattr(module, "is_ready") else "",
        treatments=tuple(getattr(module, "TREATMENTS", {})),
        sha256=digest(module),
    )
    try:
        fault = next(_faults(row), None)
    except (TypeError, ValueError, AttributeError) as error:
        fault = f"one of its fields is of the wrong kind ({error})"
    if fault is not None:
        raise DomainError(f"the DOMAIN of {home}: {fault}.")
    return row


def _faults(row: Domain) -> Iterator[str]:
    """What breaks a rule in a row, in words."""
    if not isinstance(row.metrics, tuple) or not all(isinstance(m, Metric) for m in row.metrics):
        yield f"metrics is {row.metrics!r}: a tuple is wanted, such as (Metric(...),)"
    names = {
        "name": (row.name,),
        "sources": row.sources,
        "models": row.models,
        "metrics": tuple(metric.name for metric in row.metrics),
        "treatments": row.treatments,
    }
    for field, given in names.items():
        if not isinstance(given, tuple) or (not given and field != "treatments"):
            yield f"{field} is {given!r}: a tuple of at least one is wanted"
        for name in given:
            if not WORD.fullmatch(name):
                yield f"{name!r} among its {field} is not one word of letters, digits and . _ + -"
        if len(set(given)) < len(given):
            yield f"one of its {field} stands twice among {', '.join(given)}"
    if row.name in DOMAINS:
        yield f"the name {row.name!r} is that of a domain of ours: choose another"
    for name in row.treatments:
        if name in (*OF_TRAINING, "none"):
            yield f"the treatment {name!r} is one of every domain: choose another name"
    if not row.title.strip() or not row.unit.strip():
        yield "title and unit must not be blank"
    for metric in row.metrics:
        if not metric.title.strip() or not metric.unit.strip():
            yield f"the metric {metric.name} needs a title and a unit ('share' is shown in percent)"
    yield from _faults_of_search(row)


def _faults_of_search(row: Domain) -> Iterator[str]:
    """Likewise of how it is searched."""
    quick = row.quick
    for field, kind in (("schedule", Schedule), ("pace", Pace), ("quick", Quick)):
        given = getattr(row, field)
        if not isinstance(given, kind):
            yield f"its {field} is {given!r}: {kind.__name__}(...) is wanted"
    if not isinstance(row.ladder, tuple) or not isinstance(row.rates, tuple):
        yield (
            f"its ladder {row.ladder!r} and its rates {row.rates!r} must be tuples, such as (1000,)"
        )
    for ladder in (row.ladder, *([] if quick.ladder is None else [quick.ladder])):
        whole = all(isinstance(rung, int) for rung in ladder)
        if not ladder or not whole or ladder[0] < 1 or sorted(set(ladder)) != list(ladder):
            yield f"its ladder {ladder} must be whole numbers that rise, from 1"
    if row.doublings < 0:
        yield f"its ladder goes on by {row.doublings} doublings: 0 is the least"
    if not PHRASE.fullmatch(row.capacity):
        yield f"its capacity is {row.capacity!r}: it says what the ladder counts, such as 'leaves'"
    low, high = row.rates
    if not 0 < low <= high:
        yield f"its rates {row.rates} must be a lowest and a highest learning rate above 0"
    for schedule in filter(None, (row.schedule, quick.schedule)):
        for field, least in LEAST.items():
            given = getattr(schedule, field)
            if (field, given) != ("watched", None) and not least <= given < inf:
                yield f"the {field} of its schedule is {given}: a number from {least} on is wanted"
            if field in WHOLE and not isinstance(given, int | None):
                yield f"the {field} of its schedule is {given}: a whole number is wanted"
    for pace in filter(None, (row.pace, quick.pace)):
        if not (0 < pace.steps < inf and 0 < pace.size < inf and 0 <= pace.growth < inf):
            yield f"its pace {pace} must be steps and a size above 0, and a growth of 0 or more"
    for smallest in (row.smallest, *([] if quick.smallest is None else [quick.smallest])):
        if not 0 < smallest < 1:
            yield f"its smallest size is {smallest} of the data: a share between 0 and 1 is wanted"
