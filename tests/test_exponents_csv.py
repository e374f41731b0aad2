"""Exponents CSV: the agreed columns, in their order, equal when read back."""

import csv
import io
from dataclasses import fields, replace

import numpy as np
import pytest

from engine.cells import unguard
from engine.curve import Curve, Point
from engine.exponents import ExponentRow, exponent_row, write_exponents
from engine.laws.fit import fit
from engine.laws.window import Window

COLUMNS = (
    "curve,domain,model,metric,unit,law,exponent,exponent_low,exponent_high,coefficient,"
    "floor,floor_low,floor_high,plateau,window_low,window_high,n_sizes,n_points,n_seeds,"
    "growth_exponent,growth_low,growth_high,status,notes,device,data_hash,version"
)
SIZES = 100 * 2.0 ** np.arange(8)


def measured(name: str = "images cnn top-1", floor: float = 0.1) -> Curve:
    rng = np.random.default_rng(0)
    points = [
        Point(
            name,
            float(m),
            float((3 * m**-0.5 + floor) * np.exp(0.01 * rng.standard_normal())),
            unit="images",
            metric="top-1 error",
            domain="images",
            model="cnn",
            seed=seed,
            device="cpu",
        )
        for m in SIZES
        for seed in range(3)
    ]
    return Curve(name, tuple(points), guess=0.9, data_hash="abc", version="0.1.0")


def test_the_header_is_the_agreed_one() -> None:
    assert write_exponents([]) == COLUMNS + "\n"


def test_a_row_says_all_that_is_known_in_full_precision() -> None:
    found = fit(measured())
    (cells,) = csv.DictReader(io.StringIO(write_exponents([exponent_row(found)])))
    assert found.law == cells["law"] == "power-floor"
    assert float(cells["exponent"]) == found.exponent.value
    assert float(cells["exponent_low"]) == found.exponent.low
    assert float(cells["floor_high"]) == found.floor.high
    assert float(cells["coefficient"]) == found.coefficient
    assert (cells["plateau"], cells["window_low"], cells["window_high"]) == ("0.9", "100", "12800")
    assert (cells["n_sizes"], cells["n_points"], cells["n_seeds"]) == ("8", "24", "3")
    assert (cells["domain"], cells["model"], cells["unit"]) == ("images", "cnn", "images")
    assert (cells["device"], cells["data_hash"], cells["version"]) == ("cpu", "abc", "0.1.0")
    assert (cells["growth_exponent"], cells["status"]) == ("", "fitted")


def test_the_growth_exponent_comes_from_the_sizes_in_the_fit_window() -> None:
    grown = [
        point._replace(parameters=1000 if point.size < 800 else round(10 * point.size**0.5))
        for point in measured().points
    ]
    curve = replace(measured(), points=tuple(grown))
    row = exponent_row(fit(curve, Window(800, None)))
    assert row.growth_exponent == pytest.approx(0.5, abs=0.01)
    assert row.growth_low < 0.5 < row.growth_high


def test_a_curve_without_a_fit_has_blanks_and_its_reason() -> None:
    row = exponent_row(fit(measured(), Window(1e6, None)))
    (cells,) = csv.DictReader(io.StringIO(write_exponents([row])))
    assert [cells[name] for name in ("exponent", "coefficient", "floor", "window_low")] == [""] * 4
    assert cells["status"] == "too few sizes"
    assert cells["notes"].startswith("window holds 0 sizes; a power law needs 3")


def test_rows_come_back_equal() -> None:
    curves = [measured(), measured("=HYPERLINK(1)", 0.0), measured('a,"b"\nc')]
    rows = [
        exponent_row(fit(curve, window)) for curve in curves for window in (Window(), Window(9e9))
    ]
    cells = [*csv.DictReader(io.StringIO(write_exponents(rows), newline=""))]
    assert [unguard(row["curve"]) for row in cells] == [row.curve for row in rows]
    for field in fields(ExponentRow):
        if field.type not in (str, int):
            back = [float(row[field.name]) if row[field.name] else None for row in cells]
            assert back == [getattr(row, field.name) for row in rows]


def test_text_cannot_run_in_a_spreadsheet_and_negative_exponents_stay_numbers() -> None:
    text = write_exponents([exponent_row(fit(measured("=1+1")))])
    cells = text.splitlines()[1].split(",")
    assert cells[0] == "'=1+1"
    assert cells[6].startswith("-0.")
