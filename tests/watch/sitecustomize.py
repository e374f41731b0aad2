"""Loaded by every Python process that has this folder on its path: what leaves this machine fails.

Each try is refused and written down, a line each, in the file that STEEPNESS_CALLS names. Python's
own audit events are listened to, so no library can go round it in Python; see tests/calls.py.
"""

import os
import sys
from ipaddress import ip_address


def _is_here(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        return ip_address(host.decode() if isinstance(host, bytes) else host).is_loopback
    except ValueError:
        return False


def _listen(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        where = address[0] if isinstance(address, tuple) else None  # else a Unix socket's path
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        where = arguments[0]
    else:
        return
    if not _is_here(where):
        with open(os.environ["STEEPNESS_CALLS"], "a") as log:
            log.write(f"{event} {where} by {' '.join(sys.argv)}\n")
        raise PermissionError(f"a test lets nothing leave this machine: {event} {where}")


if "STEEPNESS_CALLS" in os.environ:
    sys.addaudithook(_listen)
