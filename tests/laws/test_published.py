"""The published laws reproduce the errors that their papers state."""

import numpy as np
import pytest

from engine.domains import DOMAINS
from engine.laws import broken_law, floor_law, trend
from engine.laws.forms import power
from engine.laws.published import PUBLISHED


def law(domain: str, metric: str):
    found = [
        row
        for row in PUBLISHED
        if (row.domain, row.metric) == (domain, metric) and row.coefficient is not None
    ]
    return found[0]


@pytest.mark.parametrize(
    ("domain", "metric", "size", "error"),
    [
        ("images", "top-1 error", 1.28e6, 0.194),  # all of ImageNet: 19.4 % top-1
        ("translation", "token error", 1.28e8, 0.28),  # 28 % word pieces
        ("words", "cross-entropy", 7.7e8, 3.37),  # 3.37 nats a word on the billion words
    ],
)
def test_a_published_law_gives_its_papers_error(domain, metric, size, error) -> None:
    row = law(domain, metric)
    assert power(size, row.coefficient, row.exponent) == pytest.approx(error, rel=0.005)


def test_every_row_names_its_source_and_falls() -> None:
    assert all(row.source and row.exponent < 0 for row in PUBLISHED)
    assert {row.domain for row in PUBLISHED} == set(DOMAINS)


def test_every_row_is_of_an_error_that_its_domain_measures() -> None:
    titles = {(name, m.title) for name, about in DOMAINS.items() for m in about.metrics}
    assert {(row.domain, row.metric) for row in PUBLISHED} <= titles


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_rows_of_a_domain_reach_to_the_same_size(domain) -> None:
    rows = [row for row in PUBLISHED if row.domain == domain and row.size_unit]
    assert len({row.x_high for row in rows}) == 1


def test_top_5_is_steeper_than_top_1() -> None:
    exponents = {row.metric: row.exponent for row in PUBLISHED if row.domain == "images"}
    assert exponents["top-5 error"] == -0.488 < exponents["top-1 error"] == -0.309


def test_every_published_exponent_lies_where_the_priors_expect_it() -> None:
    for row in PUBLISHED:
        low, high = row.exponent_low or row.exponent, row.exponent_high or row.exponent
        assert -1.3 <= low <= row.exponent <= high <= -0.06


@pytest.mark.parametrize(
    ("mean", "sd"),
    [
        (floor_law.PRIOR_MEAN[1], floor_law.PRIOR_SD[1]),
        (broken_law.PRIOR_MEAN[1], broken_law.PRIOR_SD[1]),
        (broken_law.PRIOR_MEAN[2], broken_law.PRIOR_SD[2]),
        (trend.FIRST_SLOPE, trend.FIRST_SLOPE_SD),
    ],
)
def test_every_published_exponent_lies_within_a_deviation_of_the_forecasts_priors(mean, sd) -> None:
    exponents = np.array([row.exponent for row in PUBLISHED])
    assert (np.abs(exponents - mean) / sd).max() < 1


@pytest.mark.parametrize("domain", ["words", "characters", "speech"])
def test_the_two_papers_exponents_of_one_law_differ_by_rounding_and_refits_alone(domain) -> None:
    exponents = [row.exponent for row in PUBLISHED if row.domain == domain]
    assert len(exponents) > 1
    assert max(exponents) - min(exponents) < 0.01
