"""The driver of a study: plans it or finds it again, runs its groups, writes what they decide.

One driver a store: a lock beside the file, which the system releases however the driver ends.
Resuming is skipping what the store already has; a group that was under way is trained again, from
the same seeds to the same numbers.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

from filelock import FileLock, Timeout

from data import images
from engine import VERSION
from engine.study import executors, plan, presets
from engine.study.location import default_cache
from engine.study.plan import Plan, PlannedGroup, Settings
from engine.study.settle import settle
from engine.study.store import NewCurve, Store, WorkRow
from engine.training import probe
from engine.training.device import Device
from engine.training.group import GroupSpec, Schedule
from engine.training.task import IMAGE_METRICS, best_guess, image_task

BEAT_SECONDS = 1.0  # between two signs of life; the store calls a driver lost after 15


class RunError(Exception):
    """The study cannot run; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What the command line shows while a study runs."""

    done: int
    total: int
    seconds_left: float | None
    said: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A study that is planned but not yet written."""

    settings: Settings
    plan: Plan
    device: Device
    curves: tuple[NewCurve, ...]


def default_workers(device: Device) -> int:
    """One worker a core on a CPU; on a GPU one process, which has the device to itself."""
    return max(1, os.cpu_count() or 1) if device.kind == "cpu" else 1


def prepare(settings: Settings, device: Device, workers: int, folder: Path | None) -> Prepared:
    """Load the data, measure this machine's speed and make the plan; trains nothing.

    Raises:
        RunError: the settings leave nothing to train; the message says how to go on.
        data.images.DataError: the data is not ready on this machine.
    """
    source = images.load(settings.data, folder, default_cache())
    recipe = presets.recipe(settings.domain, settings.preset, settings.minutes)
    task = image_task(source, device.kind)
    speeds = {
        capacity: probe.measure(task, settings.model, capacity, recipe.schedule.batch)
        for capacity in recipe.capacities
    }
    try:
        made = plan.make_plan(
            settings,
            recipe,
            full=len(source.train.labels),
            evaluated=len(source.validation.labels),
            speeds=speeds,
            workers=workers,
        )
    except plan.PlanError as error:
        raise RunError(str(error)) from error
    guess = best_guess(source)
    curves = tuple(
        NewCurve(
            f"{settings.domain} {settings.data} {settings.model} {metric.name}",
            guess[metric.name],
            source.hash,
            VERSION,
            "measured here",
        )
        for metric in IMAGE_METRICS
    )
    return Prepared(settings, made, device, curves)


def run_study(
    store: Store,
    settings: Settings,
    *,
    device: Device,
    workers: int,
    folder: Path | None,
    show: Callable[[Progress], None],
) -> int:
    """Run a study to its end, or go on with it where it stopped.

    Returns:
        The study's id; its state in the store says how it ended: finished, stopped or failed.

    Raises:
        RunError: another driver holds the store, or the settings leave nothing to train.
        data.images.DataError: the data is not ready on this machine.
    """
    with _only_driver(store):
        study = store.find_study(settings.key)
        if study is None:
            show(Progress(0, 0, None, "loading the data and measuring this machine's speed"))
            study = _create(store, prepare(settings, device, workers, folder), folder)
        folder = folder or _folder_of(store, study)
        loader = executors.LoadImages(settings.data, folder, default_cache(), device.kind)
        store.retry_failed(study)
        store.set_study(study, "running", workers=workers)
        try:
            with _signals_interrupt():
                _drive(store, study, loader, workers, show)
        except KeyboardInterrupt:
            store.set_study(study, "stopped", "stopped; run it again to go on")
            return study
        except BaseException as error:
            store.set_study(study, "failed", f"{type(error).__name__}: {error}")
            raise
        failed = [row for row in store.work(study) if row.state == "failed"]
        if failed:
            reason = f"{len(failed)} of its groups failed: {failed[0].name}: {failed[0].reason}"
            store.set_study(study, "failed", reason)
        else:
            store.set_study(study, "finished")
    return study


def _drive(
    store: Store,
    study: int,
    loader: executors.LoadImages,
    workers: int,
    show: Callable[[Progress], None],
) -> None:
    """Run the groups that are not finished and write each as it ends."""
    waiting = [_planned(row) for row in store.work(study) if row.state != "finished"]
    show(_progress(store, study, "starting the workers" if waiting else "nothing left to do"))
    beaten = 0.0
    with closing(executors.run_here(waiting, loader, workers)) as events:
        for event in events:
            if time.monotonic() - beaten >= BEAT_SECONDS:
                beaten = time.monotonic()
                store.beat(study)
                if store.stop_wanted(study):
                    raise KeyboardInterrupt
            if isinstance(event, executors.Started):
                store.start_group(study, event.group.spec.name)
            elif isinstance(event, executors.Finished):
                settle(store, study, event.group, event.candidates, event.seconds)
                show(_progress(store, study, event.group.spec.name))
            elif isinstance(event, executors.Failed):
                settle(store, study, event.group, [], event.seconds, event.reason)
                show(_progress(store, study, f"failed: {event.group.spec.name}: {event.reason}"))


def _create(store: Store, prepared: Prepared, folder: Path | None) -> int:
    """Write a planned study; its curves get a number behind them where the names are taken."""
    settings, made = prepared.settings, prepared.plan
    taken = set(store.curve_names())
    number = 1
    while any(_numbered(curve.name, number) in taken for curve in prepared.curves):
        number += 1
    return store.create_study(
        key=settings.key,
        name=_numbered(f"{settings.domain} {settings.data} {settings.model}", number),
        settings=asdict(settings),
        plan={
            "sizes": made.sizes,
            "seeds": made.seeds,
            "capacities": made.capacities,
            "learning_rates": made.learning_rates,
            "seconds": made.seconds,
            "sentence": made.sentence,
            "folder": None if folder is None else str(folder.absolute()),
        },
        groups=[
            (group.spec.name, group.shard, asdict(group.spec), group.seconds)
            for group in made.groups
        ],
        curves=[
            NewCurve(
                _numbered(curve.name, number),
                curve.guess,
                curve.data_hash,
                curve.version,
                curve.origin,
            )
            for curve in prepared.curves
        ],
        workers=made.workers,
        device=prepared.device.name,
        device_reason=prepared.device.reason,
        version=VERSION,
    )


def _folder_of(store: Store, study: int) -> Path | None:
    """Where the study's data lay when it was created, so that resuming need not say it again."""
    folder = store.study_plan(study)[1].get("folder")
    return None if folder is None else Path(folder)


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name} @{number}"


def _planned(row: WorkRow) -> PlannedGroup:
    """A group as the store keeps it, back as the executor takes it."""
    spec = dict(row.spec)
    spec["schedule"] = Schedule(**spec["schedule"])
    spec["seeds"] = tuple(spec["seeds"])
    spec["learning_rates"] = tuple(spec["learning_rates"])
    return PlannedGroup(GroupSpec(**spec), row.shard, row.expected)


def _progress(store: Store, study: int, said: str) -> Progress:
    row = next(row for row in store.studies() if row.id == study)
    return Progress(row.done, row.total, row.seconds_left, said)


@contextmanager
def _only_driver(store: Store) -> Iterator[None]:
    lock = FileLock(f"{store.path}.lock", timeout=0)
    try:
        with lock:
            yield
    except Timeout as error:
        running = [row.name for row in store.studies() if row.state == "running"]
        raise RunError(
            f"another driver is running {running[0] if running else 'a study'} in {store.path}; "
            "wait for it, stop it, or give another --store."
        ) from error


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Let a polite kill (SIGTERM, a closed terminal) end the study as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    wanted = [signal.SIGTERM] + ([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])
    before = [(number, signal.signal(number, interrupt)) for number in wanted]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
