"""A disk of its own that fills up, or may only be read; a file taken away under the driver."""

import os
import random
import shutil
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from engine import cli
from engine.study.store import Store, StoreError
from tests.drivers import content
from tests.soak.conftest import forked

pytestmark = pytest.mark.soak

TRIES = int(os.environ.get("SOAK_DISKS", "40"))


@contextmanager
def disk(place: Path, size: str):
    """A real file system of `size` at `place`."""
    place.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small file system can only be mounted by root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def run(order, path, log):
    """Run a driver to its end; gives its exit code and last line."""
    _, status = os.waitpid(forked([*order, "--store", str(path)], log), 0)
    return os.waitstatus_to_exitcode(status), log.read_text().strip().splitlines()[-1:]


def test_a_disk_that_fills_up_stops_the_run_in_words_and_it_goes_on_where_there_is_room(
    order, planned, tmp_path, figures
):
    undisturbed = Path(shutil.copy(planned, tmp_path / "undisturbed.db"))
    assert cli.main([*order, "--store", str(undisturbed)]) == 0
    truth, rng = content(undisturbed), random.Random("disk")
    full = readable = lost = unclear = 0
    for _ in range(TRIES):
        with disk(tmp_path / "disk", "4m") as small:
            path = Path(shutil.copy(planned, small / "study.db"))
            room = rng.randrange(4096, 500_000)
            space = os.statvfs(small)
            (small / "filler").write_bytes(bytes(space.f_bavail * space.f_frsize - room))
            code, last = run(order, path, tmp_path / "log")
            full += code == 1
            said = "full" in "".join(last) or "no lock can be put" in "".join(last)
            if code not in (0, 1) or (code == 1 and not said):
                unclear += 1
                print("UNCLEAR", code, last)
            try:
                with Store.open(path, "read") as store:  # while the disk is full
                    store.check()
                    readable += 1
            except StoreError as error:
                unclear += "Its disk is full" not in str(error)
            (small / "filler").unlink()
            assert run(order, path, tmp_path / "log")[0] == 0
            lost += content(path) != truth
    figures("disk full", tried=TRIES, stopped=full, readable=readable, unclear=unclear, lost=lost)
    assert full
    assert (unclear, lost) == (0, 0)


def test_a_disk_that_may_only_be_read_shows_its_store_and_refuses_a_run(
    order, planned, tmp_path, figures
):
    with disk(tmp_path / "disk", "4m") as small:
        path = Path(shutil.copy(planned, small / "study.db"))
        subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
        with Store.open(path, "read") as store:
            store.check()
            assert len(store.studies()) == 1
        with pytest.raises(StoreError, match="may not be written by you"):
            Store.open(path)
        code, last = run(order, path, tmp_path / "log")
    figures("read-only disk", tried=1, refused=int(code == 1), said=last)
    assert code == 1


def holds(driver: int, path: Path) -> bool:
    """Whether a process has a file open."""
    for entry in Path(f"/proc/{driver}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            if os.readlink(entry) == str(path):
                return True
    return False


def over(driver: int) -> bool:
    """Whether a process has ended; it can still be waited for."""
    return os.waitid(os.P_PID, driver, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


@pytest.mark.parametrize("what", ["deleted", "replaced", "moved"])
def test_a_store_taken_away_from_a_driver_stops_it_and_what_it_measured_is_kept(
    order, planned, tmp_path, figures, what
):
    undisturbed = Path(shutil.copy(planned, tmp_path / "undisturbed.db"))
    began = time.monotonic()
    assert cli.main([*order, "--store", str(undisturbed)]) == 0
    whole = time.monotonic() - began
    truth, rng, tries = content(undisturbed), random.Random(what), TRIES // 2
    became = dict.fromkeys(("stopped", "not begun", "just finished", "finished before"), 0)
    lost = 0
    for number in range(tries):
        folder = tmp_path / f"{what}{number}"
        folder.mkdir()
        path = Path(shutil.copy(planned, folder / "study.db"))
        driver = forked([*order, "--store", str(path)], tmp_path / "log")
        time.sleep(rng.uniform(0.0, whole))
        finished, begun = over(driver), holds(driver, path)
        os.link(path, kept := folder / "kept.db")  # what was there, by another name
        if what == "moved":
            path.rename(folder / "elsewhere.db")
        else:
            path.unlink()
        if what == "replaced":
            shutil.copy(planned, path)
        _, status = os.waitpid(driver, 0)
        rescued = folder / "study.db.rescued"
        code, said = os.waitstatus_to_exitcode(status), (tmp_path / "log").read_text()
        if rescued.exists():
            assert code == 1, said
            became["stopped"] += 1
            assert run(order, rescued, tmp_path / "log")[0] == 0
            lost += content(rescued) != truth
            continue
        assert code == 0, said
        if finished or begun:  # the fault came too late: all had been written
            became["finished before" if finished else "just finished"] += 1
            lost += content(kept) != truth
        else:  # it came too early: the driver took what it found, or began anew
            became["not begun"] += 1
            lost += content(path)[0] != "finished"
    figures(f"store {what}", tried=tries, **became, lost=lost)
    assert became["stopped"]
    assert lost == 0
