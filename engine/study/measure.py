"""A study from a notebook or a script: what `steepness run` does, as two functions.

`estimate` says what a study would train and how long that should take; `measure` does it, keeps
it in a store and gives the curves. Both take a `Study`, in the words of the command line. The same
study measured again, in the same store, goes on where it stopped.
"""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

from engine.curve import Curve
from engine.domain_files import own_code
from engine.domains import Domain
from engine.study.location import default_store
from engine.study.run import Prepared, prepare, run_study
from engine.study.run_command import Bar, asked, named
from engine.study.sharing import default_workers
from engine.study.store import Store
from engine.study.subject import PRESETS, Settings
from engine.training import device as devices

Several = str | Sequence[str]  # one, or some in their order


@dataclass(frozen=True, slots=True)
class Study:
    """What to measure; fields are the options of `steepness run`, and None leaves it to the engine.

    Raises:
        ValueError: a preset that there is not, minutes beside a preset, or a number below its
            least; the message names the rule.
    """

    domains: Several  # "images", or ("images", "words"), or the path of a file with your own
    preset: str | None = None  # "quick", "standard" or "full"; "quick" where no minutes are given
    minutes: float | None = None  # wall time to fill, in place of a preset
    model: Several = ()  # of each domain's own; "words=rhn" is for one domain only, as below
    data: Several = ()
    data_path: Several = ()  # where the data lie
    treatment: Several = ()
    seeds: int | None = None  # a size
    width: float | None = None  # of the exponent's interval, down to which seeds are added after
    sizes: Sequence[int] | None = None  # in the domain's unit; None: steps of 2 from 0.1 %
    device: str = "auto"  # or "cuda", "mps", "cpu"
    workers: int | None = None  # processes; None: one a core, or what a GPU bears

    def __post_init__(self) -> None:
        """Refuse what the command line would."""
        if self.preset is not None and self.preset not in PRESETS:
            raise ValueError(f"preset {self.preset!r}: choose from {', '.join(PRESETS)}")
        if self.preset is not None and self.minutes is not None:
            raise ValueError("a preset and minutes: give one of the two")
        for name, number in (("minutes", self.minutes), ("width", self.width)):
            if number is not None and not 0 < number < inf:
                raise ValueError(f"{name} {number!r} must be a positive finite number")
        for name, count in (("seeds", self.seeds), ("workers", self.workers)):
            if count is not None and count < 1:
                raise ValueError(f"{name} {count!r} must be a whole number, at least 1")
        if any(size < 1 for size in self.sizes or ()):
            raise ValueError(f"sizes {self.sizes!r} must be whole numbers, at least 1")


@dataclass(frozen=True, slots=True)
class Measured:
    """How a study ended, and what it measured."""

    name: str
    state: str  # "finished", "stopped" or "failed"; what was measured is there in any case
    reason: str  # of what is not there: in words, empty where nothing is missing
    curves: tuple[Curve, ...]  # one for each metric of each subject


def estimate(study: Study) -> Prepared:
    """Load the data, measure this machine's speed and plan the study; trains nothing.

    On Linux models are tried in a process of their own, which memory may end: in a script call this
    below `if __name__ == "__main__":`.

    Returns:
        What would be trained: `sentence` says it in words, `seconds` is the wall time, of more
        seeds the most, and `plan` has the sizes.

    Raises:
        UsageError: a domain, model, data set or treatment that there is not.
        DeviceError: this machine lacks the device.
        RunError: the minutes do not hold a curve, a size is more than all the data, or memory holds
            not even the smallest model.
        DataError: the data are not ready on this machine.
        DomainError: a domain of your own breaks a rule, or its code raises.
    """
    device = devices.choose(study.device)
    with own_code():
        settings, own = _settled(study, device.kind)
        return prepare(settings, device, study.workers or default_workers(device), own)


def measure(study: Study, store: Path | str | None = None) -> Measured:
    """Train the study, or go on with it, and show a progress bar meanwhile.

    Interrupting the kernel (Ctrl-C) stops it and keeps what is done. Trainings run in processes of
    their own: in a script call this below `if __name__ == "__main__":`. Call it from the main
    thread, where a notebook's cells run.

    Args:
        study: what to measure.
        store: the study file; None: the one that `steepness app` opens, which then draws the
            points as they come.

    Raises:
        UsageError: as `estimate`, and so the others.
        StoreError: the store cannot be written or is damaged, or another run holds it.
    """
    device = devices.choose(study.device)
    workers = study.workers or default_workers(device)
    path = default_store() if store is None else Path(store)
    with own_code(), Store.open(path) as opened:
        settings, own = _settled(study, device.kind)
        bar = Bar(f"{device.name}: {device.reason}; results go to {path}")
        try:
            found = run_study(
                opened, settings, device=device, workers=workers, show=bar.show, domains=own
            )
        finally:
            bar.close()
        row = next(row for row in opened.studies() if row.id == found)
        return Measured(row.name, row.state, row.reason, tuple(opened.curves(found)))


def _settled(study: Study, device: str) -> tuple[Settings, dict[str, Domain]]:
    """The settings of a study, and the domains among its own that are not ours, by name."""
    rows = named(_list(study.domains))
    options = Namespace(
        preset=study.preset,
        minutes=study.minutes,
        model=_list(study.model),
        data=_list(study.data),
        data_path=_list(study.data_path),
        treatment=_list(study.treatment),
        seeds=study.seeds,
        width=study.width,
        sizes=None if study.sizes is None else tuple(study.sizes),
    )
    own = {name: row for name, row in rows.items() if row.sha256}
    return asked(options, rows, device), own


def _list(said: Several) -> list[str]:
    return [said] if isinstance(said, str) else list(said)
