"""Recordings made of noise, encoded as a user's would be."""

import io
from pathlib import Path

import numpy as np
import soundfile

RNG = np.random.default_rng(5)
WORDS = ("yes", "no", "up", "down")


def sound(seconds: float = 0.3, rate: int = 16_000, channels: int = 1) -> np.ndarray:
    return 0.1 * RNG.standard_normal((round(seconds * rate), channels))


def encoded(wave: np.ndarray | None = None, rate: int = 16_000, kind: str = "WAV") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, sound() if wave is None else wave, rate, format=kind)
    return file.getvalue()


def fill(folder: Path) -> Path:
    """Write twenty recordings with a .txt beside each."""
    for row in range(20):
        (folder / f"r{row:02}.wav").write_bytes(encoded())
        (folder / f"r{row:02}.txt").write_text(f"{WORDS[row % 4]} {WORDS[row % 3]}")
    return folder
