"""Translation: cross-entropy per target subword for training, token error beside it, BLEU at last.

Sentences are cut into subwords by one byte-pair vocabulary of both languages, learned from the
training split of the whole source and fixed across shards: an error per token can only be compared
where the tokens are the same. Errors are teacher-forced: each subword is guessed from the true
ones before it. BLEU and chrF are of whole sentences that the model writes alone.
"""

import hashlib
import io
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sacrebleu
import sentencepiece
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from data import shards, translation
from data.translation import Pairs, TranslationSet
from engine.models import translation as architectures
from engine.models.translation import PADDING, Translator
from engine.tasks.task import Extent, Part, SplitName, Treatment

UNKNOWN, START, END = 1, 2, 3  # beside PADDING = 0
# At 150,000 weights and 1,811 pairs of Multi30k 1,000, 2,000 and 4,000 subwords came to 65.6, 66.0
# and 65.4 nats a sentence in about the same time; fewer leave a small model wider, more make its
# sentences shorter.
VOCABULARY = 2_000  # subwords of both languages together
LEARNED_FROM = 1_000_000  # sentences at most, the first ones: learning is linear in them
EVALUATION_TOKENS = 8_192  # source and target subwords of a batch, padding included
TEST_MOST = 1_500  # test pairs that are measured: the errors of more differ by less than a seed's
LENGTH_RATIO, LENGTH_MARGIN = 1.5, 10  # a translation is cut at so many subwords of its source's


@dataclass(frozen=True, slots=True)
class Sentences:
    """Subwords of many sentences end to end on the device, each closed by END."""

    tokens: Tensor  # (all,) int32
    starts: Tensor  # (n,) int64
    lengths: Tensor  # (n,) int64, END counted

    def rows(self, rows: Tensor, most: int | None = None) -> Tensor:
        """The sentences `rows` (b,), padded at the end to `most` or the longest. (b, t) int64."""
        lengths = self.lengths[rows]
        places = torch.arange(most or int(lengths.max()), device=rows.device)  # (t,)
        inside = places < lengths[:, None]  # (b, t)
        at = torch.where(inside, self.starts[rows][:, None] + places, 0)
        return torch.where(inside, self.tokens[at].to(torch.int64), PADDING)


@dataclass(frozen=True, slots=True)
class Corpus:
    """One split: sources and targets, row by row."""

    sources: Sentences
    targets: Sentences

    @property
    def lengths(self) -> Tensor:
        """Subwords of both sides of each pair, (n,)."""
        return self.sources.lengths + self.targets.lengths


@dataclass(frozen=True, slots=True)
class TranslationTask:
    """Translation on one device; see engine.tasks.task.Task."""

    splits: Mapping[SplitName, Corpus]
    subwords: sentencepiece.SentencePieceProcessor
    references: tuple[str, ...]  # the test split's translations as text
    guess: Mapping[str, float]
    data_hash: str
    sides: NDArray[np.int64]  # subwords of source and target of each training pair, (n, 2)

    @property
    def device(self) -> torch.device:
        """Where the sentences lie."""
        return self.splits["train"].targets.tokens.device

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Subwords of both sides of each training pair, (n,)."""
        both: NDArray[np.int64] = self.sides.sum(axis=1)
        return both

    @property
    def full(self) -> int:
        """Pairs in the training split."""
        return len(self.sides)

    def shard(self, size: int, seed: int) -> NDArray[np.int64]:
        """`size` training pairs."""
        return shards.prefix(np.ones(self.full, np.int64), size, seed)

    def part(self, split: SplitName, most: int | None = None) -> Part:
        """A split, or a choice of its pairs drawn once and for all; of test TEST_MOST at most."""
        n = len(self.splits[split].lengths)
        most = n if most is None else most
        if split == "test":
            most = min(most, TEST_MOST)
        chosen = shards.prefix(np.ones(n, np.int64), min(most, n), seed=0)
        return Part(split, torch.from_numpy(np.sort(chosen)).to(self.device))

    def build(self, family: str, capacity: int, seed: int) -> nn.Module:
        """An encoder-decoder on the task's device."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = architectures.build(family, capacity, self.subwords.vocab_size())
        return model.to(self.device)

    def extent(self, rows: NDArray[np.int64]) -> Extent:
        """Subwords of the longest source and of the longest target."""
        source, target = self.sides[rows].max(axis=0).tolist()
        return source, target

    def loss(self, model: nn.Module, rows: Tensor, extent: Extent | None = None) -> Tensor:
        """Mean cross-entropy in nats per target subword over the training pairs `rows` (b,)."""
        hidden, wanted = _hidden(model, self.splits["train"], rows, extent)
        assert isinstance(model, Translator)
        logits = model.project(hidden)  # (b, t, vocabulary): rows are of like length
        return F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=PADDING)

    def mean_loss(self, model: nn.Module, part: Part) -> Tensor:
        """Mean cross-entropy in nats per target subword over a part."""
        return self._totals(model, part)[0]

    def errors(self, model: nn.Module, part: Part) -> dict[str, float]:
        """Share of wrong first guesses, and cross-entropy, per target subword over a part."""
        loss, wrong = self._totals(model, part)
        return {"token-error": float(wrong), "cross-entropy": float(loss)}

    def _totals(self, model: nn.Module, part: Part) -> tuple[Tensor, Tensor]:
        """Mean loss and share of wrong guesses, each 0-dim."""
        corpus = self.splits[part.split]
        loss = torch.zeros((), device=self.device)
        wrong = torch.zeros((), device=self.device)
        for rows in _batches(corpus, part.rows):
            with torch.inference_mode():
                logits, wanted = _guesses(model, corpus, rows)
                loss += F.cross_entropy(logits, wanted, reduction="sum")
                wrong += (logits.argmax(dim=1) != wanted).sum()
        subwords = corpus.targets.lengths[part.rows].sum()
        return loss / subwords, wrong / subwords

    def scores(self, model: nn.Module) -> dict[str, float]:
        """BLEU and chrF of greedy translations of the test split, each named by its signature.

        sacrebleu's own form, BLEU|nrefs:1|case:mixed|..: a score without its tokeniser, case and
        version can be compared with nothing (Post 2018, arXiv 1804.08771).
        """
        part = self.part("test")
        said = self.translate(model, part)
        meant = [self.references[row] for row in part.rows.tolist()]
        found = {}
        for metric in (sacrebleu.BLEU(), sacrebleu.CHRF()):
            score = metric.corpus_score(said, [meant])
            found[f"{score.name}|{metric.get_signature()}"] = float(score.score)
        return found

    def translate(self, model: nn.Module, part: Part) -> list[str]:
        """The model's translation of each row of a part, the likeliest subword at every step."""
        assert isinstance(model, Translator)
        corpus = self.splits[part.split]
        said: dict[int, str] = {}
        for rows in _batches(corpus, part.rows):
            with torch.inference_mode():
                written = greedy(model, corpus.sources.rows(rows)).tolist()
            for row, tokens in zip(rows.tolist(), written, strict=True):
                ending = tokens.index(END) if END in tokens else len(tokens)
                said[row] = self.subwords.decode(tokens[:ending])
        return [said[row] for row in part.rows.tolist()]


def greedy(model: Translator, source: Tensor) -> Tensor:
    """Translations (b, t) of the sources (b, s): END and what follows it is not part of them.

    They are cut at LENGTH_RATIO times the longest source's subwords and LENGTH_MARGIN more, so
    that a model that never ends a sentence costs no more than a good one.
    """
    state = model.start(source)
    tokens = torch.full((len(source),), START, device=source.device)
    ended = torch.zeros(len(source), dtype=torch.bool, device=source.device)
    written = []
    for _ in range(int(LENGTH_RATIO * source.shape[1]) + LENGTH_MARGIN):
        hidden, state = model.step(state, tokens)
        tokens = model.project(hidden).argmax(dim=1)  # (b,)
        written.append(tokens)
        ended |= tokens == END
        if bool(ended.all()):
            break
    return torch.stack(written, dim=1)


def _hidden(
    model: nn.Module, corpus: Corpus, rows: Tensor, extent: Extent | None
) -> tuple[Tensor, Tensor]:
    """Hidden vectors (b, t, d) of the targets of `rows`, and their true subwords (b, t)."""
    source, target = extent or (None, None)
    wanted = corpus.targets.rows(rows, target)  # (b, t)
    prefix = torch.cat([wanted.new_full((len(rows), 1), START), wanted[:, :-1]], dim=1)
    return model(corpus.sources.rows(rows, source), prefix), wanted


def _guesses(model: nn.Module, corpus: Corpus, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (k, vocabulary) and true subwords (k,) at all k places of the targets of `rows`.

    Only places that hold a subword go through the output layer: it is half of the cost.
    """
    assert isinstance(model, Translator)
    hidden, wanted = _hidden(model, corpus, rows, None)
    places = wanted != PADDING
    return model.project(hidden[places]), wanted[places]


def _batches(corpus: Corpus, rows: Tensor) -> Iterator[Tensor]:
    """The rows in batches of like length, each of at most EVALUATION_TOKENS subwords."""
    lengths = corpus.lengths[rows]
    order = torch.argsort(lengths, descending=True, stable=True)
    rows, longest = rows[order], lengths[order].tolist()
    start = 0
    while start < len(rows):
        end = start + max(1, EVALUATION_TOKENS // longest[start])
        yield rows[start:end]
        start = end


TREATMENTS: dict[str, Treatment[TranslationTask]] = {}


def load_task(source: str, path: Path | None, cache: Path | None, device: str) -> TranslationTask:
    """The task of a source of data.translation; see there for `path`, `cache` and what is raised.

    The vocabulary is kept in `cache` besides, so that every worker has it at once.
    """
    return translation_task(translation.load(source, path, cache), device, cache)


def translation_task(
    source: TranslationSet, device: str, cache: Path | None = None
) -> TranslationTask:
    """Cut a translation set into subwords and put it on a device."""
    subwords = _subwords(source, cache)
    splits: dict[SplitName, Corpus] = {
        "train": _corpus(source.train, subwords, device),
        "validation": _corpus(source.validation, subwords, device),
        "test": _corpus(source.test, subwords, device),
    }
    digest = hashlib.sha256(source.hash.encode())  # the vocabulary makes the tokens, so the errors
    for token in range(subwords.vocab_size()):
        digest.update(subwords.id_to_piece(token).encode() + b"\n")
    return TranslationTask(
        splits,
        subwords=subwords,
        references=source.test.targets,
        guess=best_guess(
            splits["train"].targets.tokens.cpu().numpy(),
            splits["test"].targets.tokens.cpu().numpy(),
            subwords.vocab_size(),
        ),
        data_hash=digest.hexdigest()[:16],
        sides=np.stack(
            [
                side.lengths.cpu().numpy()
                for side in (splits["train"].sources, splits["train"].targets)
            ],
            axis=1,
        ),
    )


def _subwords(source: TranslationSet, cache: Path | None) -> sentencepiece.SentencePieceProcessor:
    """The joint vocabulary of a source, from the cache where it was learned before."""
    kept = cache and cache / (
        f"subwords-{source.hash}-{VOCABULARY}-{sentencepiece.__version__}.model"
    )
    if kept and kept.is_file():
        try:
            return sentencepiece.SentencePieceProcessor(model_proto=kept.read_bytes())
        except RuntimeError:  # damaged: learned anew
            kept.unlink()
    learned = learn_subwords(source.train, VOCABULARY)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as part:
            part.write(learned)
        Path(part.name).replace(kept)  # readers see all of it or nothing
    return sentencepiece.SentencePieceProcessor(model_proto=learned)


def learn_subwords(train: Pairs, most: int) -> bytes:
    """A byte-pair vocabulary of both sides of the training pairs, as sentencepiece keeps it.

    Byte pairs (Sennrich et al. 2016) rather than a unigram model: they are counted in whole
    numbers, so they are the same on every machine, and are learned ten times as fast.

    Args:
        train: the training split of the whole source.
        most: wanted subwords; few sentences give fewer.
    """
    sentences = [text for pair in zip(train.sources, train.targets, strict=True) for text in pair]
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences[:LEARNED_FROM]),
        model_writer=model,
        model_type="bpe",
        vocab_size=most,
        hard_vocab_limit=False,
        character_coverage=0.9999,  # of the letters; rarer ones become UNKNOWN
        num_threads=1,
        pad_id=PADDING,
        unk_id=UNKNOWN,
        bos_id=START,
        eos_id=END,
        minloglevel=2,  # errors only: it would tell its progress on stderr
    )
    return model.getvalue()


def _corpus(pairs: Pairs, subwords: sentencepiece.SentencePieceProcessor, device: str) -> Corpus:
    return Corpus(
        _sentences(subwords.encode(list(pairs.sources)), device),
        _sentences(subwords.encode(list(pairs.targets)), device),
    )


def _sentences(encoded: list[list[int]], device: str) -> Sentences:
    lengths = np.array([len(tokens) + 1 for tokens in encoded], np.int64)
    flat = np.array([token for tokens in encoded for token in (*tokens, END)], np.int32)
    return Sentences(
        torch.from_numpy(flat).to(device),
        torch.from_numpy(lengths.cumsum() - lengths).to(device),
        torch.from_numpy(lengths).to(device),
    )


def best_guess(
    train: NDArray[np.int32], test: NDArray[np.int32], vocabulary: int
) -> dict[str, float]:
    """The error of knowing only the shares of target subwords in training, measured on test.

    Cross-entropy is -sum q_test log q_train with one added to each subword's count; the token
    error misses what is not the commonest one (notes: method, "Best-guess level").

    Args:
        train: every target subword of the training split, END counted. (all,)
        test: the same of the test split. (all,)
        vocabulary: number of subwords.
    """
    known = np.bincount(train, minlength=vocabulary) + 1.0
    share: NDArray[np.float64] = np.bincount(test, minlength=vocabulary) / len(test)
    return {
        "token-error": float(1 - share[known.argmax()]),
        "cross-entropy": float(-(share * np.log(known / known.sum())).sum()),
    }
