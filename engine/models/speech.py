"""Speech recognisers in two families, each sized by one number: its parameters.

`ctc` is Deep Speech 2 in small (Amodei et al. 2016, arXiv 1512.02595): convolutions over time and
frequency, a bidirectional recurrent layer, characters by connectionist temporal classification
(Graves et al. 2006). `attention` hears the same way and spells with a recurrent decoder that looks
back at what was heard (Chan et al. 2016, arXiv 1508.01211; scores as in Luong et al. 2015, arXiv
1508.04025, so that the whole transcript is one call of the decoder).

The recurrent layers are LSTMs: on a CPU PyTorch's are 1.5 to 2.6 times as fast as its GRUs
(measured at widths 96 and 48), and two one-way calls on reversed rows faster than one on packed.
Each frame is normalised over its own features; batch normalisation would let the padding of one
recording change another's answer. Neither padding nor neighbours change a row's output.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.models.capacity import nearest_width

STRIDE = 2  # of the first convolution over time and both over frequency: 25 ms a step of 12.5 ms
CHANNELS = 16  # of the convolutions: 3 ms of a step's 17; with capacity the recurrent layers grow

Count = TypeVar("Count", int, Tensor)


def build(family: str, capacity: int, bands: int, symbols: int) -> "Recogniser":
    """A freshly initialised recogniser of `family` with about `capacity` parameters.

    Initialisation draws from torch's global generator: seed it first.

    Args:
        family: one of `FAMILIES`.
        capacity: wanted number of trained parameters; the nearest width is taken.
        bands: of a frame.
        symbols: characters and, as number 0, the blank (ctc) or the end (attention).
    """
    return FAMILIES[family](_width(family, capacity, bands, symbols), bands, symbols)


class Encoder(nn.Module):
    """Two convolutions over time and frequency, then one bidirectional LSTM."""

    def __init__(self, width: int, bands: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, CHANNELS, 5, stride=(STRIDE, STRIDE), padding=2)
        self.second = nn.Conv2d(CHANNELS, CHANNELS, 3, stride=(1, STRIDE), padding=1)
        features = CHANNELS * _halved(_halved(bands))
        self.norm = nn.LayerNorm(features)
        self.forwards = nn.LSTM(features, width, batch_first=True)
        self.backwards = nn.LSTM(features, width, batch_first=True)

    def forward(self, frames: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Frames (b, time, bands) of `lengths` (b,) to steps (b, time / 2, 2 width) and lengths."""
        x = frames.masked_fill(~_within(lengths, frames.shape[1])[:, :, None], 0.0)
        x = torch.relu(self.first(x[:, None]))  # (b, CHANNELS, time / 2, bands / 2)
        lengths = _halved(lengths)
        inside = _within(lengths, x.shape[2])  # (b, time / 2)
        x = x.masked_fill(~inside[:, None, :, None], 0.0)  # else its padding would reach the end
        x = torch.relu(self.second(x))  # (b, CHANNELS, time / 2, bands / 4)
        x = self.norm(x.transpose(1, 2).flatten(2))  # (b, time / 2, CHANNELS * bands / 4)
        there, _ = self.forwards(x)
        turned = _reversal(lengths, x.shape[1])[:, :, None]
        back, _ = self.backwards(x.gather(1, turned.expand_as(x)))
        back = back.gather(1, turned.expand_as(back))
        return torch.cat([there, back], dim=2), lengths


class Ctc(nn.Module):
    """The encoder and one linear layer to the symbols; 0 is the blank."""

    def __init__(self, width: int, bands: int, symbols: int) -> None:
        super().__init__()
        self.encoder = Encoder(width, bands)
        self.output = nn.Linear(2 * width, symbols)

    def forward(self, frames: Tensor, lengths: Tensor, symbols: Tensor, spelt: Tensor) -> Tensor:
        """-log p(transcript | sound) in nats of each row, (b,).

        Args:
            frames: (b, time, bands), standardised.
            lengths: frames of each row, (b,).
            symbols: of the transcripts, (b, longest), 0 beyond the end.
            spelt: how many there are in each row, (b,).
        """
        return self.nats(*self.hear(frames, lengths), symbols, spelt)

    def hear(self, frames: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probabilities (b, time / 2, symbols) of each step, and how many steps, (b,)."""
        heard, steps = self.encoder(frames, lengths)
        return self.output(heard).log_softmax(dim=2), steps

    def nats(self, heard: Tensor, steps: Tensor, symbols: Tensor, spelt: Tensor) -> Tensor:
        """What `forward` gives, from what `hear` gave: summed over all alignments."""
        return F.ctc_loss(heard.transpose(0, 1), symbols, steps, spelt, reduction="none")

    def spell(self, heard: Tensor, steps: Tensor, most: int) -> list[list[int]]:
        """The likeliest symbol of each step, equal neighbours and blanks taken out."""
        best = heard.argmax(dim=2)  # (b, steps)
        found = []
        for row, count in zip(best, steps.tolist(), strict=True):
            kept = [symbol for symbol in torch.unique_consecutive(row[:count]).tolist() if symbol]
            found.append(kept[:most])
        return found


class Attention(nn.Module):
    """The encoder, and a decoder that spells while looking back at it; symbol 0 is the end."""

    def __init__(self, width: int, bands: int, symbols: int) -> None:
        super().__init__()
        self.encoder = Encoder(width, bands)
        self.embedding = nn.Embedding(symbols, width)
        self.decoder = nn.LSTM(width, width, batch_first=True)
        self.keys = nn.Linear(2 * width, width)
        self.mixed = nn.Linear(3 * width, width)
        self.output = nn.Linear(width, symbols)

    def forward(self, frames: Tensor, lengths: Tensor, symbols: Tensor, spelt: Tensor) -> Tensor:
        """-log p(transcript and its end | sound) in nats of each row, (b,); see Ctc.forward."""
        return self.nats(*self.hear(frames, lengths), symbols, spelt)

    def hear(self, frames: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Steps (b, time / 2, 2 width) to look back at, and how many, (b,)."""
        heard, steps = self.encoder(frames, lengths)
        return heard, steps

    def nats(self, heard: Tensor, steps: Tensor, symbols: Tensor, spelt: Tensor) -> Tensor:
        """What `forward` gives, from what `hear` gave: all of the spelling in one call."""
        logs, _ = self._decode(heard, steps, F.pad(symbols, (1, 0)), None)
        each = -logs.gather(2, F.pad(symbols, (0, 1))[:, :, None])[:, :, 0]  # (b, longest + 1)
        inside = _within(spelt + 1, each.shape[1])  # the end too
        return each.masked_fill(~inside, 0.0).sum(dim=1)

    def spell(self, heard: Tensor, steps: Tensor, most: int) -> list[list[int]]:
        """The likeliest symbol after those before, until the end or `most` symbols."""
        symbol = torch.zeros(len(heard), 1, dtype=torch.int64, device=heard.device)
        over = torch.zeros_like(symbol, dtype=torch.bool)
        state = None
        found = []
        for _ in range(most):
            logs, state = self._decode(heard, steps, symbol, state)
            symbol = logs.argmax(dim=2).masked_fill(over, 0)  # (b, 1)
            over |= symbol == 0
            found.append(symbol)
            if bool(over.all()):
                break
        return [[s for s in row if s] for row in torch.cat(found, dim=1).tolist()]

    def _decode(
        self, heard: Tensor, steps: Tensor, previous: Tensor, state: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Log-probabilities (b, spelt, symbols) of what follows each of `previous` (b, spelt)."""
        spelt, state = self.decoder(self.embedding(previous), state)  # (b, spelt, width)
        scores = spelt @ self.keys(heard).transpose(1, 2)  # (b, spelt, steps)
        inside = _within(steps, heard.shape[1])[:, None, :]
        weights = scores.masked_fill(~inside, -torch.inf).softmax(dim=2)
        context = weights @ heard  # (b, spelt, 2 width)
        mixed = torch.tanh(self.mixed(torch.cat([spelt, context], dim=2)))
        return self.output(mixed).log_softmax(dim=2), state


Recogniser = Ctc | Attention


def _halved(length: Count) -> Count:
    """A length after a stride of 2, rounded up."""
    return (length + STRIDE - 1) // STRIDE


def _within(lengths: Tensor, most: int) -> Tensor:
    """Which of `most` places lie within each row's length. (b,) to (b, most)."""
    return torch.arange(most, device=lengths.device) < lengths[:, None]


def _reversal(lengths: Tensor, most: int) -> Tensor:
    """Places (b, most) that turn each row round within its length and leave its padding."""
    places = torch.arange(most, device=lengths.device)
    return torch.where(places < lengths[:, None], lengths[:, None] - 1 - places, places)


FAMILIES: dict[str, Callable[[int, int, int], Recogniser]] = {"ctc": Ctc, "attention": Attention}


@lru_cache
def _width(family: str, capacity: int, bands: int, symbols: int) -> int:
    return nearest_width(lambda width: FAMILIES[family](width, bands, symbols), capacity)
