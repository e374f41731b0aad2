"""Build the icon-concepts pack from the npm package @iconify/json; run by hand, rarely.

    pip install resvg-py==0.5.0
    python -m data.icons.build                      # fetches the package with `npm pack` (104 MB)
    python -m data.icons.build --package FILE.tgz   # or reads a copy that you have

An image is one openly licensed icon, 32 x 32, ink bright on dark; its class is the concept that
its name states, as in "calendar" or "truck" (names.py, with its tables of synonyms and of names
left out). Validation and test hold other authors than training does (splits.py). The same package
gives the same pack, byte for byte. Writes icons.pack, whose format is pack.py's and whose reader
is data/images.py, and ATTRIBUTION.md.
"""

import argparse
import base64
import hashlib
import io
import json
import subprocess
import tarfile
import tempfile
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import resvg_py  # type: ignore[import-not-found,unused-ignore] # only this script needs it
from numpy.typing import NDArray
from PIL import Image

from data.icons.names import FAMILY_OF, concept, unframed
from data.icons.pack import LEVELS, SIDE, SPLITS, IconSet, Pack, write_pack
from data.icons.splits import hold_out, level, single

HERE = Path(__file__).parent
PACKAGE = "@iconify/json@2.2.535"
# As the registry publishes it for this version (dist.integrity).
INTEGRITY = (
    "nAV60ACUSHwnsb6fsp+letHlNkrwO4vzBtcC6B4EDHErQQfezk7E3nJdnwJjve6OCfMNO0uVT5Vrgna9/NCmXw=="
)

LICENCES = {
    "MIT", "Apache-2.0", "ISC", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "Unlicense",
    "CC-BY-3.0", "CC-BY-4.0",
}  # fmt: skip
# Logos are trademarks, and so is most of what code editors show; emoji have one drawing a vendor.
CATEGORIES_LEFT_OUT = {"Logos", "Emoji", "Programming"}
SETS_KEPT_ANYWAY = {"codicon"}  # filed under Programming, draws plain concepts
SETS_LEFT_OUT = {
    "circle-flags", "flag", "flagpack", "cif",  # flags
    "fluent-emoji",  # emoji without that category
}  # fmt: skip

FAINTEST = 0.02  # mean ink below which an icon is blank: white or hairline on nothing
FULLEST = 0.95  # and above which it is a filled box
FAMILIES_A_CLASS = 26  # a concept counts when at least so many families draw it ...
IMAGES_A_CLASS = 110  # ... and at least so many different images are left
SEED = 2  # of what is held out, and of which images a full class keeps


ATTRIBUTION_HEAD = """# Icons: whose they are

`icons.pack` holds small grey pictures of icons from the sets below, rendered at 32 x 32 pixels.
Each picture stays under its author's licence, named in its row; LICENCES.md has the texts or says
where they are. Changed by us: rendered to pixels, without colour, brightness turned round, some
left out. The sets come from the npm package `@iconify/json` 2.2.535 (MIT, Vjacheslav Trushkin).
Written by `build.py`.

| set | short name | author | licence | split | images |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Drawing:
    """One icon that may enter the pack."""

    origin: IconSet
    name: str
    concept: str  # the class
    svg: str


def main() -> None:
    """Build the pack and its attribution list beside this file."""
    parser = argparse.ArgumentParser(description="Build the icon-concepts pack.")
    parser.add_argument("--package", type=Path, help=f"a copy of {PACKAGE}, instead of npm pack")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        drawings = choose(read_drawings(asked.package or fetch(Path(folder))))
    print(f"{len(drawings):,} drawings of {len({d.concept for d in drawings})} concepts")
    pack = assemble(drawings)
    write_pack(pack, HERE / "icons.pack")
    (HERE / "ATTRIBUTION.md").write_text(attribution(pack), encoding="utf-8")
    print(summary(pack))


def fetch(folder: Path) -> Path:
    """Download the package into a folder."""
    subprocess.run(["npm", "pack", PACKAGE], cwd=folder, check=True)
    return next(folder.glob("*.tgz"))


def read_drawings(package: Path) -> list[Drawing]:
    """All icons with a licence we take, under the class that their name states."""
    content = package.read_bytes()
    found = base64.b64encode(hashlib.sha512(content).digest()).decode()
    if found != INTEGRITY:
        raise SystemExit(f"{package} is not {PACKAGE}: its SHA-512 is {found}, not {INTEGRITY}")
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        files = {m.name: m for m in archive.getmembers() if m.name.endswith(".json")}

        def load(name: str) -> Any:
            held = archive.extractfile(files[f"package/{name}"])
            assert held is not None  # a plain file of the archive
            return json.load(held)

        kept = {k: v for k, v in sorted(load("collections.json").items()) if taken(k, v)}
        return [
            d
            for prefix, about in kept.items()
            for d in draw_set(about, load(f"json/{prefix}.json"))
        ]


def taken(prefix: str, about: dict[str, Any]) -> bool:
    """Whether a set has a licence and a subject that we take."""
    if prefix in SETS_LEFT_OUT or about["license"].get("spdx") not in LICENCES:
        return False
    return prefix in SETS_KEPT_ANYWAY or about.get("category") not in CATEGORIES_LEFT_OUT


def draw_set(about: dict[str, Any], icons: dict[str, Any]) -> list[Drawing]:
    """The drawings of one set; icons that their author has withdrawn are left out."""
    prefix, author = icons["prefix"], about["author"]
    origin = IconSet(
        name=prefix,
        title=about["name"],
        author=author["name"],
        family=FAMILY_OF.get(author["name"], author["name"]),
        licence=about["license"]["spdx"],
        url=author.get("url") or f"https://icon-sets.iconify.design/{prefix}/",
    )
    drawings = []
    for name, icon in sorted(icons["icons"].items()):
        word = concept(name, prefix, icons.get("prefixes") or (), icons.get("suffixes") or ())
        moving = "<animate" in icon["body"]  # a still of it lacks what is drawn later
        if word and not moving and not icon.get("hidden"):
            drawings.append(Drawing(origin, name, word, svg(icon, icons)))
    return drawings


def svg(icon: dict[str, Any], icons: dict[str, Any]) -> str:
    """An icon as a document of SIDE x SIDE pixels, its picture centred, in black."""

    def given(key: str, default: float) -> float:
        return float(icon.get(key, icons.get(key, default)))

    left, top, width, height = (
        given("left", 0),
        given("top", 0),
        given("width", 16),
        given("height", 16),
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' width="{SIDE}" height="{SIDE}" viewBox="{left} {top} {width} {height}" color="black">'
        f"{icon['body']}</svg>"
    )


def choose(drawings: list[Drawing]) -> list[Drawing]:
    """Keep the concepts that enough families draw, framed drawings of them included."""
    families = defaultdict(set)
    for drawing in drawings:
        families[drawing.concept].add(drawing.origin.family)
    classes = {name for name, drawn_by in families.items() if len(drawn_by) >= FAMILIES_A_CLASS}
    bare = [
        d if d.concept in classes else replace(d, concept=unframed(d.concept)) for d in drawings
    ]
    return [drawing for drawing in bare if drawing.concept in classes]


def render(drawing: Drawing) -> NDArray[np.uint8]:
    """Turn ink on paper into ink bright on dark, (SIDE, SIDE), in the 16 steps of the pack."""
    png = resvg_py.svg_to_bytes(
        svg_string=drawing.svg, background="#ffffff", skip_system_fonts=True
    )
    with Image.open(io.BytesIO(bytes(png))) as image:
        ink = 255 - np.asarray(image.convert("L"))
    step = 255 // LEVELS
    return ((ink.astype(np.uint16) + step // 2) // step * step).astype(np.uint8)


def assemble(drawings: list[Drawing]) -> Pack:
    """Render, drop what is blank or there twice, split by family, and level the classes."""
    pixels = np.stack([render(drawing) for drawing in drawings])  # (n, SIDE, SIDE)
    concepts = np.array([drawing.concept for drawing in drawings])
    ink = pixels.mean((1, 2)) / 255
    sound = np.flatnonzero((ink > FAINTEST) & (ink < FULLEST) & single(pixels, concepts))
    print(f"{len(drawings) - len(sound):,} left out: blank, there twice, or under two classes")

    _, of, count = np.unique(concepts[sound], return_inverse=True, return_counts=True)
    sound = sound[count[of] >= IMAGES_A_CLASS]
    drawings = [drawings[i] for i in sound]
    classes, labels = np.unique(concepts[sound], return_inverse=True)
    family = np.unique([d.origin.family for d in drawings], return_inverse=True)[1]
    rng = np.random.default_rng(SEED)
    splits = hold_out(labels, family, ink[sound], rng)[family]
    kept = level(labels, family, [d.origin.name for d in drawings], splits, rng)

    origins = sorted({drawings[i].origin for i in kept}, key=lambda origin: origin.name)
    return Pack(
        classes=tuple(str(name) for name in classes),
        sets=tuple(origins),
        pixels=pixels[sound][kept],
        labels=labels[kept],
        origins=np.array([origins.index(drawings[i].origin) for i in kept]),
        splits=splits[kept],
    )


def attribution(pack: Pack) -> str:
    """The list of sets, authors and licences that CC-BY asks for, as Markdown."""
    images = np.bincount(pack.origins, minlength=len(pack.sets))
    split = {held: SPLITS[s] for held, s in zip(pack.origins, pack.splits, strict=True)}
    rows = [
        f"| [{held.title}]({held.url}) | {held.name} | {held.author} | {held.licence} | {split[i]}"
        f" | {images[i]} |"
        for i, held in enumerate(pack.sets)
    ]
    return ATTRIBUTION_HEAD + "\n".join(rows) + "\n"


def summary(pack: Pack) -> str:
    """What the pack holds, in a few lines."""
    lines = [f"{len(pack.labels):,} images, {len(pack.classes)} classes, {len(pack.sets)} sets"]
    for i, split in enumerate(SPLITS):
        here = pack.splits == i
        count = np.bincount(pack.labels[here], minlength=len(pack.classes))
        families = {pack.sets[origin].family for origin in pack.origins[here]}
        lines.append(
            f"{split}: {here.sum():,} images of {len(families)} families; a class has"
            f" {count.min()} / {int(np.median(count))} / {count.max()} (min / median / max)"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
