import json
from dataclasses import asdict, replace

import pytest

from engine.curve import Point
from engine.recorded import recorded_curves
from engine.study.record import command, record
from engine.study.store import NewCurve, Store
from engine.study.subject import Settings, Subject

PLAIN = Subject("images", "icons", "cnn")
SETTINGS = Settings((PLAIN,), "quick")


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "study.db") as store:
        study = store.create_study(
            key="k",
            name="images icons cnn",
            settings=asdict(SETTINGS),
            plan={"sentence": "1 size"},
            shards=[("100", 2.0)],
            curves=[NewCurve("c", 0.99, "hash", "0.1.0", "measured here")],
            workers=2,
            device="CPU",
            device_reason="no GPU",
            version="0.1.0",
        )
        points = [(Point("c", 100.0, 0.5, unit="images", seed=seed), {}) for seed in (0, 1)]
        store.add_groups(study, [("g", "100", {}, 2.0)])
        store.end_group(
            study, "g", seconds=7.0, reason="", candidates=[], decides="100", points=points
        )
        yield store


def test_a_recorded_study_comes_back_with_its_points_and_guess_level(store, tmp_path):
    record(store, store.studies()[0], tmp_path / "recorded", "a machine")
    (shipped,) = recorded_curves(tmp_path / "recorded")
    (measured,) = store.curves()
    assert shipped.points == tuple(p._replace(device="a machine") for p in measured.points)
    assert (shipped.guess, shipped.origin, shipped.data_hash) == (0.99, "shipped", "hash")


def test_a_recording_says_which_command_made_it_and_what_it_took(store, tmp_path):
    file = record(store, store.studies()[0], tmp_path / "recorded", "a machine")
    note = json.loads(file.with_suffix(".json").read_text())
    assert note["command"] == (
        "steepness run images --data icons --model cnn --preset quick --device cpu"
    )
    assert note["device"] == "a machine"
    assert "took 7 worker seconds" in note["note"]


def test_the_command_names_only_what_was_asked_for():
    treated = replace(PLAIN, treatment="sgd")
    settings = Settings((PLAIN, treated), None, minutes=5.0)
    said = "steepness run images --data icons --model cnn --treatment sgd --minutes 5.0"
    assert command(asdict(settings)) == f"{said} --device cpu"
    narrow = replace(settings, width=0.04)
    assert command(asdict(narrow)) == f"{said} --width 0.04 --device cpu"
    sizes = replace(settings, minutes=None, sizes=(10, 20))
    assert command(asdict(sizes)).endswith("--device cpu --sizes 10,20")
