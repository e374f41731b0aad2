"""How the pages name things: every name of the engine has its words, synthetic data say so."""

import importlib.util
from dataclasses import replace
from importlib import import_module

import pytest

from dashboard import words
from engine.curve import Curve, Point, gather
from engine.domains import DOMAINS
from engine.laws.fit import Note, fit
from engine.laws.interval import Interval
from engine.laws.window import Window
from engine.study.store import Store
from tests.studies import SIZES, make_study, points


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


def curve_of(*points: tuple[float, float]) -> Curve:
    return Curve("c", tuple(Point("c", size, error, unit="images") for size, error in points))


def test_sizes_with_unequal_repeats_say_the_least_and_the_most():
    once = [(size, 3 * size**-0.3) for size in (100.0, 200.0, 400.0, 800.0)]
    assert words.repeats(fit(curve_of(*once))) == "1"
    assert words.repeats(fit(curve_of(*once, (100.0, 0.75)))) == "1 to 2"
    assert words.repeats(fit(curve_of(*once, (100.0, 0.75)), Window(200.0, None))) == "1"


def test_one_size_is_no_range():
    assert words.provenance((curve_of((39.0, 0.5)),)).startswith("1 size of 39 images")


def test_a_lopsided_interval_is_explained_by_the_floor_that_there_may_be():
    clear = fit(gather(point for size in SIZES for point in points(size))[0], Window(250, None))
    note = Note("no-floor", "info", "no floor claimed: the chance of one is 33 %")
    told = replace(clear, notes=(note,), exponent=Interval(-0.17, -0.47, -0.17))
    assert words.doubts(told) == "No floor claimed: the chance of one is 33 %."
    assert words.doubts(replace(told, exponent=Interval(-0.17, -0.2, -0.14))) == ""


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
    assert said == "2 sizes from 10 to 20 words, 1 size of 5 images, 1 seed"
