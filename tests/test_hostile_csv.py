"""Points from somebody who means no good: in a terminal, in the store, and beyond bounds."""

from pathlib import Path

import pytest

from engine.cli import main
from engine.columns import visible
from engine.curve import PointsError, gather, read_points
from engine.messy_csv import guess_layout, read
from engine.sheet import read_sheet
from engine.study.store import Store

STEERING = "\x1b]0;mine\x07\x1b[31m\u202ered\nrow"  # renames the window, colours, turns, breaks


@pytest.fixture
def steering(tmp_path: Path) -> Path:
    path = tmp_path / "points.csv"
    rows = "".join(f'"{STEERING}",{10 * 2**k},{0.5 / 2**k}\n' for k in range(5))
    path.write_text("curve,size,error\n" + rows, encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize("more", [["fit"], ["predict", "--size", "1000"]])
def test_a_name_does_not_steer_the_terminal(
    steering: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    assert main([more[0], str(steering), *more[1:]]) == 0
    said = capsys.readouterr().out
    assert "\\x1b]0;mine\\x07\\x1b[31m\\u202ered\\nrow" in said
    assert visible(said.replace("\n", "")) == said.replace("\n", "")


def test_an_error_does_not_steer_the_terminal_either(
    steering: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = str(tmp_path / "study.db")
    assert main(["import", str(steering), "--store", store]) == 0
    steering.write_text(steering.read_text().replace("0.5", "0.4"), newline="")
    assert main(["import", str(steering), "--store", store]) == 1  # another curve of that name
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert said.count("\n") == 1


def test_a_name_comes_out_of_the_store_as_it_went_in(steering: Path, tmp_path: Path) -> None:
    store, out = str(tmp_path / "study.db"), tmp_path / "out.csv"
    main(["import", str(steering), "--store", store])
    main(["export", str(out), "--points", "--store", store])
    assert {point.curve for point in read_points(out)} == {STEERING}


def test_a_cell_of_a_megabyte_is_refused_with_its_line() -> None:
    with pytest.raises(PointsError, match=r"field limit \(131072\), on line 3"):
        read_sheet(f'size,error\n10,0.5\n20,"{"x" * 10**6}"\n')


def test_a_row_with_another_separator_is_a_fault_and_the_others_are_read() -> None:
    sheet = read_sheet("size,error\n10,0.5\n20;0,25\n40\t0.125\n80,0.0625\n")
    reading = read(sheet, guess_layout(sheet))
    assert [point.size for point in reading.points] == [10, 80]
    assert [fault.line for fault in reading.faults] == [3, 4]


def test_the_largest_and_smallest_numbers_go_through_the_store(tmp_path: Path) -> None:
    text = "curve,size,error\na,5e-324,1.7976931348623157e308\na,1.7976931348623157e308,5e-324\n"
    points = read_points(text)
    with Store.open(tmp_path / "study.db") as store:
        store.import_points(points, "0")
        (curve,) = store.curves()
    assert sorted(curve.points, key=repr) == sorted(points, key=repr)


def test_ten_thousand_curves_go_through_the_store(tmp_path: Path) -> None:
    rows = "".join(f"curve {k},{10 * 2**j},0.5\n" for k in range(10_000) for j in range(3))
    points = read_points("curve,size,error\n" + rows)
    with Store.open(tmp_path / "study.db") as store:
        store.import_points(points, "0")
        assert len(store.curves()) == len(gather(points)) == 10_000
