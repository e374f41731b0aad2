"""Waveforms to log-mel frames, the form in which every speech model hears.

A frame is 40 bytes: the loudness in 40 mel bands over 25 ms, in steps of a third of a decibel below
the recording's loudest band, so that a recording's gain does not matter. It knows no files and
learns nothing. The mel scale is that of Davis & Mermelstein 1980 as HTK has it: 2595 log10(1 + f /
700).
"""

from functools import cache
from math import gcd

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

RATE = 16_000  # samples a second that every recording is brought to: what speech corpora have
WINDOW = 400  # samples, 25 ms: customary
HOP = 200  # samples, 12.5 ms: at 25 ms CTC lacks steps for 28 % of the synthetic phrases
TRANSFORM = 512  # points of the Fourier transform: the next power of 2
BANDS = 40  # customary
LOW, HIGH = 60.0, 7_600.0  # Hz: below is hum, above is the edge of the resampling filter
RANGE = 80.0  # decibels below the loudest band that are told apart: 8 bits of 0.31 dB


def log_mel(wave: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Log-mel frames of a recording.

    Args:
        wave: samples at RATE, of any gain, not all zero. (n,)

    Returns:
        Bytes (frames, BANDS): 255 is the loudest band, 0 is RANGE decibels below it or less.
        There are `frames(n)`.
    """
    wave = np.asarray(wave, np.float32)
    if len(wave) < WINDOW:
        wave = np.pad(wave, (0, WINDOW - len(wave)))
    windows = np.lib.stride_tricks.sliding_window_view(wave, WINDOW)[::HOP]  # (frames, WINDOW)
    spectrum = rfft(windows * _hann(), TRANSFORM, axis=1)  # (frames, TRANSFORM / 2 + 1)
    power = spectrum.real**2 + spectrum.imag**2
    mel = power @ filterbank().T  # (frames, BANDS)
    loudest = mel.max()
    if not loudest > 0:
        raise ValueError("a recording without any sound has no loudest band")
    with np.errstate(divide="ignore"):
        decibels = 10 * np.log10(mel / loudest)  # silence: -inf, clipped to the lowest byte
    loudness: NDArray[np.uint8] = np.rint(np.clip(1 + decibels / RANGE, 0, 1) * 255).astype(
        np.uint8
    )
    return loudness


def frames(samples: int) -> int:
    """How many frames `samples` samples at RATE make; a recording below one window makes one."""
    return 1 + max(0, samples - WINDOW) // HOP


def resample(wave: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Bring a recording from `rate` samples a second to RATE. (n,) to (about n * RATE / rate,)."""
    if rate == RATE:
        return wave
    from scipy.signal import resample_poly  # takes over a second to import

    common = gcd(rate, RATE)
    moved: NDArray[np.float32] = resample_poly(wave, RATE // common, rate // common)
    return moved.astype(np.float32, copy=False)


@cache
def filterbank() -> NDArray[np.float32]:
    """Triangles on the mel scale, (BANDS, TRANSFORM / 2 + 1): each peaks where its neighbours end.

    Formula: with corners c_0 .. c_{BANDS+1} evenly spaced in mel between LOW and HIGH, band k
    weighs a frequency f by min((f - c_k) / (c_{k+1} - c_k), (c_{k+2} - f) / (c_{k+2} - c_{k+1})),
    at least 0.
    """
    low, high = (2595 * np.log10(1 + f / 700) for f in (LOW, HIGH))
    corners = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    f = np.arange(TRANSFORM // 2 + 1) * RATE / TRANSFORM
    rising = (f - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - f) / (corners[2:] - corners[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


@cache
def _hann() -> NDArray[np.float32]:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)
