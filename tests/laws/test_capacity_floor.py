"""Whose floor is it: told from curves of models that are full, or are not."""

import numpy as np
import pytest

from engine.curve import Curve, Point
from engine.laws.capacity_floor import capacity_floor
from engine.laws.ladder import ladder_sentence, winners_alike

SIZES = 100 * 2.0 ** np.arange(10)


def curve(parameters: int, floor: float, seed: int = 0) -> Curve:
    rng = np.random.default_rng([parameters, seed])
    errors = (3 * SIZES**-0.4 + floor) * np.exp(0.01 * rng.standard_normal((3, SIZES.size)))
    return Curve(
        str(parameters),
        tuple(
            Point("c", m, e, seed=k, parameters=parameters)
            for k, row in enumerate(errors.tolist())
            for m, e in zip(SIZES.tolist(), row, strict=True)
        ),
    )


def grown(last: int = 64_000) -> Curve:
    """The best models of a ladder that is long enough."""
    points = tuple(
        Point("best", m, 3 * m**-0.4, parameters=last >> (SIZES.size - 1 - i))
        for i, m in enumerate(SIZES.tolist())
    )
    return Curve("best", points)


def test_models_that_still_gain_from_capacity_have_a_floor_of_their_own() -> None:
    found = capacity_floor(curve(64_000, 0.05, 1), [curve(64_000, 0.05), curve(16_000, 0.15)])
    assert found.verdict == "capacity"
    assert "no floor is the data's yet" in found.sentence


def test_more_capacity_that_changes_nothing_leaves_the_floor_to_the_data() -> None:
    ladder = [curve(4_000, 0.3), curve(64_000, 0.1), curve(16_000, 0.1)]
    found = capacity_floor(curve(64_000, 0.1, 1), ladder)
    assert found.verdict == "data"
    assert found.gain.holds(1.0)
    assert [parameters for parameters, _ in found.full] == [4_000]
    assert "the model of 4,000 parameters is full" in found.sentence
    assert "the largest model, 64,000 parameters, against the next" in found.sentence


def test_four_sizes_of_both_are_enough_to_see_a_full_model_and_three_are_not() -> None:
    best, small = curve(64_000, 0.0, 1), curve(4_000, 0.3)
    for count in (3, 4):
        few = [
            Curve(c.name, tuple(p for p in c.points if p.size >= SIZES[-count]))
            for c in (best, small)
        ]
        assert [p for p, _ in capacity_floor(few[0], few[1:]).full] == [4_000] * (count == 4)


def exact(parameters: int, errors: np.ndarray) -> Curve:
    pairs = zip(SIZES.tolist(), errors.tolist(), strict=True)
    return Curve("e", tuple(Point("e", m, e, parameters=parameters) for m, e in pairs))


@pytest.mark.parametrize("last", [5, 6])
def test_a_model_is_full_from_the_first_size_at_which_it_stays_behind(last: int) -> None:
    law = 3 * SIZES**-0.4
    best = exact(64_000, law)
    flat = exact(4_000, np.maximum(law, law[last]))
    assert capacity_floor(best, [flat]).full == ((4_000, SIZES[last + 1]),)
    behind = exact(4_000, 1.1 * law * (SIZES / SIZES[0]) ** 0.2)  # flatter from the start
    assert capacity_floor(best, [behind]).full == ((4_000, SIZES[0]),)


def test_a_bend_is_looked_for_from_the_last_size_at_which_the_model_kept_up() -> None:
    law = 3 * SIZES**-0.4
    step = np.r_[np.zeros(4), 0.1, np.full(5, 0.2)]  # beyond it the two run side by side
    full = capacity_floor(exact(64_000, law), [exact(4_000, law * np.exp(step))]).full
    assert full == ((4_000, SIZES[4]),)
    early = np.r_[0.0, 0.1, np.full(8, 0.2)]
    full = capacity_floor(exact(64_000, law), [exact(4_000, law * np.exp(early))]).full
    assert full == ((4_000, SIZES[1]),)


def test_a_model_that_caught_up_is_full_from_where_it_falls_behind_again() -> None:
    law = 3 * SIZES**-0.4
    again = np.r_[np.full(5, 0.5), 0.0, 0.1, 0.2, 0.3, 0.4]
    full = capacity_floor(exact(64_000, law), [exact(4_000, law * np.exp(again))]).full
    assert full == ((4_000, SIZES[6]),)


def test_a_model_that_falls_behind_by_less_than_counts_keeps_up_to_the_end() -> None:
    law = 3 * SIZES**-0.4
    hardly = np.r_[np.zeros(6), 0.004, 0.008, 0.012, 0.016]
    assert capacity_floor(exact(64_000, law), [exact(4_000, law * np.exp(hardly))]).full == ()


@pytest.mark.parametrize("parameters", [0, None])
def test_a_curve_that_does_not_say_whose_it_is_tells_of_no_capacity(parameters) -> None:
    law = 3 * SIZES**-0.4
    nameless = exact(parameters, np.maximum(law, law[4]))
    found = capacity_floor(exact(64_000, law), [nameless, exact(64_000, law)])
    assert (found.full, found.gain, found.verdict) == ((), None, "undecided")


def test_a_model_that_stays_behind_at_the_last_two_sizes_is_told_by_the_last_four() -> None:
    law = 3 * SIZES**-0.4
    behind = np.r_[np.zeros(8), 0.2, 0.25]  # of which three tell no slope: 0.13, give or take 0.27
    full = capacity_floor(exact(64_000, law), [exact(4_000, law * np.exp(behind))]).full
    assert full == ((4_000, SIZES[8]),)


def test_a_gain_of_one_per_cent_is_no_reason_for_a_larger_model_however_sure() -> None:
    law = 3 * SIZES**-0.4
    ladder = [exact(64_000, 0.99 * law), exact(16_000, law)]
    found = capacity_floor(ladder[0], ladder)
    assert found.gain.high < 1
    assert found.verdict == "data"


@pytest.mark.parametrize(("ratio", "verdict"), [(0.95, "capacity"), (0.97, "undecided")])
def test_the_gain_is_as_sure_as_the_seeds_of_both_models_allow(ratio: float, verdict: str) -> None:
    law, d = 3 * SIZES**-0.4, 0.02
    ladder = [
        Curve(
            "s",
            exact(p, level * law * np.exp(-d)).points + exact(p, level * law * np.exp(d)).points,
        )
        for p, level in ((64_000, ratio), (16_000, 1.0))
    ]
    found = capacity_floor(ladder[0], ladder)
    # a deviation of 2^0.5 d between two seeds, d of their mean, 2^0.5 d of two means' difference
    assert found.gain.high / ratio == pytest.approx(np.exp(1.645 * 2**0.5 * d), rel=1e-4)
    assert found.verdict == verdict


def test_a_shifted_curve_that_bends_nowhere_is_not_full() -> None:
    best = curve(64_000, 0.0)
    worse = Curve(
        "w",
        tuple(Point("w", p.size, 1.3 * p.error, seed=p.seed, parameters=9) for p in best.points),
    )
    assert capacity_floor(best, [worse, best]).full == ()


def test_without_fixed_sizes_the_ladders_end_is_the_only_sign() -> None:
    found = capacity_floor(curve(64_000, 0.1), [])
    assert found.verdict == "undecided"
    assert found.sentence == (
        "one capacity, 64,000 parameters, at the 10 largest sizes: a floor may be the model's and"
        " not the data's"
    )


def test_models_that_grow_to_the_end_raise_no_doubt() -> None:
    assert ladder_sentence(grown()) == ""
    assert capacity_floor(grown(), []).sentence == "two capacities at the largest size would tell"


def test_the_ladder_is_in_doubt_from_three_sizes_on_that_one_capacity_won() -> None:
    sizes = SIZES.tolist()
    for winners in (1, 2, 3, 4):
        won = [1_000 * 2**k for k in range(5)] + [64_000] * winners
        points = tuple(
            Point("best", m, 0.5, parameters=p) for m, p in zip(sizes[: len(won)], won, strict=True)
        )
        said = ladder_sentence(Curve("best", points))
        assert ("at the" in said) == (winners >= 3)
        assert said == "" or f"64,000 parameters, at the {winners} largest sizes" in said
    assert ladder_sentence(Curve("one", (Point("one", 10.0, 0.5, parameters=9),))) == ""
    falling = tuple(Point("f", m, 0.5, parameters=round(1e6 / m)) for m in sizes)
    assert ladder_sentence(Curve("falling", falling)) == ""


def test_winners_are_alike_from_the_largest_size_down_to_the_first_that_differs() -> None:
    assert [winners_alike(each) for each in ((9, 9, 5, 9), (5, 9, 9, 9), ())] == [1, 3, 0]


def test_curves_without_points_or_parameters_are_undecided() -> None:
    nothing = Curve("n", ())
    bare = Curve("b", (Point("b", 10.0, 0.5),))
    assert capacity_floor(nothing, [nothing, bare]).verdict == "undecided"
    assert capacity_floor(bare, []).gain is None
