"""The exponents CSV: one row for each curve and its fit, for spreadsheets and for programs.

The fields of `ExponentRow`, in their order, are the columns. Intervals are 90 %; floats are
written so that they read back equal; what is not known is blank. Text is guarded against
spreadsheets that would run it (`engine.cells`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from operator import attrgetter

from engine.cells import line
from engine.laws.fit import Fit
from engine.laws.growth import fit_growth


@dataclass(frozen=True, slots=True)
class ExponentRow:
    """What a reader of the exponents CSV learns about one curve."""

    curve: str
    domain: str
    model: str
    metric: str
    unit: str
    law: str
    exponent: float | None  # negative when the error falls
    exponent_low: float | None
    exponent_high: float | None
    coefficient: float | None
    floor: float | None
    floor_low: float | None
    floor_high: float | None
    plateau: float | None
    window_low: float | None  # smallest and largest size that the law was fitted to
    window_high: float | None
    n_sizes: int
    n_points: int
    n_seeds: int
    growth_exponent: float | None  # beta_p of the model that just fits
    growth_low: float | None
    growth_high: float | None
    status: str
    notes: str  # messages, joined by "; "
    device: str
    data_hash: str
    version: str


def exponent_row(fit: Fit) -> ExponentRow:
    """The row that reports `fit`."""
    curve, exponent, floor = fit.curve, fit.exponent, fit.floor
    growth = fit_growth(curve, fit.window).exponent
    return ExponentRow(
        curve=curve.name,
        domain=curve.domain,
        model=curve.model,
        metric=curve.metric,
        unit=curve.unit,
        law=fit.law,
        exponent=exponent.value if exponent else None,
        exponent_low=exponent.low if exponent else None,
        exponent_high=exponent.high if exponent else None,
        coefficient=fit.coefficient,
        floor=floor.value if floor else None,
        floor_low=floor.low if floor else None,
        floor_high=floor.high if floor else None,
        plateau=fit.plateau,
        window_low=fit.window_low,
        window_high=fit.window_high,
        n_sizes=fit.n_sizes,
        n_points=fit.n_points,
        n_seeds=fit.n_seeds,
        growth_exponent=growth.value if growth else None,
        growth_low=growth.low if growth else None,
        growth_high=growth.high if growth else None,
        status=fit.status.value,
        notes="; ".join(note.message for note in fit.notes),
        device=curve.device,
        data_hash=curve.data_hash,
        version=curve.version,
    )


def write_exponents(rows: Iterable[ExponentRow]) -> str:
    """The rows as CSV text with a header line."""
    names = [field.name for field in fields(ExponentRow)]
    values = attrgetter(*names)
    return "".join([line(names), *(line(values(row)) for row in rows)])
