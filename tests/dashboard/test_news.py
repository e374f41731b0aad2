"""What the server says of news, to a browser that asks often."""

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard.news import answer
from engine.curve import Point
from engine.study.store import Store


@pytest.fixture
def ask(store):
    """Ask of the page's store; the page itself is not started."""
    client = TestClient(Starlette(routes=[Route("/news", answer)]))
    return lambda: client.get("/news")


def test_the_answer_moves_when_a_point_is_written_and_not_before(ask, store):
    with Store.open(store) as opened:
        opened.import_points([Point("mine", 100, 0.5)], "1")
        before = ask().text
        assert before == ask().text == str(opened.revision())
        opened.add_points([Point("mine", 200, 0.4)], "1")
        assert ask().text == str(opened.revision()) != before


def test_where_there_is_no_store_or_none_that_can_be_read_the_answer_is_nought(ask, store):
    assert ask().text == "0"
    store.write_bytes(b"no store at all")
    assert ask().text == "0"


def test_the_answer_is_not_kept_by_a_browser(ask):
    assert ask().headers["cache-control"] == "no-store"
