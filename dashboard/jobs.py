"""Starts the engine's command line as a process of its own, and asks it for an estimate.

The process leads its own session, so a closed tab or a stopped page leaves it running; what it
says goes to a log beside the store. All else about a run is read from the store.
"""

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ESTIMATE_SECONDS = 120.0  # measuring a busy machine's speed takes up to half a minute


class JobError(Exception):
    """The engine refused; the message is its own sentence."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to run, as `steepness run` takes it; None leaves a choice to the engine."""

    domain: str
    data: str
    model: str
    preset: str | None = None
    minutes: float | None = None
    seeds: int | None = None
    sizes: tuple[int, ...] | None = None
    device: str = "auto"
    folder: str | None = None  # where the data lie, for a source that is not at its usual place

    @classmethod
    def again(cls, settings: dict[str, Any], folder: str | None) -> "Order":
        """The order that a stored study was made from: the same command resumes it."""
        known = {name: settings.get(name) for name in cls.__slots__}
        sizes = tuple(known["sizes"]) if known["sizes"] else None
        return cls(**{**known, "sizes": sizes, "folder": folder})

    @property
    def arguments(self) -> list[str]:
        """The command line after `steepness`."""
        said = ["run", self.domain, "--data", self.data, "--model", self.model]
        for flag in ("preset", "minutes", "seeds", "device"):
            value = getattr(self, flag)
            if value is not None:
                said += [f"--{flag}", f"{value:g}" if flag == "minutes" else str(value)]
        if self.folder:
            said += ["--data-folder", self.folder]
        if self.sizes:
            said += ["--sizes", ",".join(map(str, self.sizes))]
        return said


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
        if not self.process.poll():
            return None
        return _last_words(self.log.read_text(errors="replace"))


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would train, and how long it should take."""

    sentence: str
    seconds: float
    device: str
    device_reason: str


def start(order: Order, store: Path) -> Job:
    """Start a run that writes into `store`; returns at once."""
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
        raise JobError(_last_words(answer.stderr))
    said = json.loads(answer.stdout)
    return Estimate(said["sentence"], said["seconds"], said["device"], said["device_reason"])


def _last_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    words = lines[-1].removeprefix("steepness: ") if lines else "it ended without a word"
    return words[0].upper() + words[1:]
