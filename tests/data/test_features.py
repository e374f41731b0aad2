"""Log-mel frames, against a Fourier sum written out and the filterbank's own arithmetic."""

import numpy as np
import pytest

from data import features
from data.features import BANDS, HOP, RATE, TRANSFORM, WINDOW, filterbank, frames, log_mel, resample


def tone(hertz: float, seconds: float = 0.2, rate: int = RATE) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


def by_sums(window: np.ndarray) -> np.ndarray:
    """Mel power of one window by the definition of the Fourier transform, in float64."""
    n = np.arange(WINDOW)
    shaped = window.astype(np.float64) * (0.5 - 0.5 * np.cos(2 * np.pi * n / WINDOW))
    k = np.arange(TRANSFORM // 2 + 1)[:, None]
    power = np.abs((shaped * np.exp(-2j * np.pi * k * n / TRANSFORM)).sum(axis=1)) ** 2
    return np.array([(weights * power).sum() for weights in filterbank().astype(np.float64)])


def test_a_frame_is_what_the_fourier_sum_gives():
    wave = np.random.default_rng(0).standard_normal(WINDOW + 3 * HOP).astype(np.float32)
    mel = np.stack([by_sums(wave[start : start + WINDOW]) for start in range(0, 3 * HOP + 1, HOP)])
    decibels = 10 * np.log10(mel / mel.max())
    expected = np.clip(1 + decibels / 80, 0, 1) * 255
    assert np.abs(log_mel(wave) - expected).max() <= 0.51


def test_a_band_weighs_most_at_its_middle_and_neighbours_add_up_to_one():
    bank = filterbank()
    assert bank.shape == (BANDS, TRANSFORM // 2 + 1)
    assert bank.min() == 0
    assert (np.diff(bank.argmax(axis=1)) >= 0).all()
    hertz = np.arange(bank.shape[1]) * RATE / TRANSFORM
    inside = (hertz > 150) & (hertz < 7_000)  # between the first peak and the last
    np.testing.assert_allclose(bank.sum(axis=0)[inside], 1, atol=1e-5)


@pytest.mark.parametrize("hertz", [300, 1_000, 3_000, 6_000])
def test_a_tone_is_loudest_in_the_band_around_it(hertz):
    loudest = log_mel(tone(hertz)).mean(axis=0).argmax()
    assert filterbank()[loudest, round(hertz * TRANSFORM / RATE)] > 0.5


def test_gain_does_not_matter():
    wave = np.random.default_rng(1).standard_normal(4_000).astype(np.float32)
    assert np.abs(log_mel(wave).astype(int) - log_mel(0.01 * wave)).max() <= 1


def test_ten_decibels_are_an_eighth_of_the_range():
    wave = tone(1_000, 1.0)
    wave[RATE // 2 :] *= 10 ** (-10 / 20)
    band = log_mel(wave).max(axis=1).astype(int)
    assert band[0] == 255
    assert abs(band[-1] - (255 - 255 / 8)) <= 1


@pytest.mark.parametrize("samples", [50, WINDOW, WINDOW + HOP - 1, WINDOW + HOP, 16_000])
def test_as_many_frames_as_said(samples):
    wave = np.random.default_rng(2).standard_normal(samples).astype(np.float32)
    assert log_mel(wave).shape == (frames(samples), BANDS)


def test_a_recording_of_zeros_has_no_frames():
    with pytest.raises(ValueError, match="loudest"):
        log_mel(np.zeros(1_000, np.float32))


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000])
def test_a_tone_keeps_its_pitch_and_length_at_every_rate(rate):
    wave = resample(tone(1_000, 0.5, rate), rate)
    assert abs(len(wave) - 0.5 * RATE) <= 1
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    assert spectrum.argmax() * RATE / len(wave) == pytest.approx(1_000, abs=3)


def test_the_right_rate_is_left_as_it_is():
    wave = tone(500)
    assert resample(wave, features.RATE) is wave
