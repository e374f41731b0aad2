"""The paper's claims on simulated curves of which it is known whether they hold."""

import subprocess
import sys

import numpy as np
import pytest

from engine.claims import judge, table
from engine.curve import Curve, Point, write_points

SIZES = 2.0 ** np.arange(5, 15)


def curve(name, exponent, coefficient=0.9, noise=0.01, guess=None, domain=None, parameters=None):
    rng = np.random.default_rng(len(name))
    points = [
        Point(
            name,
            float(size),
            float(coefficient * (size / SIZES[0]) ** exponent * np.exp(rng.normal(0, noise))),
            unit="units",
            domain=domain or name.split()[0],
            model=name.split()[2],
            seed=seed,
            parameters=None if parameters is None else int(parameters(size)),
        )
        for size in SIZES
        for seed in range(3)
    ]
    return Curve(name, tuple(points), guess=guess)


def verdicts(curves, claim):
    found = [c.verdict for c in judge(curves) if claim in c.claim]
    assert found
    return found


def test_a_straight_curve_over_three_decades_shows_a_power_law_region():
    (images, *rest) = verdicts([curve("images icons cnn top-1", -0.3)], "power-law region")
    assert images == "holds"
    assert set(rest) == {"not measured"}


@pytest.mark.parametrize(
    ("text", "images", "verdict"),
    [(-0.08, -0.3, "holds"), (-0.4, -0.3, "does not"), (-0.3, -0.3, "undecided")],
)
def test_text_is_shallower_where_the_intervals_lie_apart(text, images, verdict):
    noise = 0.05 if verdict == "undecided" else 0.01
    curves = [
        curve("words sotu lstm cross-entropy", text, noise=noise),
        curve("images icons cnn top-1", images, noise=noise),
    ]
    assert verdicts(curves, "text is shallower") == [verdict]


@pytest.mark.parametrize(("top5", "verdict"), [(-0.5, "holds"), (-0.2, "does not")])
def test_top_5_against_top_1(top5, verdict):
    curves = [curve("images icons cnn top-1", -0.3), curve("images icons cnn top-5", top5)]
    assert verdicts(curves, "top-5") == [verdict]


@pytest.mark.parametrize(("other", "verdict"), [(-0.30, "holds"), (-0.45, "does not")])
def test_two_models_share_an_exponent_to_within_the_margin(other, verdict):
    curves = [curve("images icons cnn top-1", -0.3), curve("images icons mlp top-1", other, 0.8)]
    assert verdicts(curves, "architectures") == [verdict]


def test_sgd_is_paired_with_the_untreated_curve_alone():
    names = ("words sotu lstm", "words sotu lstm sgd", "words sotu rhn", "words sotu lstm dropout")
    curves = [curve(f"{name} cross-entropy", -0.1) for name in names]
    claims = [c.claim for c in judge(curves) if c.claim.startswith("SGD")]
    assert claims == [
        "SGD and Adam share the exponent: words sotu lstm cross-entropy and"
        " words sotu lstm sgd cross-entropy"
    ]


@pytest.mark.parametrize(("growth", "verdict"), [(0.7, "holds"), (1.3, "does not")])
def test_the_growth_of_the_best_models(growth, verdict):
    rungs = 2.0 ** np.arange(40)
    grown = curve(
        "images icons cnn top-1",
        -0.3,
        parameters=lambda m: rungs[np.abs(rungs - 100 * m**growth).argmin()],
    )
    assert verdicts([grown], "grow sublinearly") == [verdict]


def test_growth_that_stops_at_the_ladders_top_is_no_verdict():
    rungs = 2.0 ** np.arange(14)
    full = curve(
        "images icons cnn top-1",
        -0.3,
        parameters=lambda m: rungs[np.abs(rungs - 100 * m**0.7).argmin()],
    )
    assert verdicts([full], "grow sublinearly") == ["undecided"]


@pytest.mark.parametrize(("guess", "verdict"), [(0.9, "holds"), (2.0, "does not")])
def test_the_plateau_against_the_best_guess(guess, verdict):
    curves = [curve("images icons cnn top-1", -0.3, guess=guess)]
    assert verdicts(curves, "best guess does") == [verdict]


def test_every_row_of_the_table_has_its_four_cells():
    rows = table(judge([curve("images icons cnn top-1", -0.3, guess=0.9)])).splitlines()
    assert {row.count("|") for row in rows} == {5}


def test_the_command_judges_the_files_that_it_is_given(tmp_path):
    file = tmp_path / "points.csv"
    file.write_text(write_points(curve("images icons cnn top-1", -0.3).points))
    said = subprocess.run(
        [sys.executable, "-m", "engine.claims", str(file)], capture_output=True, text=True
    )
    assert said.returncode == 0
    assert "-0.30" in said.stdout
