"""What an icon's name says: the thing it shows, without the words for its style.

Pure, and the same for every set except where STYLE_IN and NUMBERS_MEAN list one. The tables beside
this file hold what had to be judged by eye: synonyms.txt, dropped.txt and families.txt.
"""

import re
from collections.abc import Iterable
from pathlib import Path

# Words at the end of a name that state a style, in any set ...
STYLE = {
    "outline", "outlined", "outlines", "fill", "filled", "solid", "duotone", "twotone", "linear",
    "alt", "variant", "remix", "flat", "stroke", "stroked", "o", "simple", "minimalistic",
    "small", "large", "big", "round", "rounded",
}  # fmt: skip
# ... and in single sets, where the same word means a thing elsewhere.
STYLE_IN = {
    "ci": {"sm", "md", "lg"},
    "clarity": {"line"},
    "codicon": {"compact"},
    "dinkie-icons": {"small"},
    "fluent": {"ltr", "rtl"},
    "fluent-mdl2": {"mirrored"},
    "gg": {"r"},
    "healthicons": {"negative"},
    "icon-park": {"one", "two", "three"},
    "icon-park-outline": {"one", "two", "three"},
    "icon-park-solid": {"one", "two", "three"},
    "icon-park-twotone": {"one", "two", "three"},
    "jam": {"f"},
    "lets-icons": {"line", "light"},
    "line-md": {"loop", "transition"},
    "majesticons": {"line"},
    "nrk": {"expressive", "active"},
    "ooui": {"ltr", "rtl"},
    "pixelarticons": {"sharp"},
    "stash": {"light"},
}
NUMBER = re.compile(r"\d+(px)?")  # a variant or a size: home-2, bell-24, map-24px
NUMBERS_MEAN = {"ic", "material-symbols", "material-symbols-light"}  # filter-3, timer-10, person-5
# Words that put a frame round a picture. A framed picture is the same concept ("camera-circle"),
# unless it is a class of its own ("check-circle").
FRAME = re.compile(r"-(circle|circled|square)$|^(circle|square)-")


def table(name: str) -> dict[str, str]:
    """Read a table of lines "left = right, right"; gives the left of every right."""
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    pairs = [line.split(" = ") for line in lines if line and not line.startswith("#")]
    return {right.strip(): left for left, rights in pairs for right in rights.split(",")}


SYNONYM_OF = table("synonyms.txt")  # name -> class
DROPPED = table("dropped.txt")  # name, or set:name -> reason
FAMILY_OF = table("families.txt")  # author -> family


def concept(name: str, origin: str, prefixes: Iterable[str], suffixes: Iterable[str]) -> str | None:
    """The thing that an icon's name states; None for a name that dropped.txt lists.

    Args:
        name: of the icon: "home-2-outline".
        origin: short name of its set.
        prefixes: style words that the set declares for the beginning of its names ...
        suffixes: ... and for the end; the longest that fits is taken off.
    """
    for suffix in sorted(suffixes, key=len, reverse=True):
        if suffix and name.endswith(f"-{suffix}"):
            name = name.removesuffix(f"-{suffix}")
            break
    for prefix in prefixes:
        if prefix and name.startswith(f"{prefix}-"):
            name = name.removeprefix(f"{prefix}-")
            break
    words = name.split("-")
    while len(words) > 1 and _is_style(words[-1], origin) and "-".join(words) not in DROPPED:
        words.pop()
    word = "-".join(words)
    if word in DROPPED or f"{origin}:{word}" in DROPPED:
        return None
    return SYNONYM_OF.get(word, word)


def unframed(name: str) -> str:
    """A concept without the frame round it."""
    bare = FRAME.sub("", name)
    return SYNONYM_OF.get(bare, bare)


def _is_style(word: str, origin: str) -> bool:
    number = origin not in NUMBERS_MEAN and NUMBER.fullmatch(word) is not None
    return number or word in STYLE or word in STYLE_IN.get(origin, ())
