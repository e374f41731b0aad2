"""The pages in every state that a store can be in, run without a browser."""

import json
import os
import sqlite3
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import jobs, state
from engine.curve import Point, write_points
from engine.laws.window import Window
from engine.study.store import Store
from tests.studies import NAME, SIZES, TRUTHS, make_study, points

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
PAGES = ("views/explore.py", "views/run.py")
SECONDS = 30  # a cold import of pandas and Streamlit on a busy machine


@pytest.fixture
def store(tmp_path, monkeypatch) -> Path:
    path = tmp_path / "study.db"
    monkeypatch.setenv("STEEPNESS_STORE", str(path))
    monkeypatch.setattr(
        jobs, "estimate", lambda order: jobs.Estimate("8 sizes", 240.0, "CPU", "no GPU")
    )
    return path


def visit(page: str = "views/explore.py") -> AppTest:
    at = AppTest.from_file(str(APP), default_timeout=SECONDS).run()
    return at.switch_page(page).run()


def said(at: AppTest) -> str:
    """Everything that the page says in words."""
    kinds = (at.markdown, at.caption, at.info, at.warning, at.error, at.subheader)
    spoken = [element.value for kind in kinds for element in kind]
    return "\n".join(spoken + [option for box in at.selectbox for option in box.options])


def set_window(at: AppTest, low: float, high: float) -> None:
    """Set the first curve's window in the boxes of numbers."""
    for end, value in (("start", low), ("end", high)):
        label = f"{NAME} top-1, {end}"
        next(box for box in at.number_input if box.label == label).set_value(value)
    next(button for button in at.button if button.label == "Set windows").click().run()


def exponents(at: AppTest) -> list[str]:
    return at.table[0].value["Exponent, 90 %"].tolist()


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("how", "done"),
    [
        ("running", ()),
        ("running", SIZES[:4]),
        ("failed", ()),
        ("stopped", SIZES[:5]),
        ("finished", SIZES),
    ],
)
def test_a_page_shows_a_study_in_any_state(store, page, how, done):
    make_study(store, how, "the worker ran out of memory" if how == "failed" else "", done)
    at = visit(page)
    assert not at.exception
    assert NAME in said(at)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_without_a_store_and_makes_none(store, page):
    at = visit(page)
    assert not at.exception
    assert not store.exists()


@pytest.fixture
def recorded(tmp_path, monkeypatch) -> Path:
    """A folder of recorded curves in the place of the shipped one; empty as yet."""
    folder = tmp_path / "recorded"
    folder.mkdir()
    monkeypatch.setattr("engine.recorded.FOLDER", folder)
    return folder


def test_a_first_visit_shows_curves_recorded_earlier_with_device_and_date(store, recorded):
    measured = [point for size in SIZES for point in points(size)]
    (recorded / "icons.csv").write_text(write_points(measured))
    guess = {f"{NAME} {name}": level for name, *_, level in TRUTHS}
    about = {"guess": guess, "data_hash": "abc", "version": "0.1.0", "date": "2026-11-22"}
    (recorded / "icons.json").write_text(json.dumps(about))
    at = visit()
    assert not at.exception
    assert len(exponents(at)) == 3
    assert "Recorded earlier, not on this machine" in said(at)
    assert "on 2 CPU cores, 22 November 2026" in said(at)


def test_with_nothing_at_all_to_show_the_page_says_what_to_do(store, recorded):
    at = visit()
    assert not at.exception
    assert "Nothing has been measured yet." in said(at)


def test_a_full_study_has_a_row_for_each_curve(store):
    make_study(store, "finished")
    at = visit()
    assert at.table[0].value.index.tolist() == [
        f"{NAME} {m}" for m in ("top-1", "top-5", "cross-entropy")
    ]
    assert all(value.startswith("-0.") for value in exponents(at))


def test_the_growth_of_models_is_told_once_for_the_metrics_of_a_study(store):
    at = visit()  # the shipped curves: top-1, top-5 and cross-entropy of the same models
    folds = [fold for fold in at.expander if fold.label.startswith("How the best model grows")]
    assert len(folds) == 1
    doubts = [m.value for m in folds[0].markdown if "One capacity won at every size" in m.value]
    assert len(doubts) == 1


def test_models_that_grow_with_the_data_are_drawn_with_their_law(store):
    grown = [
        Point("mine", 100.0 * 2**k, 0.9 / (k + 1), model="cnn", parameters=1000 * 3**k)
        for k in range(6)
    ]
    with Store.open(store) as opened:
        opened.import_points(grown, "0.1.0")
    at = visit()
    at.selectbox(key=state.STUDY).set_value(state.IMPORTED).run()
    assert not at.exception
    (chart,) = at.get("plotly_chart")
    assert "CNN 1.58" in chart.proto.spec  # log 3 / log 2


def test_a_saved_window_is_there_at_the_next_visit(store):
    make_study(store, "finished")
    before = exponents(visit())
    with Store.open(store) as opened:
        opened.save_window(f"{NAME} top-1", Window(31, 500))
    after = exponents(visit())
    assert after[0] != before[0]
    assert after[1:] == before[1:]


def test_the_law_can_be_chosen(store):
    make_study(store, "finished")
    at = visit()
    at.selectbox(key=state.LAW).set_value("power-floor").run()
    assert not at.exception
    assert set(at.table[0].value["Law"]) == {"power law + floor"}


def test_a_window_set_by_numbers_moves_the_fit_and_is_kept(store):
    make_study(store, "finished")
    at = visit()
    set_window(at, 31.0, 500.0)
    assert at.table[0].value["Window"].iloc[0] == "31 to 500"
    with Store.open(store, "read") as opened:
        assert opened.windows()[f"{NAME} top-1"] == Window(31, 500)


def test_an_open_end_set_by_numbers_stays_open(store):
    make_study(store, "finished")
    at = visit()
    set_window(at, 31.0, 500.0)
    set_window(at, 0, 0)
    assert at.table[0].value["Window"].iloc[0] == "start to end"
    with Store.open(store, "read") as opened:
        assert opened.windows()[f"{NAME} top-1"] == Window()


def test_one_window_for_all_panels_is_that_of_the_first(store):
    make_study(store, "finished")
    with Store.open(store) as opened:
        opened.save_window(f"{NAME} top-1", Window(100, 2000))
    at = visit()
    at.toggle(key=state.LINKED).set_value(True).run()
    assert set(at.table[0].value["Window"]) == {"100 to 2,000"}


def test_windows_can_be_proposed_again(store):
    make_study(store, "finished")
    proposed = visit().table[0].value["Window"].tolist()
    with Store.open(store) as opened:
        opened.save_window(f"{NAME} top-1", Window(31, 125))
    at = visit()
    next(button for button in at.button if button.label == "Propose windows").click().run()
    assert at.table[0].value["Window"].tolist() == proposed


def test_a_study_that_failed_says_why_and_can_be_resumed(store):
    make_study(store, "failed", "the worker ran out of memory", SIZES[:3])
    at = visit("views/run.py")
    assert "The worker ran out of memory." in said(at)
    assert "Resume" in [button.label for button in at.button]


def test_a_driver_that_fell_silent_is_told_from_one_that_was_stopped(store):
    make_study(store, "running", done=SIZES[:3])
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE study SET heartbeat = heartbeat - 1000")
    at = visit("views/run.py")
    assert "stopped unexpectedly" in said(at)
    assert "Resume" in [button.label for button in at.button]


def test_a_running_study_can_be_stopped_from_the_page(store):
    study = make_study(store, "running", done=SIZES[:3])
    at = visit("views/run.py")
    next(button for button in at.button if button.label == "Stop").click().run()
    assert not at.exception
    with Store.open(store, "read") as opened:
        assert opened.stop_wanted(study)


def test_progress_says_how_much_is_done_and_left(store):
    make_study(store, "running", done=SIZES[:4])
    assert "4 of 8 sizes, about 18 s left" in [
        bar.proto.text for bar in visit("views/run.py").get("progress")
    ]


def test_the_estimate_stands_before_the_button(store):
    at = visit("views/run.py")
    assert "8 sizes" in said(at)
    assert "Run" in [button.label for button in at.button]


def test_a_foreign_file_is_named_in_one_sentence_and_left_as_it_is(store):
    store.write_text("dear diary")
    for page in PAGES:
        at = visit(page)
        assert not at.exception
        assert len(at.error) == 1
        assert str(store) in at.error[0].value
    assert store.read_text() == "dear diary"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_window_that_cannot_be_saved_still_moves(store):
    make_study(store, "finished")
    store.chmod(0o444)
    at = visit()
    set_window(at, 31.0, 500.0)
    assert at.table[0].value["Window"].iloc[0] == "31 to 500"
    assert "The window is not saved" in said(at)


def test_a_run_that_cannot_write_its_store_is_refused_in_one_sentence(store, monkeypatch):
    (store.parent / "file").write_text("")
    monkeypatch.setenv("STEEPNESS_STORE", str(store.parent / "file" / "study.db"))
    at = visit("views/run.py")
    next(button for button in at.button if button.label == "Run").click().run()
    assert not at.exception
    assert [error.value for error in at.error if "Nothing was started" in error.value]


def test_imported_points_can_be_explored(store):
    with Store.open(store) as opened:
        opened.import_points([Point("mine", m, m**-0.3) for m in (10, 100, 1000, 10_000)], "0.1.0")
    at = visit()
    at.selectbox(key=state.STUDY).set_value(state.IMPORTED).run()
    assert not at.exception
    assert exponents(at)[0].startswith("-0.3")


def test_a_curves_name_is_shown_and_never_acted_on(store):
    name = "![x](https://example.com/x.png) **bold** <b>"
    with Store.open(store) as opened:
        opened.import_points([Point(name, m, m**-0.3) for m in (10, 100, 1000, 10_000)], "0.1.0")
    at = visit()
    at.selectbox(key=state.STUDY).set_value(state.IMPORTED).run()
    assert not at.exception
    shown = at.table[0].value.index[0]
    assert shown.replace("\\", "") == name
    assert "![" not in shown
