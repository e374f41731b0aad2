"""Each page walked through as its user would: from a first visit to a run, a link and a report."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine.study.store import Store
from tests.browser.server import at_rest
from tests.studies import NAME, make_study

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
PATIENCE = 600_000  # ms for what trains or measures this machine, beside other work


def go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()
    at_rest(page)


def test_a_first_visit_says_what_this_is_and_leads_to_a_first_run(
    open_page: Visit, fresh_store: Path
) -> None:
    page = open_page()
    expect(page.locator(".steep-tip").last).not_to_be_empty()
    intro = page.get_by_text("How steeply does the error fall as the training data grows?")
    expect(intro).to_be_in_viewport()
    page.get_by_role("button", name="Measure your own").click()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible(timeout=PATIENCE)
    assert not fresh_store.exists()


def test_a_run_is_started_stopped_and_resumed_from_the_page(
    open_page: Visit, fresh_store: Path
) -> None:
    page = open_page("/run")
    expect(page.get_by_text(re.compile(r"\d+ sizes from .* about"))).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Run", exact=True).click()
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".steep-tip").first).not_to_be_empty(timeout=PATIENCE)  # a first point
    stop.click()
    resume = page.get_by_role("button", name="Resume")
    expect(resume).to_be_enabled(timeout=PATIENCE)
    with Store.open(fresh_store, "read") as opened:
        (row,) = opened.studies()
        measured = {point for curve in opened.curves() for point in curve.points}
    assert row.state == "stopped"
    assert measured
    resume.click()
    expect(page.get_by_text(re.compile(", finished, ")).or_(stop)).to_be_visible(timeout=PATIENCE)
    if stop.count():
        stop.click()
        expect(page.get_by_text(re.compile(", (stopped|finished), "))).to_be_visible(
            timeout=PATIENCE
        )
    with Store.open(fresh_store, "read") as opened:
        assert measured <= {point for curve in opened.curves() for point in curve.points}


def test_a_run_that_only_starts_is_given_up_without_a_word_of_failure(
    open_page: Visit, fresh_store: Path
) -> None:
    page = open_page("/run")
    page.get_by_role("button", name="Run", exact=True).click(timeout=PATIENCE)
    expect(page.get_by_text("Starting: loading the data")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="New study")).to_be_visible(timeout=PATIENCE)
    at_rest(page)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_plan_answers_what_more_data_brings_and_follows_its_sliders(
    open_page: Visit, fresh_store: Path
) -> None:
    make_study(fresh_store, "finished")
    page = open_page()
    go(page, "Plan")
    answer = page.get_by_text(re.compile(r"At [\d,]+ images, expect a top-1 error of"))
    expect(answer).to_contain_text("At 16,000 images")
    page.get_by_role("slider", name="With so many times the data").press("ArrowRight")
    expect(answer).to_contain_text("At 24,000 images")
    expect(page.locator(".js-plotly-plot .scatterlayer").first).to_be_visible()


def test_a_link_to_compare_shows_somebody_else_the_same(
    open_page: Visit, fresh_store: Path
) -> None:
    make_study(fresh_store, "finished")
    first = open_page()
    go(first, "Compare")
    first.get_by_text("All", exact=True).click()
    at_rest(first)
    first.get_by_text("One for all", exact=True).click()
    at_rest(first)
    expect(first).to_have_url(re.compile("windows=One"))
    first.get_by_role("slider", name=f"window start of {NAME} top-1").press("Home")
    window = first.locator("table tbody tr td:nth-of-type(4)").first
    expect(window).to_have_text(re.compile("start to"))
    at_rest(first)
    shown = first.locator("table").first.inner_text()
    address = first.url
    with Store.open(fresh_store) as opened:  # what this machine remembers is not the link's
        for name in opened.windows():
            opened.save_window(name, None)
    second = open_page(address[address.index("/", 10) :])
    expect(second.locator("table").first).to_have_text(re.compile(r"\S"))
    at_rest(second)
    assert second.locator("table").first.inner_text() == shown
    expect(second.get_by_role("radio", name="One for all")).to_be_checked()


def test_a_report_opens_by_itself_with_its_chart_and_table(
    open_page: Visit, fresh_store: Path, tmp_path: Path
) -> None:
    make_study(fresh_store, "finished")
    page = open_page(color_scheme="dark")
    at_rest(page)
    exponent = page.locator("table tbody tr td:nth-of-type(2)").first.inner_text()
    with page.expect_download() as arriving:
        page.get_by_role("button", name="Report").click()
    report = tmp_path / "report.html"
    arriving.value.save_as(report)
    asked: list[str] = []
    faults: list[str] = []
    opened = page.context.new_page()
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.goto(report.as_uri())
    expect(opened.locator("svg").first).to_be_visible()
    expect(opened.locator("table").first).to_contain_text(exponent)
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert faults == []
