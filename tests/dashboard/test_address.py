"""What the server sends where a page is opened at an address of its own."""

from importlib.resources import files

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard.address import NAMES, TOLD, answer


def test_it_is_streamlits_own_page_and_knows_its_server_before_any_script_runs():
    sent = TestClient(Starlette(routes=[Route("/compare", answer)])).get("/compare").text
    assert sent.replace(TOLD, "") == (files("streamlit") / "static/index.html").read_text("utf-8")
    assert sent.index("<script") == sent.index(TOLD)


def test_every_page_has_such_an_address():
    assert NAMES == ("bring", "compare", "explore", "method", "plan", "run")
