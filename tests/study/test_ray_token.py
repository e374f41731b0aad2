"""A Ray cluster that wants a token, started as its users do, lets in who has it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from engine.study.ray_token import KEPT, MODE, TOKEN, show_token

pytest.importorskip("ray", reason="Ray is not installed: pip install 'steepness[ray]'")

JOIN = """
import sys
from engine.study.ray_token import show_token
show_token()
from engine.study.ray_cluster import ClusterError, joined
try:
    with joined(sys.argv[1]) as said:
        print(said)
except ClusterError as error:
    print(error)
"""
START_SECONDS = 120  # on a machine where all else is slow too


@pytest.fixture(scope="module")
def guarded():
    """The address of a cluster that wants the token of 64 times "a"."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:  # a short name: sockets lie in it
        command = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block"]
        more = [f"--port={port}", "--num-cpus=1", "--include-dashboard=false"]
        head = subprocess.Popen(
            [*command, *more, f"--temp-dir={folder}"],
            env=with_token("a" * 64) | {MODE: "token"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            ends = time.monotonic() + START_SECONDS
            while not answers(port):
                assert head.poll() is None
                assert time.monotonic() < ends, "the cluster does not start"
                time.sleep(0.2)
            yield f"127.0.0.1:{port}"
        finally:
            head.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                head.wait(30)
            with suppress(ProcessLookupError):
                os.killpg(head.pid, signal.SIGKILL)


def answers(port):
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


def with_token(token):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    return kept | {TOKEN: token, "RAY_USAGE_STATS_ENABLED": "0"}


def joining(address, token):
    """What somebody with a token is told."""
    once = {"RAY_gcs_server_port_wait_time_s": "1"}  # Ray's own tries, else some twenty
    command = [sys.executable, "-c", JOIN, address]
    done = subprocess.run(
        command, env=with_token(token) | once, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.slow
def test_who_has_the_token_of_a_cluster_joins_it(guarded):
    assert "on a Ray cluster of 1 machine with 1 CPUs" in joining(guarded, "a" * 64)


@pytest.mark.slow
def test_who_has_another_token_is_told_where_to_get_it(guarded):
    said = joining(guarded, "b" * 64)
    assert f"the Ray cluster at {guarded} wants a token" in said
    assert "copy ~/.ray/auth_token of the cluster's head" in said


@pytest.mark.parametrize(
    ("there", "mode", "shown"),
    [
        (False, None, None),
        (True, None, "token"),
        (True, "disabled", "disabled"),
    ],
)
def test_a_token_is_shown_where_there_is_one_and_the_user_said_nothing_else(
    there, mode, shown, tmp_path, monkeypatch
):
    for name in (MODE, TOKEN):
        monkeypatch.setenv(name, "")  # to be put back
        monkeypatch.delenv(name)
    monkeypatch.setenv(KEPT, str(tmp_path / "token"))
    if there:
        (tmp_path / "token").write_text("a" * 64)
    if mode:
        monkeypatch.setenv(MODE, mode)
    show_token()
    assert os.environ.get(MODE) == shown
