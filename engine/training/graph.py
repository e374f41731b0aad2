"""Steps on a CUDA device recorded once and replayed: no Python and no launches in between.

A step of a small network is about a hundred kernels of some microseconds each, and Python takes
longer to start one than the device to run it. A CUDA graph starts all of them in one call (Ng et
al. 2021, "Accelerating PyTorch with CUDA Graphs"; notes: performance, section 6).

What is recorded has fixed shapes and never waits for the device. Where rows differ in length a
batch is padded to a multiple of COARSE, so that there are few shapes, and each has its recording.
"""

from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import Tensor

from engine.tasks.task import Extent

WARM = 3  # steps before the first recording: kernels are picked, moments made (torch: CUDA notes)
COARSE = 8  # subwords, frames: some 20 shapes of pairs, and padding stays below a tenth


class Recorder:
    """A step, of (rows, extent), that is done as it is at first, then recorded, then replayed.

    Weights, moments and gradients have to stay where they are: gradients are made by a recording,
    so the step sets them to None before.
    """

    def __init__(self, step: Callable[[Tensor, Extent], None]) -> None:
        self._step = step
        self._warm = WARM
        self._stream = _stream()
        # Of each extent: the recording and where it reads its rows; None after one step as it is.
        self._known: dict[Extent, tuple[torch.cuda.CUDAGraph, Tensor] | None] = {}

    def repeat(self, rows: Tensor, extents: Sequence[Extent]) -> None:
        """The step on each of `rows`, (steps, ...); returns when the device has done them."""
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            for each, exact in zip(rows, extents, strict=True):
                extent = tuple(COARSE * -(-most // COARSE) for most in exact)
                if self._warm or extent not in self._known:
                    self._warm = max(0, self._warm - 1)
                    self._known[extent] = None
                    self._step(each, extent)
                    continue
                graph, given = self._known[extent] or self._record(each, extent)
                given.copy_(each)
                graph.replay()
        self._stream.synchronize()

    def _record(self, rows: Tensor, extent: Extent) -> tuple[torch.cuda.CUDAGraph, Tensor]:
        given = rows.clone()
        graph = torch.cuda.CUDAGraph()
        others = [known[0] for known in self._known.values() if known]
        torch.cuda.synchronize()  # nothing else may be under way while a stream is recorded
        graph.capture_begin(others[0].pool() if others else None)  # one is replayed at a time
        try:
            self._step(given, extent)
        finally:
            graph.capture_end()
        self._known[extent] = graph, given
        return graph, given


@cache
def _stream() -> torch.cuda.Stream:
    """One beside the default one, which cannot be recorded; of more, each keeps memory of its own.

    (A stream for each recording: 17 processes filled the 80 GB of an H100.)
    """
    return torch.cuda.Stream()  # type: ignore[no-untyped-call]
