"""Language models: their size, their direction in time, and their equations."""

import math

import pytest
import torch
import torch.nn.functional as F

from engine.models.capacity import parameters
from engine.models.language import FAMILIES, RHN_DEPTH, RecurrentHighway, _distances, build

SYMBOLS = 31


def test_an_lstms_parameters_are_those_counted_by_hand():
    width = 7
    layer = 4 * (width * width + width * width + 2 * width)  # input, state, two biases a gate
    tied = SYMBOLS * width + SYMBOLS + 2 * width  # embedding, output bias, norm
    assert parameters(FAMILIES["lstm"](width, SYMBOLS)) == 2 * layer + tied


def test_a_recurrent_highway_networks_parameters_are_those_counted_by_hand():
    width = 7
    inputs = 2 * (width * width + width)
    states = RHN_DEPTH * 2 * width * width + (RHN_DEPTH - 1) * 2 * width
    tied = SYMBOLS * width + SYMBOLS + 2 * width
    assert parameters(FAMILIES["rhn"](width, SYMBOLS)) == inputs + states + tied


def test_a_transformers_parameters_are_those_counted_by_hand():
    width = 8
    attention = 3 * (width * width + width) + width * width + width
    inner = (width * 4 * width + 4 * width) + (4 * width * width + width)
    norms = 2 * 2 * width
    tied = SYMBOLS * width + SYMBOLS + 2 * width
    assert parameters(FAMILIES["transformer"](width, SYMBOLS)) == (
        2 * (attention + inner + norms) + tied
    )


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("symbols", "capacity"),
    [(4_002, 50_000), (4_002, 300_000), (4_002, 2_000_000), (90, 10_000), (90, 1_000_000)],
)
def test_a_capacity_is_met_within_a_twelfth(family, symbols, capacity):
    with torch.device("meta"):
        assert parameters(build(family, capacity, symbols)) == pytest.approx(capacity, rel=1 / 12)


@pytest.mark.parametrize("family", FAMILIES)
def test_parameters_rise_with_every_step_of_the_width(family):
    with torch.device("meta"):
        counts = [parameters(FAMILIES[family](width, SYMBOLS)) for width in range(1, 140)]
    assert counts == sorted(set(counts))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("width", [1, 2, 33, 65, 67, 130])
def test_any_width_gives_logits_for_every_place(family, width):
    logits = FAMILIES[family](width, SYMBOLS)(torch.randint(SYMBOLS, (3, 5)))
    assert logits.shape == (3, 5, SYMBOLS)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_later_symbol_changes_nothing_before_it_and_something_from_it_on(family):
    torch.manual_seed(1)
    model = build(family, 20_000, SYMBOLS)
    passage = torch.randint(SYMBOLS, (2, 9))
    changed = passage.clone()
    changed[:, 4] = (changed[:, 4] + 1) % SYMBOLS
    before, after = model(passage), model(changed)
    torch.testing.assert_close(before[:, :4], after[:, :4])
    for place in range(4, 9):
        assert (before[:, place] - after[:, place]).abs().max() > 1e-5


@pytest.mark.parametrize("family", FAMILIES)
def test_order_matters_to_a_model(family):
    torch.manual_seed(1)
    model = build(family, 20_000, SYMBOLS)
    one, other = torch.tensor([[3, 5, 8, 2]]), torch.tensor([[5, 3, 8, 2]])
    assert (model(one)[:, -1] - model(other)[:, -1]).abs().max() > 1e-4


def test_a_recurrent_highway_network_follows_the_papers_equations():
    torch.manual_seed(2)
    width = 5
    network = RecurrentHighway(width)
    x = torch.randn(3, 4, width)
    state = torch.zeros(3, width)
    expected = []
    for step in range(4):
        for depth in range(RHN_DEPTH):
            if depth == 0:
                inner = x[:, step] @ network.input.weight.T + network.input.bias
                inner = inner + state @ network.first.T
            else:
                layer = network.deeper[depth - 1]
                inner = state @ layer.weight.T + layer.bias
            h, t = torch.tanh(inner[:, :width]), torch.sigmoid(inner[:, width:])
            state = h * t + state * (1 - t)
        expected.append(state)
    torch.testing.assert_close(network(x), torch.stack(expected, dim=1))


def test_a_recurrent_highway_network_carries_most_of_its_state_at_the_start():
    network = RecurrentHighway(6)
    for layer in network.input, *network.deeper:
        assert (torch.sigmoid(layer.bias[6:]) < 0.15).all()


def test_logits_of_a_fresh_model_are_not_far_from_even():
    torch.manual_seed(0)
    symbols = 500
    for family in FAMILIES:
        passage = torch.randint(symbols, (8, 16))
        logits = build(family, 60_000, symbols)(passage)
        assert logits.std() < 1.5


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_can_overfit_a_handful_of_passages(family):
    torch.manual_seed(0)
    passages = torch.randint(SYMBOLS, (4, 13))
    model = build(family, 20_000, SYMBOLS)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.0)
    for _ in range(100):
        logits = model(passages[:, :-1])[:, 1:]  # the first place has no more than one before it
        loss = F.cross_entropy(logits.flatten(0, 1), passages[:, 2:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_seed_gives_the_same_weights(family):
    def weights() -> torch.Tensor:
        torch.manual_seed(3)
        model = build(family, 30_000, SYMBOLS)
        return torch.cat([p.flatten() for p in model.parameters()])

    assert torch.equal(weights(), weights())


def test_each_head_takes_its_slope_for_every_step_back_and_sees_nothing_ahead():
    never = -math.inf
    first, second = _distances(3, torch.zeros(()))[:2]
    assert first.tolist() == [[0, never, never], [-1, 0, never], [-2, -1, 0]]
    assert second.tolist() == [[0, never, never], [-0.25, 0, never], [-0.5, -0.25, 0]]
