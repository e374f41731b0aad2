"""Speech recognition: characters from sound, by CTC or by attention; character and word error.

The loss of both families is -log p(transcript | sound) in nats per character of the transcript,
summed over recordings before it is divided: CTC sums over all alignments, attention multiplies
along the spelling and its end. So their losses are on one scale.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jiwer
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from data import shards, speech
from data.speech import SpeechSet, SpeechSplit
from engine.models import speech as architectures
from engine.models.speech import Recogniser
from engine.tasks.task import Extent, Part, SplitName, Treatment

EVALUATION_FRAMES = 16_000  # of a batch, padding counted: as much memory as 200 short phrases
TESTED = (
    1_200.0  # seconds of the test split, a fixed choice: LibriSpeech's 5 h would take half a minute
)
LONGEST_SPELLING = 1.5  # attention stops at so many times the longest training transcript
GUESSED = 200  # training transcripts that a constant answer is chosen on: under a second
COMMONEST = 8  # words and phrases tried as the constant answer


@dataclass(frozen=True, slots=True)
class Utterances:
    """One split on the device."""

    frames: Tensor  # (all frames, bands) uint8, one utterance after another
    starts: Tensor  # (n,) int64: where each begins
    lengths: Tensor  # (n,) int64: its frames
    durations: Tensor  # (n,) int64: its frames once lengthened by silence, see `_duration`
    symbols: Tensor  # (n, longest) int64: its characters, 0 beyond the end
    spelt: Tensor  # (n,) int64: how many characters
    texts: tuple[str, ...]
    seconds: NDArray[np.float64]  # (n,)


@dataclass(frozen=True, slots=True)
class SpeechTask:
    """Speech recognition on one device; see engine.tasks.task.Task."""

    splits: Mapping[SplitName, Utterances]
    alphabet: tuple[str, ...]  # symbol i + 1 is alphabet[i]; 0 is the blank or the end
    mean: Tensor  # (bands,) float32, of the training frames
    spread: Tensor  # (bands,) float32
    longest: NDArray[np.int64]  # frames and characters of each training utterance, (n, 2)
    words: tuple[str, ...]  # all there are, where every transcript is one word; else ()
    guess: Mapping[str, float]
    data_hash: str

    @property
    def device(self) -> torch.device:
        """Where the frames lie."""
        return self.mean.device

    @property
    def full(self) -> int:
        """Seconds of audio in the training split, rounded down."""
        return int(self.splits["train"].seconds.sum())

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Frames of each training utterance, (n,)."""
        return self.longest[:, 0]

    def shard(self, size: int, seed: int) -> NDArray[np.int64]:
        """The training utterances whose seconds come nearest to `size`."""
        return shards.prefix(self.splits["train"].seconds, size, seed)

    def part(self, split: SplitName, most: int | None = None) -> Part:
        """A split, or some of it drawn evenly; of the test split at most TESTED seconds."""
        seconds = self.splits[split].seconds
        n = len(seconds)
        rows = np.arange(n)
        drawn = shards.order(np.zeros(n, np.int64), seed=0)
        if split == "test" and seconds.sum() > TESTED:
            rows = drawn[: max(1, np.searchsorted(seconds[drawn].cumsum(), TESTED, side="right"))]
        if most is not None and most < len(rows):
            rows = drawn[:most]
        return Part(split, torch.from_numpy(rows).to(self.device))

    def build(self, family: str, capacity: int, seed: int) -> nn.Module:
        """A recogniser on the task's device."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = architectures.build(
                family, capacity, len(self.mean), symbols=len(self.alphabet) + 1
            )
        return model.to(self.device)

    def extent(self, rows: NDArray[np.int64]) -> Extent:
        """Frames of the longest utterance, characters of the longest transcript."""
        frames, characters = self.longest[rows].max(axis=0).tolist()
        return frames, characters

    def loss(self, model: nn.Module, rows: Tensor, extent: Extent | None = None) -> Tensor:
        """Nats per character over the training utterances `rows` (b,)."""
        train = self.splits["train"]
        spelt = train.spelt[rows]
        frames, characters = extent or (None, int(spelt.max()))
        symbols = train.symbols[rows][:, :characters]
        total: Tensor = model(*self._frames(train, rows, frames), symbols, spelt).sum()
        return total / spelt.sum()

    def mean_loss(self, model: nn.Module, part: Part) -> Tensor:
        """Nats per character over a part."""
        split = self.splits[part.split]
        nats = torch.zeros((), device=self.device)
        for rows, heard, steps in self._heard(model, part):
            nats += _nats(model, heard, steps, split.symbols[rows], split.spelt[rows]).sum()
        return nats / split.spelt[part.rows].sum()

    def errors(self, model: nn.Module, part: Part) -> dict[str, float]:
        """Character and word error of the likeliest symbol at each step, and the loss itself.

        Where every transcript is one word, top-1 beside them: how often the likeliest of the words
        known from training is not the one said.
        """
        split = self.splits[part.split]
        most = int(self.splits["train"].symbols.shape[1] * LONGEST_SPELLING)
        wanted: list[str] = []
        spelt: list[str] = []
        chosen: list[str] = []
        nats = torch.zeros((), device=self.device)
        for rows, heard, steps in self._heard(model, part):
            wanted += [split.texts[row] for row in rows.tolist()]
            assert isinstance(model, Recogniser)
            spelt += [self._text(row) for row in model.spell(heard, steps, most)]
            nats += _nats(model, heard, steps, split.symbols[rows], split.spelt[rows]).sum()
            if self.words:
                chosen += self._choose(model, heard, steps)
        found = {
            "cer": float(jiwer.cer(wanted, spelt)),
            "wer": float(jiwer.wer(wanted, spelt)),
            "cross-entropy": float(nats / split.spelt[part.rows].sum()),
        }
        if self.words:
            wrong = sum(one != other for one, other in zip(wanted, chosen, strict=True))
            found["top-1"] = wrong / len(wanted)
        return found

    def scores(self, model: nn.Module) -> dict[str, float]:
        """Nothing beyond the errors."""
        return {}

    def _heard(self, model: nn.Module, part: Part) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """A part's rows by length in batches, what the model heard, and in how many steps."""
        split = self.splits[part.split]
        assert isinstance(model, Recogniser)
        model.eval()
        with torch.inference_mode():
            for rows in _batches(part, split.durations):
                yield rows, *model.hear(*self._frames(split, rows))
        model.train()

    def _frames(
        self, split: Utterances, rows: Tensor, most: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Standardised frames (b, `most` or the longest, bands) of utterances, durations (b,)."""
        lengths, durations = split.lengths[rows], split.durations[rows]
        places = torch.arange(most or int(durations.max()), device=self.device)  # (time,)
        within = (split.starts[rows][:, None] + places).clamp_(max=len(split.frames) - 1)
        frames = split.frames[within].to(torch.float32)  # (b, time, bands)
        frames.masked_fill_((places >= lengths[:, None])[:, :, None], 0.0)  # silence, as bytes
        return frames.sub_(self.mean).div_(self.spread), durations

    def _text(self, symbols: Sequence[int]) -> str:
        return " ".join("".join(self.alphabet[symbol - 1] for symbol in symbols).split())

    def _choose(self, model: nn.Module, heard: Tensor, steps: Tensor) -> list[str]:
        """The likeliest known word of each row."""
        symbols, spelt = (known.to(self.device) for known in _spelling(self.words, self.alphabet))
        nats = [
            _nats(model, heard, steps, word.expand(len(heard), -1), count.expand(len(heard)))
            for word, count in zip(symbols, spelt, strict=True)
        ]
        return [self.words[word] for word in torch.stack(nats).argmin(dim=0).tolist()]


def _batches(part: Part, durations: Tensor) -> Iterator[Tensor]:
    """A part's rows by length, in batches of at most EVALUATION_FRAMES or one row."""
    found = durations[part.rows].cpu()
    order = found.argsort(stable=True)
    frames = found[order].tolist()
    begin = 0
    for place in range(1, len(frames) + 1):
        if place == len(frames) or frames[place] * (place + 1 - begin) > EVALUATION_FRAMES:
            yield part.rows[order[begin:place].to(part.rows.device)]
            begin = place


def _nats(model: nn.Module, heard: Tensor, steps: Tensor, symbols: Tensor, spelt: Tensor) -> Tensor:
    """-log p(symbols | heard) of each row, (b,)."""
    assert isinstance(model, Recogniser)
    return model.nats(heard, steps, symbols[:, : int(spelt.max())], spelt)


TREATMENTS: dict[str, Treatment[SpeechTask]] = {}


def load_task(source: str, path: Path | None, cache: Path | None, device: str) -> SpeechTask:
    """The task of a source of data.speech; see there for `path`, `cache` and what is raised."""
    return speech_task(speech.load(source, path, cache), device)


def speech_task(source: SpeechSet, device: str) -> SpeechTask:
    """Put a speech set on a device, its alphabet that of all its training transcripts."""
    alphabet = tuple(sorted(set("".join(source.train.texts))))
    frames = source.train.frames
    spread = frames.std(axis=0, dtype=np.float64)
    one_word = all(" " not in text for text in source.train.texts + source.test.texts)

    def put(split: SpeechSplit) -> Utterances:
        symbols, spelt = _spelling(split.texts, alphabet)
        lengths = torch.from_numpy(split.lengths)
        return Utterances(
            frames=torch.from_numpy(split.frames).to(device),
            starts=(lengths.cumsum(0) - lengths).to(device),
            lengths=lengths.to(device),
            durations=torch.maximum(lengths, _duration(symbols)).to(device),
            symbols=symbols.to(device),
            spelt=spelt.to(device),
            texts=split.texts,
            seconds=split.seconds,
        )

    train = put(source.train)
    return SpeechTask(
        {"train": train, "validation": put(source.validation), "test": put(source.test)},
        alphabet=alphabet,
        mean=torch.from_numpy(frames.mean(axis=0, dtype=np.float64)).to(device, torch.float32),
        # A band without sound (8 kHz recordings) has no spread: one byte's step keeps it finite.
        spread=torch.from_numpy(np.maximum(spread, 1.0)).to(device, torch.float32),
        longest=torch.stack([train.durations, train.spelt], dim=1).cpu().numpy(),
        words=tuple(sorted(set(source.train.texts))) if one_word else (),
        guess=best_guess(source, one_word),
        data_hash=source.hash,
    )


def _spelling(texts: Sequence[str], alphabet: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Symbols (n, longest) of texts, 0 beyond the end, and how many, (n,).

    A character that training never had has no symbol: it is left out of the loss, and counts as an
    error where characters are compared.
    """
    number = {character: place for place, character in enumerate(alphabet, 1)}
    rows = [[number[c] for c in text if c in number] for text in texts]
    symbols = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.int64)
    for row, spelt in zip(symbols, rows, strict=True):
        row[: len(spelt)] = torch.tensor(spelt, dtype=torch.int64)
    return symbols, torch.tensor([len(spelt) for spelt in rows])


def _duration(symbols: Tensor) -> Tensor:
    """Frames that CTC needs for transcripts (n, longest): (n,).

    One step a character and one blank between equal ones. A recording spoken faster is lengthened
    by silence: its loss would be infinite, and leaving it out would change the size of a shard.
    """
    equal = (symbols[:, 1:] == symbols[:, :-1]) & (symbols[:, 1:] > 0)
    return architectures.STRIDE * ((symbols > 0).sum(dim=1) + equal.sum(dim=1))


def best_guess(source: SpeechSet, one_word: bool) -> dict[str, float]:
    """The errors of one who knows the training transcripts and hears nothing, on test.

    Character and word error: of the best constant answer, chosen on training (`constant_answers`).
    Cross-entropy: -sum over test characters and ends of log q_train, each counted once more than it
    occurs, over the number of characters. Top-1: what is not the commonest training word.
    """
    train, test = source.train.texts, list(source.test.texts)
    answers = constant_answers(train)
    chosen_on = list(train[:: max(1, len(train) // GUESSED)])

    def least(error: Callable[[list[str], list[str]], object]) -> float:
        def of(texts: list[str], answer: str) -> float:
            return float(str(error(texts, [answer] * len(texts))))

        return of(test, min(answers, key=lambda answer: of(chosen_on, answer)))

    guess = {
        "cer": least(jiwer.cer),
        "wer": least(jiwer.wer),
        "cross-entropy": _unigram(train, test),
    }
    if one_word:
        (commonest, _), *_ = Counter(sorted(train)).most_common(1)
        guess["top-1"] = 1 - test.count(commonest) / len(test)
    return guess


def constant_answers(texts: Sequence[str]) -> list[str]:
    """What one could always answer: nothing, common transcripts, common words or letters repeated.

    A repetition has as many words, or letters, as a quarter, half or three quarters of the
    transcripts have at most.
    """

    def lengths(counts: list[int]) -> list[int]:
        return sorted({int(np.quantile(counts, share)) for share in (0.25, 0.5, 0.75)})

    words = Counter(word for text in sorted(texts) for word in text.split())
    letters = Counter("".join(sorted(texts)))
    letters.pop(" ", None)  # nothing but spaces is nothing
    return [
        "",
        *(text for text, _ in Counter(sorted(texts)).most_common(COMMONEST)),
        *(
            " ".join([word] * count)
            for word, _ in words.most_common(COMMONEST)
            for count in {1, *lengths([len(text.split()) for text in texts])}
        ),
        *(
            letter * count
            for letter, _ in letters.most_common(COMMONEST)
            for count in lengths([len(text) for text in texts])
        ),
    ]


def _unigram(train: Sequence[str], test: Sequence[str]) -> float:
    """Nats per character of characters and ends by their share in training, one added to each."""
    counts = Counter("".join(train))
    counts["end"] = len(train)
    said = Counter("".join(test))
    said["end"] = len(test)
    total = sum(counts.values()) + len(counts)
    nats = -sum(n * math.log((counts[c] + 1) / total) for c, n in said.items() if c in counts)
    return nats / (sum(said.values()) - said["end"])
