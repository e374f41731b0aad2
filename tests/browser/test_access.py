"""Every page in its states, in light and dark, held against axe-core's rules."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import faults
from tests.browser.server import at_rest
from tests.studies import SIZES, alive, make_study

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
UNFOLD = """document.querySelectorAll("details:not([open]) > summary").forEach((f) => f.click())"""
PAGES = ("Explore", "Compare", "Plan", "Run", "Bring your own", "Method")


def look_through(page: Page, names: tuple[str, ...]) -> dict[str, list[str]]:
    """The faults of each page of these names, in light and dark, with all that is folded away."""
    found = {}
    for name in names:
        page.emulate_media(color_scheme="light")
        page.get_by_role("link", name=name, exact=True).first.click()
        expect(page.get_by_role("link", name=name, exact=True).first).to_have_attribute(
            "aria-current", "page"
        )
        at_rest(page)
        page.evaluate(UNFOLD)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            at_rest(page)
            said = faults(page)
            if said:  # of what is faded while it is drawn anew, perhaps: at rest it is there
                at_rest(page)
                said = faults(page)
            found[f"{name}, {scheme}"] = said
    return {name: said for name, said in found.items() if said}


def test_no_page_of_a_first_visit_shuts_anyone_out(open_page: Visit) -> None:
    assert look_through(open_page(), PAGES) == {}


def test_no_page_full_of_studies_shuts_anyone_out(open_page: Visit, fresh_store: Path) -> None:
    make_study(fresh_store, "failed", "out of memory", SIZES[:6], treatments=["sgd"])
    assert look_through(open_page(), PAGES[:4]) == {}


def test_no_page_shuts_anyone_out_while_a_study_runs(open_page: Visit, fresh_store: Path) -> None:
    study = make_study(fresh_store, "running", done=SIZES[:5])
    with alive(fresh_store, study):
        assert look_through(open_page(), ("Run", "Explore")) == {}
