"""`steepness run`: says what it will train and how long it should take, then does it."""

import argparse
import json
import os
import sys
from pathlib import Path

from tqdm import tqdm

from data import images
from data.hub import hub_folders
from engine.laws.fit import fit
from engine.laws.propose import propose_window
from engine.numbers import duration, with_interval
from engine.study.choices import MODELS
from engine.study.plan import Settings
from engine.study.run import Progress, default_workers, prepare, run_study
from engine.study.store import Store
from engine.training import device as devices


def run(options: argparse.Namespace, path: Path) -> int:
    """Estimate or run the study that the options describe; returns the exit code."""
    models = MODELS[options.domain]
    model = options.model or models[0]
    data = options.data or next(iter(images.SOURCES))
    for flag, value, known in (("--model", model, models), ("--data", data, images.SOURCES)):
        if value not in known:
            print(f"steepness: {flag} {value}: choose from {', '.join(known)}", file=sys.stderr)
            return 2
    device = devices.choose(options.device)
    settings = Settings(
        domain=options.domain,
        data=data,
        model=model,
        preset=options.preset or (None if options.minutes else "quick"),
        minutes=options.minutes,
        sizes=options.sizes,
        seeds=options.seeds,
        device=device.kind,
    )
    workers = options.workers or default_workers(device)
    folder = options.data_folder or _hub_folder(data, os.environ.get("HF_HOME"))
    if options.estimate:
        return _estimate(settings, device, workers, folder, options.format)
    with Store.open(path) as store:
        bar = _Bar(f"{device.name}: {device.reason}; results go to {path}")
        study = run_study(
            store,
            settings,
            device=device,
            workers=workers,
            folder=folder,
            show=bar.show,
        )
        bar.close()
        return _report(store, study)


def _hub_folder(source: str, home: str | None) -> Path | None:
    """Where a Hugging Face home of the user's own (HF_HOME) holds the source, if it does."""
    folders = hub_folders(images.CIFAR10, Path(home)) if home and source == "cifar10" else ()
    return folders[0] if folders else None


def _estimate(
    settings: Settings, device: devices.Device, workers: int, folder: Path | None, style: str
) -> int:
    made = prepare(settings, device, workers, folder).plan
    if style == "json":
        answer = {
            "sentence": made.sentence,
            "sizes": made.sizes,
            "seeds": made.seeds,
            "candidates": made.candidates,
            "seconds": made.seconds,
            "device": device.name,
            "device_reason": device.reason,
            "workers": workers,
        }
        print(json.dumps(answer))
    else:
        print(f"{made.sentence}, on {device.name} ({device.reason})")
    return 0


def _report(store: Store, study: int) -> int:
    row = next(row for row in store.studies() if row.id == study)
    print(f"{row.name}: {row.state}, {row.done} of {row.total} groups. {row.reason}".rstrip())
    for curve in store.curves(study):
        found = fit(curve, propose_window(curve))
        if found.exponent is None:
            print(f"  {curve.name}: {found.status.value}")
        else:
            exponent = found.exponent
            shown = with_interval(exponent.value, exponent.low, exponent.high)
            print(f"  {curve.name}: exponent {shown}, {found.law}, {found.n_sizes} sizes")
    return 1 if row.state == "failed" else 0


class _Bar:
    """A progress bar of groups whose remaining time is the store's, not the bar's own guess."""

    def __init__(self, headline: str) -> None:
        print(headline, file=sys.stderr)
        self._bar: tqdm | None = None

    def show(self, progress: Progress) -> None:
        """Draw the latest; the first calls may come before the number of groups is known."""
        if self._bar is None:
            if progress.total == 0:
                print(progress.said, file=sys.stderr)
                return
            self._bar = tqdm(
                total=progress.total,
                unit="group",
                bar_format="{n_fmt}/{total_fmt} groups |{bar}| {elapsed} gone, {postfix}",
            )
        left = duration(progress.seconds_left or 0.0)
        self._bar.set_postfix_str(f"about {left} left, {progress.said}", refresh=False)
        self._bar.n = progress.done
        self._bar.refresh()

    def close(self) -> None:
        """Leave the last state on the screen."""
        if self._bar is not None:
            self._bar.close()
