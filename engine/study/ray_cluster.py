"""A Ray cluster as a study sees it: joined for a while, and how many workers it holds.

Ray is asked for no dashboard, and for no statistics to its makers.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import ray
from ray.exceptions import AuthenticationError

from engine.study.sharing import IN_TURN, PIPES, SHARED
from engine.training.device import Device

KNOCK_SECONDS = 5.0
GRAIN = 10_000  # Ray counts a GPU in so many parts


class ClusterError(Exception):
    """The cluster cannot be used; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Share:
    """What a worker takes of its machine."""

    cpus: int
    gpus: float


@contextmanager
def joined(address: str | None) -> Iterator[str]:
    """Join a cluster until the end of this block; yields what it is, for the user.

    Args:
        address: of its head, HOST:PORT. None: that of RAY_ADDRESS, else the one that runs on this
            machine, else one is started that ends with this block.

    Raises:
        ClusterError: there is none.
    """
    if ray.is_initialized():  # whoever did that also ends it
        yield _said()
        return
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if address is not None:
        knock(address)
    try:
        ray.init(
            address=address, include_dashboard=False, log_to_driver=False, logging_level="error"
        )
    except (ConnectionError, OSError, RuntimeError, ValueError, AuthenticationError) as error:
        where = address or "this machine"
        raise (_stranger(where) if _wants_token(error) else _none(where, error)) from error
    try:
        yield _said()
    finally:
        ray.shutdown()


def knock(address: str) -> None:
    """See whether anybody answers at an address: Ray itself would try for minutes.

    Raises:
        ClusterError: nobody does, or it is no address.
    """
    host, _, port = address.rpartition(":")
    try:
        if not host or not port.isdecimal():
            raise ValueError("an address is HOST:PORT")
        socket.create_connection((host, int(port)), KNOCK_SECONDS).close()
    except (OSError, ValueError) as error:
        raise _none(address, error) from error


def default_workers(device: Device) -> int:
    """One worker a CPU of the cluster; on CUDA devices as many as share one, each with a CPU.

    They share it at the same time only where the user runs NVIDIA's service for that on every
    machine (see sharing) and said so to this one; else they take turns.

    Raises:
        ClusterError: the cluster has no such device.
    """
    has = ray.cluster_resources()
    cpus = int(has.get("CPU", 0))
    if device.kind == "cpu":
        return max(1, cpus)
    most = SHARED if PIPES in os.environ else IN_TURN
    return max(1, min(cpus, _gpus(device) * most))


def share(device: Device, workers: int) -> Share:
    """What each of so many workers takes: a CPU, and of a GPU as much as lets all have a part.

    Raises:
        ClusterError: the cluster has no such device.
    """
    if device.kind == "cpu":
        return Share(1, 0.0)
    gpus = _gpus(device)
    each = -(-workers // gpus)  # on one GPU
    return Share(1, GRAIN // each / GRAIN)


def _none(where: str, error: Exception) -> ClusterError:
    return ClusterError(
        f"no Ray cluster answers at {where} ({' '.join(str(error).split())}): start one there with"
        " `ray start --head`, or leave --address out to use this machine alone."
    )


def _wants_token(error: Exception) -> bool:
    """Whether the cluster is there and refuses us; Ray may say so in the words of the cause."""
    return isinstance(error, AuthenticationError) or "AuthenticationError" in str(error.__cause__)


def _stranger(where: str) -> ClusterError:
    return ClusterError(
        f"the Ray cluster at {where} wants a token that this machine does not have: copy"
        " ~/.ray/auth_token of the cluster's head to the same place here."
    )


def _gpus(device: Device) -> int:
    has = int(ray.cluster_resources().get("GPU", 0))
    if device.kind != "cuda" or not has:
        raise ClusterError(
            f"the Ray cluster has {has} CUDA devices and the study wants {device.kind}: give"
            " --device cpu, or join machines that have some."
        )
    return has


def _said() -> str:
    machines = [node for node in ray.nodes() if node["Alive"]]
    has = ray.cluster_resources()
    gpus = f" and {has['GPU']:g} GPUs" if has.get("GPU") else ""
    many = f"{len(machines)} machine{'s' * (len(machines) > 1)}"
    return f"on a Ray cluster of {many} with {has.get('CPU', 0):g} CPUs{gpus}"
