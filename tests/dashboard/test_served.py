"""The real page as `steepness app` serves it, met by strangers: who gets in, and what goes out."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from dashboard.bench.served import free_port, wait_for
from tests.calls import calls, watched

SECONDS = 300  # a hang guard: a cold import of Streamlit on a busy machine


@dataclass(frozen=True)
class Served:
    port: int
    log: Path  # of calls beyond this machine
    out: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    """`steepness app` in a home without settings, from somewhere else, nobody at its keys."""
    home = tmp_path_factory.mktemp("home")
    port, log, out = free_port(), home / "calls", home / "out"
    command = [sys.executable, "-m", "engine.cli", "app", "--port", str(port)]
    command += ["--store", str(home / "study.db")]
    environment = {**watched(log), "HOME": str(home), "DISPLAY": ":9"}  # as on a desktop
    environment["BROWSER"] = "true"  # the command, which opens nothing
    with out.open("wb") as said:
        process = subprocess.Popen(
            command, cwd=home, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield Served(port, log, out)
    finally:
        process.terminate()
        process.wait(SECONDS)


def meet(served: Served, host: str = "127.0.0.1", origin: str | None = None) -> ClientConnection:
    """Open a session as a browser does that knows the page as `host`, from a page of `origin`."""
    return connect(
        f"ws://{host}:{served.port}/_stcore/stream",
        sock=socket.create_connection(("127.0.0.1", served.port)),
        subprotocols=["streamlit"],  # type: ignore[list-item]
        origin=origin,  # type: ignore[arg-type]
        max_size=None,
        proxy=None,
    )


def visit(served: Served) -> list[ForwardMsg]:
    """Load the page to its end, without a browser; what the server sent."""
    asked = BackMsg()
    asked.rerun_script.query_string = ""
    sent = []
    with meet(served) as session:
        session.send(asked.SerializeToString())
        while not sent or sent[-1].WhichOneof("type") != "script_finished":
            message = ForwardMsg()
            message.ParseFromString(session.recv(timeout=SECONDS))
            sent.append(message)
    return sent


def request(served: Served, method: str, path: str, body: bytes = b"", **headers: str) -> int:
    """A bare request, its path left as it is; the status."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=SECONDS)
    connection.request(method, path, body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_the_page_is_served_whole(served):
    sent = visit(served)
    assert sent[-1].script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
    assert b"Measure your own" in b"".join(message.SerializeToString() for message in sent)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="it is Linux that tells")
def test_it_listens_on_this_machine_alone(served):
    listening = {
        address.split(":")[0]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for _, address, _, state, *_ in map(str.split, Path(table).read_text().splitlines()[1:])
        if state == "0A" and int(address.split(":")[1], 16) == served.port
    }
    assert listening == {"0100007F"}


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1", "http://evil.example"),
        ("127.0.0.1", "null"),
        ("evil.example", "http://evil.example:{port}"),  # its name made to stand for this machine
        ("evil.example", None),
    ],
)
def test_a_page_of_another_site_cannot_open_a_session(served, host, origin):
    visit(served)
    with pytest.raises(InvalidStatus) as refused:
        meet(served, host, origin and origin.format(port=served.port))
    assert refused.value.response.status_code == 403


def test_a_file_cannot_be_sent_in_without_the_page_s_own_token(served):
    with meet(served) as session:
        asked = BackMsg()
        asked.rerun_script.query_string = ""
        session.send(asked.SerializeToString())
        message = ForwardMsg()
        while message.WhichOneof("type") != "new_session":
            message.ParseFromString(session.recv(timeout=SECONDS))
        place = f"/_stcore/upload_file/{message.new_session.initialize.session_id}/x"
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        body = (
            b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nx\r\n--b--\r\n'
        )
        assert request(served, "PUT", place, body, **kind) == 403


@pytest.mark.parametrize(
    "path",
    [
        "/app/static/../app.py",
        "/app/static/..%2fapp.py",
        "/app/static/%2e%2e/%2e%2e/pyproject.toml",
        "/app/static//etc/passwd",
        "/../../../../etc/passwd",
        "/_stcore/agent/interact",
    ],
)
def test_no_file_but_the_page_s_own_is_handed_out(served, path):
    method = "POST" if "agent" in path else "GET"
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=SECONDS)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status >= 400 or b"<!doctype html" in body.lower()[:200]  # the page itself
    assert b"root:" not in body
    assert b"import streamlit" not in body


def test_no_address_is_asked_for_and_no_figures_are_promised(served):
    said = served.out.read_text().lower()
    assert "email" not in said
    assert "usage statistics" not in said


def test_nothing_was_sent_beyond_this_machine(served):
    visit(served)
    assert calls(served.log) == []


def test_the_watch_would_have_seen_it(tmp_path):
    code = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
    log = tmp_path / "calls"
    done = subprocess.run(
        [sys.executable, "-c", code], env=watched(log), capture_output=True, text=True
    )
    assert done.returncode == 1
    assert calls(log) == ["socket.getaddrinfo 192.0.2.1 by -c"]


def test_a_server_for_others_warns_calls_nobody_and_ends_with_its_command(tmp_path):
    port, log = free_port(), tmp_path / "calls"
    command = [sys.executable, "-m", "engine.cli", "app", "--port", str(port)]
    command += ["--address", "0.0.0.0"]
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            [*command, "--store", str(tmp_path / "study.db")],
            env=watched(log),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        visit(Served(port, log, tmp_path / "out"))
        process.send_signal(signal.SIGTERM)
        process.wait(SECONDS)
        assert "whoever reaches this machine" in (tmp_path / "out").read_text()
        assert calls(log) == []
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)  # nobody of its group is left
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
