"""Who can reach a page, and what is said of it."""

from pathlib import Path

import pytest

from engine.exposure import DATA_FOLDER, data_folder, is_exposed, warning


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.8.8.8", "localhost", "::1", "unix:///x.sock"]
)
def test_this_machine_alone_reaches_a_loopback_address(address: str) -> None:
    assert not is_exposed(address)


@pytest.mark.parametrize("address", [None, "", "0.0.0.0", "::", "192.168.1.5", "my-server"])
def test_others_reach_every_other_address(address: str | None) -> None:
    assert is_exposed(address)


def test_the_warning_names_the_risk_and_both_ways_out() -> None:
    said = warning("0.0.0.0", Path("/home/ann"))
    for part in ("listens on 0.0.0.0", "start trainings", "/home/ann", "[auth]", "ssh -L"):
        assert part in said


def test_the_page_takes_data_from_the_folder_that_was_chosen_or_else_from_home(
    tmp_path: Path,
) -> None:
    assert data_folder({DATA_FOLDER: str(tmp_path)}) == tmp_path.resolve()
    assert data_folder({}) == Path.home().resolve()
