import pytest
import torch

from engine.models.capacity import parameters
from engine.models.speech import CHANNELS, FAMILIES, Recogniser, build

BANDS = 40
SYMBOLS = 12


def sounds(rows: int, time: int = 24, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Frames (rows, time, BANDS) of several lengths, noise beyond their end."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(time // 2, time + 1, (rows,), generator=generator)
    lengths[0] = time
    return torch.randn(rows, time, BANDS, generator=generator), lengths


def spellings(rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Symbols (rows, 5), 0 beyond the end, and how many: 2 to 5."""
    generator = torch.Generator().manual_seed(1)
    spelt = torch.randint(2, 6, (rows,), generator=generator)
    spelt[0] = 5
    symbols = torch.randint(1, SYMBOLS, (rows, 5), generator=generator)
    return symbols * (torch.arange(5) < spelt[:, None]), spelt


def seeded(family: str, capacity: int = 40_000) -> Recogniser:
    torch.manual_seed(0)
    return build(family, capacity, BANDS, SYMBOLS)


def lstm(incoming: int, width: int) -> int:
    return 4 * (incoming * width + width * width + 2 * width)


def encoder(width: int) -> int:
    convolutions = CHANNELS * 25 + CHANNELS + CHANNELS * CHANNELS * 9 + CHANNELS
    features = CHANNELS * 10  # 40 bands halved twice
    return convolutions + 2 * features + 2 * lstm(features, width)


def test_the_parameters_of_ctc_are_those_counted_by_hand():
    width = 7
    by_hand = encoder(width) + 2 * width * SYMBOLS + SYMBOLS
    assert parameters(FAMILIES["ctc"](width, BANDS, SYMBOLS)) == by_hand


def test_the_parameters_of_attention_are_those_counted_by_hand():
    width = 7
    looking = (2 * width * width + width) + (3 * width * width + width)
    spelling = SYMBOLS * width + lstm(width, width) + width * SYMBOLS + SYMBOLS
    by_hand = encoder(width) + looking + spelling
    assert parameters(FAMILIES["attention"](width, BANDS, SYMBOLS)) == by_hand


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("capacity", [30_000, 100_000, 300_000])
def test_the_width_taken_is_the_one_nearest_to_the_capacity(family, capacity):
    got = parameters(build(family, capacity, BANDS, SYMBOLS))
    with torch.device("meta"):  # shapes only
        others = [parameters(FAMILIES[family](width, BANDS, SYMBOLS)) for width in range(1, 150, 3)]
    assert abs(got - capacity) == min(abs(other - capacity) for other in [*others, got])


@pytest.mark.parametrize("family", FAMILIES)
def test_padding_does_not_change_a_row(family):
    model = seeded(family)
    (frames, lengths), (symbols, spelt) = sounds(6), spellings(6)
    together = model(frames, lengths, symbols, spelt)
    for row in range(6):
        length, count = int(lengths[row]), int(spelt[row])
        alone = model(
            frames[row : row + 1, :length],
            lengths[row : row + 1],
            symbols[row : row + 1, :count],
            spelt[row : row + 1],
        )
        torch.testing.assert_close(alone[0], together[row], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_row_spells_does_not_depend_on_its_neighbours(family):
    model = seeded(family)
    frames, lengths = sounds(6, time=40)
    together = model.spell(*model.hear(frames, lengths), most=9)
    for row in range(6):
        length = int(lengths[row])
        alone = model.hear(frames[row : row + 1, :length], lengths[row : row + 1])
        assert model.spell(*alone, most=9) == [together[row]]


def test_the_backward_layer_hears_the_end_first():
    model = seeded("ctc").encoder
    frames, lengths = sounds(1)
    before, _ = model(frames, lengths)
    frames[:, -1] += 1.0  # only the last frame
    after, _ = model(frames, lengths)
    width = before.shape[2] // 2
    changed = (before - after).abs().amax(dim=2)[0]
    assert (changed > 0).all()  # every step, through the backward layer
    assert torch.equal(before[:, :10, :width], after[:, :10, :width])  # forwards: only the last


def test_ctc_sums_over_all_alignments():
    model = seeded("ctc")
    logs = torch.tensor([[[0.5, 0.3, 0.2], [0.1, 0.7, 0.2]]]).log()  # (1, 2 steps, 3 symbols)
    one = model.nats(logs, torch.tensor([2]), torch.tensor([[1]]), torch.tensor([1]))
    by_hand = 0.5 * 0.7 + 0.3 * 0.1 + 0.3 * 0.7  # blank-1, 1-blank, 1-1
    assert one.exp().reciprocal().item() == pytest.approx(by_hand, rel=1e-5)


def test_attention_multiplies_along_the_spelling_and_its_end():
    model = seeded("attention")
    frames, lengths = sounds(1)
    heard, steps = model.hear(frames, lengths)
    symbols, state, nats = [3, 5, 0], None, 0.0
    previous = torch.zeros(1, 1, dtype=torch.int64)
    for symbol in symbols:  # a step at a time, as in spelling
        logs, state = model._decode(heard, steps, previous, state)
        nats -= logs[0, 0, symbol].item()
        previous = torch.tensor([[symbol]])
    whole = model(frames, lengths, torch.tensor([[3, 5]]), torch.tensor([2]))
    assert whole.item() == pytest.approx(nats, rel=1e-5)


def test_equal_neighbours_and_blanks_are_taken_out_of_a_spelling():
    best = torch.tensor([[1, 1, 0, 1, 2, 2, 0, 3]])
    logs = torch.nn.functional.one_hot(best, 4).float()
    model = seeded("ctc")
    assert model.spell(logs, torch.tensor([8]), 9) == [[1, 1, 2, 3]]
    assert model.spell(logs, torch.tensor([6]), 9) == [[1, 1, 2]]  # the rest is padding
    assert model.spell(logs, torch.tensor([8]), 2) == [[1, 1]]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_can_overfit_a_handful_of_recordings(family):
    model = seeded(family)
    (frames, lengths), (symbols, spelt) = sounds(6), spellings(6)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.0)
    for _ in range(100):
        loss = model(frames, lengths, symbols, spelt).sum() / spelt.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05
    spelling = model.spell(*model.hear(frames, lengths), most=9)
    wanted = [row[:n] for row, n in zip(symbols.tolist(), spelt.tolist(), strict=True)]
    assert spelling == wanted


@pytest.mark.parametrize("family", FAMILIES)
def test_a_fixed_seed_repeats_the_loss_exactly(family):
    def losses() -> list[float]:
        model = seeded(family)
        (frames, lengths), (symbols, spelt) = sounds(4), spellings(4)
        optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.0)
        found = []
        for _ in range(4):
            loss = model(frames, lengths, symbols, spelt).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            found.append(loss.item())
        return found

    assert losses() == losses()
