"""A table as people export or paste it: separator, header, decimal sign, encodings, limits."""

import pytest

from engine import sheet as sheets
from engine.curve import PointsError
from engine.sheet import decoded, read_sheet


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("size,error\n10,0.5\n", ","),
        ("size;error\n10;0,5\n", ";"),
        ("size\terror\n10\t0.5\n", "\t"),
        ("size|error\n10|0.5\n", "|"),
        ("size   error\n10      0.5\n", " "),
        ("name, with comma;size;error\na;10;0,5\n", ";"),
        ("sep=;\nsize;error\n10;0,5\n", ";"),
    ],
)
def test_the_separator_is_found(text: str, separator: str) -> None:
    found = read_sheet(text)
    assert found.separator == separator
    assert len(found.header) == len(found.rows[0])


@pytest.mark.parametrize(
    ("cells", "comma"),
    [
        (["0,5", "0,25"], True),
        (["0.5", "0.25"], False),
        (["1,000", "2,000"], False),  # thousands: nothing needs a decimal comma
        (["1.000,5"], True),
        (["1,000.5"], False),
        (["0,512", "0,431"], True),  # no thousand begins with 0
        (["1.000", "0,5"], True),
    ],
)
def test_the_decimal_sign_is_found(cells: list[str], comma: bool) -> None:
    assert read_sheet("error;x\n" + "".join(f"{c};1\n" for c in cells)).decimal_comma is comma


def test_marks_line_ends_and_blank_lines_of_other_systems_are_taken() -> None:
    found = read_sheet("\ufeffsize,error\r\n10,0.5\r\n\r\n,\r\n20,0.4\r")
    assert found.header == ("size", "error")
    assert found.rows == (("10", "0.5"), ("20", "0.4"))
    assert found.lines == (2, 5)


def test_a_table_without_a_header_counts_its_columns() -> None:
    found = read_sheet("10,0.5\n20,0.4\n")
    assert not found.named
    assert found.header == ("column 1", "column 2")
    assert len(found.rows) == 2


def test_a_column_without_a_name_and_a_second_one_of_a_name_can_be_told_apart() -> None:
    assert read_sheet("size,error,,error\n1,2,3,4\n").header == (
        "size",
        "error",
        "column 3",
        "error (2)",
    )


def test_a_quotation_mark_that_does_not_close_is_a_letter() -> None:
    found = read_sheet('name,size,error\n12" screen,10,0.5\nb,20,0.4\n')
    assert len(found.rows) == 2
    assert read_sheet('name,size,error\n"open,10,0.5\nb,20,0.4\n').rows[1] == ("b", "20", "0.4")


@pytest.mark.parametrize("text", ["", "  \n\n", ",,\n,\n"])
def test_nothing_at_all_is_refused(text: str) -> None:
    with pytest.raises(PointsError, match="there is no table here"):
        read_sheet(text)


def test_a_header_alone_is_refused() -> None:
    with pytest.raises(PointsError, match="a header and no rows"):
        read_sheet("curve,size,error\n")


def test_more_rows_than_a_page_takes_are_refused_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    with pytest.raises(PointsError, match=r"3 rows are more than the 2 .* `steepness import`"):
        read_sheet("size,error\n1,1\n2,1\n3,1\n")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_read_in_the_encodings_of_spreadsheets(encoding: str) -> None:
    assert decoded("größe,error\n".encode(encoding)) == "größe,error\n"


def test_a_spreadsheet_file_is_told_from_text() -> None:
    with pytest.raises(PointsError, match="save the table as CSV"):
        decoded(b"PK\x03\x04rest of an xlsx")
    with pytest.raises(PointsError, match="zero byte at offset 2"):
        decoded(b"ab\x00c")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_remarks_before_a_table_are_no_part_of_it(separator: str) -> None:
    text = "# exported from my notebook\n\n# today\nsize,error\n10,0.5\n20,0.4\n"
    found = read_sheet(text.replace(",", separator))
    assert found.header == ("size", "error")
    assert found.rows == (("10", "0.5"), ("20", "0.4"))
    assert found.lines == (5, 6)


def test_a_remark_that_names_the_columns_is_the_header() -> None:
    found = read_sheet("# made by a script\n# size error\n10 0.5\n20 0.4\n")
    assert found.header == ("size", "error")
    assert found.lines == (3, 4)


def test_rows_of_a_curve_whose_name_begins_so_are_no_remarks() -> None:
    found = read_sheet("#1,10,0.5\n#1,20,0.4\n2,10,0.6\n")
    assert [row[0] for row in found.rows] == ["#1", "#1", "2"]


def test_a_table_of_remarks_alone_stays_as_it_is() -> None:
    assert read_sheet("#size,error\n#10,0.5\n").header == ("#size", "error")
