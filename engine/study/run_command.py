"""`steepness run`: says what it will train and how long it should take, then does it."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tqdm import tqdm

from engine.domain_files import UnknownDomainError, find
from engine.domains import DOMAINS, Domain
from engine.laws.compare import compare
from engine.laws.fit import Status, fit
from engine.laws.propose import propose_window
from engine.numbers import duration, with_interval
from engine.study.executors import Executor
from engine.study.ray_token import show_token
from engine.study.run import Prepared, Progress, prepare, run_study
from engine.study.sharing import default_workers
from engine.study.store import Store
from engine.study.subject import Settings, Subject
from engine.study.treated import about_curves, treated_pairs
from engine.training import device as devices
from engine.training.device import Device


class UsageError(Exception):
    """The options do not say a study; the message names the value, the rule and the way out."""


class NoRayError(Exception):
    """Ray is asked for and not installed."""


@dataclass(frozen=True, slots=True)
class _Hands:
    """Who trains."""

    workers: int
    executor: Executor | None = None  # None: that of this machine
    where: str = ""  # for the user, where it is not this machine alone


def run(options: argparse.Namespace, path: Path) -> int:
    """Estimate or run the study that the options describe; returns the exit code."""
    device = devices.choose(options.device)
    try:
        if options.address is not None and options.executor == "local":
            raise UsageError(
                f"--address {options.address} is that of a Ray cluster: give --executor ray too."
            )
        rows = named(options.domains)
        settings = asked(options, rows, device.kind)
    except (UnknownDomainError, UsageError) as error:
        print(f"steepness: {error}", file=sys.stderr)
        return 2
    own = {name: row for name, row in rows.items() if row.sha256}
    with _hands(options, device) as hands:
        if options.estimate:
            say = partial(print, file=sys.stderr)
            return _estimate(prepare(settings, device, hands.workers, own, say), options.format)
        with Store.open(path) as store:
            bar = Bar(f"{device.name}: {device.reason}{hands.where}; results go to {path}")
            try:
                study = run_study(
                    store,
                    settings,
                    device=device,
                    workers=hands.workers,
                    show=bar.show,
                    domains=own,
                    executor=hands.executor,
                )
            finally:
                bar.close()  # before the last words: the page shows the last line written
            return _report(store, study)


@contextmanager
def _hands(options: argparse.Namespace, device: Device) -> Iterator[_Hands]:
    """The workers that the options ask for, of this machine or of a Ray cluster joined meanwhile.

    Raises:
        NoRayError: Ray is wanted and not installed.
        engine.study.ray_cluster.ClusterError: there is no cluster, or it lacks the device.
    """
    if options.executor == "local":
        yield _Hands(options.workers or default_workers(device))
        return
    show_token()
    try:
        from engine.study import ray_cluster, ray_executor
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise NoRayError(
            "--executor ray needs Ray, which is not installed: pip install 'steepness[ray]', or"
            " leave it out to train on this machine."
        ) from error
    with ray_cluster.joined(options.address) as where:
        workers = options.workers or ray_cluster.default_workers(device)
        share = ray_cluster.share(device, workers)
        yield _Hands(workers, partial(ray_executor.run_on_ray, share=share), f", {where}")


def asked(options: argparse.Namespace, rows: Mapping[str, Domain], device: str) -> Settings:
    """The study that the options describe, of the domains that they name.

    Raises:
        UsageError: they describe none.
    """
    return Settings(
        subjects=_subjects(options, rows),
        preset=options.preset or (None if options.minutes else "quick"),
        minutes=options.minutes,
        sizes=options.sizes,
        seeds=options.seeds,
        device=device,
        paths=_paths(options, rows),
        code=tuple((row.name, row.sha256) for row in rows.values() if row.sha256),
        width=options.width,
    )


def named(said: Sequence[str]) -> dict[str, Domain]:
    """The domains that were named, by their names."""
    rows: dict[str, Domain] = {}
    for row in map(find, said):
        other = rows.setdefault(row.name, row)
        if other.task != row.task:
            raise UsageError(
                f"{other.task} and {row.task} both call their domain {row.name!r}: a study needs a"
                " name for each; change one."
            )
    return rows


def _subjects(options: argparse.Namespace, rows: Mapping[str, Domain]) -> tuple[Subject, ...]:
    """Every domain with each of its data sets, models and treatments that were asked for.

    An option may name its domain (`words=rhn`); else it goes to every domain that knows it.
    """
    data = _shared_out("--data", options.data, {d: rows[d].sources for d in rows})
    models = _shared_out("--model", options.model, {d: rows[d].models for d in rows})
    known = {d: ("none", *rows[d].every_treatment) for d in rows}
    treated = _shared_out("--treatment", options.treatment, known)
    return tuple(
        Subject(domain, source, model, "" if treatment == "none" else treatment)
        for domain in rows
        for source in data[domain] or rows[domain].sources[:1]
        for model in models[domain] or rows[domain].models[:1]
        for treatment in ["none", *(t for t in treated.get(domain, []) if t != "none")]
    )


def _shared_out(
    flag: str, said: list[str] | None, known: dict[str, tuple[str, ...]]
) -> dict[str, list[str]]:
    """The values of a repeatable option, each given to the domains that it is for."""
    given: dict[str, list[str]] = {domain: [] for domain in known}
    for value in said or ():
        domain, _, name = value.rpartition("=")
        takers = [d for d in known if (not domain or d == domain) and name in known[d]]
        if not takers:
            choices = "; ".join(f"{d}: {', '.join(names)}" for d, names in known.items())
            raise UsageError(f"{flag} {value}: choose from {choices}")
        for taker in takers:
            if name not in given[taker]:
                given[taker].append(name)
    return given


def _paths(options: argparse.Namespace, rows: Mapping[str, Domain]) -> tuple[tuple[str, str], ...]:
    """Where each domain's data lie: PATH for all the domains asked for, DOMAIN=PATH for one."""
    found: dict[str, str] = {}
    for value in options.data_path or ():
        domain, mark, path = value.partition("=")
        named = bool(mark) and domain in (*rows, *DOMAINS)
        place = Path(path if named else value).expanduser().absolute()
        if not place.exists():
            raise UsageError(f"--data-path {value}: there is nothing at {place}")
        for one in [domain] if named else rows:
            found[one] = str(place)
    return tuple(found.items())


def _estimate(prepared: Prepared, style: str) -> int:
    made, device = prepared.plan, prepared.device
    if style == "json":
        answer = {
            "sentence": prepared.sentence,
            "seconds": prepared.seconds,
            "device": device.name,
            "device_reason": device.reason,
            "workers": made.workers,
        }
        print(json.dumps(answer))
    else:
        print(f"{prepared.sentence}, on {device.name} ({device.reason})")
    return 0


def _report(store: Store, study: int) -> int:
    row = next(row for row in store.studies() if row.id == study)
    print(f"{row.name}: {row.state}, {row.done} of {row.total} sizes. {row.reason}".rstrip())
    for curve in store.curves(study):
        found = fit(curve, propose_window(curve))
        if found.exponent is None:
            print(f"  {curve.name}: {found.status.value}")
        else:
            exponent = found.exponent
            shown = with_interval(exponent.value, exponent.low, exponent.high)
            doubt = "" if found.status is Status.FITTED else f"; {found.status.value}"
            print(f"  {curve.name}: exponent {shown}, {found.law}, {found.n_sizes} sizes{doubt}")
    for line in _treatments(store, study) + _scores(store, study):
        print(f"  {line}")
    return 1 if row.state == "failed" else 0


def _treatments(store: Store, study: int) -> list[str]:
    """What each treatment does to its curve, where both windows allow."""
    found = []
    for plain, treated in treated_pairs(store.curves(study), about_curves(store, study)):
        window = propose_window(plain).overlap(propose_window(treated))
        found.append(f"{treated.name}: {compare(plain, treated, window).sentence}")
    return found


def _scores(store: Store, study: int) -> list[str]:
    """The costly figures of the largest size, of seed 0: BLEU and how it was counted."""
    said = {
        f"{point.model} at {point.size:,.0f} {point.unit}: "
        + ", ".join(f"{name} {score:.1f}" for name, score in record["scores"].items())
        for point, record in store.point_records(study)
        if record.get("scores")
    }
    return sorted(said)


class Bar:
    """A progress bar of the work done, with the store's remaining time and not its own guess."""

    def __init__(self, headline: str) -> None:
        print(headline, file=sys.stderr)
        self._bar: tqdm | None = None

    def show(self, progress: Progress) -> None:
        """Draw the latest; the first calls may come before the remaining time is known."""
        if self._bar is None:
            if progress.seconds_left is None:
                print(progress.said, file=sys.stderr)
                return
            self._bar = tqdm(
                total=100, bar_format="{percentage:3.0f} % |{bar}| {elapsed} gone{postfix}"
            )
        left = duration(progress.seconds_left or 0.0)
        self._bar.set_postfix_str(f"about {left} left, {progress.said}", refresh=False)
        self._bar.n = 100 * progress.share
        self._bar.refresh()

    def close(self) -> None:
        """Leave the last state on the screen."""
        if self._bar is not None:
            self._bar.close()
