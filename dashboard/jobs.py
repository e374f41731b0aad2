"""Starts the engine's command line as a process of its own, and asks it for an estimate.

The process leads its own session, so a closed tab or a stopped page leaves it running; what it
says goes to a log beside the store. All else about a run is read from the store.
"""

import json
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.domains import DOMAINS
from engine.study.signals import signal_name
from engine.study.subject import stored_settings

ESTIMATE_SECONDS = 240.0  # of five domains on a busy machine, their data decoded first
FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
TAIL_BYTES = 4096  # of a log: more than its last line

Pairs = tuple[tuple[str, str], ...]  # (domain, what was chosen for it), in the order chosen


class JobError(Exception):
    """The engine refused; the message is its own sentence."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to run, as `steepness run` takes it; None or nothing leaves a choice to the engine."""

    domains: tuple[str, ...]
    data: Pairs = ()
    models: Pairs = ()
    treatments: Pairs = ()
    preset: str | None = None
    minutes: float | None = None
    seeds: int | None = None
    width: float | None = None
    sizes: tuple[int, ...] | None = None
    device: str = "auto"
    paths: Pairs = ()  # where a domain's data lie, where the reader said so

    @classmethod
    def again(cls, settings: dict[str, Any]) -> "Order":
        """The order that a stored study was made from: the same command resumes it."""
        kept = stored_settings(settings)
        subjects = kept.subjects
        return cls(
            domains=tuple(dict.fromkeys(subject.domain for subject in subjects)),
            data=_once((subject.domain, subject.data) for subject in subjects),
            models=_once((subject.domain, subject.model) for subject in subjects),
            treatments=_once((s.domain, s.treatment) for s in subjects if s.treatment),
            preset=kept.preset,
            minutes=kept.minutes,
            seeds=kept.seeds,
            width=kept.width,
            sizes=kept.sizes,
            device=kept.device,
            paths=kept.paths,
        )

    def resumes(self, order: "Order") -> bool:
        """Whether the engine takes `order` for this one, whose data it then finds by itself."""
        found = self if order.paths else replace(self, paths=())
        return replace(order, device="", width=None) == replace(found, device="", width=None)

    @property
    def strangers(self) -> tuple[str, ...]:
        """Its domains that are not ours: their code runs only where somebody types its place."""
        return tuple(domain for domain in self.domains if domain not in DOMAINS)

    def typed(self, places: Mapping[str, str], store: Path) -> str:
        """The command that does it, to be typed; `places` are where the code of strangers lies."""
        own = replace(self, domains=tuple(places.get(name, name) for name in self.domains))
        return shlex.join(["steepness", *own.arguments, "--store", str(store)])

    @property
    def arguments(self) -> list[str]:
        """The command line after `steepness`."""
        said = ["run", *self.domains]
        named = len(self.domains) > 1  # else it is plain whom a choice is for
        for flag, pairs in (
            ("data", self.data),
            ("model", self.models),
            ("treatment", self.treatments),
        ):
            for domain, choice in pairs:
                said += [f"--{flag}", f"{domain}={choice}" if named else choice]
        for domain, path in self.paths:
            said += ["--data-path", f"{domain}={path}"]
        if self.preset is not None:
            said += ["--preset", self.preset]
        if self.minutes is not None:
            said += ["--minutes", f"{self.minutes:g}"]
        if self.seeds is not None:
            said += ["--seeds", str(self.seeds)]
        if self.width is not None:
            said += ["--width", f"{self.width:g}"]
        if self.sizes:
            said += ["--sizes", ",".join(map(str, self.sizes))]
        return [*said, "--device", self.device]


@dataclass(frozen=True, slots=True)
class Job:
    """A process that was started here."""

    process: subprocess.Popen[bytes]
    log: Path
    began: float  # seconds since 1970

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    @property
    def fault(self) -> str | None:
        """Why it ended, in its own last words; None while it runs and after it did its work."""
        code = self.process.poll()
        if not code:
            return None
        if code < 0:
            how = "was ended from outside" if -code in FROM_OUTSIDE else "crashed"
            return f"Its process {how} ({signal_name(-code)})."
        return last_words(_tail(self.log))

    @property
    def said(self) -> str:
        """The last line that it wrote, such as a download's progress; empty before the first."""
        lines = _lines(_tail(self.log))
        return lines[-1] if lines else ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would train, and how long it should take."""

    sentence: str
    seconds: float
    device: str
    device_reason: str


def start(order: Order, store: Path) -> Job:
    """Start a run that writes into `store`; returns at once.

    Raises:
        JobError: it would run code that is not ours.
    """
    _refuse_strangers(order)
    log = store.with_name(store.name + ".log")
    command = [sys.executable, "-m", "engine.cli", *order.arguments, "--store", str(store)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    threading.Thread(target=process.wait, daemon=True).start()  # an unwaited child stays a zombie
    return Job(process, log, time.time())


def estimate(order: Order) -> Estimate:
    """Ask the engine what `order` would train and how long that takes here.

    Raises:
        JobError: it cannot be run, for the reason given.
    """
    _refuse_strangers(order)
    command = [sys.executable, "-m", "engine.cli", *order.arguments]
    try:
        answer = subprocess.run(
            [*command, "--estimate", "--format", "json"],
            capture_output=True,
            text=True,
            timeout=ESTIMATE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise JobError(
            "This machine is too busy to be measured; the run itself can go on."
        ) from None
    if answer.returncode:
        raise JobError(last_words(answer.stderr))
    said = json.loads(answer.stdout.splitlines()[-1])  # a download may have spoken before
    return Estimate(said["sentence"], said["seconds"], said["device"], said["device_reason"])


def _refuse_strangers(order: Order) -> None:
    """A store that somebody else made may name any file as a domain.

    Code that is not ours runs only where it was named on the command line.
    """
    if order.strangers:
        raise JobError(
            f"{order.strangers[0]!r} is no domain of Steepness's own, and the page runs no other"
            " code: give `steepness run` the same command again."
        )


def last_words(text: str) -> str:
    """The last line of what the engine wrote, as a sentence of its own."""
    lines = _lines(text)
    words = lines[-1].removeprefix("steepness: ") if lines else "it ended without a word"
    return words[0].upper() + words[1:]


def _once(pairs: Iterable[tuple[str, str]]) -> Pairs:
    return tuple(dict.fromkeys(pairs))


def _lines(text: str) -> list[str]:
    """Lines with something on them; a progress bar returns to its start and writes over itself."""
    return [line.strip() for line in text.replace("\r", "\n").splitlines() if line.strip()]


def _tail(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
