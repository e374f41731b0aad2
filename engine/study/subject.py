"""What a study is asked to be: its subjects, and how thoroughly each is measured.

A subject is one curve family: a domain, its data, a model and a treatment of the training data.
Several subjects in one study share its minutes and stream side by side. Light: no torch.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

PRESETS = ("quick", "standard", "full")


@dataclass(frozen=True, slots=True)
class Subject:
    """What one family of curves is about."""

    domain: str
    data: str
    model: str
    treatment: str = ""  # "": none

    @property
    def label(self) -> str:
        """How it is named, without its metric: "images icons cnn"."""
        return " ".join(filter(None, (self.domain, self.data, self.model, self.treatment)))


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user asked for. Two equal settings are the same study."""

    subjects: tuple[Subject, ...]
    preset: str | None
    minutes: float | None = None
    sizes: tuple[int, ...] | None = None
    seeds: int | None = None
    device: str = "cpu"
    paths: tuple[tuple[str, str], ...] = ()  # (domain, where its data lie), where the user said so
    code: tuple[tuple[str, str], ...] = ()  # (domain, sha256 of its file) of those not ours

    @property
    def key(self) -> str:
        """A digest by which the store finds the study again."""
        asked = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(asked.encode()).hexdigest()[:16]

    @property
    def name(self) -> str:
        """What the study is called in lists."""
        return ", ".join(subject.label for subject in self.subjects)


def stored_settings(record: dict[str, Any]) -> Settings:
    """Settings as the store keeps them (JSON of `asdict`), read back equal."""
    return Settings(
        subjects=tuple(Subject(**subject) for subject in record["subjects"]),
        preset=record["preset"],
        minutes=record["minutes"],
        sizes=tuple(record["sizes"]) if record["sizes"] else None,
        seeds=record["seeds"],
        device=record["device"],
        paths=tuple((domain, path) for domain, path in record["paths"]),
        code=tuple((domain, sha256) for domain, sha256 in record.get("code", ())),
    )
