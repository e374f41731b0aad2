"""A damaged store on the page: what can still be read of it is to be had."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine.curve import read_points
from engine.study.store import Store
from tests.studies import make_study

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_of_a_damaged_store_the_points_that_are_as_they_were_written_are_saved(
    open_page: Callable[..., Page], fresh_store: Path, tmp_path: Path
) -> None:
    make_study(fresh_store, "finished")
    with Store.open(fresh_store, "read") as opened:
        written = {point for curve in opened.curves() for point in curve.points}
    raw = bytearray(fresh_store.read_bytes())
    raw[raw.rindex(b"top-5 error")] ^= 1
    fresh_store.write_bytes(raw)
    page = open_page()
    expect(page.get_by_text("is damaged (1 of the rows in its table point")).to_be_visible()
    with page.expect_download() as arriving:
        page.get_by_role("button", name="The points that can still be read").click()
    arriving.value.save_as(tmp_path / "points.csv")
    saved = set(read_points(tmp_path / "points.csv"))
    assert saved < written
    assert len(saved) == len(written) - 1
