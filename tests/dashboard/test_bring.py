"""Bring your own and Method, run without a browser: from a messy table to Explore and back."""

from importlib.metadata import version
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.brought import Held, prepare
from dashboard.credits import CREDITS
from dashboard.preview import draw_preview
from engine.curve import Curve, Point, gather
from engine.domains import DOMAINS
from engine.study.store import Store
from tests.studies import NAME, SIZES, make_study

APP = Path(__file__).parents[2] / "dashboard" / "page.py"
SECONDS = 300  # a hang guard: a cold import of pandas and Streamlit on a busy machine
MESSY = (
    "n_train;Test Acc;Seed;Remark\n"
    "100;40,5;0;\n200;50,1;0;\n400;60;0;\n800;x;0;crashed\n1600;78,1;a;\n3200;82;0;\n"
)


@pytest.fixture
def store(tmp_path, monkeypatch) -> Path:
    path = tmp_path / "study.db"
    monkeypatch.setenv("STEEPNESS_STORE", str(path))
    return path


def visit(page: str = "views/bring.py") -> AppTest:
    return AppTest.from_file(str(APP), default_timeout=SECONDS).switch_page(page).run()


def pasted(text: str) -> AppTest:
    at = visit()
    at.text_area[0].set_value(text).run()
    assert not at.exception
    return at


def said(at: AppTest) -> str:
    kinds = (at.markdown, at.caption, at.info, at.warning, at.error, at.subheader)
    return "\n".join(element.value for kind in kinds for element in kind)


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def pressed(at: AppTest, label: str) -> AppTest:
    next(button for button in at.button if button.label.startswith(label)).click().run()
    assert not at.exception
    return at


def stored(path: Path) -> dict[str, list[float]]:
    with Store.open(path, "read") as opened:
        return {curve.name: curve.errors.tolist() for curve in opened.curves()}


def table(name: str = "mine", factor: float = 1.0) -> str:
    rows = "".join(f"{name},{m},{factor * m**-0.3}\n" for m in (100, 200, 400, 800, 1600))
    return "curve,size,error\n" + rows


def test_a_first_visit_says_what_is_needed_and_makes_no_store(store):
    at = visit()
    assert "Needed are a size and an error in each row" in said(at)
    assert not [label for label in labels(at) if label.startswith("Import")]
    assert not store.exists()


def test_a_messy_table_shows_its_faults_row_by_row_beside_the_good_rows(store):
    at = pasted(MESSY)
    assert at.table[0].value.index.tolist() == ["5", "6"]
    assert at.table[0].value["The row"].tolist() == ["left out", "taken, this cell blank"]
    assert "Import the 5 good rows" in labels(at)
    assert "1 row is left out." in said(at)
    assert at.dataframe[0].value["Row"].tolist().count("taken") == 4


def test_the_curves_are_drawn_before_they_are_imported(store):
    (chart,) = pasted(MESSY).get("plotly_chart")
    assert '"test error"' in chart.proto.spec
    assert "0.595" in chart.proto.spec


def test_good_rows_go_into_the_store_and_straight_into_explore(store):
    at = pressed(pasted(MESSY), "Import")
    assert stored(store) == {"my curve": [0.595, 0.499, 0.4, 0.219, 0.18]}
    assert at.selectbox(key=state.STUDY).value == state.IMPORTED
    assert at.table[0].value.index.tolist() == ["my curve"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_is_taken_in_as_a_paste_is(store, encoding):
    at = visit()
    at.file_uploader[0].upload("points.csv", MESSY.encode(encoding), "text/csv").run()
    assert not at.exception
    assert "Import the 5 good rows" in labels(at)


def test_a_spreadsheet_file_is_refused_with_the_way_out(store):
    at = visit()
    at.file_uploader[0].upload("points.csv", b"PK\x03\x04 xlsx", "text/csv").run()
    assert "save the table as CSV" in at.error[0].value


def test_a_paste_is_still_there_after_a_look_at_another_page(store):
    at = pasted(MESSY).switch_page("views/method.py").run()
    at.switch_page("views/bring.py").run()
    assert at.text_area[0].value == MESSY


def test_explore_shows_just_what_was_imported_of_many(store):
    with Store.open(store) as opened:
        opened.import_points([Point(f"old {k}", m, 1 / m) for k in range(14) for m in SIZES], "0")
    at = pressed(pasted(table()), "Import")
    assert at.table[0].value.index.tolist() == ["mine"]
    at.switch_page("views/explore.py").run()  # where the browser already is
    at.multiselect(key=state.CURVES).set_value(["mine", "old 3"]).run()
    assert at.table[0].value.index.tolist() == ["old 3", "mine"]


def test_an_import_can_be_undone(store):
    at = pressed(pasted(table()), "Import")
    pressed(at.switch_page("views/explore.py").run(), "Undo the import")
    assert stored(store) == {}
    assert "Undone: 1 curve, 5 points taken out again." in said(at)
    assert "Undo the import" not in labels(at)


def test_an_undo_takes_out_just_what_was_imported_and_puts_back_the_earlier(store):
    pressed(pasted(table()), "Import")
    before = stored(store)
    at = pasted(table(factor=0.9) + "other,100,0.5\n")
    at.segmented_control(key="replaces").set_value(True).run()
    pressed(at, "Import")
    assert stored(store)["mine"] != before["mine"]
    pressed(at, "Undo the import")
    assert stored(store) == before


def test_an_undo_that_would_lose_something_is_refused(store):
    at = pressed(pasted(table()), "Import")
    with Store.open(store) as opened:
        opened.swap_imported(opened.curves(), gather([Point("mine", 100, 0.7)]))
    pressed(at, "Undo the import")
    assert "has changed in the store since" in at.error[0].value
    assert stored(store) == {"mine": [0.7]}


def test_a_name_that_is_taken_gets_a_number_unless_the_reader_replaces_it(store):
    pressed(pasted(table()), "Import")
    pressed(pasted(table(factor=0.9)), "Import")
    assert list(stored(store)) == ["mine", "mine (2)"]


def test_points_that_are_there_already_are_not_imported_again(store):
    pressed(pasted(table()), "Import")
    at = pasted(table())
    assert "In the store already, point for point: mine." in said(at)
    pressed(at, "See them on Explore")
    assert at.table[0].value.index.tolist() == ["mine"]
    assert list(stored(store)) == ["mine"]


def test_what_a_study_measured_is_not_touched(store):
    make_study(store, "finished")
    before = stored(store)
    at = pasted(table(f"{NAME} top-1"))
    assert "A study here measured" in said(at)
    pressed(at, "Import")
    after = stored(store)
    assert list(after)[-1] == f"{NAME} top-1 (2)"
    assert {name: after[name] for name in before} == before


def test_another_column_can_be_chosen(store):
    at = pasted("size,error,loss\n100,0.5,2.1\n200,0.4,1.9\n")
    error = next(box for box in at.selectbox if box.label == "Error")
    assert error.options[1:] == ["size (100)", "error (0.5)", "loss (2.1)"]
    error.set_value(2).run()
    pressed(at, "Import")
    assert stored(store) == {"my curve": [2.1, 1.9]}


def test_a_table_whose_columns_say_nothing_asks_for_them(store):
    at = pasted("a,b\n100,x\n200,y\n")
    assert "Choose the column of the size and of the error" in said(at)
    assert not at.error


def test_a_table_without_a_good_row_says_so(store):
    at = pasted("size,error\n100,\n200,x\n")
    assert "No row can be read as a point" in at.error[0].value
    assert len(at.table[0].value) == 2


def test_what_is_no_table_is_refused_in_a_sentence(store):
    at = pasted("size,error\n")
    assert [error.value for error in at.error] == [
        "The table has a header and no rows\\: add lines below it."
    ]


def test_markup_in_names_is_shown_as_text(store):
    name = "<script>alert(1)</script> **b**"
    at = pasted(table(name) + f"{name},50,x\n" + f"{name},60,![x](http://example.com/x.png)\n")
    (chart,) = at.get("plotly_chart")
    assert "<script>" not in chart.proto.spec
    assert "![" not in at.table[0].value["Value"].iloc[1]
    pressed(at, "Import")
    assert list(stored(store)) == [name]


def test_a_long_list_of_faults_is_cut_and_given_as_a_file(store):
    at = pasted("size,error\n100,0.5\n" + "200,x\n" * 40)
    assert len(at.table[0].value) == 12
    assert "The first 12 of 40 faults." in said(at)


def test_the_template_can_be_tried_at_once(store):
    at = pressed(visit(), "Paste the template")
    assert "Import 10 points" in labels(at)
    assert not at.table


def test_a_store_that_cannot_be_written_is_said_in_a_sentence(store, monkeypatch):
    (store.parent / "file").write_text("")
    monkeypatch.setenv("STEEPNESS_STORE", str(store.parent / "file" / "study.db"))
    at = pressed(pasted(table()), "Import")
    assert "Nothing was imported" in at.error[0].value


def test_a_foreign_file_is_left_as_it_is(store):
    store.write_text("dear diary")
    at = pasted(table())
    assert str(store) in at.error[0].value
    assert not [label for label in labels(at) if label.startswith("Import")]
    assert store.read_text() == "dear diary"


def test_a_renamed_curve_takes_its_points_along():
    (curve,) = gather([Point("a", 1, 1)])
    other = Curve("a", (Point("a", 1, 2),), origin="imported")
    order = prepare([curve], Held(frozenset({"a", "a (2)"}), (other,)), replaces=False)
    assert [(c.name, c.points[0].curve) for c in order.into] == [("a (3)", "a (3)")]
    assert order.out == ()


def test_a_preview_of_many_points_stays_small():
    (curve,) = gather(Point("a", float(m), 1 / m) for m in range(1, 5001))
    (line,) = draw_preview([curve])["data"]
    assert len(line["x"]) == 400
    assert line["x"][-1] == 5000


def test_method_names_every_data_set_and_the_versions_without_importing_torch(store):
    at = visit("views/method.py")
    assert not at.exception
    assert f"torch {version('torch')}".replace("+", "") in said(at).replace("+", "")
    assert "One Billion Words" in said(at)
    assert "training loss ends at 0.7" in said(at).replace("\n", " ")


def test_every_source_has_its_credit():
    sources = {source for domain in DOMAINS.values() for source in domain.sources}
    assert sources == set(CREDITS)
