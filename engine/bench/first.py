"""`steepness bench first`: how soon a quick study shows its first point and its first exponent.

Starts `steepness run DOMAIN --preset quick` as the page does, on a store of its own, and looks into
the store until a curve has LEAST_SIZES sizes over LEAST_DECADES decades and an exponent; then the
study is stopped. Told too are the seconds of a core that all its processes had used by then (where
/proc knows them), which other work on the machine hardly changes.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from engine.columns import aligned
from engine.curve import Curve
from engine.laws.fit import fit
from engine.laws.propose import propose_window
from engine.study.store import Store, StoreError

LEAST_SIZES, LEAST_DECADES = 5, 2.0  # of an exponent that is of use
LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class First:
    """From the start of the command; None where the study ended before."""

    domain: str
    point: float | None  # seconds on the clock
    point_cpu: float | None  # seconds of a core
    exponent: float | None
    exponent_cpu: float | None
    sizes: int  # of the curve that had it


def run(domains: Sequence[str], out: Path | None) -> int:
    """Measure the domains and print; 1 where a study fails, which says why itself."""
    found = []
    for domain in domains:
        try:
            found.append(measure(domain))
        except subprocess.CalledProcessError as error:
            said = error.stderr.splitlines() or [f"exit code {error.returncode}"]
            print(f"{domain}: {said[-1]}", file=sys.stderr)
            return 1
        print(f"{domain} measured", file=sys.stderr, flush=True)
    rows: list[tuple[str, ...]] = [
        ("quick study of", "first point", "CPU", "first exponent", "CPU", "sizes")
    ]
    for each in found:
        times = each.point, each.point_cpu, each.exponent, each.exponent_cpu
        rows.append((each.domain, *map(_seconds, times), f"{each.sizes}"))
    print(aligned(rows))
    if out is not None:
        out.write_text(json.dumps([asdict(each) for each in found], indent=1) + "\n")
    return 0


def measure(domain: str, arguments: Sequence[str] = ("--preset", "quick")) -> First:
    """One study, from the start of its command.

    Raises:
        subprocess.CalledProcessError: it failed; its last line on stderr says why.
    """
    with tempfile.TemporaryDirectory(prefix="steepness-first-") as folder:
        store = Path(folder) / "first.db"
        command = [sys.executable, "-m", "engine.cli", "run", domain, *arguments]
        began = time.perf_counter()
        said = Path(folder) / "said"
        with said.open("wb") as out:
            study = subprocess.Popen(
                [*command, "--store", str(store)], stdout=out, stderr=out, start_new_session=True
            )
        point = point_cpu = exponent = exponent_cpu = used = None
        sizes = 0
        try:
            while exponent is None:
                ended = _ends(study)
                curves = _curves(store)
                passed = time.perf_counter() - began
                used = _used(study.pid) or used  # by the look before, where it has ended since
                if point is None and any(curve.points for curve in curves):
                    point, point_cpu = passed, used
                sizes = max([sizes, *(_sizes(curve).size for curve in curves)])
                if any(_usable(curve) for curve in curves):
                    exponent, exponent_cpu = passed, used
                elif ended:
                    if study.returncode:
                        raise subprocess.CalledProcessError(
                            study.returncode, command, stderr=said.read_text()
                        )
                    break
        finally:
            study.terminate()
            study.wait()
    return First(domain, point, point_cpu, exponent, exponent_cpu, sizes)


def _ends(study: "subprocess.Popen[bytes]") -> bool:
    """Whether it ends within LOOK_SECONDS."""
    try:
        study.wait(LOOK_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True


def _used(session: int) -> float | None:
    """Seconds of a core that the processes of a session have used so far."""
    ticks = 0
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()  # from the state on (man proc)
        except OSError:  # it has just ended
            continue
        if int(fields[3]) == session:
            ticks += sum(map(int, fields[11:15]))  # its own, and of its children that have ended
    return ticks / os.sysconf("SC_CLK_TCK") if ticks else None


def _curves(store: Path) -> list[Curve]:
    try:
        with Store.open(store, "read") as opened:
            return opened.curves()
    except (StoreError, OSError):
        return []  # not there yet


def _sizes(curve: Curve) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.unique([point.size for point in curve.points])


def _usable(curve: Curve) -> bool:
    sizes = _sizes(curve)
    if sizes.size < LEAST_SIZES or np.log10(sizes[-1] / sizes[0]) < LEAST_DECADES:
        return False
    return fit(curve, propose_window(curve)).exponent is not None


def _seconds(value: float | None) -> str:
    return "none" if value is None else f"{value:.0f} s"
