"""The sdist makes the wheel, and the wheel alone is enough: away from the repository it runs.

Everything is built offline. The environment that the wheel goes into is a new one; the packages
that Steepness needs are lent to it from the one that runs the tests.
"""

import os
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus

from dashboard.bench.served import free_port, wait_for
from engine import VERSION
from tests.dashboard.test_served import Served, meet, visit

ROOT = Path(__file__).parents[1]
ROOMS = ("data", "engine", "dashboard")
SECONDS = 120  # a hang guard
POINTS = "curve,size,error\n" + "".join(f"mine,{m},{m**-0.5}\n" for m in (100, 200, 400, 800))

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Installed:
    home: Path  # the folder that commands are run in, and its user's home
    bin: Path
    packages: Path  # site-packages

    @property
    def environment(self) -> dict[str, str]:
        """Of a user who has neither this repository nor any setting."""
        ours = ("PYTHON", "STREAMLIT_", "STEEPNESS_", "XDG_", "COVERAGE_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return {**kept, "HOME": str(self.home), "OMP_NUM_THREADS": "1"}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.bin / "steepness"), *words],
            cwd=self.home,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )


def build(source: Path, target: str, out: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=SECONDS)
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from the sdist, as pip builds it that has no wheel."""
    room = tmp_path_factory.mktemp("built")
    sdist = build(ROOT, "sdist", room / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(room, filter="data")
    return build(room / sdist.name.removesuffix(".tar.gz"), "wheel", room / "wheel")


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Installed:
    room = tmp_path_factory.mktemp("installed")
    made = room / "environment"
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(made)], check=True, timeout=SECONDS
    )
    pip = [sys.executable, "-m", "pip", "--python", str(made), "install", "--quiet"]
    pip += ["--no-index", "--no-deps", "--disable-pip-version-check", str(wheel)]
    # make hands pip its pins by a name that counts from the repository alone
    ours = {name: value for name, value in os.environ.items() if name != "PIP_CONSTRAINT"}
    subprocess.run(pip, cwd=room, env=ours, check=True, timeout=SECONDS)
    (packages,) = made.glob("lib/python*/site-packages")
    lent = [place for place in sys.path if Path(place).name == "site-packages"]
    (packages / "lent.pth").write_text("\n".join(lent))
    home = room / "home"
    home.mkdir()
    return Installed(home, made / "bin", packages)


def test_the_wheel_holds_every_file_of_the_three_packages(wheel):
    wanted = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".db"
    }
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    assert {
        "dashboard/.streamlit/config.toml",
        "dashboard/window/window.js",
        "data/icons/icons.pack",
        "data/recorded/images_icons_cnn.csv",
        "engine/study/schema.sql",
        "engine/py.typed",
    } <= wanted
    assert wanted <= held
    assert {name.split("/")[0] for name in held - wanted} == {f"steepness-{VERSION}.dist-info"}


def test_commands_run_from_the_wheel_alone(installed):
    code = (
        "import engine, dashboard, data; print(engine.__file__, dashboard.__file__, data.__file__)"
    )
    said = subprocess.run(
        [str(installed.bin / "python"), "-c", code],
        cwd=installed.home,
        env=installed.environment,
        capture_output=True,
        text=True,
    )
    assert said.stdout.count(str(installed.packages)) == 3, said
    domains = installed.run("domains")
    assert domains.returncode == 0, domains.stderr
    assert "icons             ready" in domains.stdout
    (installed.home / "points.csv").write_text(POINTS)
    fitted = installed.run("fit", "points.csv", "--format", "csv")
    assert fitted.returncode == 0, fitted.stderr
    assert "\nmine,,,,,power,-0.5" in fitted.stdout


@pytest.fixture(scope="module")
def served(installed) -> Iterator[Served]:
    """`steepness app`."""
    port, out = free_port(), installed.home / "out"
    with out.open("wb") as said:
        process = subprocess.Popen(
            [str(installed.bin / "steepness"), "app", "--port", str(port)],
            cwd=installed.home,
            env={**installed.environment, "BROWSER": "true"},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health", SECONDS)
        yield Served(port, installed.home / "calls", out)
    finally:
        process.terminate()
        process.wait(SECONDS)


def test_the_page_opens_from_the_wheel_alone(served):
    with urllib.request.urlopen(f"http://127.0.0.1:{served.port}/", timeout=SECONDS) as page:
        assert page.status == 200
    sent = visit(served)
    assert sent[-1].script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
    assert b"images icons cnn top-1" in b"".join(each.SerializeToString() for each in sent)
    assert "Traceback" not in served.out.read_text()


def test_its_settings_come_with_the_wheel(served):
    """Streamlit reads the file beside app.py, wherever it is started from."""
    table = Path("/proc/net/tcp")
    if table.exists():  # it is Linux that tells
        rows = [row.split() for row in table.read_text().splitlines()[1:]]
        ends = [row[1].split(":") for row in rows if row[3] == "0A"]  # that are listened at
        assert [host for host, port in ends if int(port, 16) == served.port] == ["0100007F"]
    visit(served)
    with pytest.raises(InvalidStatus) as refused:
        meet(served, origin="http://evil.example")
    assert refused.value.response.status_code == 403
    upload = urllib.request.Request(
        f"http://127.0.0.1:{served.port}/_stcore/upload_file/session/file", b"x", method="PUT"
    )
    with pytest.raises(urllib.error.HTTPError) as stopped:
        urllib.request.urlopen(upload, timeout=SECONDS)
    stopped.value.close()
    assert stopped.value.code == 403
