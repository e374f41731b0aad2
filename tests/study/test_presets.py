from itertools import pairwise

import pytest

from data.shards import sizes
from engine.domains import DOMAINS
from engine.study.agenda import Agenda
from engine.study.plan import Extent, make_plan
from engine.study.presets import RECIPES, SGD_RATES, recipe
from engine.study.subject import PRESETS, Settings, Subject, shard_name
from engine.training.spec import Speed
from tests.budgets import train, wall


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


# Rows a second in training, looks and tests, one process alone, as the probe measured them (two
# vCPUs of an AMD EPYC with AVX2 alone, the most of 12 looks): units, rows, held out, tested.
SLOW = {
    ("characters", "lstm"): (
        Extent(9_753_216, 76_197, 750, 750, "characters"),
        {40_000: Speed(392, 1_275, 1_273), 80_000: Speed(265, 781, 789)},
    ),
    ("speech", "ctc"): (
        Extent(7_017, 6_399, 400, 600, "seconds of audio"),
        {60_000: Speed(379, 1_034, 946), 120_000: Speed(292, 740, 689)},
    ),
}


@pytest.mark.parametrize(("domain", "model"), SLOW)
def test_a_quick_study_ends_with_six_sizes_wherever_it_climbs_the_ladder(domain, model):
    extent, speeds = SLOW[domain, model]
    asked = Settings((Subject(domain, "any", model),), "quick")
    made = make_plan(asked, [RECIPES[domain]["quick"]], [extent], [speeds], workers=2)
    (part,) = made.subjects
    assert len(part.sizes) == 6
    assert part.sizes[-1] >= 100 * part.sizes[0]
    assert made.seconds <= 180
    low, top = part.recipe.ladder
    for climbs in (*part.sizes, part.sizes[-1] + 1):

        def best(size, climbs=climbs):
            return top if size >= climbs else low

        agenda = Agenda(made)
        while due := agenda.fresh():
            for group in due:
                agenda.end(group, train(group, best))
        assert all(agenda.decision(shard_name(part.subject, size)) for size in part.sizes)
        assert wall(made, best) <= 1.2 * 180
