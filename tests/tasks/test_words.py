"""The words domain as a study meets it: its default source."""

import pytest

from engine.domains import DOMAINS
from engine.models.language import FAMILIES
from engine.tasks.words import KIND, load_task


@pytest.fixture(scope="module")
def task():
    return load_task("sotu", None, None, "cpu")


@pytest.mark.slow
def test_the_default_source_reaches_over_three_decades(task):
    assert task.full > 1_700_000
    assert task.symbols == 4_002
    assert len(task.part("validation").rows) == len(task.part("test").rows) == KIND.held_out


@pytest.mark.slow
def test_the_best_guess_level_lies_below_that_of_even_shares(task):
    assert 5.7 < task.guess["cross-entropy"] < 6.0


def test_the_domain_names_what_the_task_gives():
    domain = DOMAINS["words"]
    assert [(metric.name, metric.unit) for metric in domain.metrics] == [
        (KIND.metric, f"nats/{KIND.unit[:-1]}")
    ]
    assert set(domain.models) == set(FAMILIES)
