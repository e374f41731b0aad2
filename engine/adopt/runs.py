"""Run and Runs: what the readers of other projects' results give, nothing interpreted yet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

MOST_NAMED = 12  # names that a message lists


class AdoptError(ValueError):
    """Results of another project that cannot be taken in, in one sentence."""


@dataclass(frozen=True, slots=True)
class Run:
    """One training as another project recorded it."""

    name: str
    said: Mapping[str, str]  # parameters, tags, settings, as text
    measured: Mapping[str, tuple[float, ...]]  # metrics in the order of their steps; never empty


@dataclass(frozen=True, slots=True)
class Runs:
    """What a reader found."""

    source: str  # for a reader of messages: MLflow experiment "cifar"
    name: str  # of their curve, where no name of a run tells one
    runs: tuple[Run, ...]
    unfinished: Mapping[str, int]  # how many runs are not among them, by why: their state
    rising: frozenset[str] = frozenset()  # metrics that the project itself maximises


def one_of(names: Iterable[str], wanted: str | None, what: str, option: str) -> list[str]:
    """The names that were asked for: the only one there is, or those that match a pattern.

    Args:
        names: all there are.
        wanted: a name, or a pattern with `*`, `?` and `[]`; None: the only one.
        what: is named, for messages: "experiment".
        option: of the command line that chooses.

    Raises:
        AdoptError: there is none, none matches, or there are several and none was asked for.
    """
    there = sorted(names)
    if not there:
        raise AdoptError(f"there is no {what} with runs in it: look whether the place is right")
    if wanted is None and len(there) > 1:
        raise AdoptError(
            f"there are {len(there)}: name one {what}, or a pattern for several, by {option};"
            f" there are {listed(there)}"
        )
    exact = [name for name in there if name == wanted]
    found = exact or [n for n in there if wanted is None or fnmatchcase(n, wanted)]
    if not found:
        raise AdoptError(f"there is no {what} {wanted!r}: there are {listed(there)}")
    return found


def listed(names: Iterable[str]) -> str:
    """Some names, and how many more there are."""
    all_of_them = list(names)
    more = len(all_of_them) - MOST_NAMED
    shown = ", ".join(all_of_them[:MOST_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown


def text_of(value: object) -> str | None:
    """A setting as text: numbers so that they read back equal; None for what is no single value."""
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int | float):
        whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
        return str(int(value)) if whole else repr(value)
    return None
