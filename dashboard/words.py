"""How the pages say things: durations, states, windows, fits. Numbers are engine.numbers'."""

import re
import time
from dataclasses import replace
from datetime import date
from functools import lru_cache
from operator import attrgetter

import numpy as np

from engine.curve import Curve
from engine.laws.fit import Fit, Interval
from engine.numbers import duration, number, with_interval
from engine.study.store import StudyRow
from engine.study.subject import stored_settings

LAW_NAMES = {"power": "power law", "power-floor": "power law + floor"}
# How the engine's names are written for a reader; tests hold them against engine.domains.
DOMAIN_NAMES = {
    "images": "Images",
    "words": "Words",
    "characters": "Characters",
    "translation": "Translation",
    "speech": "Speech",
}
MODELS = {
    "cnn": "CNN",
    "mlp": "MLP",
    "resnet": "ResNet",
    "lstm": "LSTM",
    "rhn": "Recurrent highway network",
    "transformer": "Transformer",
    "attention": "Encoder-decoder with attention",
    "ctc": "Deep Speech 2 (CTC)",
}
SOURCES = {
    "icons": "Icons",
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "folder": "A folder of your own, 32 px",
    "folder-64": "A folder of your own, 64 px",
    "parquet": "Parquet files, 32 px",
    "parquet-64": "Parquet files, 64 px",
    "sotu": "State of the Union",
    "python": "Python's own library",
    "wikitext-2": "WikiText-2",
    "wikitext-103": "WikiText-103",
    "billion-words": "One Billion Words",
    "file": "A file of your own",
    "interface": "Interface strings",
    "multi30k": "Multi30k",
    "wmt16": "WMT16",
    "synthetic-phrases": "Spoken phrases",
    "synthetic-words": "Spoken words",
    "spoken-digits": "Free Spoken Digits",
    "speech-commands": "Speech Commands",
    "librispeech": "LibriSpeech",
}
TREATMENTS = {  # name: what it is called, what it does
    "augment": ("Augmentation", "shifts each training image a little, anew each time it is seen"),
    "label-noise-10": ("10 % wrong labels", "makes a tenth of the training labels wrong"),
    "label-noise-20": ("20 % wrong labels", "makes a fifth of the training labels wrong"),
    "label-noise-40": ("40 % wrong labels", "makes two fifths of the training labels wrong"),
    "drop-hardest-20": ("Without the hardest fifth", "leaves out what a small model finds hardest"),
    "sgd": ("SGD", "trains by stochastic gradient descent with momentum instead of AdamW"),
    "weight-decay": ("Weight decay", "pulls all weights towards 0 while they are trained"),
}
LENGTHS = {"quick": "Quick", "standard": "Standard", "full": "Full", "minutes": "Minutes"}
LENGTH_HELP = (
    "Quick takes some minutes a domain on two cores, Standard about an hour, Full is for a GPU."
    " Minutes fills the time that you give, shared by all domains."
)
DEVICES = {"auto": "Automatic", "cpu": "CPU"}
SYNTHETIC = "SYNTHETIC"
ASKEW = 4.0  # times as far to one end of an interval as to the other
STARTING_SECONDS = 60.0  # a study that has waited longer has lost its driver


def is_synthetic(name: str) -> bool:
    """Whether a data set, or a curve or study named after one, was made by a machine."""
    return any(word.startswith("synthetic-") for word in name.split())


def marked(name: str) -> str:
    """A name of a curve, study or data set as it is shown: synthetic data say so, everywhere."""
    return f"{name} ({SYNTHETIC})" if is_synthetic(name) else name


def source(name: str) -> str:
    """A data set for a reader."""
    said = SOURCES.get(name, name)
    return f"{said} ({SYNTHETIC})" if is_synthetic(name) else said


def model(name: str) -> str:
    """A model family for a reader."""
    return MODELS.get(name, name)


def treatment(name: str) -> str:
    """A treatment for a reader."""
    return TREATMENTS[name][0] if name in TREATMENTS else name


def study(row: StudyRow) -> str:
    """A study's name, each model once however many treatments it carries."""
    plain_ones: dict[str, list[str]] = {}
    for subject in stored_settings(row.settings).subjects:
        treatments = plain_ones.setdefault(replace(subject, treatment="").label, [])
        treatments += [treatment(subject.treatment)] if subject.treatment else []
    _, mark, number_ = row.name.rpartition(" @")  # set apart from an earlier one of the same name
    said = ", ".join(
        marked(name) + (f" with {' and '.join(held)}" if held else "")
        for name, held in plain_ones.items()
    )
    return f"{said} @{number_}" if mark else said


def interval(found: Interval | None, missing: str = "") -> str:
    """A value with its 90 % interval, or `missing`."""
    return with_interval(found.value, found.low, found.high) if found else missing


def window(fit: Fit) -> str:
    """Where a fit's window reaches, in sizes; an open end says so."""
    low = "start" if fit.window.low is None else number(round(fit.window.low))
    high = "end" if fit.window.high is None else number(round(fit.window.high))
    return f"{low} to {high}"


def exponent(fit: Fit) -> str:
    """What stands above a window: the exponent with its interval, or why there is none."""
    if fit.exponent is None:
        return fit.status.value
    return interval(fit.exponent)


def doubts(fit: Fit) -> str:
    """What a reader should doubt about a fit, as sentences; empty if nothing."""
    told = [
        n for n in fit.notes if n.severity == "warning" or (n.code == "no-floor" and askew(fit))
    ]
    return " ".join(sentence(note.message) for note in told)


def askew(fit: Fit) -> bool:
    """Whether the exponent lies near one end of its interval, which a floor's chance explains."""
    if fit.exponent is None:
        return False
    below, above = fit.exponent.value - fit.exponent.low, fit.exponent.high - fit.exponent.value
    return max(below, above) > ASKEW * min(below, above)


def repeats(fit: Fit) -> str:
    """How many seeds the sizes of a fit's window have: one number, or the least and the most."""
    sizes = fit.curve.sizes
    most = max(np.unique(sizes[fit.window.holds(sizes)], return_counts=True)[1], default=0)
    return f"{fit.n_seeds}" if most <= fit.n_seeds else f"{fit.n_seeds} to {most}"


def plain(text: str) -> str:
    """Text from a user's file, so that Markdown shows it and does not act on it.

    Addresses become links even where their signs are escaped: a joiner without width parts them.
    """
    text = re.sub(r"(https?://|www(?=\.)|@)", "\\1\u2060", text, flags=re.IGNORECASE)
    return re.sub(r"([\\`*_\[\]<>$!:~|#])", r"\\\1", " ".join(text.split()))


def sentence(words: str) -> str:
    """With a capital first and a full stop last."""
    return words[:1].upper() + words[1:].rstrip(".") + "."


UNEXPECTEDLY = "stopped unexpectedly"


def state(row: StudyRow) -> str:
    """A study's state in words; one whose driver fell silent is told from one that was stopped."""
    if row.state == "stopped" and "unexpectedly" in row.reason:
        return UNEXPECTEDLY
    return "starting" if is_active(row) and row.state == "waiting" else row.state


def is_active(row: StudyRow) -> bool:
    """Whether a driver is at work on it, or about to be."""
    fresh = time.time() - row.created < STARTING_SECONDS
    return row.state == "running" or (row.state == "waiting" and fresh)


def progress(row: StudyRow) -> str:
    """How far a study is, and how long it should still take."""
    words = row.sizes
    if row.state == "running" and row.seconds_left is not None:
        words += f", about {duration(row.seconds_left)} left"
    return words


def day(iso: str) -> str:
    """`2026-11-22` as 22 November 2026; anything else as it is."""
    try:
        parsed = date.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{parsed.day} {parsed:%B %Y}"


@lru_cache(maxsize=64)
def provenance(curves: tuple[Curve, ...]) -> str:
    """Where the points come from: model, sizes, seeds, device, day."""
    points = [point for curve in curves for point in curve.points]  # may be a hundred thousand
    seeds = len(set(map(attrgetter("seed"), points)))
    devices = sorted(filter(None, set(map(attrgetter("device"), points))))
    by_unit: dict[str, set[float]] = {}
    for curve in curves:
        for unit, size in sorted(set(map(attrgetter("unit", "size"), curve.points))):
            by_unit.setdefault(unit or "samples", set()).add(size)
    said = [
        f"1 size of {number(min(sizes))} {unit}"
        if len(sizes) == 1
        else f"{len(sizes)} sizes from {number(min(sizes))} to {number(max(sizes))} {unit}"
        for unit, sizes in by_unit.items()
    ]
    said.append(f"{seeds} {'seed' if seeds == 1 else 'seeds'}")
    if devices:
        said.append(f"on {', '.join(devices)}")
    measured = max(curve.measured_on for curve in curves)
    if measured:
        said.append(day(measured))
    return ", ".join(said)
