"""A colour for each domain, the same on every page, light and dark. Pure.

Okabe and Ito's hues, moved in lightness until each has a contrast of 4.5:1 on its background and
stays apart from the others and from the orange of the fit window, to eyes that see no red or no
green as well (tests/dashboard/test_colours.py). The theme (.streamlit/config.toml here) has all but
the purple, for which it has no name; window.css has that one itself.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hue:
    """A domain's colour in both themes."""

    light: str  # on white; of exported pictures too
    dark: str


HUES = {
    "images": Hue("#0068a8", "#5cb4e8"),
    "words": Hue("#006149", "#2fc49a"),
    "characters": Hue("#4a2d9c", "#9c70ff"),
    "translation": Hue("#a03f7c", "#e29bc6"),
    "speech": Hue("#876500", "#e0bd4b"),
}
INK, GREY = "#1b1f24", "#646b73"  # of paper


def clear(colour: str, opacity: float) -> str:
    """A colour of `of_domain` that lets the ground through."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def of_domain(domain: str, theme: str = "light") -> str:
    """The colour of a domain in a theme, "light" or "dark"; ink or grey for a user's own."""
    hue = HUES.get(domain)
    if hue is None:
        return INK if theme == "light" else "#e6e8ea"
    return hue.light if theme == "light" else hue.dark
