"""A page that others can reach says so, and asks who they are where a login is set up."""

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from tests.dashboard.conftest import APP


@pytest.fixture(autouse=True)
def _no_studies(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("STEEPNESS_STORE", str(tmp_path / "study.db"))


@pytest.fixture
def _listens_everywhere():
    config.set_option("server.address", "0.0.0.0")
    yield
    config.set_option("server.address", "127.0.0.1")


def visit(**user: object) -> AppTest:
    """Open the page; `user` is what Streamlit's login knows, nothing where there is none."""
    at = AppTest.from_file(str(APP), default_timeout=300)
    at.user = user
    return at.run()


def test_on_this_machine_alone_nothing_is_said():
    assert not visit().warning


@pytest.mark.usefixtures("_listens_everywhere")
def test_a_page_that_others_can_reach_says_so_and_names_the_login():
    (said,) = [warning.value for warning in visit().warning]
    assert "listens on 0.0.0.0" in said
    assert "auth" in said


@pytest.mark.usefixtures("_listens_everywhere")
def test_where_a_login_is_set_up_a_stranger_sees_it_and_nothing_else():
    at = visit(is_logged_in=False)
    assert not at.exception
    assert [button.label for button in at.button] == ["Log in"]
    assert [text.value for text in at.markdown] == [
        "Steepness is shown to those who are logged in."
    ]
    at.button[0].click().run()
    assert at.error  # nothing is set up here: it says so and does not break
    assert not at.exception


@pytest.mark.usefixtures("_listens_everywhere")
def test_who_is_logged_in_sees_the_page_without_a_warning():
    at = visit(is_logged_in=True, email="ann@example.com")
    assert not at.warning
    assert "Measure your own" in [button.label for button in at.button]
