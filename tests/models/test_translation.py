from functools import cache

import pytest
import torch
import torch.nn.functional as F

from engine.models.capacity import parameters
from engine.models.translation import FAMILIES, PADDING, build

VOCABULARY = 30
FAMILY = pytest.mark.parametrize("family", FAMILIES)


def pairs(rows: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Random sources (rows, 6) and prefixes (rows, 5) without padding."""
    generator = torch.Generator().manual_seed(seed)
    source = torch.randint(4, VOCABULARY, (rows, 6), generator=generator)
    return source, torch.randint(4, VOCABULARY, (rows, 5), generator=generator)


def model_of(family: str, capacity: int = 20_000):
    torch.manual_seed(1)
    return build(family, capacity, VOCABULARY)


def padded(tokens: torch.Tensor, by: int) -> torch.Tensor:
    return F.pad(tokens, (0, by), value=PADDING)


def test_an_attention_models_parameters_are_those_counted_by_hand():
    half, d = 3, 6
    reader = 4 * half * (d + half) + 2 * 4 * half  # each way: weights and two biases of four gates
    writer = 4 * d * (d + d) + 2 * 4 * d
    attention = d * d + 2 * d * d + 2 * d  # score, combine, normalisation
    by_hand = VOCABULARY * d + VOCABULARY + 2 * reader + writer + attention
    assert parameters(FAMILIES["attention"](half, VOCABULARY)) == by_hand


def test_a_transformers_parameters_are_those_counted_by_hand():
    d = 8
    norm = 2 * d
    heads = 4 * (d * d + d)
    inner = (2 * d * d + 2 * d) + (2 * d * d + d)
    reader, writer = heads + inner + 2 * norm, 2 * heads + inner + 3 * norm
    by_hand = VOCABULARY * d + VOCABULARY + 2 * reader + 2 * writer + 2 * norm
    assert parameters(FAMILIES["transformer"](2, VOCABULARY)) == by_hand


@cache
def counts(family):
    """Parameters at every width that might be the nearest."""
    with torch.device("meta"):  # shapes only
        return [parameters(FAMILIES[family](width, 500)) for width in range(1, 80)]


@FAMILY
@pytest.mark.parametrize("capacity", [30_000, 100_000, 300_000])
def test_the_width_taken_is_the_one_nearest_to_the_capacity(family, capacity):
    got = parameters(build(family, capacity, 500))
    assert abs(got - capacity) == min(abs(other - capacity) for other in counts(family))


@FAMILY
def test_padding_changes_nothing_in_a_rows_results(family):
    model, (source, prefix) = model_of(family), pairs(3)
    alone = model(source, prefix)
    beside = model(padded(source, 4), padded(prefix, 3))[:, : prefix.shape[1]]
    torch.testing.assert_close(beside, alone, atol=1e-6, rtol=1e-5)


@FAMILY
def test_no_place_sees_the_subwords_after_it(family):
    model, (source, prefix) = model_of(family), pairs(2)
    changed = prefix.clone()
    changed[:, 3:] = 4 + (changed[:, 3:] + 1) % (VOCABULARY - 4)
    before, after = model(source, prefix), model(source, changed)
    torch.testing.assert_close(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3:], after[:, 3:])


@FAMILY
def test_every_place_sees_the_first_and_the_last_subword_of_the_source(family):
    model, (source, prefix) = model_of(family), pairs(1)
    for place in (0, -1):
        changed = source.clone()
        changed[:, place] = 4 + (changed[:, place] + 1) % (VOCABULARY - 4)
        moved = (model(changed, prefix) - model(source, prefix)).abs().amax(dim=2)
        assert bool((moved > 1e-6).all())


@FAMILY
def test_decoding_step_by_step_gives_what_the_whole_sequence_gives(family):
    model, (source, prefix) = model_of(family), pairs(3)
    source[1, 4:] = PADDING
    state, steps = model.start(source), []
    for tokens in prefix.T:
        hidden, state = model.step(state, tokens)
        steps.append(hidden)
    torch.testing.assert_close(torch.stack(steps, dim=1), model(source, prefix))


@FAMILY
def test_first_guesses_are_close_to_even(family):
    model, (source, prefix) = model_of(family), pairs(8)
    logits = model.project(model(source, prefix)).flatten(0, 1)
    loss = F.cross_entropy(logits, torch.arange(len(logits)) % VOCABULARY)
    assert abs(loss.item() - torch.tensor(float(VOCABULARY)).log().item()) < 1.0


@FAMILY
def test_a_model_can_overfit_a_handful_of_pairs(family):
    model, (source, prefix) = model_of(family), pairs(8)
    wanted = torch.roll(source, 1, dims=1)[:, :5]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.0)
    for _ in range(80):
        loss = F.cross_entropy(model.project(model(source, prefix)).flatten(0, 1), wanted.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


@FAMILY
def test_the_same_seed_gives_the_same_weights(family):
    first, second = model_of(family), model_of(family)
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)
