"""What a bench says of one thing: its repeats, their median and spread, and what they should be.

And of the machine that it ran on.
"""

import os
import platform
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

MANY = 30  # repeats from which the spread is told by percentiles and not by the extremes


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure of the page, as often as it was measured."""

    name: str
    values: tuple[float, ...]
    unit: str  # "s", "ms", "%", "MB" or "" for a count
    target: str = ""  # what it is meant to be, in words; "": nothing was asked

    @property
    def middle(self) -> str:
        """The median, with its unit."""
        return f"{_said(median(self.values), self.unit)} {self.unit}".rstrip()

    @property
    def spread(self) -> str:
        """The lowest and highest repeat and how many there were; of many the 95th percentile."""
        if len(self.values) == 1:
            return "once"
        if len(self.values) >= MANY:
            high = quantiles(self.values, n=20, method="inclusive")[-1]
            return f"95 % below {_said(high, self.unit)} {self.unit}, n = {len(self.values):,}"
        low, high = min(self.values), max(self.values)
        ends = f"{_said(low, self.unit)} to {_said(high, self.unit)} {self.unit}".rstrip()
        return f"{ends}, n = {len(self.values)}"


def _said(value: float, unit: str) -> str:
    digits = {"s": 2, "%": 1, "MB": 1}.get(unit, 0)
    return f"{value:,.{digits}f}"


def table(rows: Sequence[Measured]) -> str:
    """The rows as text with their columns lined up; a Markdown table as it stands."""
    cells = [("", "median", "spread", "meant to be")]
    cells += [(row.name, row.middle, row.spread, row.target or "-") for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def machine() -> str:
    """This machine in a line, with how busy it is."""
    load = "unknown"
    with suppress(OSError, AttributeError):
        load = f"{os.getloadavg()[0]:.1f}"
    return (
        f"{os.cpu_count()} CPU cores ({_processor()}), {platform.system()}, Python"
        f" {sys.version.split()[0]}; processes that wanted a core in the last minute: {load}"
    )


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
