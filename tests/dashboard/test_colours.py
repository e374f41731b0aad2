"""Each domain's colour can be read on its background and told from every other."""

import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from dashboard.colours import HUES
from engine.domains import DOMAINS

ROOT = Path(__file__).parents[2]
THEMES = tomllib.loads((ROOT / "dashboard" / ".streamlit" / "config.toml").read_text())["theme"]
SLOTS = {"images": "blue", "words": "green", "translation": "violet", "speech": "yellow"}
# Machado et al. 2009, severity 1, in linear RGB: what eyes without red or green cones see.
EYES = {
    "all cones": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                 [-0.011820, 0.042940, 0.968881]],
}  # fmt: skip


def linear(colour: str) -> np.ndarray:
    srgb = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    """WCAG 2's contrast ratio."""
    low, high = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (a, b))
    return (high + 0.05) / (low + 0.05)


def oklab(light: np.ndarray) -> np.ndarray:
    """Ottosson 2020: a space in which distances are differences that one sees."""
    cones = np.cbrt(
        np.array([[0.4122214708, 0.5363325363, 0.0514459929],
                  [0.2119034982, 0.6806995451, 0.1073969566],
                  [0.0883024619, 0.2817188376, 0.6299787005]]) @ light
    )  # fmt: skip
    return np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                     [1.9779984951, -2.4285922050, 0.4505937099],
                     [0.0259040371, 0.7827717662, -0.8086757660]]) @ cones  # fmt: skip


def apart(a: str, b: str, eyes: str) -> float:
    seen = [oklab(np.clip(np.asarray(EYES[eyes]) @ linear(colour), 0, 1)) for colour in (a, b)]
    return float(np.linalg.norm(seen[0] - seen[1]))


@pytest.mark.parametrize("theme", ["light", "dark"])
class TestTheme:
    def colours(self, theme: str) -> dict[str, str]:
        return {domain: getattr(hue, theme) for domain, hue in HUES.items()}

    def test_every_domain_has_one(self, theme):
        assert list(self.colours(theme)) == list(DOMAINS)

    def test_it_can_be_read_on_its_background(self, theme):
        for colour in self.colours(theme).values():
            assert contrast(colour, THEMES[theme]["backgroundColor"]) >= 4.5

    def test_it_is_that_of_the_theme_and_of_the_charts_style_sheet(self, theme):
        colours = self.colours(theme)
        for domain, slot in SLOTS.items():
            assert THEMES[theme][f"{slot}Color"] == colours[domain]
        style = (ROOT / "dashboard" / "window" / "window.css").read_text()
        assert all(f'[data-domain="{domain}"]' in style for domain in DOMAINS)
        assert f"light-dark({HUES['characters'].light}, {HUES['characters'].dark})" in style

    def test_words_and_characters_are_apart_from_all_others_to_all_eyes(self, theme):
        colours = {**self.colours(theme), "fit window": THEMES[theme]["orangeColor"]}
        for a, b in combinations(colours, 2):
            if {a, b} & {"words", "characters"}:
                for eyes in EYES:
                    assert apart(colours[a], colours[b], eyes) > 0.05, (a, b, eyes)
