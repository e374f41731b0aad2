"""Interval: an estimate between two ends."""

from dataclasses import dataclass

NORMAL = 1.6449  # standard deviations to either end of a 90 % interval: 5 % lie beyond each


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its 90 % interval."""

    value: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """From end to end."""
        return self.high - self.low

    def holds(self, value: float) -> bool:
        """Whether `value` lies inside, ends included."""
        return self.low <= value <= self.high

    def hull(self, other: "Interval") -> "Interval":
        """This estimate between the outer ends of both; the estimates lie inside."""
        return Interval(self.value, min(self.low, other.low), max(self.high, other.high))
