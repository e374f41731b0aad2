"""Points of one study are trained on one data set, whoever loads it and whenever."""

import pytest

from data.errors import DataError
from engine.domain_files import find
from engine.study.same_data import SameDataLoader
from tests.own import write

ABOUT = ("lines", "own", "")


@pytest.fixture
def loader(tmp_path):
    """Of a domain's file, with what its data were when the study was planned."""

    def made(planned, old="", new=""):
        row = find(str(write(tmp_path, old, new)))
        return SameDataLoader({}, tmp_path, "cpu", {"lines": row}, planned)

    return made


def test_the_data_that_were_planned_on_are_taken(loader):
    known = loader({})(*ABOUT).data_hash
    assert loader({ABOUT: known})(*ABOUT).data_hash == known


def test_other_data_are_refused_with_both_hashes_and_the_way_out(loader):
    now = loader({})(*ABOUT).data_hash
    with pytest.raises(DataError, match=f"hash before then, {now} now.*put them back.*fixed seed"):
        loader({ABOUT: "before"})(*ABOUT)
