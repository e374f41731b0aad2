"""What a study is asked to be: its subjects, and how thoroughly each is measured.

A subject is one curve family: a domain, its data, a model and a treatment of the training data.
Several subjects in one study share its minutes and stream side by side. Light: no torch.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
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
    """What the user asked for: the same but for the width is the same study."""

    subjects: tuple[Subject, ...]
    preset: str | None
    minutes: float | None = None
    sizes: tuple[int, ...] | None = None
    seeds: int | None = None
    device: str = "cpu"
    paths: tuple[tuple[str, str], ...] = ()  # (domain, where its data lie), where the user said so
    code: tuple[tuple[str, str], ...] = ()  # (domain, sha256 of its file) of those not ours
    width: float | None = None  # of the exponent's interval, down to which seeds are added

    def is_same(self, other: "Settings") -> bool:
        """Whether both are one study: it can go on to another width, whatever it had before."""
        return replace(self, width=None) == replace(other, width=None)

    @property
    def search_minutes(self) -> float | None:
        """Minutes for the search: half of those given, where more seeds are to follow."""
        if self.minutes is None or self.width is None:
            return self.minutes
        return self.minutes / 2

    @property
    def key(self) -> str:
        """A digest that no other study of a store has."""
        asked = {name: value for name, value in asdict(self).items() if name != "width"}
        said = json.dumps(asked, sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]

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
        width=record.get("width"),
    )


def shard_name(subject: Subject, size: int) -> str:
    """How the store knows the shard of a subject."""
    return f"{subject.label} / {size}"
