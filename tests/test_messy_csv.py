"""Points out of tables that were not made for Steepness: guesses, faults, and what stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.curve import Point, PointsError, read_points, write_points
from engine.messy_csv import TEMPLATE, Layout, Reading, Turn, guess_layout, number, read
from engine.sheet import read_sheet


def brought(text: str) -> Reading:
    """A table read as it is guessed."""
    sheet = read_sheet(text)
    return read(sheet, guess_layout(sheet))


def one(text: str) -> Point:
    (point,) = brought(text).points
    return point


def fault(text: str) -> tuple[int, str, str, str, bool]:
    (found,) = brought(text).faults
    return found.line, found.value, found.rule, found.way_out, found.left_out


def test_our_own_points_csv_is_read_as_the_strict_reader_reads_it() -> None:
    assert list(brought(TEMPLATE).points) == read_points(TEMPLATE)
    assert brought(TEMPLATE).faults == ()


def test_a_header_that_comes_again_is_one_remark() -> None:
    said = fault("size,error\n10,0.5\nsize,error\n20,0.4\n")
    assert said == (3, "size", "is the header again", "nothing is lost: the row is left out", True)


@pytest.mark.parametrize("name", ["n", "m", "Samples", "train_size", "trainSize", "N-Train (k)"])
def test_a_size_is_known_by_many_names(name: str) -> None:
    assert guess_layout(read_sheet(f"{name},error\n1,1\n")).size == 0


@pytest.mark.parametrize("name", ["err", "loss", "test_error", "Test Loss", "metric value", "WER"])
def test_an_error_is_known_by_many_names(name: str) -> None:
    assert guess_layout(read_sheet(f"size,{name}\n1,1\n")).error == 1


def test_a_test_error_goes_before_a_validation_error_and_that_before_an_accuracy() -> None:
    layout = guess_layout(read_sheet("size,acc,val_err,train_err,test_err\n1,1,1,1,1\n"))
    assert layout.error == 4
    assert guess_layout(read_sheet("size,acc,val_err\n1,1,1\n")).error == 2


def test_a_training_error_is_never_guessed() -> None:
    assert guess_layout(read_sheet("size,train_error\n1,1\n")).error is None


def test_a_model_names_the_curve_where_nothing_else_does_and_stays_the_model() -> None:
    assert one("model,size,error\nResNet,10,0.5\n") == Point("ResNet", 10, 0.5, model="ResNet")


def test_without_a_column_for_it_all_points_are_one_curve() -> None:
    assert one("size,error\n10,0.5\n").curve == "my curve"


def test_the_names_of_columns_say_unit_and_metric() -> None:
    point = one("tokens,test_loss\n10,3.5\n")
    assert (point.unit, point.metric) == ("tokens", "test loss")
    assert one("size (images),Top-1 Acc\n10,0.5\n").metric == "top-1 error"


def test_a_column_called_metric_may_be_the_number_or_its_name() -> None:
    assert one("size,metric\n10,0.5\n").error == 0.5
    assert one("size,error,metric\n10,0.5,top-1 error\n").metric == "top-1 error"


def test_without_a_header_text_is_the_curve_and_then_come_size_and_error() -> None:
    assert one("10 0.5\n") == Point("my curve", 10, 0.5)
    assert one("a,10,0.5\n") == Point("a", 10, 0.5)


@pytest.mark.parametrize(
    ("cell", "turn", "error"),
    [
        ("0.9", Turn.ACCURACY, 0.1),
        ("90", Turn.ACCURACY_PERCENT, 0.1),
        ("90 %", Turn.ACCURACY, 0.1),
    ],
)
def test_an_accuracy_becomes_an_error(cell: str, turn: Turn, error: float) -> None:
    text = f"size,acc\n10,{cell}\n"
    assert guess_layout(read_sheet(text)).turn is turn
    assert one(text).error == error


def test_an_error_in_percent_is_divided_and_a_loss_above_one_is_not() -> None:
    assert one("size,test error\n10,31.2\n").error == 0.312
    assert one("size,test error\n10,31.2%\n").error == 0.312
    assert one("size,loss\n10,3.5\n").error == 3.5
    assert one("size,error,metric\n10,31.2,top-1 error\n").error == 0.312


def test_a_standard_error_in_percent_is_divided_with_its_error() -> None:
    assert one("size,test error,stderr\n10,31.2,1.5\n").stderr == 0.015


@pytest.mark.parametrize(
    ("written", "comma", "value"),
    [
        ("1,000", False, 1000.0),
        ("1.000,5", True, 1000.5),
        ("0,5", True, 0.5),
        ("1 000", False, 1000.0),
        ("1\u202f000,5", True, 1000.5),
        ("1'000", False, 1000.0),
        ("10k", False, 10_000.0),
        ("2.5M", False, 2.5e6),
        ("1e4", False, 1e4),
        ("31 %", False, 0.31),
        ("\u22123", False, -3.0),
    ],
)
def test_numbers_are_read_as_people_write_them(written: str, comma: bool, value: float) -> None:
    assert number(written, comma) == value


@pytest.mark.parametrize(("written", "comma"), [("0,5", False), ("0.5", True), ("ten", False)])
def test_what_is_no_number_says_how_it_is_written(written: str, comma: bool) -> None:
    with pytest.raises(ValueError, match="write it"):
        number(written, comma)


def test_a_semicolon_file_with_decimal_commas_and_windows_line_ends_is_read() -> None:
    assert one("\ufeffn;err\r\n1.000;0,25\r\n") == Point("my curve", 1000, 0.25)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("10,x\n", (2, "x", "is not a number", "write it in digits", True)),
        ("10,\n", (2, "", "is blank", "fill it in, or leave the row out", True)),
        (
            "10,0\n",
            (
                2,
                "0",
                "must be above 0: 0 has no logarithm",
                "measure on more test samples, or leave the row out",
                True,
            ),
        ),
        ("-1,0.5\n", (2, "-1", "must be above 0: a log axis has no 0", "leave the row out", True)),
        (
            "10,inf\n",
            (
                2,
                "inf",
                "is not a finite number",
                "measure it again, or leave the row out",
                True,
            ),
        ),
        (
            "10\n",
            (2, "10", "has 1 cell; the header names 2", "add the missing cells", True),
        ),
        (
            "10,0,5\n",
            (
                2,
                "10, 0, 5",
                "has 3 cells; the header names 2",
                'put a text that has the separator in ""',
                True,
            ),
        ),
    ],
)
def test_a_fault_names_line_value_rule_and_way_out(
    rows: str, expected: tuple[int, str, str, str, bool]
) -> None:
    assert fault("size,error\n" + rows) == expected


def test_the_good_rows_stay_and_every_fault_is_told() -> None:
    found = brought("size,error\n10,0.5\n20,\nx,y\n40,0.3\n")
    assert [point.size for point in found.points] == [10, 40]
    assert found.lines == (2, 5)
    assert found.left_out == 2
    assert [f.line for f in found.faults] == [3, 4, 4]


def test_an_optional_cell_that_cannot_be_read_costs_the_cell_and_not_the_row() -> None:
    found = brought("size,error,seed,stderr\n10,0.5,first,-1\n")
    assert found.points == (Point("my curve", 10, 0.5),)
    assert [f.left_out for f in found.faults] == [False, False]


def test_a_point_that_stands_twice_is_kept_once_and_repeats_without_a_seed_all() -> None:
    text = "size,error,seed\n10,0.5,1\n10,0.6,1\n"
    assert fault(text)[:3] == (3, "1", "repeats line 2: the same curve, size and seed")
    assert len(brought("size,error\n10,0.5\n10,0.5\n").points) == 2


def test_blank_cells_at_the_end_of_a_row_are_no_fault() -> None:
    assert brought("size,error\n10,0.5,,\n").faults == ()


def test_a_curve_of_two_metrics_is_two_curves() -> None:
    found = brought("curve,size,error,metric\na,10,0.5,top-1\na,10,3.1,loss\nb,10,0.4,top-1\n")
    assert [point.curve for point in found.points] == ["a top-1", "a loss", "b"]


def test_a_name_that_a_spreadsheet_would_not_run_is_the_name_again() -> None:
    assert one("curve,size,error\n'=cmd,10,0.5\n").curve == "=cmd"


def test_a_seed_that_the_store_cannot_hold_is_left_blank() -> None:
    assert one("size,error,seed\n10,0.5,9223372036854775808\n").seed is None


def test_an_accuracy_of_one_and_one_above_are_faults_with_their_ways_out() -> None:
    assert "leaves an error of 0" in fault("size,acc\n10,1\n")[2]
    sheet = read_sheet("size,acc\n10,90\n")
    layout = Layout(size=0, error=1, turn=Turn.ACCURACY)
    assert read(sheet, layout).faults[0].way_out == "choose the accuracy in percent"


def test_a_missing_column_is_asked_for() -> None:
    with pytest.raises(PointsError, match="no column holds the error: choose"):
        brought("size,remark\n10,a\n")


def test_one_column_cannot_be_both() -> None:
    with pytest.raises(PointsError, match="'size' cannot be both size and error"):
        read(read_sheet("size,error\n10,1\n"), Layout(size=0, error=0))


def test_a_column_of_remarks_as_the_curves_name_is_refused() -> None:
    rows = "".join(f"run at {k},{k + 1},0.5\n" for k in range(1001))
    with pytest.raises(PointsError, match="1,001 curves are more than the 1,000"):
        brought("curve,size,error\n" + rows)


CELL = st.text("0123456789.,;-+eEkM% '\"\\t\n\r|=naif\u2212", max_size=8) | st.sampled_from(
    ["0,5", "1.000", "10", "90 %", "nan", "1e400", "9" * 30, "a", ""]
)


@given(
    st.lists(st.lists(CELL, min_size=1, max_size=5).map(";".join), max_size=6),
    st.sampled_from(["", "size;error\n", "n;acc;seed\n", "m;err;params;stderr\n", "x,y\n"]),
)
def test_whatever_is_pasted_gives_points_that_the_strict_reader_takes_or_a_sentence(
    rows: list[str], header: str
) -> None:
    try:
        points = list(brought(header + "\n".join(rows)).points)
    except PointsError:
        return
    if points:
        assert read_points(write_points(points)) == points


def test_a_hundred_thousand_rows_are_all_read() -> None:
    rows = "".join(f"c{k % 50};{10 + k // 50};0,{100000 + k};{k % 3}\n" for k in range(10**5))
    found = brought("name;n;err;seed\n" + rows)
    assert len(found.points) == 10**5
