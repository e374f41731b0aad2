"""Tasks that travel: packed once by the driver, unpacked once by each worker of a Ray cluster.

So the data lie on the driver's machine alone, and a user's own domain need not be there either: the
code of its file and of those beside it goes along. Unpacking takes a tenth of a second where
loading anew takes 2 to 11 (icons 33 MB, speech 29, texts 4 to 20; 26 November 2026, busy machine).
"""

import io
import linecache
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import _lru_cache_wrapper, lru_cache
from typing import Any

import torch
from ray import cloudpickle

from engine.domain_files import DomainError, heard_of, own_modules
from engine.tasks.task import Task


class PackingError(DomainError):
    """A task cannot travel; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A task as it travels."""

    task: bytes  # written by torch.save, its tensors on the CPU
    sources: dict[str, str]  # text of the users' files whose code goes along, by path


class Pickler(cloudpickle.Pickler):  # type: ignore[misc] # Ray is an extra: without it, no type
    """Cloudpickle's, which knows cached functions only by a name that the other side has too."""

    def reducer_override(self, value: Any) -> Any:
        """Such a function as what it caches: the cache is filled again where it arrives."""
        if isinstance(value, _lru_cache_wrapper) and not _is_there(value):
            return _cached, (value.__wrapped__, value.cache_parameters())
        return super().reducer_override(value)


def _is_there(function: Any) -> bool:
    """Whether a function is had by its name from a module that does not travel."""
    home, name = function.__module__, getattr(function, "__qualname__", "")
    travels = home in cloudpickle.list_registry_pickle_by_value()
    return not travels and getattr(sys.modules.get(home), name, None) is function


def _cached(function: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    return lru_cache(**parameters)(function)


def pack(task: Task, name: str) -> Packed:
    """A task, whose tensors lie on the CPU, as bytes.

    Args:
        task: to send.
        name: of its domain, for the user.

    Raises:
        PackingError: it holds what cannot be sent.
    """
    own = own_modules()
    for module in own.values():
        cloudpickle.register_pickle_by_value(module)
    written = io.BytesIO()
    try:
        torch.save(task, written, pickle_module=sys.modules[__name__])  # for its Pickler
    except Exception as error:  # of whatever kind: anything may hang on a user's own task
        raise PackingError(
            f"the task of {name} cannot be sent to others ({type(error).__name__}: {error}):"
            " make it of tensors, arrays and functions alone, or use --executor local."
        ) from error
    finally:
        for module in own.values():
            cloudpickle.unregister_pickle_by_value(module)
    sources = {home: "".join(linecache.getlines(home)) for home in own}  # "" of one that is gone
    return Packed(written.getvalue(), sources)


def unpack(packed: Packed, device: str) -> Task:
    """The task, its tensors on a device.

    Raises:
        PackingError: this machine lacks a module that it needs.
    """
    heard_of(packed.sources)
    written = io.BytesIO(packed.task)
    try:
        task: Task = torch.load(
            written, map_location=device, pickle_module=pickle, weights_only=False
        )
    except ModuleNotFoundError as error:
        raise PackingError(
            f"a machine of the cluster has no module {error.name!r}: install it there too, or put"
            " its file beside the domain's."
        ) from error
    return task
