"""Shipped curves carry where they come from; a test brings its own folder."""

import json
from pathlib import Path

import pytest

from engine.curve import PointsError
from engine.domains import DOMAINS
from engine.recorded import recorded_curves, recordings

MADE = {
    "command": "steepness run images --preset standard",
    "device": "one CPU core",
    "date": "2026-11-22",
    "version": "0.1.0",
    "data_hash": {"images icons cnn top-1": "abc"},
    "guess": {"images icons cnn top-1": 0.9},
    "note": "the longer run",
}
POINTS = "curve,size,error\nimages icons cnn top-1,10,0.8\nimages icons cnn top-5,10,0.4\n"


def test_a_shipped_curve_says_when_and_from_what_it_was_made(tmp_path: Path) -> None:
    (tmp_path / "icons.csv").write_text(POINTS)
    (tmp_path / "icons.json").write_text(json.dumps(MADE))
    first, second = recorded_curves(tmp_path)
    assert (first.name, first.guess, second.guess) == ("images icons cnn top-1", 0.9, None)
    assert (first.origin, first.measured_on) == ("shipped", "2026-11-22")
    assert (first.version, first.data_hash) == ("0.1.0", "abc")


def test_no_folder_and_an_empty_one_ship_nothing(tmp_path: Path) -> None:
    assert recorded_curves(tmp_path) == recorded_curves(tmp_path / "absent") == []


def test_a_damaged_file_is_not_shown_in_part(tmp_path: Path) -> None:
    (tmp_path / "icons.csv").write_text(POINTS + "images icons cnn top-1,20,oops\n")
    (tmp_path / "icons.json").write_text(json.dumps(MADE))
    with pytest.raises(PointsError, match="line 4"):
        recorded_curves(tmp_path)


def test_all_that_ships_can_be_read() -> None:
    assert all(curve.origin == "shipped" and curve.measured_on for curve in recorded_curves())


def test_recordings_are_listed_by_their_notes_alone_images_first(tmp_path: Path) -> None:
    for name, guess in (
        (
            "a_speech",
            {"speech synthetic-words ctc cer": 1.0, "speech synthetic-words ctc wer": 1.0},
        ),
        ("b_images", MADE["guess"]),
        ("c_chess", {"elo": None}),
    ):
        (tmp_path / f"{name}.csv").write_text("not yet written to its end")
        (tmp_path / f"{name}.json").write_text(json.dumps({**MADE, "guess": guess}))
    found = recordings(tmp_path)
    assert [one.name for one in found] == ["b_images", "a_speech", "c_chess"]
    assert [one.subjects for one in found] == [
        ("images icons cnn",),
        ("speech synthetic-words ctc",),
        ("elo",),
    ]


def test_all_that_ships_is_of_domains_that_there_are() -> None:
    assert {r.subjects[0].split()[0] for r in recordings()} <= set(DOMAINS)


def test_what_a_first_study_would_take_comes_first_in_its_domain(tmp_path: Path) -> None:
    listed = [
        "images_icons_cnn",
        "images_icons_cnn_sgd",
        "images_icons_mlp",
        "images_cifar10_cnn",
        "words_sotu_lstm",
        "speech_synthetic-phrases_ctc",
        "speech_synthetic-phrases_attention",
    ]
    for name in listed:
        (tmp_path / f"{name}.csv").write_text(POINTS)
        subject = name.replace("_", " ")
        made = MADE | {"guess": {f"{subject} top-1": 0.9}}
        (tmp_path / f"{name}.json").write_text(json.dumps(made))
    assert [recording.name for recording in recordings(tmp_path)] == listed
