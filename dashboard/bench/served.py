"""The real page, served to a browser; and what to watch there."""

import os
import random
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Counts, in every frame after the chart first stood, those in which it is missing or empty; and
# how many graph elements the first panel ever had.
WATCH = """
window.watched = { blank: 0, frames: 0, graphs: new Set() };
(function watch() {
  const graph = document.querySelector(".steep-graph");
  const stands = graph?.querySelector(".scatterlayer .points path");
  if (graph) watched.graphs.add(graph);
  if (stands) watched.stood = true;
  if (watched.stood) { watched.frames++; watched.blank += !stands; }
  requestAnimationFrame(watch);
})();
"""

MEDIANS = ".steep-graph .subplot.xy [data-kind='median'] .points path"  # sizes in panel one


def free_port() -> int:
    """A port that nobody listens on.

    From below those that systems hand to whoever asks for any, which another process could be
    given before the server has it.
    """
    while True:
        port = random.randrange(20_000, 32_768)
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port


def wait_for(url: str, seconds: float = 300) -> None:
    until = time.time() + seconds
    while time.time() < until:
        with suppress(OSError):
            urllib.request.urlopen(url, timeout=2).close()
            return
        time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer within {seconds:g} s")


@contextmanager
def serve(store: Path, environment: Mapping[str, str] = os.environ) -> Iterator[tuple[str, int]]:
    """Serve the page on `store`; gives its address and the server's process id."""
    port = free_port()
    command = [sys.executable, "-m", "dashboard"]
    command += ["--server.port", str(port), "--server.headless", "true"]
    named = {"PYTHONPATH": str(ROOT), **environment, "STEEPNESS_STORE": str(store)}
    with store.with_suffix(".out").open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=named, stdout=out, stderr=out)
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(60)
