"""What names of runs tell where nothing was logged: "cnn-1000-s3", "{model}-{size}-s{seed}"."""

import re
from dataclasses import replace

from engine.adopt.runs import AdoptError, Run, Runs, listed

FIELD = re.compile(r"\{([^{}/]*)\}")


def named(runs: Runs, pattern: str) -> tuple[Runs, tuple[str, ...]]:
    """The runs with what their names say, and the names of those that the pattern does not fit.

    A field stands for one character or more, no slash, as few as fit; what it says goes before a
    setting of that name.

    Raises:
        AdoptError: the pattern has no field, or one twice, or fits no run.
    """
    shape = _shape(pattern)
    found: list[Run] = []
    others: list[str] = []
    for run in runs.runs:
        if match := shape.fullmatch(run.name):
            values = zip(FIELD.findall(pattern), match.groups(), strict=True)
            found.append(replace(run, said={**run.said, **dict(values)}))
        else:
            others.append(run.name)
    if not found:
        raise AdoptError(f"no run has a name like {pattern!r}: there are {listed(others)}")
    return replace(runs, runs=tuple(found)), tuple(others)


def _shape(pattern: str) -> re.Pattern[str]:
    fields = FIELD.findall(pattern)
    if not fields or "" in fields or len(set(fields)) < len(fields):
        raise AdoptError(
            f"pattern {pattern!r} must name fields in braces, each once:"
            " {model}-{size}-s{seed}"
        )
    literal = [re.escape(part) for part in FIELD.split(pattern)[::2]]
    return re.compile("([^/]+?)".join(literal))
