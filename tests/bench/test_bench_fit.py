"""`steepness bench fit`: its tasks, its score, its rivals and its table."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.bench import fit, speed
from engine.bench.learn import fold_of, kept_out_mixtures
from engine.bench.rivals import RIVALS, Seen
from engine.bench.tasks import BenchError, Task, cut, read_tasks, thinned
from engine.curve import Curve, Point
from engine.laws import forms
from engine.laws.members import FEATURES

SIZES = 16 * 2.0 ** np.arange(0, 8, 0.5)
AHEAD = SIZES[-1] * np.array([1.5, 2.0, 4.0])


def task_of(law, group: str = "IC", name: str = "IC/bird_5/x") -> Task:
    points = tuple(Point(name, float(m), float(law(m))) for m in SIZES)
    return Task(group, name, Curve(name, points), AHEAD, law(AHEAD))


def one_break(m) -> np.ndarray:
    """BNSL with a = .05, b = .9, c0 = .1, c1 = .5, d1 = 200, f1 = .4."""
    m = np.asarray(m)
    return 0.05 + 0.9 * m**-0.1 * (1 + (m / 200) ** 2.5) ** -0.2


def test_the_score_is_the_root_mean_square_of_log_ratios() -> None:
    task = task_of(lambda m: np.asarray(m) ** -0.5)
    assert task.score(task.errors * np.exp([0.1, -0.2, 0.2])) == pytest.approx(np.sqrt(0.03))


def test_lcdb_predictions_are_clipped_before_they_are_scored() -> None:
    task = task_of(lambda m: np.full(np.shape(m), 0.5), group="LCDB")
    assert task.score(np.full(3, 7.0)) == pytest.approx(np.log(2))


def test_a_cut_asks_only_for_what_was_seen() -> None:
    task = task_of(lambda m: np.asarray(m) ** -0.5)
    shorter = cut(task, SIZES[-1] / 2, 2.0)
    assert shorter.curve.sizes.max() == SIZES[-1] / 2
    assert shorter.sizes.tolist() == SIZES[-2:].tolist()


def test_thinning_keeps_the_largest_and_steps_of_two() -> None:
    sparse = thinned(task_of(lambda m: np.asarray(m) ** -0.5), 2.0).curve.sizes
    assert sparse[-1] == SIZES[-1]
    assert sparse[1:] / sparse[:-1] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("name", "law"),
    [
        ("log-log line, last 5", lambda m: forms.power(m, 2.0, -0.3)),
        ("log-log line, all (M1)", lambda m: forms.power(m, 2.0, -0.3)),
        ("M2, power + floor", lambda m: forms.power_floor(m, 2.0, -0.5, 0.1)),
        ("M3", lambda m: forms.m3(m / 16, 0.8, 0.7, 0.05, 0.05)),
        ("M4", lambda m: forms.m4(m / 16, 1.5, 0.6, 1.2, 0.9, 0.1)),
        ("BNSL, one break", one_break),
        ("Hoiem, weighted", lambda m: forms.power_floor(m, 2.0, -0.5, 0.1)),
        ("LCDB pow3", lambda m: forms.power_floor(m, 2.0, -0.5, 0.1)),
        ("LCDB pow4", lambda m: forms.pow4(m, 4.0, 0.6, 0.1, 20.0)),
        ("LCDB mmf4", lambda m: forms.mmf4(m / 16, 0.9, 6.0, 0.1, 0.9)),
        ("LCDB wbl4", lambda m: forms.wbl4(m / 16, 0.4, 0.7, 0.15, 0.5)),
        ("LCDB exp3", lambda m: forms.exp3(m / 16, 0.6, 0.05, 0.2)),
    ],
)
def test_a_rival_finds_the_law_that_it_believes_in(name: str, law) -> None:
    x, y = np.log(SIZES), np.log(law(SIZES))
    predict = RIVALS[name](Seen.of([(x, y, np.ones(x.size))] * 2))
    found = predict(np.log([AHEAD, AHEAD]))
    assert found[0] == pytest.approx(law(AHEAD), rel=0.01)
    assert found[1] == pytest.approx(found[0], rel=1e-9)


def test_repeating_the_last_value_repeats_it() -> None:
    y = np.log([0.5, 0.4, 0.3, 0.25])
    predict = RIVALS["repeat the last value"](Seen.of([(np.arange(4.0), y, np.ones(4))]))
    assert predict(np.array([[5.0, 9.0]])) == pytest.approx(0.25)


def test_curves_of_one_data_set_are_kept_out_together() -> None:
    names = ("IC/bird_5/x", "IC/bird_25/y", "IC/cal_5/x")
    folds = [fold_of(task_of(lambda m: 1 / np.asarray(m), name=name)) for name in names]
    assert folds[0] == folds[1] != folds[2]
    assert set(folds) <= set(kept_out_mixtures())


def test_company_is_kept_within_a_data_set_and_by_the_tasks_own_mixture() -> None:
    names = ("IC/bird_5/x", "IC/bird_25/y", "IC/cal_5/x")
    tasks = [task_of(one_break, name=name) for name in names]
    kept_out = kept_out_mixtures()
    alone = [
        replace(each, mixture=kept_out[fold_of(task)])
        for each, task in zip(fit._told(tasks), tasks, strict=True)
    ]
    held = fit._in_company(tasks, alone)
    assert [each.company is not None for each in held] == [True, True, False]
    assert [each.mixture for each in held] == [each.mixture for each in alone]


def test_the_plain_average_is_a_third_of_each_but_the_one_that_stays() -> None:
    features = np.random.default_rng(0).normal(size=(7, len(FEATURES)))
    features[:, FEATURES.index("one")] = 1.0
    weights = fit.evenly().weights(features)
    assert weights == pytest.approx(np.tile([1 / 3, 1 / 3, 1 / 3, 0.0], (7, 1)))


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"No such file or directory.*give its folder"):
        read_tasks(tmp_path)


@pytest.mark.shared
def test_the_tasks_are_those_of_the_papers(shared_data: Path) -> None:
    groups = [task.group for task in read_tasks(shared_data / "curves")]
    assert {g: groups.count(g) for g in dict.fromkeys(groups)} == {
        "IC": 72, "NMT": 5, "LM": 5, "BB": 10, "LCDB": 300,
    }  # fmt: skip


@pytest.mark.shared
def test_kept_out_forecasts_reach_the_targets_on_the_small_groups(shared_data: Path) -> None:
    tasks = [t for t in read_tasks(shared_data / "curves", 300) if t.group in ("NMT", "LM", "BB")]
    kept_out = kept_out_mixtures()
    told = [
        replace(each, mixture=kept_out[fold_of(task)])
        for each, task in zip(fit._told(tasks), tasks, strict=True)
    ]
    scores = fit._ours(tasks, told)
    mean = {
        group: np.mean([s for s, t in zip(scores, tasks, strict=True) if t.group == group])
        for group in ("NMT", "LM", "BB")
    }
    assert mean["NMT"] < 0.0083
    assert mean["LM"] < 0.0008
    assert mean["BB"] < 0.0092


@pytest.mark.slow
def test_the_commands_are_timed_on_a_curve_that_they_take(monkeypatch) -> None:
    monkeypatch.setattr(speed, "TIMED", 1)
    seconds = speed._commands(task_of(one_break).curve)
    assert list(seconds) == ["fit", "predict"]
    assert min(seconds.values()) > 0


def test_the_report_prints_what_the_figures_hold() -> None:
    row = {group: [0.02, 0.01] for group in fit.GROUPS} | {"all": 0.03, "worst": 0.1}
    figures = {
        "tasks": dict.fromkeys(fit.GROUPS, 7),
        "rmsle": {fit.OURS: row},
        "published": fit.QUOTED,
        "bands": {fit.OURS: {group: [0.9, 0.3] for group in fit.GROUPS}},
        "gain": {"IC": [-0.0014, 0.0008]},
        "against": {"M4": 0.75},
        "speed": {"one forecast": "20 ms"},
        "exponents": {"auto fit": ["0.900 / 0.10"] * 3},
    }
    text = fit.report(json.loads(json.dumps(figures)))
    ours = next(line for line in text.splitlines() if line.startswith("Steepness"))
    assert ours.removeprefix(fit.OURS).split() == [*["0.0200/0.0100"] * 5, "0.0300", "0.100"]
    assert text.count("0.900 / 0.300") == 5
    assert f"{fit.OURS} beats M4 on 75% of the published tasks" in text
    assert "IC -0.0014 ± 0.0008" in text
    assert "one forecast: 20 ms" in text
    assert text.count("0.900 / 0.10") == 3
