"""Window: the closed range of sizes that a law is fitted in."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Window:
    """Sizes from `low` to `high`, both included; None leaves that end open, so new points join."""

    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        """Refuse a window whose ends are swapped or not positive."""
        for end in (self.low, self.high):
            if end is not None and not (np.isfinite(end) and end > 0):
                raise ValueError(f"window end {end!r} must be a positive size")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"window {self.low:g}:{self.high:g} is reversed: give LOW:HIGH")

    def holds(self, sizes: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which sizes lie inside; the same shape as `sizes`."""
        inside = np.ones(sizes.shape, dtype=bool)
        if self.low is not None:
            inside &= sizes >= self.low * (1 - 1e-9)
        if self.high is not None:
            inside &= sizes <= self.high * (1 + 1e-9)
        return inside

    def overlap(self, other: "Window") -> "Window":
        """The sizes inside both windows; this one's own where they have none in common."""
        low = max(filter(None, (self.low, other.low)), default=None)
        high = min(filter(None, (self.high, other.high)), default=None)
        return self if low and high and low > high else Window(low, high)
