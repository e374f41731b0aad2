"""Language models in three families, each sized by one number: its parameters.

A family is a function from (width, symbols) to a module that reads symbol numbers (batch, time)
and gives, at each place, logits (batch, time, symbols) for the symbol that follows. `build` finds
the width whose parameter count comes nearest to the capacity asked for; embeddings are counted.
There is no weight decay and no dropout anywhere: what limits effective capacity would bend the
curve (Hestness 2017, section 3).

Input and output share one embedding (Press & Wolf 2017, arXiv 1608.05859): with 4,000 words two
of them would be nine tenths of a small model, and the rare words' rows learn from both ends.
A layer norm before the output brings the context to unit spread. Without it an LSTM's small
states keep a model of words on the unigram ledge for some 150 steps (32,000 words of State of the
Union, batch 8, 3e-3 to 1e-2); with it there is no ledge, the best step comes 2.5 times sooner
and its loss is lower (5.23 against 5.32 nats).
"""

import math
from collections.abc import Callable
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.models.capacity import nearest_width

LSTM_LAYERS = 2  # Hestness 2017: two layers and four gave one exponent
RHN_DEPTH = 3  # Zilly's is up to 10: too slow on a CPU, where a step's time grows with it
RHN_CARRY = -2.0  # bias of the transform gate at the start, t = 0.12: carry most of the state
TRANSFORMER_LAYERS = 2
HEADS = 4
SLOPE = 0.25  # of each head to the one before, the first's is 1; Press et al. begin at 1/4


def build(family: str, capacity: int, symbols: int) -> nn.Module:
    """A freshly initialised model of `family` with about `capacity` parameters.

    Initialisation draws from torch's global generator: seed it first.

    Args:
        family: one of `FAMILIES`.
        capacity: wanted number of trained parameters; the nearest width is taken.
        symbols: size of the vocabulary.

    Returns:
        A module from (batch, time) int64 to (batch, time, symbols) logits.
    """
    return FAMILIES[family](_width(family, capacity, symbols), symbols)


class Tied(nn.Module):
    """An embedding that is also the output layer, around a body from (b, t, width) to the same."""

    def __init__(self, body: nn.Module, width: int, symbols: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, width)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)  # rows of length 1: logits near 0
        self.body = body
        self.norm = nn.LayerNorm(width)
        self.bias = nn.Parameter(torch.zeros(symbols))
        self.scale = math.sqrt(width)  # brings the inputs back to unit spread (Vaswani 2017, 3.4)

    def forward(self, symbols: Tensor) -> Tensor:
        """(b, t) int64 to (b, t, symbols) logits."""
        hidden = self.norm(self.body(self.embedding(symbols) * self.scale))  # (b, t, width)
        return F.linear(hidden, self.embedding.weight, self.bias)


class Recurrent(nn.Module):
    """nn.LSTM without its states: the whole passage in one call."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(width, width, LSTM_LAYERS, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """(b, t, width) to (b, t, width)."""
        out: Tensor = self.lstm(x)[0]
        return out


class RecurrentHighway(nn.Module):
    """A recurrent highway network with coupled gates (Zilly et al. 2017, arXiv 1607.03474).

    At each time step the state s goes through RHN_DEPTH layers
        h = tanh(W_H x [first layer only] + R_H s + b_H)
        t = sigmoid(W_T x [first layer only] + R_T s + b_T)
        s = h t + s (1 - t)
    so that the loop over time cannot be avoided. The input's part is computed for all steps at
    once, both maps of a layer in one product.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.input = nn.Linear(width, 2 * width)  # W_H, W_T and the first layer's biases
        self.first = nn.Parameter(torch.empty(2 * width, width))  # its R_H, R_T
        deeper = [nn.Linear(width, 2 * width) for _ in range(RHN_DEPTH - 1)]
        self.deeper = nn.ModuleList(deeper)
        nn.init.uniform_(self.first, -(width**-0.5), width**-0.5)  # as nn.Linear does
        with torch.no_grad():
            for layer in (self.input, *deeper):
                layer.bias[width:] = RHN_CARRY

    def forward(self, x: Tensor) -> Tensor:
        """(b, t, width) to (b, t, width)."""
        given = self.input(x).unbind(1)  # t times (b, 2 width)
        first = self.first.t()
        rest = [
            (layer.weight.t(), layer.bias) for layer in self.deeper if isinstance(layer, nn.Linear)
        ]
        state = x.new_zeros(len(x), self.width)
        out = []
        for step in given:
            both = torch.addmm(step, state, first)
            state = _highway(state, both, self.width)
            for weight, bias in rest:
                state = _highway(state, torch.addmm(bias, state, weight), self.width)
            out.append(state)
        return torch.stack(out, dim=1)


def _highway(state: Tensor, both: Tensor, width: int) -> Tensor:
    """The state s (1 - t) + h t, from s (b, width) and the inner values of h and t (b, 2 width)."""
    h, t = both[:, :width], both[:, width:]
    h, t = h.tanh().to(state.dtype), t.sigmoid().to(state.dtype)  # bfloat16 under autocast
    return torch.lerp(state, h, t)


class Attention(nn.Module):
    """Causal self-attention whose heads look less at a place the further back it lies.

    The distance times the head's slope is taken from each score (ALiBi: Press et al. 2022, arXiv
    2108.12409). Nothing else tells places apart. With sinusoids and one head instead, a model
    of characters stays at what the last one tells for some 300 steps, where patience would end it
    (32,000 characters, batch 8, 5e-3: 2.38 nats after 300 steps, 1.93 with these slopes).

    Where four does not divide the width, the heads take some places less of it, so that every
    width can be built and counts rise by single steps.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = HEADS * max(1, width // HEADS)
        self.incoming = nn.Linear(width, 3 * self.inner)
        self.outgoing = nn.Linear(self.inner, width)

    def forward(self, x: Tensor) -> Tensor:
        """(b, t, width) to (b, t, width)."""
        b, t, _ = x.shape
        split = self.incoming(x).view(b, t, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        query, key, value = split  # each (b, heads, t, inner / heads)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=_distances(t, x))
        return self.outgoing(mixed.transpose(1, 2).reshape(b, t, self.inner))  # type: ignore[no-any-return]


def _distances(time: int, like: Tensor) -> Tensor:
    """What is added to the scores (heads, t, t): -slope x distance, -inf for what is to come."""
    place = torch.arange(time, device=like.device, dtype=like.dtype)
    back = place[:, None] - place  # (t, t): how far key lies behind query
    slopes = SLOPE ** torch.arange(HEADS, device=like.device, dtype=like.dtype)[:, None, None]
    return (-slopes * back).masked_fill(back < 0, -math.inf)


class Block(nn.Module):
    """Pre-norm: attention, then two layers of four times the width (Xiong 2020, 2002.04745)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width)
        self.inner_norm = nn.LayerNorm(width)
        self.inner = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(b, t, width) to (b, t, width)."""
        x = x + self.attention(self.attention_norm(x))
        return x + self.inner(self.inner_norm(x))  # type: ignore[no-any-return]


def lstm(width: int, symbols: int) -> nn.Module:
    """Two LSTM layers of `width` cells."""
    return Tied(Recurrent(width), width, symbols)


def rhn(width: int, symbols: int) -> nn.Module:
    """A recurrent highway network of `width` cells."""
    return Tied(RecurrentHighway(width), width, symbols)


def transformer(width: int, symbols: int) -> nn.Module:
    """Two pre-norm blocks on `width` channels."""
    blocks = [Block(width) for _ in range(TRANSFORMER_LAYERS)]
    return Tied(nn.Sequential(*blocks), width, symbols)


FAMILIES: dict[str, Callable[[int, int], nn.Module]] = {
    "lstm": lstm,
    "rhn": rhn,
    "transformer": transformer,
}


@lru_cache
def _width(family: str, capacity: int, symbols: int) -> int:
    return nearest_width(lambda width: FAMILIES[family](width, symbols), capacity)
