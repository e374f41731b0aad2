"""Which device to train on, and why: the answer always comes with its reason."""

import os
import platform
from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Device:
    """A torch device with the words that the page and the store show for it."""

    kind: str  # "cuda", "mps" or "cpu"
    name: str
    reason: str


class DeviceError(Exception):
    """A device that was asked for is not here; the message says which are."""


def choose(wanted: str = "auto") -> Device:
    """The device to train on: a GPU if there is one, else the CPU.

    Args:
        wanted: "auto", "cuda", "mps" or "cpu".

    Raises:
        DeviceError: `wanted` names a device that this machine lacks.
    """
    here = _here()
    if wanted == "auto":
        return next(iter(here.values()))
    if wanted not in here:
        raise DeviceError(
            f"--device {wanted}: not on this machine, which has {', '.join(here)}; "
            "leave --device out to take the fastest."
        )
    return Device(wanted, here[wanted].name, "asked for")


def _here() -> dict[str, Device]:
    """What this machine has, fastest first."""
    found: dict[str, Device] = {}
    if torch.cuda.is_available():
        name = torch.cuda.get_device_name()
        found["cuda"] = Device("cuda", name, "auto-detected: torch sees a CUDA device")
    if torch.backends.mps.is_available():
        found["mps"] = Device("mps", "Apple GPU", "auto-detected: torch sees Metal")
    cpu = f"{platform.machine()} CPU, {os.cpu_count()} cores"
    found["cpu"] = Device("cpu", cpu, "no GPU that torch can use was found")
    return found
