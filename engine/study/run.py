"""The driver of a study: plans it or finds it again, runs its groups, writes what they decide.

One driver a store: a lock beside the file, which the system releases however the driver ends.
Resuming is skipping what the store already has; a group that was under way is trained again, from
the same seeds to the same numbers.
"""

import signal
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType, MappingProxyType

from filelock import FileLock, Timeout

from engine import VERSION
from engine.domains import DOMAINS, Domain, Metric
from engine.numbers import duration
from engine.study import executors, plan, presets
from engine.study.agenda import Agenda, PlannedGroup, more_seeds
from engine.study.executors import Executor
from engine.study.location import default_cache, unused
from engine.study.plan import Plan, stored_plan
from engine.study.same_data import SameDataLoader
from engine.study.settle import settle
from engine.study.sharing import shared
from engine.study.store import MORE_SEEDS, NewCurve, Store, StoreError, StoreGone, WorkRow
from engine.study.subject import Settings, Subject, shard_name, stored_settings
from engine.study.survey import NoMemoryError, Site, survey
from engine.tasks.load import TaskLoader
from engine.training import fitted
from engine.training.device import Device
from engine.training.spec import Candidate, GroupSpec, Pace, Schedule

Own = Mapping[str, Domain]  # domains that are not ours, by name
NONE: Own = MappingProxyType({})
ONE_STEP = Pace(steps=1.0, size=1.0, growth=0.0)  # of models that are fitted in one go
FEWEST_ROWS = 8  # of a user's own at the smallest size: fewer teach nothing, or cannot be fitted
BEAT_SECONDS = 1.0  # between two signs of life; the store calls a driver lost after 15


class RunError(Exception):
    """The study cannot run; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What the command line shows while a study runs."""

    share: float  # of the work that is done, by the time it takes: 0 to 1
    seconds_left: float | None
    said: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A study that is planned but not yet written."""

    settings: Settings
    plan: Plan
    device: Device
    curves: tuple[NewCurve, ...]

    @property
    def sentence(self) -> str:
        """What will be trained and how long it should take, for the user."""
        if self.settings.width is None:
            return self.plan.sentence
        return (
            f"{self.plan.sentence}; then more seeds, for {duration(self._more)} at most, until the"
            f" exponent's interval is no wider than {self.settings.width:g}"
        )

    @property
    def seconds(self) -> float:
        """Wall time that it should take, of more seeds the most."""
        return self.plan.seconds + (0.0 if self.settings.width is None else self._more)

    @property
    def _more(self) -> float:
        return sum(part.more_seconds(self.plan.workers) for part in self.plan.subjects)


def prepare(
    settings: Settings,
    device: Device,
    workers: int,
    domains: Own = NONE,
    say: Callable[[str], None] = lambda said: None,
) -> Prepared:
    """Load the data, measure this machine's speed and make the plan; trains nothing.

    Args:
        settings: what is asked for.
        device: to train on.
        workers: processes.
        domains: those of the settings that are not ours, by name.
        say: hears what it is at, in words: a model that is slow takes minutes.

    Raises:
        engine.domain_files.DomainError: one of those breaks a rule.
        RunError: the settings leave nothing to train, or memory holds not even the smallest model;
            the message says how to go on.
        data.errors.DataError: the data is not ready on this machine.
    """
    load = _loader(settings, device, domains)
    recipes, extents, speeds, curves = [], [], [], []
    fewest: dict[tuple[str, str], float] = {}  # share of a user's own data, as they are untreated
    for index, subject in enumerate(settings.subjects):
        say(f"{subject.label}: loading the data, then measuring this machine's speed")
        own = domains.get(subject.domain)
        found = presets.recipe(subject, settings.preset, settings.search_minutes, own)
        try:
            seen = survey(load, subject, found, default_cache())
        except NoMemoryError as error:
            raise RunError(str(error)) from error
        if own:
            least = fewest.setdefault((subject.domain, subject.data), FEWEST_ROWS / seen.site.rows)
            found = replace(found, smallest=max(found.smallest, least))
        if seen.site.is_fitted:
            found = replace(found, schedule=fitted.WHOLE, pace=ONE_STEP)
        recipes.append(found)
        extents.append(seen.site.extent)
        speeds.append(seen.speeds)
        metrics = (own or DOMAINS[subject.domain]).metrics
        curves += _announced(seen.site, subject, metrics, index)
    try:
        made = plan.make_plan(settings, recipes, extents, speeds, workers)
    except plan.PlanError as error:
        raise RunError(str(error)) from error
    made = replace(made, domains=tuple(domains.values()))
    return Prepared(settings, made, device, tuple(curves))


def run_study(
    store: Store,
    settings: Settings,
    *,
    device: Device,
    workers: int,
    show: Callable[[Progress], None],
    domains: Own = NONE,
    executor: Executor | None = None,
) -> int:
    """Run a study to its end, or go on with it where it stopped; the arguments are `prepare`'s.

    `executor` runs the groups; without one they run on this machine.

    Returns:
        The study's id; its state in the store says how it ended: finished, stopped or failed.

    Raises:
        RunError: another driver holds the store, or the settings leave nothing to train.
        StoreError: the store is damaged, was deleted or replaced, or its disk is full.
        data.errors.DataError: the data is not ready on this machine.
    """
    with _only_driver(store):
        store.check()
        study, settings = _found(store, settings)
        if study is None:
            say = _before(show)
            for said in _changed(store, settings):
                say(said)
            study = _create(store, prepare(settings, device, workers, domains, say))
        elif settings.width is not None:
            planned = stored_plan(store.study_plan(study)[1])
            store.go_on(study, asdict(settings), _ahead_of_repeats(planned))
        try:
            store.retry_failed(study)
            store.set_study(study, "running", workers=workers)
            try:
                here = shared(device, workers) if executor is None else nullcontext()
                with _stop_asked() as asked, here:
                    loader = _same_data(store, study, settings, device, domains)
                    run_groups = executor or executors.run_here
                    endings = _drive(
                        store, study, lambda q: run_groups(q, loader, workers), show, asked
                    )
                store.check()  # a store that was damaged meanwhile is not called finished
                _conclude(store, study, endings)
            except KeyboardInterrupt:
                store.set_study(study, "stopped", "stopped; run it again to go on")
        except StoreGone as error:
            kept = unused(store.path.with_name(f"{store.path.name}.rescued"))
            store.copy_to(kept)
            raise RunError(
                f"{error} The run has ended; what it had measured is in {kept}."
            ) from error
        except BaseException as error:
            with suppress(StoreError):  # whose disk is full: it is shown as ended unexpectedly
                store.set_study(study, "failed", f"{type(error).__name__}: {error}")
            raise
    return study


def _conclude(store: Store, study: int, endings: Mapping[str, str]) -> None:
    """Write how a study ended that came to its end: with all of its groups, or without some.

    `endings` say why no more seeds followed, by the subject's label.
    """
    failed = [row for row in store.work(study) if row.state == "failed"]
    if failed:
        reason = (
            f"{len(failed)} of its groups of trainings failed, the rest is kept; run it again"
            f" to retry them: {failed[0].name}: {failed[0].reason}"
        )
        store.set_study(study, "failed", reason)
        return
    row = next(row for row in store.studies() if row.id == study)
    cut = row.total - row.done
    said = [f"its minutes did not hold the {cut} largest of its sizes; give more"] if cut else []
    drawn = {curve.name for curve in store.curves(study)}
    without = [name for name in store.curve_names(study) if name not in drawn]
    if without and not cut:
        said.append(
            f"no points of {', '.join(without)}: errors on test were all 0, which has no place on"
            " logarithmic axes"
        )
    several = len(endings) > 1
    said += [f"{label}: {why}" if several else why for label, why in endings.items()]
    store.set_study(study, "finished", "; ".join(said))


def _found(store: Store, settings: Settings) -> tuple[int | None, Settings]:
    """The study of these settings, with where its data lie: resuming need not say that again.

    Nor the width; a smaller one than before is what the study goes on to.
    """
    for row in store.studies():
        kept = stored_settings(row.settings)
        same = kept.is_same(settings)
        same |= not settings.paths and replace(kept, paths=()).is_same(settings)
        if same and store.study_plan(row.id)[1].get("subjects"):  # else of an earlier format
            widths = [width for width in (settings.width, kept.width) if width is not None]
            return row.id, replace(kept, width=min(widths, default=None))
    return None, settings


def _changed(store: Store, settings: Settings) -> Iterator[str]:
    """That a study of these settings is there but for the files of its domains, for the user."""
    for row in store.studies():
        kept = stored_settings(row.settings)
        if kept.code != settings.code and replace(kept, code=settings.code).is_same(settings):
            for (name, then), (_, now) in zip(kept.code, settings.code, strict=True):
                if then != now:
                    yield (
                        f"the file of {name} has changed since the study {row.name} (sha256"
                        f" {then[:12]} then, {now[:12]} now), so this is a new one; put the file"
                        " back as it was to go on with that one"
                    )


def _drive(
    store: Store,
    study: int,
    run_groups: Callable[[list[PlannedGroup]], Generator[executors.Event]],
    show: Callable[[Progress], None],
    asked: Callable[[], bool],
) -> dict[str, str]:
    """Run the groups that are not finished, and those that follow, and write each as it ends.

    Returns:
        Why no more seeds followed, by the subject's label; empty where none were asked for.

    Raises:
        KeyboardInterrupt: somebody wants it to stop; what had ended is written.
    """
    agenda, queue = _taken_up(store, study)
    queue += _queued(store, study, agenda)
    show(_progress(store, study, "starting the workers" if queue else "nothing left to do"))
    beaten = 0.0
    with closing(run_groups(queue)) as events:
        for event in events:
            if time.monotonic() - beaten >= BEAT_SECONDS:
                beaten = time.monotonic()
                store.beat(study)
                if store.stop_wanted(study):
                    raise KeyboardInterrupt
            if isinstance(event, executors.Started):
                store.start_group(study, event.group.spec.name)
            elif isinstance(event, executors.Finished):
                settle(store, study, agenda, event.group, event.candidates, event.seconds)
                queue += _queued(store, study, agenda)
                show(_progress(store, study, event.group.spec.name))
            elif isinstance(event, executors.Failed):
                settle(store, study, agenda, event.group, [], event.seconds, event.reason)
                queue += _queued(store, study, agenda)
                show(_progress(store, study, f"failed: {event.group.spec.name}: {event.reason}"))
            if asked():
                raise KeyboardInterrupt
    return agenda.endings()


def _taken_up(store: Store, study: int) -> tuple[Agenda, list[PlannedGroup]]:
    """The agenda of a study as an earlier run left it, and the groups that are still to run."""
    settings, planned = store.study_plan(study)
    curves = store.study_curves(study)
    guesses = {(c.subject, c.metric): c.guess for c in curves if c.subject is not None}
    agenda = Agenda(stored_plan(planned), stored_settings(settings).width, guesses)
    rows = store.work(study)
    ended: dict[str, list[Candidate]] = {row.name: [] for row in rows if row.state == "finished"}
    for kept in store.candidates(study):
        if kept.work in ended:
            ended[kept.work].append(Candidate(**kept.record))
    agenda.restore(map(_planned, rows), ended)
    return agenda, [_planned(row) for row in rows if row.state != "finished"]


def _queued(store: Store, study: int, agenda: Agenda) -> list[PlannedGroup]:
    """The groups that are due now, written to the store."""
    fresh = agenda.fresh()
    if fresh:
        store.add_groups(
            study,
            [(group.spec.name, group.shard, asdict(group.spec), group.seconds) for group in fresh],
        )
    ended = {f"{label} / {MORE_SEEDS}" for label in agenda.endings()}
    for shard in sorted(ended & store.ahead(study).keys()):
        store.end_shard(study, shard)
    return fresh


def _create(store: Store, prepared: Prepared) -> int:
    """Write a planned study; its curves get a number behind them where the names are taken."""
    settings, made = prepared.settings, prepared.plan
    taken = set(store.curve_names())
    number = 1
    while any(_numbered(curve.name, number) in taken for curve in prepared.curves):
        number += 1
    return store.create_study(
        key=settings.key,
        name=_numbered(settings.name, number),
        settings=asdict(settings),
        plan=plan.plan_record(made),
        shards=[
            (shard_name(part.subject, size), part.shard_seconds(size))
            for part in made.subjects
            for size in part.sizes
        ]
        + (_ahead_of_repeats(made) if settings.width is not None else []),
        curves=[replace(curve, name=_numbered(curve.name, number)) for curve in prepared.curves],
        workers=made.workers,
        device=prepared.device.name,
        device_reason=prepared.device.reason,
        version=VERSION,
    )


def _ahead_of_repeats(made: Plan) -> list[tuple[str, float]]:
    """What stands for the repeats of each subject, with the seconds of one worker at most."""
    return [
        (more_seeds(part), part.more_seconds(made.workers) * made.workers) for part in made.subjects
    ]


def _loader(settings: Settings, device: Device, domains: Own) -> TaskLoader:
    paths = {domain: Path(path) for domain, path in settings.paths}
    return TaskLoader(paths, default_cache(), device.kind, dict(domains))


def _same_data(
    store: Store, study: int, settings: Settings, device: Device, domains: Own
) -> SameDataLoader:
    """The loader of a study's workers: of no data but those that its curves were announced with."""
    load = _loader(settings, device, domains)
    planned = {}
    for curve in store.study_curves(study):
        assert curve.subject is not None  # a study's curves were announced by `_announced`
        about = settings.subjects[curve.subject]
        planned[about.domain, about.data, about.treatment] = curve.data_hash
    return SameDataLoader(load.paths, load.cache, load.device, load.own, planned)


def _announced(
    site: Site, subject: Subject, metrics: Sequence[Metric], index: int
) -> list[NewCurve]:
    """A curve for each metric that the task measures, with its best-guess level."""
    return [
        NewCurve(
            f"{subject.label} {metric.name}",
            site.guess[metric.name],
            site.data_hash,
            VERSION,
            "measured here",
            subject=index,
            metric=metric.name,
        )
        for metric in metrics
        if metric.name in site.guess
    ]


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name} @{number}"


def _planned(row: WorkRow) -> PlannedGroup:
    """A group as the store keeps it, back as the executor takes it."""
    spec = dict(row.spec)
    spec["schedule"] = Schedule(**spec["schedule"])
    spec["seeds"] = tuple(spec["seeds"])
    spec["learning_rates"] = tuple(spec["learning_rates"])
    return PlannedGroup(GroupSpec(**spec), row.shard, row.expected)


def _before(show: Callable[[Progress], None]) -> Callable[[str], None]:
    """What is said before there is anything to train."""
    return lambda said: show(Progress(0.0, None, said))


def _progress(store: Store, study: int, said: str) -> Progress:
    row = next(row for row in store.studies() if row.id == study)
    return Progress(row.share, row.seconds_left, f"{row.done} of {row.total} sizes, {said}")


@contextmanager
def _only_driver(store: Store) -> Iterator[None]:
    lock = FileLock(f"{store.path.resolve()}.lock", timeout=0)  # by whatever name it was opened
    try:
        lock.acquire()
    except Timeout as error:
        running = [row.name for row in store.studies() if row.state == "running"]
        raise RunError(
            f"another driver is running {running[0] if running else 'a study'} in {store.path}; "
            "wait for it, stop it, or give another --store."
        ) from error
    except OSError as error:
        raise RunError(f"no lock can be put beside {store.path} ({error.strerror}).") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _stop_asked() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C, a polite kill (SIGTERM) or a closed terminal has asked for an end.

    Nothing is raised where the signal comes in: that may be in the middle of a transaction, or of
    starting a worker. Asked a second time it is raised at once.
    """
    heard: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        if heard:
            raise KeyboardInterrupt
        heard.append(number)

    wanted = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        wanted.append(signal.SIGHUP)  # ignored under nohup, and then it stays so
    before = [(number, signal.signal(number, hear)) for number in wanted]
    try:
        yield lambda: bool(heard)
    finally:
        for number, handler in before:
            signal.signal(number, handler)
