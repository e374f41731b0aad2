"""How the pages name things: every name of the engine has its words, synthetic data say so."""

import importlib.util
from importlib import import_module

import pytest

from dashboard import words
from engine.curve import Curve, Point
from engine.domains import DOMAINS
from engine.study.store import Store
from tests.studies import make_study


def test_an_address_in_a_name_becomes_no_link():
    said = words.plain("see http://evil.example, www.evil.example, me@evil.example")
    assert "http\\://\u2060evil" in said
    assert "www\u2060." in said
    assert "@\u2060" in said


def test_everything_that_can_be_chosen_has_a_name_for_readers():
    for domain in DOMAINS.values():
        assert domain.name in words.DOMAIN_NAMES
        assert set(domain.models) <= set(words.MODELS)
        assert set(domain.sources) <= set(words.SOURCES)
        assert set(domain.every_treatment) <= set(words.TREATMENTS)


def test_no_treatment_of_a_domains_module_is_missing_on_the_page():
    for domain in DOMAINS.values():
        if importlib.util.find_spec(domain.task):
            assert set(import_module(domain.task).TREATMENTS) <= set(domain.treatments)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("speech synthetic-words ctc cer", "speech synthetic-words ctc cer (SYNTHETIC)"),
        ("speech spoken-digits ctc cer", "speech spoken-digits ctc cer"),
        ("my photosynthetic-leaves", "my photosynthetic-leaves"),
    ],
)
def test_what_was_measured_on_synthetic_data_says_so(name, shown):
    assert words.marked(name) == shown


def test_a_study_names_each_model_once_with_its_treatments(tmp_path):
    make_study(tmp_path / "s.db", "finished", treatments=["sgd", "augment"])
    with Store.open(tmp_path / "s.db", "read") as store:
        (row,) = store.studies()
    assert words.study(row) == "images icons cnn with SGD and Augmentation"


def test_a_second_study_of_a_name_keeps_its_number(tmp_path):
    make_study(tmp_path / "s.db", "finished")
    with Store.open(tmp_path / "s.db", "write") as store:
        (row,) = store.studies()
    numbered = type(row)(**{f: getattr(row, f) for f in row.__slots__} | {"name": f"{row.name} @2"})
    assert words.study(numbered) == "images icons cnn @2"


def test_where_points_come_from_is_told_unit_by_unit():
    curves = tuple(
        Curve(unit, tuple(Point(unit, size, 0.5, unit=unit, seed=0) for size in sizes))
        for unit, sizes in (("words", (10.0, 20.0)), ("images", (5.0,)))
    )
    said = words.provenance(curves)
    assert said == "2 sizes from 10 to 20 words, 1 size from 5 to 5 images, 1 seed"
