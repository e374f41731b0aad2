"""Pages are opened by the hundred here: what Streamlit looks for each time, it looks for once."""

from functools import cache
from pathlib import Path

import pytest
from streamlit import config
from streamlit.components.v2 import manifest_scanner

from dashboard import jobs

APP = Path(__file__).parents[2] / "dashboard" / "page.py"


@pytest.fixture(scope="session", autouse=True)
def _installed_packages_are_searched_once():
    """A page that starts reads the metadata of every installed package, more work than its own.

    What is installed does not change while the tests run.
    """
    with pytest.MonkeyPatch.context() as patch:
        search = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", search)
        yield


@pytest.fixture(scope="session", autouse=True)
def _the_page_is_configured_as_it_is_when_served():
    """`streamlit run` reads the file beside the page; AppTest reads none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, "_main_script_path", str(APP))
        config.get_config_options(force_reparse=True)
        yield
    config.get_config_options(force_reparse=True)


@pytest.fixture
def store(tmp_path, monkeypatch) -> Path:
    """Where the page looks for its store; no estimate is made."""
    path = tmp_path / "study.db"
    monkeypatch.setenv("STEEPNESS_STORE", str(path))
    monkeypatch.setenv("STEEPNESS_DATA_FOLDER", "/data")
    monkeypatch.setattr(
        jobs, "estimate", lambda order: jobs.Estimate("8 sizes", 240.0, "CPU", "no GPU")
    )
    return path
