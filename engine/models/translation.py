"""Encoder-decoders in two families, each sized by one number: its trained parameters.

Both read a source sentence and give, for every prefix of the target, a hidden vector of the next
subword; `project` turns it into logits. One matrix of embeddings serves source, target and output
(Press & Wolf 2017, arXiv 1608.05859): at these sizes the vocabulary would otherwise eat two thirds
more of a model's parameters. The decoder runs over the whole target in one call. Row 0 of the
vocabulary is padding, at the end of a row; it changes nothing in the row's other results.

There is no weight decay and no dropout anywhere (Hestness 2017, section 3).

Shapes: b rows, s source and t target subwords, d the model's width.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.models.capacity import nearest_width

PADDING = 0
HEADS = 4
LAYERS = 2  # of the transformer, on each side
WIDEN = 2  # hidden units of its feed-forward layers, in widths: 4 gives no more for as many weights

State = Any  # what a family carries from one step of decoding to the next


class Translator(nn.Module, ABC):
    """What both families share: the embeddings, and the logits over the vocabulary."""

    def __init__(self, width: int, vocabulary: int) -> None:
        super().__init__()
        self.width = width
        self.embedding = nn.Embedding(vocabulary, width)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def embed(self, tokens: Tensor) -> Tensor:
        """(b, t) to (b, t, d) of unit spread; the rows themselves suit the output's scale."""
        embedded: Tensor = self.embedding(tokens) * math.sqrt(self.width)
        return embedded

    def project(self, hidden: Tensor) -> Tensor:
        """(..., d) to (..., vocabulary) logits."""
        return F.linear(hidden, self.embedding.weight, self.bias)

    @abstractmethod
    def forward(self, source: Tensor, prefix: Tensor) -> Tensor:
        """Hidden vectors of what follows each subword of the target.

        Args:
            source: (b, s).
            prefix: (b, t), beginning with the sentence's start.

        Returns:
            (b, t, d).
        """

    @abstractmethod
    def start(self, source: Tensor) -> State:
        """What decoding the sources (b, s) begins with."""

    @abstractmethod
    def step(self, state: State, tokens: Tensor) -> tuple[Tensor, State]:
        """The hidden vectors (b, d) of what follows `tokens` (b,), and the state after them."""


class Attention(Translator):
    """A bidirectional LSTM reads, an LSTM writes with global attention on what was read.

    Luong et al. 2015 (arXiv 1508.04025), "general" score, without feeding the attention back into
    the decoder: that would need a loop over time, at half the speed (notes: performance, section
    2, G). Where they have a tanh there is a normalisation, as at the transformer's end, since with
    the tanh training was far slower (Multi30k, 14,486 pairs, 700 steps at a rate of 3e-3, one seed:
    3.65 nats with the tanh, 2.72 with the normalisation; why was not looked into).

    The backward reader runs over each row turned round on its own length, so that it never reads
    padding before words.
    """

    def __init__(self, half: int, vocabulary: int) -> None:
        width = 2 * half
        super().__init__(width, vocabulary)
        self.forwards = nn.LSTM(width, half, batch_first=True)
        self.backwards = nn.LSTM(width, half, batch_first=True)
        self.writer = nn.LSTM(width, width, batch_first=True)
        self.score = nn.Linear(width, width, bias=False)
        self.combine = nn.Linear(2 * width, width, bias=False)
        self.norm = nn.LayerNorm(width)

    def read(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Memory (b, s, d) of the source, and the writer's first state (b, d)."""
        lengths = (source != PADDING).sum(dim=1)  # (b,)
        places = torch.arange(source.shape[1], device=source.device)
        turned = lengths[:, None] - 1 - places  # (b, s): where each comes from, and goes back to
        turned = torch.where(turned < 0, places, turned)  # padding stays where it is
        onward, _ = self.forwards(self.embed(source))  # (b, s, d / 2)
        back, _ = self.backwards(self.embed(source.gather(1, turned)))
        last = (lengths - 1).clamp(min=0)[:, None, None].expand(-1, 1, back.shape[2])
        first = torch.cat([onward.gather(1, last), back.gather(1, last)], dim=2)[:, 0]  # (b, d)
        back = back.gather(1, turned[:, :, None].expand_as(back))
        return torch.cat([onward, back], dim=2), first

    def attend(self, written: Tensor, memory: Tensor, padding: Tensor) -> Tensor:
        """(b, t, d) of the writer and (b, s, d) of the reader to (b, t, d)."""
        scores = written @ self.score(memory).transpose(1, 2)  # (b, t, s)
        weights = scores.masked_fill(padding[:, None], -math.inf).softmax(dim=2)
        joined = self.combine(torch.cat([weights @ memory, written], dim=2))
        attended: Tensor = self.norm(joined)
        return attended

    def forward(self, source: Tensor, prefix: Tensor) -> Tensor:
        """See Translator."""
        memory, first = self.read(source)
        written, _ = self.writer(self.embed(prefix), (first[None], torch.zeros_like(first)[None]))
        return self.attend(written, memory, source == PADDING)

    def start(self, source: Tensor) -> State:
        """See Translator."""
        memory, first = self.read(source)
        return memory, source == PADDING, (first[None], torch.zeros_like(first)[None])

    def step(self, state: State, tokens: Tensor) -> tuple[Tensor, State]:
        """See Translator."""
        memory, padding, cell = state
        written, cell = self.writer(self.embed(tokens[:, None]), cell)
        return self.attend(written, memory, padding)[:, 0], (memory, padding, cell)


class Heads(nn.Module):
    """Attention of several heads (Vaswani et al. 2017, section 3.2)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.asked = nn.Linear(width, width)
        self.known = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, asking: Tensor, memory: Tensor, hidden: Tensor) -> Tensor:
        """(b, t, d) asks (b, s, d); where `hidden`, (b, 1, t or 1, s), nothing is seen."""
        asked = self._split(self.asked(asking))  # (b, heads, t, d / heads)
        keys, values = (self._split(half) for half in self.known(memory).chunk(2, dim=2))
        seen = F.scaled_dot_product_attention(asked, keys, values, attn_mask=~hidden)
        joined: Tensor = self.out(seen.transpose(1, 2).flatten(2))
        return joined

    @staticmethod
    def _split(x: Tensor) -> Tensor:
        """(b, t, d) to (b, heads, t, d / heads)."""
        return x.view(*x.shape[:2], HEADS, -1).transpose(1, 2)


class Block(nn.Module):
    """Attention to itself, to a memory where there is one, and a feed-forward layer.

    Each reads a normalised copy of the stream and adds to it ("pre-norm", Xiong et al. 2020, arXiv
    2002.04745): it trains without a warm-up of the learning rate.
    """

    def __init__(self, width: int, *, reads: bool) -> None:
        super().__init__()
        self.own_norm, self.own = nn.LayerNorm(width), Heads(width)
        self.other_norm = nn.LayerNorm(width) if reads else None
        self.other = Heads(width) if reads else None
        self.inner = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, WIDEN * width),
            nn.ReLU(),
            nn.Linear(WIDEN * width, width),
        )

    def forward(
        self, x: Tensor, hidden: Tensor, memory: Tensor | None, padding: Tensor | None
    ) -> Tensor:
        """(b, t, d) to (b, t, d)."""
        normed = self.own_norm(x)
        x = x + self.own(normed, normed, hidden)
        if self.other is not None and self.other_norm is not None:
            x = x + self.other(self.other_norm(x), memory, padding)
        return x + self.inner(x)  # type: ignore[no-any-return] # nn.Sequential is untyped


class Transformer(Translator):
    """The encoder-decoder of Vaswani et al. 2017 (arXiv 1706.03762), pre-norm, fixed positions."""

    def __init__(self, part: int, vocabulary: int) -> None:
        width = HEADS * part
        super().__init__(width, vocabulary)
        self.readers = nn.ModuleList(Block(width, reads=False) for _ in range(LAYERS))
        self.writers = nn.ModuleList(Block(width, reads=True) for _ in range(LAYERS))
        self.read_norm = nn.LayerNorm(width)
        self.write_norm = nn.LayerNorm(width)

    def place(self, tokens: Tensor) -> Tensor:
        """(b, t) to (b, t, d): what each subword is, and where."""
        return self.embed(tokens) + sinusoids(tokens.shape[1], self.width, tokens.device)

    def read(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Memory (b, s, d) of the source, and what of it is padding (b, 1, 1, s)."""
        padding = (source == PADDING)[:, None, None]
        x = self.place(source)
        for block in self.readers:
            x = block(x, padding, None, None)
        return self.read_norm(x), padding

    def write(self, memory: Tensor, padding: Tensor, prefix: Tensor) -> Tensor:
        """(b, t, d) of the prefix (b, t)."""
        steps = prefix.shape[1]
        later = torch.ones(steps, steps, dtype=torch.bool, device=prefix.device).triu(1)
        x = self.place(prefix)
        for block in self.writers:
            x = block(x, later[None, None], memory, padding)
        normed: Tensor = self.write_norm(x)
        return normed

    def forward(self, source: Tensor, prefix: Tensor) -> Tensor:
        """See Translator."""
        return self.write(*self.read(source), prefix)

    def start(self, source: Tensor) -> State:
        """See Translator."""
        memory, padding = self.read(source)
        return memory, padding, source.new_empty(len(source), 0)

    def step(self, state: State, tokens: Tensor) -> tuple[Tensor, State]:
        """See Translator. The whole prefix is run again: decoding is done once a curve."""
        memory, padding, prefix = state
        prefix = torch.cat([prefix, tokens[:, None]], dim=1)
        return self.write(memory, padding, prefix)[:, -1], (memory, padding, prefix)


def sinusoids(steps: int, width: int, device: torch.device) -> Tensor:
    """(steps, width): sin and cos of each step at geometrically falling rates (Vaswani, 3.5)."""
    rates = 10_000 ** (-torch.arange(0, width, 2, device=device) / width)
    angles = torch.arange(steps, device=device)[:, None] * rates  # (steps, width / 2)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def build(family: str, capacity: int, vocabulary: int) -> Translator:
    """A freshly initialised model of `family` with about `capacity` parameters.

    Initialisation draws from torch's global generator: seed it first.

    Args:
        family: one of `FAMILIES`.
        capacity: wanted number of trained parameters; the nearest width is taken.
        vocabulary: number of subwords.
    """
    return FAMILIES[family](_width(family, capacity, vocabulary), vocabulary)


FAMILIES: dict[str, Callable[[int, int], Translator]] = {
    "attention": Attention,
    "transformer": Transformer,
}


@lru_cache
def _width(family: str, capacity: int, vocabulary: int) -> int:
    return nearest_width(lambda width: FAMILIES[family](width, vocabulary), capacity)
