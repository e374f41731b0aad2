"""The pages in every state that a store can be in, run without a browser."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import jobs, ordering, panels, state
from dashboard.confined import OutsideError, within
from engine.curve import Point, write_points
from engine.laws.window import Window
from engine.numbers import number
from engine.recorded import recordings
from engine.study import seal
from engine.study.store import Store
from tests import studies
from tests.studies import NAME, SIZES, TRUTHS, alive, make_study, points

APP = Path(__file__).parents[2] / "dashboard" / "page.py"
PAGES = ("views/explore.py", "views/compare.py", "views/plan.py", "views/run.py")
SECONDS = 300  # a hang guard: a cold import of pandas and Streamlit on a busy machine


FOLDS = ("zones", "map", "growth", "points", "numbers")


def visit(page: str = "views/explore.py", unfolded: tuple[str, ...] = FOLDS) -> AppTest:
    at = AppTest.from_file(str(APP), default_timeout=SECONDS).switch_page(page)
    for fold in unfolded:
        at.session_state[f"fold-{fold}"] = True
    return at.run()


def said(at: AppTest) -> str:
    """Everything that the page says in words."""
    kinds = (at.markdown, at.caption, at.info, at.warning, at.error, at.subheader)
    spoken = [element.value for kind in kinds for element in kind]
    boxes = (*at.selectbox, *at.multiselect)
    return "\n".join(spoken + [option for box in boxes for option in box.options])


def set_window(at: AppTest, low: float, high: float) -> None:
    """Set the first curve's window in the boxes of numbers."""
    for end, value in (("start", low), ("end", high)):
        label = f"{NAME} top-1, {end}"
        next(box for box in at.number_input if box.label == label).set_value(value)
    next(button for button in at.button if button.label == "Set windows").click().run()


def way(at: AppTest):
    """The choice of how windows are set together."""
    return at.segmented_control(key=state.WINDOWED)


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
    study = make_study(store, how, "the worker ran out of memory" if how == "failed" else "", done)
    with alive(store, study) if how == "running" else nullcontext():
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
    about = {"guess": guess, "data_hash": {}, "version": "0.1.0", "date": "2026-11-22"}
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


def test_models_of_one_size_are_said_not_to_show_growth(store):
    same = [
        Point("mine", 100.0 * 2**k, 0.9 / (k + 1), model="cnn", parameters=1000) for k in range(6)
    ]
    with Store.open(store) as opened:
        opened.import_points(same, "0.1.0")
    at = visit()
    at.selectbox(key=state.STUDY).set_value(state.IMPORTED).run()
    folds = [fold for fold in at.expander if fold.label.startswith("How the best model grows")]
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
    specs = [chart.proto.spec for chart in at.get("plotly_chart")]
    assert any("CNN 1.58" in spec for spec in specs)  # log 3 / log 2


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
    way(at).set_value(state.ONE_WINDOW).run()
    assert set(at.table[0].value["Window"]) == {"100 to 2,000"}


def test_explore_and_compare_share_one_choice_of_windows(store, recorded):
    make_study(store, "finished")
    at = visit("views/compare.py")
    at.button_group[0].set_value("All").run()
    way(at).set_value(state.ONE_WINDOW).run()
    at.switch_page("views/explore.py").run()
    assert way(at).value == state.ONE_WINDOW
    assert len(set(at.table[0].value["Window"])) == 1


def test_windows_that_are_no_longer_one_are_each_their_own(store):
    make_study(store, "finished")
    at = visit()
    way(at).set_value(state.ONE_WINDOW).run()
    set_window(at, 31, 500)  # of the first alone
    assert len(set(at.table[0].value["Window"])) == 2
    assert way(at).value == state.OWN_WINDOWS


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
        seal.install(connection)
        connection.execute("UPDATE study SET heartbeat = heartbeat - 1000")
    at = visit("views/run.py")
    assert "stopped unexpectedly" in said(at)
    assert "Resume" in [button.label for button in at.button]


def test_a_running_study_can_be_stopped_from_the_page(store):
    study = make_study(store, "running", done=SIZES[:3])
    with alive(store, study):
        at = visit("views/run.py")
        next(button for button in at.button if button.label == "Stop").click().run()
    assert not at.exception
    with Store.open(store, "read") as opened:
        assert opened.stop_wanted(study)


def test_progress_says_how_much_is_done_and_left(store):
    study = make_study(store, "running", done=SIZES[:4])
    with alive(store, study):
        bars = visit("views/run.py").get("progress")
    assert "4 of 8 sizes, about 18 s left" in [bar.proto.text for bar in bars]


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
    assert shown.replace("\\", "").replace("\u2060", "") == name  # no address becomes a link
    assert "![" not in shown


def pressed(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


@pytest.fixture
def ordered(store, monkeypatch) -> list[jobs.Order]:
    """Every order whose estimate the page asked for; data of all domains are said to be ready."""
    orders: list[jobs.Order] = []

    def estimate(order: jobs.Order) -> jobs.Estimate:
        orders.append(order)
        return jobs.Estimate("8 sizes", 240.0, "CPU", "no GPU")

    monkeypatch.setattr(jobs, "estimate", estimate)
    st.cache_resource.clear()  # of estimates that other tests asked for
    monkeypatch.setattr(ordering, "is_ready", lambda domain, source, path=None: (True, "here"))
    return orders


def test_a_first_visit_to_run_offers_a_study_that_needs_no_choice(ordered):
    at = visit("views/run.py")
    (order,) = ordered
    assert " ".join(order.arguments) == (
        "run images --data icons --model cnn --preset quick --device auto"
    )
    assert "Run" in [button.label for button in at.button]


@pytest.mark.parametrize(
    ("ended", "says"), [("finished", "Measured already"), ("stopped", "Run goes on with the study")]
)
def test_an_order_that_was_given_before_says_what_run_would_do(ordered, store, ended, says):
    assert says not in said(visit("views/run.py"))
    make_study(store, ended)
    assert says in said(visit("views/run.py"))


def test_several_domains_models_and_treatments_become_one_order(ordered):
    at = visit("views/run.py")
    at.pills(key="domains").set_value(["speech", "images"]).run()
    at.pills(key="models-images").set_value(["mlp", "cnn"]).run()
    at.pills(key="treatments-speech").set_value(["sgd"]).run()
    assert not at.exception
    assert " ".join(ordered[-1].arguments) == (
        "run images speech --data images=icons --data speech=synthetic-phrases"
        " --model images=cnn --model images=mlp --model speech=ctc --treatment speech=sgd"
        " --preset quick --device auto"
    )
    assert "stochastic gradient descent" in said(at)
    assert "That makes 2 curves of each model where one was." in said(at)


def test_synthetic_data_say_so_where_they_are_chosen(ordered):
    at = visit("views/run.py")
    at.pills(key="domains").set_value(["speech"]).run()
    (box,) = at.selectbox
    assert box.options[:3] == [
        "Spoken phrases (SYNTHETIC)",
        "Spoken words (SYNTHETIC)",
        "Free Spoken Digits",
    ]
    assert "SYNTHETIC" in said(at)


def test_with_no_domain_chosen_the_page_asks_for_one(ordered):
    at = visit("views/run.py")
    at.pills(key="domains").set_value([]).run()
    assert "Choose what to measure" in said(at)
    assert "Run" not in [button.label for button in at.button]


def test_data_that_are_not_here_say_what_to_do_and_take_a_path(ordered, monkeypatch):
    def is_ready(domain, source, path=None):
        ready = source == "icons" or path == Path("/data/cifar")
        return ready, "found" if ready else "give --data-path with train.parquet."

    monkeypatch.setattr(ordering, "is_ready", is_ready)
    at = visit("views/run.py")
    assert at.selectbox[0].options[:2] == ["Icons", "CIFAR-10, not ready"]
    at.selectbox(key="data-images").set_value("cifar10").run()
    assert [warning.value for warning in at.warning] == ["give a path here with train.parquet."]
    assert "Run" not in [button.label for button in at.button]
    at.text_input[0].set_value(" cifar ").run()
    assert "Run" in [button.label for button in at.button]
    assert ordered[-1].paths == (("images", "/data/cifar"),)


def test_data_that_would_be_downloaded_can_be_run_and_take_a_path_too(ordered, monkeypatch):
    def is_ready(domain, source, path=None):
        return True, f"found in {path}" if path else "downloaded, or give --data-path with files"

    monkeypatch.setattr(ordering, "is_ready", is_ready)
    at = visit("views/run.py")
    assert "Run" in [button.label for button in at.button]
    assert "downloaded, or give a path here" in said(at)
    at.text_input[0].set_value("/data/cifar").run()
    assert ordered[-1].paths == (("images", "/data/cifar"),)
    assert "found in /data/cifar" in said(at)


def test_minutes_take_the_place_of_a_preset(ordered):
    at = visit("views/run.py")
    at.segmented_control(key="length").set_value("minutes").run()
    at.number_input(key="minutes").set_value(3).run()
    assert ordered[-1].preset is None
    assert ordered[-1].minutes == 3


def test_a_widest_interval_can_be_asked_for(ordered):
    at = visit("views/run.py")
    assert ordered[-1].width is None
    at.number_input(key="width").set_value(0.04).run()
    assert ordered[-1].width == 0.04


def test_resume_asks_for_the_study_as_it_was_asked_for(store, monkeypatch):
    monkeypatch.setitem(studies.SETTINGS, "paths", [["images", "/data/icons"]])
    make_study(store, "stopped", done=SIZES[:3])
    resumed = []

    def start(order: jobs.Order, store: Path) -> jobs.Job:
        resumed.append(order)
        raise OSError("enough seen")

    monkeypatch.setattr(jobs, "start", start)
    pressed(visit("views/run.py"), "Resume")
    assert [order.paths for order in resumed] == [(("images", "/data/icons"),)]


OUTSIDE = ("/etc", "../etc", "/data/../etc", "~root", "a\0b", "/database")


@pytest.mark.parametrize("typed", OUTSIDE)
def test_a_path_out_of_the_chosen_folder_is_not_even_looked_at(ordered, monkeypatch, typed):
    looked = []

    def is_ready(domain, source, path=None):
        looked.append(path)
        return False, "give --data-path with train.parquet."

    monkeypatch.setattr(ordering, "is_ready", is_ready)
    at = visit("views/run.py")
    at.text_input[0].set_value(typed).run()
    assert set(looked) == {None}
    (refusal,) = [warning.value for warning in at.warning]
    assert "the one folder that this page takes data from" in refusal or "is no path" in refusal
    assert "Run" not in [button.label for button in at.button]


def test_a_link_in_the_chosen_folder_that_leads_out_is_followed_before_it_is_judged(tmp_path):
    (tmp_path / "out").symlink_to("/etc")
    with pytest.raises(OutsideError, match="is not in"):
        within("out/passwd", tmp_path)


def test_a_stored_study_whose_data_lie_elsewhere_is_not_resumed_from_the_page(store, monkeypatch):
    monkeypatch.setitem(studies.SETTINGS, "paths", [["images", "/etc"]])
    make_study(store, "stopped", done=SIZES[:3])
    monkeypatch.setattr(jobs, "start", lambda *_: pytest.fail("it was started"))
    at = pressed(visit("views/run.py"), "Resume")
    assert "Nothing was started" in at.error[0].value
    assert "/data" in at.error[0].value


def test_an_order_of_no_model_is_of_the_one_that_is_taken(ordered):
    at = visit("views/run.py")
    at.pills(key="models-images").set_value([]).run()
    assert ordered[-1].models == (("images", "cnn"),)


def test_a_stored_study_of_somebody_s_own_code_is_not_resumed_from_the_page(store, monkeypatch):
    settings = studies.SETTINGS
    subject = {**settings["subjects"][0], "domain": "/tmp/evil.py"}
    monkeypatch.setitem(settings, "subjects", [subject])
    make_study(store, "stopped", done=SIZES[:3])
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("it was started"))
    at = visit("views/run.py")
    assert "Resume" not in [button.label for button in at.button]
    assert any("steepness run" in code.value and "/tmp/evil.py" in code.value for code in at.code)


def test_while_a_run_starts_the_last_line_of_its_log_is_shown(store, monkeypatch):
    def start(order: jobs.Order, path: Path) -> jobs.Job:
        log = path.with_name("study.log")
        log.write_bytes(b"fetching the strings\n 12 %|#\r 57 of 90 MB\r")
        return jobs.Job(subprocess.Popen(["sleep", "3600"]), log, time.time())

    started = []
    monkeypatch.setattr(jobs, "start", lambda *args: started.append(start(*args)) or started[0])
    try:
        at = pressed(visit("views/run.py"), "Run")
        assert "57 of 90 MB" in said(at)
    finally:
        started[0].process.kill()
        started[0].process.wait()


@pytest.fixture
def job(store, monkeypatch):
    """Stands in for drivers: Run starts the shell command that is given."""
    begun = []

    def start(order: jobs.Order, path: Path) -> jobs.Job:
        log = path.with_name("study.log")
        with log.open("wb") as out:
            process = subprocess.Popen(["sh", "-c", begun[0]], stderr=out)
        begun.append(jobs.Job(process, log, time.time() - 60))
        return begun[-1]

    monkeypatch.setattr(jobs, "start", start)
    yield begun
    for one in begun[1:]:
        one.process.kill()
        one.process.wait()


def test_of_two_tabs_that_start_the_same_run_one_does_and_the_other_shows_it(store, job):
    make_study(store, "stopped", done=SIZES[:3])
    job.append("exec sleep 3600")
    first, second = visit("views/run.py"), visit("views/run.py")
    pressed(first, "Resume")
    assert "A run was started here already; this is it." in said(pressed(second, "Resume"))
    assert len(job) == 2


def test_a_run_that_could_not_write_how_it_ended_says_so_on_the_page(store, job):
    job.append("echo 'steepness: the disk is full.' >&2; exit 1")
    at = visit("views/run.py")
    make_study(store, "running", done=SIZES[:3])
    with sqlite3.connect(store) as connection:
        seal.install(connection)
        connection.execute("UPDATE study SET heartbeat = heartbeat - 30")
    pressed(at, "Run")
    job[1].process.wait()
    at = visit("views/run.py")
    assert "The run has ended: The disk is full." in said(at)
    assert "Resume" in [button.label for button in at.button]


def test_a_run_killed_before_it_was_heard_of_says_so(job):
    job.append("kill -9 $$")
    at = visit("views/run.py")
    pressed(at, "Run")
    job[1].process.wait()
    at = visit("views/run.py")
    assert "The run did not start: Its process was ended from outside (SIGKILL)." in said(at)


def test_a_damaged_store_is_one_sentence_on_every_page_and_no_number(store):
    make_study(store, "finished")
    raw = bytearray(store.read_bytes())
    place = raw.rindex(b"top-5 error")
    raw[place] ^= 1
    store.write_bytes(raw)
    for page in PAGES:
        assert "is damaged (1 of the rows in its table point" in said(visit(page))


def test_a_run_of_several_subjects_shows_how_far_each_is_and_one_curve_of_each(store):
    study = make_study(store, "running", done=SIZES[:4], treatments=["sgd"])
    with alive(store, study):
        at = visit("views/run.py")
    assert re.search(rf"\*\*{NAME}:\*\* 4 of 8 sizes, about \d+ s left", said(at))
    assert f"**{NAME} sgd:** 4 of 8 sizes" in said(at)
    assert at.table[0].value.index.tolist() == [f"{NAME} top-1", f"{NAME} sgd top-1"]


def test_what_treatments_do_is_told_for_each_error(store):
    make_study(store, "finished", treatments=["sgd"])
    at = visit()
    assert not at.exception
    (fold,) = [fold for fold in at.expander if fold.label == "What the treatments do"]
    assert fold.proto.expanded
    table = fold.table[0].value
    assert table.index.tolist() == ["SGD"] * 3
    assert table["Error"].tolist() == ["top-1 error", "top-5 error", "cross-entropy"]
    # each error is 1.1 times the untreated one's, on the same seeds
    assert all(value.startswith("1.1") for value in table["Error is multiplied by, 90 %"])


def test_a_treatment_that_has_no_size_yet_in_common_says_so(store):
    study = make_study(store, "running", done=(), treatments=["sgd"])
    with Store.open(store) as opened:
        studies.measure(opened, study, SIZES[0])
        studies.measure(opened, study, SIZES[1], f"{NAME} sgd")
    with alive(store, study):
        at = visit()
    assert not at.exception
    (fold,) = [fold for fold in at.expander if fold.label == "What the treatments do"]
    assert set(fold.table[0].value["What it does"]) == {
        "Cannot be compared: the two curves have no size in common yet."
    }


def test_a_study_without_treatments_has_no_table_of_them(store):
    make_study(store, "finished")
    assert "What the treatments do" not in [fold.label for fold in visit().expander]


def test_fixed_sizes_can_be_shown_and_say_where_there_are_none(store, monkeypatch):
    make_study(store, "finished")
    monkeypatch.setattr(state, "fixed_sizes", lambda path, study, revision: ())
    at = visit()
    at.segmented_control(key=state.SIZED).set_value(state.FIXED_SIZES).run()
    assert not at.exception
    assert "there is no curve of fixed size to draw" in said(at)


def test_each_recording_is_offered_by_itself_images_first(store, recorded):
    for name, curve in (("a", "speech synthetic-words ctc cer"), ("b", f"{NAME} top-1")):
        measured = [Point(curve, m, m**-0.3) for m in (10, 100, 1000, 10_000)]
        (recorded / f"{name}.csv").write_text(write_points(measured))
        about = {"data_hash": {}, "version": "0.1.0", "date": "2026-11-23"}
        (recorded / f"{name}.json").write_text(json.dumps({**about, "guess": {curve: 1.0}}))
    at = visit()
    assert at.selectbox(key=state.STUDY).options == [
        "Example: images, icons, recorded 23 November 2026",
        "Example: speech, synthetic-words (SYNTHETIC), recorded 23 November 2026",
    ]
    assert at.table[0].value.index.tolist() == [f"{NAME} top-1"]
    at.selectbox(key=state.STUDY).set_value("a").run()
    assert not at.exception
    assert at.table[0].value.index.tolist() == [r"speech synthetic-words ctc cer (SYNTHETIC)"]


def test_opening_the_pages_brings_in_no_torch():
    code = (
        "import sys; from dashboard import jobs, ordering, panels, searched, state, words;"
        "from engine.recorded import recordings; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=APP.parents[1]).returncode == 0


def test_compare_shows_the_newest_curves_of_each_domain_first(store, recorded):
    make_study(store, "finished")
    at = visit("views/compare.py")
    assert at.multiselect[0].value == [NAME]
    assert at.table[0].value.index.tolist() == [f"{NAME} top-1"]
    assert exponents(at)[0] in at.table[0].value["Exponent, 90 %"].tolist()


def test_compare_tells_how_far_exponents_lie_apart(store, recorded):
    make_study(store, "finished")
    at = visit("views/compare.py")
    at.button_group[0].set_value("All").run()
    at.selectbox(key=state.LAW).set_value("power").run()
    apart = at.table[1].value
    assert apart.index.tolist() == [
        f"{k}  {NAME} {short}" for k, short in enumerate(("top-1", "top-5", "cross-entropy"), 1)
    ]
    assert apart["less 1"].tolist()[1].startswith("**-0.1")  # -0.36 against -0.24


def test_compare_asks_of_curves_of_one_metric_whether_they_share_a_floor(store, recorded):
    make_study(store, "finished", treatments=["sgd"])
    at = visit("views/compare.py")
    at.multiselect[0].set_value([NAME, f"{NAME} sgd"]).run()
    at.button_group[0].set_value("All").run()
    assert not at.exception
    floors = at.table[2].value
    assert floors.shape == (6, 3)  # of top-1, top-5 and cross-entropy each the pair alone
    assert (floors != "").sum().sum() == 3


def test_floors_of_errors_by_the_word_and_by_the_character_are_not_compared(store):
    at = visit("views/compare.py")  # the recorded curves: both are called cross-entropy
    assert len({found for found in at.table[0].value.index if "cross-entropy" in found}) == 1
    assert "Do they share a floor?" not in said(at)


def test_compare_of_different_metrics_has_no_table_of_floors(store, recorded):
    make_study(store, "finished")
    at = visit("views/compare.py")
    at.button_group[0].set_value("All").run()
    assert "Do they share a floor?" not in said(at)


def test_windows_of_the_same_decades_begin_where_each_plateau_ends(store, recorded):
    make_study(store, "finished")
    at = visit("views/compare.py")
    at.button_group[0].set_value("All").run()
    way(at).set_value(state.SAME_DECADES).run()
    kept = at.session_state[state.WINDOWS].values()
    assert [window.high / window.low for window in kept] == [pytest.approx(10**1.5)] * 3


def test_a_change_of_windows_can_be_undone(store):
    make_study(store, "finished")
    at = visit()
    before = exponents(at)
    set_window(at, 125, 1000)
    assert exponents(at)[0] != before[0]
    after = exponents(at)
    press(at, "Undo")
    assert exponents(at) == before
    with Store.open(store, "read") as opened:
        assert opened.windows() == {}
    press(at, "Redo")
    assert exponents(at) == after


def test_undo_names_the_curve_where_none_that_is_shown_would_move(store):
    make_study(store, "finished")
    at = visit()
    set_window(at, 125, 2000)
    at.session_state[state.STUDY] = recordings()[0].name
    at.run()
    assert f"Undo: {NAME} top-1" in [button.label for button in at.button]


def test_the_forecast_is_drawn_where_it_is_asked_for(store, monkeypatch):
    drawn = []
    monkeypatch.setattr(panels, "fit_window", lambda given, *_, **__: drawn.append(given))
    make_study(store, "finished")
    at = visit()
    assert '"ahead-images-0"' not in drawn[-1][0]
    at.toggle(key=state.FORECAST).set_value(True).run()
    assert '"ahead-images-0"' in drawn[-1][0]


def test_one_window_for_all_is_undone_and_done_again_with_its_name(store):
    make_study(store, "finished")
    at = visit()
    before = list(at.table[0].value["Window"])
    way(at).set_value(state.ONE_WINDOW).run()
    together = list(at.table[0].value["Window"])
    press(at, "Undo")
    assert (list(at.table[0].value["Window"]), way(at).value) == (before, state.OWN_WINDOWS)
    press(at, "Redo")
    assert (list(at.table[0].value["Window"]), way(at).value) == (together, state.ONE_WINDOW)


def test_a_change_after_an_undo_leaves_nothing_to_do_again(store):
    make_study(store, "finished")
    at = visit()
    set_window(at, 125, 1000)
    press(at, "Undo")
    set_window(at, 31, 500)
    assert next(button for button in at.button if button.label == "Redo").disabled


def test_two_curves_of_one_name_stand_apart_by_the_day_of_the_recording(store, recorded):
    make_study(store, "finished")
    (recorded / "r.csv").write_text(write_points([p for s in SIZES for p in points(s)]))
    note = {"guess": {f"{NAME} top-1": 0.98}, "date": "2026-11-22", "data_hash": {}, "version": "0"}
    (recorded / "r.json").write_text(json.dumps(note))
    at = visit("views/compare.py")
    assert at.multiselect[0].options == [NAME, f"{NAME} (recorded 22 November 2026)"]


def test_the_address_of_a_view_restores_it(store):
    make_study(store, "finished")
    first = visit()
    first.selectbox(key=state.LAW).set_value("power").run()
    set_window(first, 125, 1000)
    address = first.query_params
    with Store.open(store) as opened:
        opened.save_window(f"{NAME} top-1", None)  # the store has forgotten; the link has not

    second = AppTest.from_file(str(APP), default_timeout=SECONDS)
    for name, value in address.items():
        second.query_params[name] = value
    second.run()
    assert exponents(second) == exponents(first)
    assert second.selectbox(key=state.LAW).value == "power"


def test_the_address_names_the_dozen_of_curves_that_is_shown(store):
    many_curves(store, 15)
    at = AppTest.from_file(str(APP), default_timeout=SECONDS)
    at.query_params["page"] = "2"
    at.run()
    assert list(at.table[0].value.index) == ["c12", "c13", "c14"]
    assert at.query_params["page"] == "2"


@pytest.mark.parametrize(
    ("page", "shown"), [("9", 3), ("0", 12), ("-1", 12), ("two", 12), ("9" * 5000, 12)]
)
def test_a_dozen_that_is_not_there_is_passed_over(store, page, shown):
    many_curves(store, 15)
    at = AppTest.from_file(str(APP), default_timeout=SECONDS)
    at.query_params["page"] = page
    at.run()
    assert not at.exception
    assert len(at.table[0].value) == shown


def test_an_address_that_makes_no_sense_is_passed_over(store):
    make_study(store, "finished")
    at = AppTest.from_file(str(APP), default_timeout=SECONDS)
    for name, value in {"law": "magic", "window": "x:9:1", "study": "?", "curve": "no"}.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    assert at.selectbox(key=state.LAW).value == "auto"


def test_an_address_names_the_curves_that_are_compared(store, recorded):
    make_study(store, "finished")
    assert visit("views/compare.py").query_params["curve"] == NAME


def test_the_points_are_told_in_numbers(store):
    make_study(store, "finished")
    at = visit()
    sizes = next(table.value for table in at.table if "Median" in table.value)
    assert sizes.index.tolist() == [number(size) for size in SIZES]
    assert sizes["Repeats"].tolist() == ["3"] * len(SIZES)


def test_a_deleted_study_can_be_put_back(store):
    make_study(store, "finished")
    at = visit("views/run.py")
    press(at, "Delete")
    assert NAME not in next(name for box in visit().selectbox for name in box.options)
    assert "Put back" in [button.label for button in at.button]
    press(at, "Put back")
    with Store.open(store, "read") as opened:
        assert len(opened.studies()) == 1


def test_a_study_deleted_for_good_is_gone(store):
    make_study(store, "finished")
    at = visit("views/run.py")
    press(at, "Delete")
    press(at, "Delete for good")
    with Store.open(store, "read") as opened:
        assert (opened.studies(), opened.binned()) == ([], [])


def test_a_new_curve_does_not_take_the_window_of_one_that_is_gone(store):
    make_study(store, "finished")
    at = visit()
    proposed = at.table[0].value["Window"].iloc[0]
    set_window(at, 31, 500)
    at.switch_page("views/run.py").run()
    press(at, "Delete")
    press(at, "Delete for good")
    make_study(store, "finished")
    at.switch_page("views/explore.py").run()
    assert at.table[0].value["Window"].iloc[0] == proposed
    assert next(button for button in at.button if button.label == "Undo").disabled


def fail(store: Path, *groups: str) -> int:
    """A study of which these groups of trainings failed."""
    study = make_study(store, "running", done=SIZES[:-2])
    with Store.open(store) as opened:
        for group in groups:
            opened.end_group(
                study,
                group,
                seconds=1.0,
                reason="out of memory",
                candidates=[],
                decides=None,
                points=[],
            )
        opened.set_study(study, "failed", "some failed")
    return study


def test_failed_trainings_are_named_with_their_reasons_and_can_be_retried(store):
    fail(store, f"{NAME} on 2000", f"{NAME} on 4000")
    at = visit("views/run.py")
    assert "Retry the failed" in [button.label for button in at.button]
    assert "Resume" not in [button.label for button in at.button]
    (fold,) = [fold for fold in at.expander if fold.label == "What failed: 2"]
    assert f"**{NAME} on 2000:** Out of memory." in fold.markdown[0].value


def test_a_run_that_tries_again_what_failed_says_so(store):
    study = fail(store, f"{NAME} on 4000")
    with Store.open(store) as opened:
        opened.retry_failed(study)  # what the driver does first when it resumes
        opened.set_study(study, "running")
    with alive(store, study):
        at = visit("views/run.py")
    assert at.subheader[0].value == f"{NAME}: running, trying again 1 that failed"


def press(at: AppTest, label: str) -> None:
    next(button for button in at.button if button.label == label).click().run()


def test_plan_answers_in_sentences_both_ways_round(store, recorded):
    make_study(store, "finished")
    at = visit("views/plan.py")
    assert "At 16,000 images, expect a top-1 error of" in said(at)
    assert "One more doubling, to 8,000 images" in said(at)
    assert re.search(r"takes about [\d,]+ images", said(at))


def test_plan_with_too_few_sizes_says_how_many_it_needs(store, recorded):
    make_study(store, "finished", done=SIZES[:3])
    assert "a forecast needs 4" in said(visit("views/plan.py"))


def many_curves(store: Path, count: int) -> None:
    with Store.open(store) as opened:
        opened.import_points(
            [
                Point(f"c{k:02}", 100.0 * 2**j, 0.9 / (j + 2))
                for k in range(count)
                for j in range(5)
            ],
            "0.1.0",
        )


def test_what_is_folded_away_is_not_drawn_until_it_is_unfolded(store):
    make_study(store, "finished")
    at = visit(unfolded=())
    assert len(at.table) == 1
    assert not at.number_input
    assert not at.get("plotly_chart")
    assert len(visit().table) > 1


def test_more_curves_than_can_be_drawn_are_leafed_through(store):
    many_curves(store, 15)
    at = AppTest.from_file(str(APP), default_timeout=SECONDS).run()
    at.switch_page("views/explore.py").run()
    assert "Curves 1 to 12 of 15," in said(at)
    at.session_state[f"window-{state.IMPORTED}-page-of-2"] = 2
    at.run()
    assert at.table[0].value.index.tolist() == ["c12", "c13", "c14"]


def test_no_window_is_proposed_for_a_curve_that_is_not_on_screen(store, monkeypatch):
    many_curves(store, 15)
    asked = set()
    plain = state.proposed_window

    def asking(curve):
        asked.add(curve.name)
        return plain(curve)

    monkeypatch.setattr(state, "proposed_window", asking)
    visit(unfolded=())
    assert asked == {f"c{k:02}" for k in range(12)}


def test_one_window_for_all_is_that_of_the_curves_on_other_pages_too(store):
    many_curves(store, 15)
    at = visit(unfolded=())
    way(at).set_value(state.ONE_WINDOW).run()
    with Store.open(store, "read") as opened:
        assert len(opened.windows()) == 15
