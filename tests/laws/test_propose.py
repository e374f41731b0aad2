"""The proposed window leaves the plateau out and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from engine.laws.fit import fit
from engine.laws.propose import at_plateau, first_law_size, propose_window
from engine.laws.repeats import repeats
from engine.laws.window import Window
from engine.laws.zones import zones
from engine.recorded import recorded_curves

SIZES = 50 * 2.0 ** np.arange(11)  # the power law takes over at 400, the fourth size


def test_a_pure_power_law_is_left_whole(simulate) -> None:
    assert propose_window(simulate(SIZES, 15 * SIZES**-0.3)) == Window()


def test_an_exact_plateau_is_left_out(simulate) -> None:
    curve = simulate(SIZES, np.minimum(0.9, 0.9 * (SIZES / 400) ** -0.5))
    assert propose_window(curve).low in (400, 800)  # 400 lies on both
    assert propose_window(curve).high is None


@pytest.mark.parametrize("guess", [None, 0.9])
@pytest.mark.parametrize("noise", [0.02, 0.06])
def test_a_noisy_plateau_is_left_out(simulate, guess, noise) -> None:
    rng = np.random.default_rng(1)
    errors = np.minimum(0.9, 0.9 * (SIZES / 400) ** -0.4)
    lows = [propose_window(simulate(SIZES, errors, noise, 3, rng, guess)).low for _ in range(40)]
    assert np.mean([low in (400, 800) for low in lows]) > 0.8  # the rest leave one size more out


def test_a_power_law_in_noise_keeps_nearly_all_its_sizes(simulate) -> None:
    rng = np.random.default_rng(2)
    kept = [
        propose_window(simulate(SIZES, 15 * SIZES**-0.3, 0.03, 3, rng)).low is None
        for _ in range(50)
    ]
    assert np.mean(kept) > 0.8


def test_a_floor_is_no_reason_to_leave_sizes_out(simulate) -> None:
    rng = np.random.default_rng(3)
    errors = 0.9 * (SIZES / 50) ** -0.5 + 0.1
    kept = [propose_window(simulate(SIZES, errors, 0.02, 3, rng)).low is None for _ in range(50)]
    assert np.mean(kept) > 0.8


def test_a_gradual_start_is_left_out_as_far_as_it_shows(simulate) -> None:
    """Rounded like (guess^-8 + law^-8)^(-1/8): the exponent of the rest is close to the truth.

    Not nearer: the window may keep a size that is still bending, since the law knows of the bend.
    """
    rng = np.random.default_rng(4)
    errors = (0.9**-8 + (0.9 * (SIZES / 400) ** -0.5) ** -8) ** (-1 / 8)
    exponents = []
    for _ in range(40):
        curve = simulate(SIZES, errors, 0.02, 3, rng)
        exponents.append(fit(curve, propose_window(curve), "power").exponent.value)
    assert np.mean(exponents) == pytest.approx(-0.5, abs=0.015)


def test_a_known_guess_tells_a_slow_start_from_the_law(simulate) -> None:
    """Errors creep from .9 to .895 as a power law of their own: only the guess tells."""
    errors = np.where(SIZES < 700, 0.9 * (SIZES / 50) ** -0.002, 0.9 * (SIZES / 700) ** -0.1)
    # the corner is at 700, so 800 may count as leaving it
    assert propose_window(simulate(SIZES, errors, guess=0.9)).low in (800, 1600)


def test_sizes_are_left_out_where_a_plateau_is_likelier_than_not(simulate) -> None:
    curve = simulate(SIZES, np.minimum(0.9, 0.9 * (SIZES / 400) ** -0.5))
    found, held = zones(curve), repeats(curve)
    assert first_law_size(replace(found, plateau_chance=0.4), held) == 0
    assert held.size[first_law_size(replace(found, plateau_chance=0.6), held)] in (400, 800)


def test_a_size_is_at_the_plateau_within_three_deviations_of_its_seeds_or_one_per_cent(
    simulate,
) -> None:
    off = np.array([0.0, 0.009, -0.009, 0.011, -0.04, 0.2, 0.31])
    alike = simulate(SIZES[:7], 0.9 * np.exp(off))
    assert at_plateau(repeats(alike), 0.9).tolist() == [True] * 3 + [False] * 4
    apart = [
        point
        for side in (-0.1, 0.0, 0.1)  # a deviation of 0.1 at every size
        for point in simulate(SIZES[:7], 0.9 * np.exp(off + side)).points
    ]
    spread = replace(alike, points=tuple(apart))
    assert at_plateau(repeats(spread), 0.9).tolist() == [True] * 6 + [False]
    for unknown in (None, 0.0, -1.0, float("nan")):
        assert not at_plateau(repeats(spread), unknown).any()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_five_sizes_or_fewer_are_never_cut(simulate, n) -> None:
    assert propose_window(simulate(SIZES[:n], np.full(n, 0.9), guess=0.9)) == Window()


def test_a_window_keeps_five_sizes_even_where_nearly_all_is_plateau(simulate) -> None:
    errors = np.where(SIZES < 20000, 0.9, 0.5)
    curve = simulate(SIZES, errors, guess=0.9)
    assert fit(curve, propose_window(curve)).n_sizes == 5


def test_words_that_start_above_the_best_guess_are_not_on_a_plateau() -> None:
    """Small models do worse than the guess and improve all the while: nothing to leave out."""
    curve = next(c for c in recorded_curves() if c.name == "words sotu lstm cross-entropy")
    assert propose_window(curve) == Window()
