"""What treatments of any domain are made of: wrong labels and their floor, draws without a seed."""

import numpy as np
import pytest
import torch

from data.errors import DataError
from engine.tasks.treatments import (
    drawn,
    noise_floor,
    noisy_labels,
    treated,
    without_hardest,
)

LABELS = np.arange(2_000) % 7


def test_no_name_is_no_treatment():
    assert treated("task", "", {}) == "task"


def test_a_name_is_looked_up_and_applied():
    assert treated("task", "upper", {"upper": str.upper}) == "TASK"


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(DataError, match=r"'sharpen'.* one of upper, lower"):
        treated("task", "sharpen", {"upper": str.upper, "lower": str.lower})


def test_where_there_are_no_treatments_the_error_says_so():
    with pytest.raises(DataError, match="there are none yet"):
        treated("task", "sharpen", {})


@pytest.mark.parametrize("rate", [0, 0.1, 0.2, 0.4, 1])
def test_exactly_that_share_of_labels_is_another_class(rate):
    noisy = noisy_labels(LABELS, 7, rate)
    assert (noisy != LABELS).sum() == round(rate * len(LABELS))
    assert set(noisy) == set(range(7))


def test_wrong_labels_are_spread_evenly_over_the_other_classes():
    labels = np.zeros(60_000, np.int64)
    wrong = noisy_labels(labels, 7, 1.0)
    assert np.abs(np.bincount(wrong, minlength=7) - [0, *[10_000] * 6]).max() < 400  # 4 deviations


def test_what_is_wrong_at_a_low_rate_is_wrong_in_the_same_way_at_a_higher_one():
    low, high = noisy_labels(LABELS, 7, 0.1), noisy_labels(LABELS, 7, 0.4)
    wrong = low != LABELS
    assert np.array_equal(low[wrong], high[wrong])


def test_wrong_labels_are_the_same_at_every_call():
    assert np.array_equal(noisy_labels(LABELS, 7, 0.2), noisy_labels(LABELS, 7, 0.2))


def test_the_floor_is_the_loss_of_the_exact_noisy_posterior_on_clean_labels():
    """By hand: of 5 classes, 20 % noise: the true one keeps 0.8, so the loss is -log 0.8."""
    assert noise_floor(0.2, 5) == pytest.approx(0.22314355)
    assert noise_floor(0, 5) == 0


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.4])
@pytest.mark.parametrize("classes", [2, 5, 207])
def test_no_true_law_puts_the_exact_noisy_posterior_below_the_floor(rate, classes):
    """E[-log q_y], y ~ p, computed directly for laws from nearly sure to uniform."""
    if rate > 1 - 1 / classes:
        return
    rng = np.random.default_rng(0)
    channel = np.full((classes, classes), rate / (classes - 1))
    np.fill_diagonal(channel, 1 - rate)
    for sharpness in (0.001, 0.1, 1, 100):
        p = rng.dirichlet(np.full(classes, sharpness), 50)
        loss = -(p * np.log(p @ channel)).sum(1)
        assert loss.min() >= noise_floor(rate, classes) - 1e-12
    sure = np.eye(classes) @ channel
    assert -np.log(sure[0, 0]) == pytest.approx(noise_floor(rate, classes))


@pytest.mark.parametrize(("rate", "classes"), [(-0.1, 5), (0.81, 5), (0.1, 1)])
def test_a_rate_at_which_the_true_class_is_the_rarest_has_no_floor(rate, classes):
    with pytest.raises(ValueError, match="0 to 1 - 1 / classes"):
        noise_floor(rate, classes)


def test_the_hardest_leave_each_stratum():
    losses = np.array([5, 1, 2, 3, 4, 9, 8, 7, 6, 10.0])
    strata = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    assert without_hardest(losses, strata, 0.2).tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert without_hardest(losses, strata, 0.4).tolist() == [1, 2, 3, 6, 7, 8]


def test_a_stratum_too_small_for_a_share_keeps_all():
    assert without_hardest(np.array([1.0, 2, 3]), np.array([0, 0, 1]), 0.2).tolist() == [0, 1, 2]


def test_the_same_batch_draws_the_same_numbers():
    rows = torch.randperm(1000, generator=torch.Generator().manual_seed(0))[:64]
    assert torch.equal(drawn(rows, 5, 0), drawn(rows.clone(), 5, 0))


def test_draws_are_uniform_and_streams_and_places_independent():
    generator = torch.Generator().manual_seed(0)
    batches = [torch.randperm(64, generator=generator) for _ in range(2_000)]
    first, second = (torch.stack([drawn(rows, 5, s) for rows in batches]) for s in (0, 1))
    for draws in first, second:
        shares = torch.bincount(draws.flatten(), minlength=5) / draws.numel()
        assert (shares - 0.2).abs().max() < 0.006  # 5 deviations of 128,000 draws
    pairs = torch.bincount((5 * first + second).flatten(), minlength=25) / first.numel()
    assert (pairs - 0.04).abs().max() < 0.003
    along = np.corrcoef(first.numpy().T)[np.triu_indices(64, 1)]
    assert np.abs(along).max() < 0.12  # 5 deviations of 2,000


def test_another_order_of_the_same_rows_draws_anew():
    rows = torch.arange(64)
    assert (drawn(rows, 5, 0) == drawn(rows.flip(0), 5, 0).flip(0)).float().mean() < 0.5
