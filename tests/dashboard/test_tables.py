"""The style sheet that makes cards of a table's rows on a telephone."""

import pandas as pd
from streamlit.testing.v1 import AppTest

from dashboard import tables


def sheet(rows: pd.DataFrame) -> str:
    """The style sheet beside a table of these rows."""

    def page(rows):
        from dashboard import tables

        tables.show(rows, "test")

    at = AppTest.from_function(page, args=(rows,), default_timeout=300).run()
    assert not at.exception
    return next(element.proto.body for element in at.get("html"))


def table(unit: str, *cells: str) -> pd.DataFrame:
    rows = [{f"Size, {unit}": "31", "Error": cells[0], "Seeds": cells[1]}]
    return pd.DataFrame(rows).set_index(f"Size, {unit}")


def test_each_cell_carries_the_name_of_its_column() -> None:
    said = sheet(table("images", "0.5", "3"))
    assert '.st-key-table-test tbody th::before { content: "Size, images"; }' in said
    assert '.st-key-table-test td:nth-of-type(2)::before { content: "Seeds"; }' in said
    assert "display: none" not in said


def test_a_blank_cell_has_no_place_on_its_card() -> None:
    said = sheet(table("images", "", "3"))
    assert ".st-key-table-test tr:nth-of-type(1) td:nth-of-type(1) { display: none; }" in said


def test_a_unit_of_a_users_cannot_leave_its_quotation_marks() -> None:
    said = sheet(table('"; } body { display: none } </style>', "0.5", "3"))
    assert "body {" not in said
    assert said.count("</style>") == 1


def test_the_sheet_for_all_tables_is_for_narrow_pages_alone() -> None:
    assert tables.STYLE.strip().startswith("@media (max-width: 640px)")
