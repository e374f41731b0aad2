from itertools import pairwise

import pytest

from data.shards import sizes
from engine.domains import DOMAINS
from engine.study.presets import RECIPES, SGD_RATES, recipe
from engine.study.subject import PRESETS, Subject


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_domain_has_every_preset(domain):
    assert set(RECIPES[domain]) == set(PRESETS)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("preset", PRESETS)
def test_the_rungs_of_a_ladder_are_a_factor_of_two_apart(domain, preset):
    ladder = RECIPES[domain][preset].ladder
    assert all(b == 2 * a for a, b in pairwise(ladder))
    assert len(ladder) >= 2


@pytest.mark.parametrize("domain", DOMAINS)
def test_six_sizes_of_a_quick_study_span_two_decades(domain):
    quick = RECIPES[domain]["quick"]
    found = sizes(10_000_000, quick.smallest, quick.step)[: quick.worth]
    assert len(found) == 6
    assert found[-1] >= 100 * found[0]


def test_minutes_alone_take_the_most_thorough_recipe_that_they_suit():
    words = Subject("words", "sotu", "lstm")
    assert recipe(words, None, 3.0) == RECIPES["words"]["quick"]
    assert recipe(words, None, 45.0) == RECIPES["words"]["standard"]


def test_sgd_searches_rates_of_its_own():
    treated = Subject("words", "sotu", "lstm", "sgd")
    assert recipe(treated, "quick", None).rates == SGD_RATES
