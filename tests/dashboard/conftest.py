"""Pages are opened by the hundred here: what Streamlit looks for each time, it looks for once."""

from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner


@pytest.fixture(scope="session", autouse=True)
def _installed_packages_are_searched_once():
    """A page that starts reads the metadata of every installed package, more work than its own.

    What is installed does not change while the tests run.
    """
    with pytest.MonkeyPatch.context() as patch:
        search = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", search)
        yield
