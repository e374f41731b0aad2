"""Stores with bytes turned over, page by page: told or harmless, never read as other numbers."""

import os
import random

import pytest

from engine import cli
from engine.study.salvage import salvage
from engine.study.store import Store, StoreError
from tests.studies import SIZES, everything, make_study, points

pytestmark = pytest.mark.soak

FLIPS = int(os.environ.get("SOAK_FLIPS", "40"))  # in each page
PAGE = 4096


@pytest.fixture
def whole(order, planned):
    """A store with a study that was really trained, one that was not, and an import."""
    path = planned
    assert cli.main([*order, "--store", str(path)]) == 0
    make_study(path, "stopped", "stopped", SIZES[:4])
    with Store.open(path) as store:
        brought = [p for k in range(10) for m in SIZES for p in points(m, 3, name=f"brought {k}")]
        store.import_points(brought, "0")
    return path


CHANGES = {
    "a bit": lambda page, rng: turned(page, rng, 1 << rng.randrange(8)),
    "a byte": lambda page, rng: turned(page, rng, rng.randrange(1, 256)),
    "wiped": lambda page, rng: bytes(PAGE),
    "random": lambda page, rng: rng.randbytes(PAGE),
    "another page": None,
}


def turned(page, rng, mask):
    place = rng.randrange(PAGE)
    return page[:place] + bytes([page[place] ^ mask]) + page[place + 1 :]


@pytest.mark.parametrize("kind", CHANGES)
def test_no_damage_is_ever_read_as_other_numbers(whole, tmp_path, figures, kind):
    raw, truth, rng = whole.read_bytes(), everything(whole), random.Random(kind)
    with Store.open(whole, "read") as store:
        held = {point for curve in store.curves() for point in curve.points}
    told = harmless = wrong = 0
    saved = []
    pages = len(raw) // PAGE
    for page in range(pages):
        for _ in range(FLIPS if kind.startswith("a b") else 1):
            start = page * PAGE
            if kind == "another page":
                other = PAGE * rng.choice([p for p in range(pages) if p != page])
                filling = raw[other : other + PAGE]
            else:
                filling = CHANGES[kind](raw[start : start + PAGE], rng)
            spoilt = tmp_path / "spoilt.db"
            spoilt.write_bytes(raw[:start] + filling + raw[start + PAGE :])
            try:
                same = everything(spoilt) == truth
                harmless, wrong = harmless + same, wrong + (not same)
            except StoreError:
                told += 1
                found = salvage(spoilt)
                wrong += not set(found) <= held
                saved.append(len(found) / len(held))
    figures(
        f"{kind} in each of {pages} pages",
        tried=told + harmless + wrong,
        told=told,
        harmless=harmless,
        wrong=wrong,
        **{
            "median salvaged": f"{sorted(saved)[len(saved) // 2]:.1%}",
            "least": f"{min(saved):.1%}",
        },
    )
    assert wrong == 0


def test_a_store_cut_off_anywhere_is_told(whole, tmp_path, figures):
    raw, rng, told, tried = whole.read_bytes(), random.Random("cut"), 0, 0
    for length in rng.sample(range(1, len(raw)), 300):
        spoilt = tmp_path / "spoilt.db"
        spoilt.write_bytes(raw[:length])
        tried += 1
        try:
            everything(spoilt)
        except StoreError:
            told += 1
    figures("store cut off", tried=tried, told=told, wrong=tried - told)
    assert told == tried
