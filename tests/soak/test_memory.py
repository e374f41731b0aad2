"""Memory that runs out in a group with a limit: the system ends what trains, or is measured.

Control groups of version 1 and 2. Where a machine keeps memory in those of version 1, those of 2
cannot take it over (`+memory` into cgroup.subtree_control: "No such file or directory"), so they
were tried in user-mode Linux 6.1, whose root was this machine's files (hostfs).
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from engine.study.store import Store
from tests.drivers import content
from tests.own import MEANS

pytestmark = pytest.mark.soak

ROOT = Path(__file__).parents[2]
CGROUPS = Path("/sys/fs/cgroup")

# Means of a target, whose fit takes 4 kB for each row and mean: 512 MB for 32 means of 4,000 rows,
# and 131 MB for those of the 1,024 rows on which a plan measures; 2 GB there for 512.
TASK = f"""{MEANS}
import time

DOMAIN = Domain(name="means", title="Means", unit="rows", models=("table",), rates=(1.0, 1.0),
                metrics=(Metric("mae", "mean absolute error", "kWh"),), ladder=LADDER)

class Table(Means):
    def fit(self, inputs, target):
        room = np.ones((len(inputs), 500 * self.columns))
        time.sleep(6 if room.nbytes > 400e6 else 0)  # so that several such meet
        return super().fit(inputs, target)

def load_task(source, path, cache, device):
    return means_task(6000, Table)
"""


@contextmanager
def limited(megabytes: int) -> Iterator[Path]:
    """A control group of that much memory, swap included; skips where none can be made."""
    own = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    first = [CGROUPS / "memory" / path.strip("/") for _, kinds, path in own if kinds == "memory"]
    group = (first[0] if first else CGROUPS) / f"steepness-{os.getpid()}"
    limits = ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"]
    limits = limits if first else ["memory.max", "memory.swap.max"]
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error}")
    try:
        try:
            (group / limits[0]).write_text(f"{megabytes}M")
        except OSError as error:
            pytest.skip(f"a control group has no limit of memory here: {error}")
        with suppress(OSError):  # where there is no swap there is no such file
            (group / limits[1]).write_text(f"{megabytes}M" if first else "0")
        yield group
    finally:
        group.rmdir()  # raises where a process is left in it


def killed(group: Path) -> int:
    """How many processes the system has ended in a group."""
    said = next(f for n in ("memory.oom_control", "memory.events") if (f := group / n).exists())
    counts = dict(line.split() for line in said.read_text().splitlines())
    return int(counts["oom_kill"])


def run(order: list[str], group: Path) -> tuple[int, str]:
    """A command in a group from its first moment on, to its end; gives its code and words."""
    command = [sys.executable, "-m", "engine.cli", *order]
    done = subprocess.run(
        ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', str(group), *command],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    deadline = time.monotonic() + 60
    while (group / "cgroup.procs").read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    return done.returncode, done.stdout + done.stderr


def within(megabytes: int, order: list[str]) -> tuple[int, str, int, list[str]]:
    """A command within so much memory: its code, its words, the kills, and what it left behind."""
    with limited(megabytes) as group:
        code, said = run(order, group)
        return code, said, killed(group), (group / "cgroup.procs").read_text().split()


@pytest.fixture
def asked(tmp_path):
    """A study of a file of one's own with a ladder; its store is the last word."""

    def order(ladder: str) -> list[str]:
        (path := tmp_path / "means.py").write_text(TASK.replace("LADDER", ladder))
        sizes = ["--sizes", "125,250,500,4000", "--seeds", "2", "--workers", "2"]
        return ["run", str(path), *sizes, "--store"]

    return order


def test_a_model_that_memory_never_holds_is_told_and_all_else_is_measured(asked, tmp_path, figures):
    order, path = asked("(4, 8, 64)"), str(tmp_path / "study.db")
    code, said, deaths, left = within(800, [*order, path])
    with Store.open(path, "read") as store:
        (study,) = store.studies()
        work = store.work(study.id)
        kept = {point.size: record["cut"] for point, record in store.point_records(study.id)}
    failed = [row for row in work if row.state == "failed"]
    figures(
        "memory never enough", kills=deaths, failed=len(failed), groups=len(work), orphans=len(left)
    )
    assert code == 1, said
    assert kept == {125: False, 250: False, 500: False, 4000: True}
    assert {(row.spec["capacity"], row.spec["size"]) for row in failed} == {(64, 4000)}
    assert all("died, at the second try (SIGKILL); if memory is short" in r.reason for r in failed)
    assert deaths == 2 * len(failed)
    assert study.reason in said
    assert "run it again to retry them" in study.reason
    assert left == []


def test_where_memory_is_back_the_same_command_trains_what_failed(asked, tmp_path, figures):
    order, path = asked("(4, 8, 64)"), tmp_path / "study.db"
    undisturbed = tmp_path / "undisturbed.db"
    with limited(8_000) as group:
        assert run([*order, str(undisturbed)], group)[0] == 0
    with limited(800) as group:
        assert run([*order, str(path)], group)[0] == 1
        deaths = killed(group)
    with limited(8_000) as group:
        code, said = run([*order, str(path)], group)
    figures("memory back", kills=deaths, lost=int(content(path) != content(undisturbed)))
    assert code == 0, said
    assert content(path) == content(undisturbed)


def test_models_that_memory_holds_one_at_a_time_give_the_points_of_an_undisturbed_run(
    asked, tmp_path, figures
):
    order, path = asked("(4, 32)"), tmp_path / "study.db"
    undisturbed = tmp_path / "undisturbed.db"
    with limited(8_000) as group:
        assert run([*order, str(undisturbed)], group)[0] == 0
    with limited(1_200) as group:
        code, said = run([*order, str(path)], group)
        deaths = killed(group)
    figures(
        "memory for one at a time", kills=deaths, lost=int(content(path) != content(undisturbed))
    )
    assert code == 0, said
    assert deaths
    assert content(path) == content(undisturbed)


def test_where_the_largest_is_not_held_while_speeds_are_measured_all_else_is_measured(
    asked, tmp_path, figures
):
    order, path = asked("(4, 8, 512)"), str(tmp_path / "study.db")
    code, said, deaths, left = within(800, [*order, path])
    with Store.open(path, "read") as store:
        (study,) = store.studies()
        work = store.work(study.id)
        _, plan = store.study_plan(study.id)
        sizes = {point.size for point, _ in store.point_records(study.id)}
    failed = [row for row in work if row.state == "failed"]
    dead = [row for row in failed if "SIGKILL" in row.reason]  # the others were refused at once
    figures(
        "memory short for a plan",
        kills=deaths,
        failed=len(failed),
        groups=len(work),
        orphans=len(left),
    )
    assert code == 1, said
    assert "could not be measured beyond 8 parameters" in plan["sentence"]
    assert sizes == {125, 250, 500, 4000}
    assert {row.spec["capacity"] for row in failed} == {512}
    assert dead
    assert deaths > 2 * len(dead)  # one of them measured the speed
    assert left == []


def test_where_not_even_the_smallest_is_held_one_sentence_says_it_and_nothing_is_written(
    asked, tmp_path, figures
):
    order, path = asked("(512,)"), tmp_path / "study.db"
    code, said, deaths, left = within(800, [*order, str(path)])
    with Store.open(path, "read") as store:
        studies = store.studies()
    figures("memory for no plan", kills=deaths, orphans=len(left))
    assert (code, deaths, studies, left) == (1, 1, [], [])
    last = said.splitlines()[-1]
    assert (
        "its process died (SIGKILL), as where memory ends (839 MB in all), at its smallest" in last
    )
    assert "model, of 512 parameters: end other programs or give means a ladder that" in last
