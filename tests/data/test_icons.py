"""The icon pack: what it promises about its images, and what it says when it is damaged."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.errors import DataError
from data.icons.names import concept, unframed
from data.icons.pack import SPLITS, Pack, read_pack, write_pack
from data.images import ICONS

LICENCES = {
    "MIT", "Apache-2.0", "ISC", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "Unlicense",
    "CC-BY-3.0", "CC-BY-4.0",
}  # fmt: skip


@pytest.fixture(scope="module")
def pack() -> Pack:
    return read_pack(ICONS)


@pytest.fixture(scope="module")
def few(pack: Pack) -> Pack:
    """Some of the pack's images: as true, and quick to damage many times."""
    rows = np.arange(0, len(pack.labels), 400)
    return replace(
        pack,
        pixels=pack.pixels[rows],
        labels=pack.labels[rows],
        origins=pack.origins[rows],
        splits=pack.splits[rows],
    )


@pytest.fixture(scope="module")
def content(few: Pack, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("pack") / "icons.pack"
    write_pack(few, path)
    return path.read_bytes()


def counts(pack: Pack, split: str) -> np.ndarray:
    """Images of each class in a split."""
    rows = pack.splits == SPLITS.index(split)
    return np.bincount(pack.labels[rows], minlength=len(pack.classes))


def test_no_author_is_on_two_sides_of_a_split(pack: Pack) -> None:
    sides: dict[str, set[int]] = {}
    for origin, split in zip(pack.origins, pack.splits, strict=True):
        held = pack.sets[origin]
        sides.setdefault(held.author, set()).add(int(split))
        sides.setdefault(held.family, set()).add(int(split))
    assert {name for name, on in sides.items() if len(on) > 1} == set()


def test_every_licence_is_one_that_we_take(pack: Pack) -> None:
    assert {held.licence for held in pack.sets} <= LICENCES


def test_the_attribution_names_every_set_with_its_author_licence_and_link(pack: Pack) -> None:
    text = (ICONS.parent / "ATTRIBUTION.md").read_text(encoding="utf-8")
    images = np.bincount(pack.origins, minlength=len(pack.sets))
    for held, n in zip(pack.sets, images, strict=True):
        row = f"| [{held.title}]({held.url}) | {held.name} | {held.author} | {held.licence} |"
        assert held.url.startswith("https://")
        assert row in text
        assert f"| {n} |" in text[text.index(row) :].splitlines()[0]
    assert text.count("\n| [") == len(pack.sets)


def test_every_licence_in_the_pack_has_its_text_or_its_place_listed(pack: Pack) -> None:
    text = (ICONS.parent / "LICENCES.md").read_text(encoding="utf-8")
    assert [name for name in {held.licence for held in pack.sets} if name not in text] == []


def test_no_image_is_there_twice(pack: Pack) -> None:
    assert len({image.tobytes() for image in pack.pixels}) == len(pack.pixels)


def test_no_image_is_blank(pack: Pack) -> None:
    assert pack.pixels.mean((1, 2)).min() > 255 * 0.02


def test_classes_are_even_in_training(pack: Pack) -> None:
    train = counts(pack, "train")
    assert train.max() <= 150
    assert np.median(train) >= 0.8 * train.max()
    assert train.min() >= 0.4 * train.max()


@pytest.mark.parametrize("split", ["validation", "test"])
def test_every_class_is_in_a_held_out_split_and_none_dominates(pack: Pack, split: str) -> None:
    held = counts(pack, split)
    assert held.min() >= 5
    assert held.max() <= 16


def test_no_mark_of_a_company_is_a_class(pack: Pack) -> None:
    marks = {"facebook", "twitter", "github", "google", "youtube", "instagram", "linkedin"}
    assert set(pack.classes) & (marks | {"android", "bitcoin", "apple", "bluetooth", "x"}) == set()


def test_a_pack_written_twice_is_the_same_file_and_reads_back(few: Pack, tmp_path: Path) -> None:
    write_pack(few, tmp_path / "one")
    write_pack(read_pack(tmp_path / "one"), tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert np.array_equal(read_pack(tmp_path / "two").pixels, few.pixels)


def refusal(content: bytes, path: Path) -> str:
    """What reading a file of this content says."""
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_pack(path)
    return str(caught.value)


@pytest.mark.parametrize("part", [0.0, 0.0005, 0.003, 0.02, 0.5, 0.999])
def test_a_pack_cut_short_is_refused_in_one_sentence(
    content: bytes, part: float, tmp_path: Path
) -> None:
    said = refusal(content[: int(part * len(content))], tmp_path / "icons.pack")
    assert str(tmp_path / "icons.pack") in said
    assert "git checkout" in said
    assert said.count("\n") == 0


def test_a_flipped_byte_in_the_header_is_never_missed(content: bytes, tmp_path: Path) -> None:
    for place in range(content.index(b"\n") + 1):
        for bit in (0x01, 0x20):
            altered = bytearray(content)
            altered[place] ^= bit
            assert refusal(bytes(altered), tmp_path / "icons.pack").count("\n") == 0


@pytest.mark.parametrize("part", [0.03, 0.25, 0.5, 0.75, 0.999])
def test_a_flipped_byte_in_the_images_is_told_as_altered(
    content: bytes, part: float, tmp_path: Path
) -> None:
    altered = bytearray(content)
    altered[int(part * len(content))] ^= 0x01
    assert "was altered" in refusal(bytes(altered), tmp_path / "icons.pack")


def test_a_pack_of_a_later_version_says_which(content: bytes, tmp_path: Path) -> None:
    later = content.replace(b'"version": 1', b'"version": 2', 1)
    said = refusal(later, tmp_path / "icons.pack")
    assert "format version 2, this program reads 1" in said


def test_a_missing_pack_says_where_it_should_be(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read the icons at .*No such file"):
        read_pack(tmp_path / "icons.pack")


@pytest.mark.parametrize(
    ("name", "origin", "meaning"),
    [
        ("home-2-outline", "mdi", "home"),
        ("house", "lucide", "home"),
        ("envelope", "fa-solid", "mail"),
        ("bell-24px", "healthicons", "bell"),
        ("camera-one", "icon-park", "camera"),
        ("arrow-left", "tabler", "arrow-left"),
        ("4", "tabler", "4"),
    ],
)
def test_a_name_states_a_thing_without_its_style(name: str, origin: str, meaning: str) -> None:
    assert concept(name, origin, (), ()) == meaning


def test_the_longest_style_that_a_set_declares_is_taken_off() -> None:
    assert concept("key-bold-duotone", "solar", (), ("bold", "duotone", "bold-duotone")) == "key"


def test_a_number_that_means_something_is_kept() -> None:
    assert concept("filter-3", "ic", (), ()) == "filter-3"


def test_a_name_in_the_table_of_dropped_names_is_no_class() -> None:
    assert concept("github-fill", "ri", (), ()) is None


def test_the_mark_of_a_company_is_dropped_in_the_sets_that_draw_it() -> None:
    assert concept("x", "akar-icons", (), ()) is None
    assert concept("x", "lucide", (), ()) == "close"


def test_a_frame_round_a_picture_does_not_change_it() -> None:
    assert unframed("cog-circle") == "settings"
