"""A folder of the user's own pictures: how it is split and scaled, and what is refused in words."""

import contextlib
import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from data import picture_folder
from data.images import DataError, ImageSet, ImageSplit, is_ready, load
from data.pictures import BrokenPicture, decode

RNG = np.random.default_rng(6)


def picture(colour: bool = False, wide: int = 12, high: int = 12) -> Image.Image:
    pixels = RNG.integers(0, 255, (high, wide, 3) if colour else (high, wide), np.uint8)
    return Image.fromarray(pixels)


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def fill(place: Path, classes: dict[str, int], make: Callable[[], Image.Image] = picture) -> Path:
    """Write so many different pictures of each class."""
    for name, count in classes.items():
        (place / name).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            (place / name / f"{i:03}.png").write_bytes(encoded(make()))
    return place


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    return fill(tmp_path / "pets", {"cat": 60, "dog": 40})


def refusal(folder: Path | None) -> str:
    with pytest.raises(DataError) as caught:
        load("folder", folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def held(images: ImageSet) -> list[set[bytes]]:
    """The different pictures of each split."""
    splits = images.train, images.validation, images.test
    return [{image.tobytes() for image in split.images} for split in splits]


def counts(split: ImageSplit) -> list[int]:
    return np.bincount(split.labels).tolist()


def test_each_class_is_split_in_the_same_shares(pets: Path) -> None:
    images = load("folder", pets)
    assert images.classes == ("cat", "dog")
    assert counts(images.train) == [42, 28]
    assert counts(images.validation) == counts(images.test) == [9, 6]
    train, validation, test = held(images)
    assert not train & validation
    assert not train & test
    assert not validation & test


def test_the_split_follows_the_content_not_the_names(pets: Path) -> None:
    before = held(load("folder", pets))
    for path in sorted(pets.rglob("*.png")):
        path.rename(path.with_name(f"{RNG.integers(1e9)}-{path.name}"))
    assert held(load("folder", pets)) == before


def test_copies_stay_on_one_side(pets: Path) -> None:
    for path in sorted((pets / "cat").glob("*.png")):
        (pets / "cat" / f"copy-of-{path.name}").write_bytes(path.read_bytes())
    images = load("folder", pets)
    assert sum(len(split.labels) for split in (images.train, images.validation, images.test)) == 160
    train, validation, test = held(images)
    assert not train & validation
    assert not train & test
    assert not validation & test


def test_a_picture_in_two_classes_stays_on_one_side(pets: Path) -> None:
    for path in sorted((pets / "cat").glob("00*.png")):
        (pets / "dog" / f"also-{path.name}").write_bytes(path.read_bytes())
    train, validation, test = held(load("folder", pets))
    assert not train & validation
    assert not train & test
    assert not validation & test


def test_the_users_own_splits_are_kept(tmp_path: Path) -> None:
    for name, count in {"Train": 60, "val": 7, "test": 9}.items():
        fill(tmp_path / name, {"cat": count, "dog": count})
    images = load("folder", tmp_path)
    assert [counts(s) for s in (images.train, images.validation, images.test)] == [
        [60, 60],
        [7, 7],
        [9, 9],
    ]


def test_a_missing_validation_folder_is_made_from_training(tmp_path: Path) -> None:
    fill(tmp_path / "train", {"cat": 60, "dog": 60})
    fill(tmp_path / "test", {"cat": 5, "dog": 5})
    images = load("folder", tmp_path)
    assert counts(images.train) == [51, 51]
    assert counts(images.validation) == [9, 9]
    assert counts(images.test) == [5, 5]


def test_a_training_picture_that_is_also_a_test_picture_is_left_out_and_said(
    tmp_path: Path,
) -> None:
    fill(tmp_path / "train", {"cat": 60, "dog": 60})
    fill(tmp_path / "test", {"cat": 5, "dog": 5})
    for i in range(3):
        copy = (tmp_path / "train" / "cat" / f"{i:03}.png").read_bytes()
        (tmp_path / "test" / "cat" / f"again-{i}.png").write_bytes(copy)
    images = load("folder", tmp_path)
    assert counts(images.test) == [8, 5]
    assert len(images.train.labels) + len(images.validation.labels) == 117
    assert "3 left out, being copies of held-out ones" in images.credit


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    fill(tmp_path, {"bus": 50, "train": 50})
    assert load("folder", tmp_path).classes == ("bus", "train")


def test_a_folder_beside_the_splits_is_refused(tmp_path: Path) -> None:
    fill(tmp_path / "train", {"cat": 60, "dog": 60})
    fill(tmp_path, {"more": 3})
    assert "beside train lies more" in refusal(tmp_path)


def test_a_test_class_that_training_lacks_is_refused(tmp_path: Path) -> None:
    fill(tmp_path / "train", {"cat": 60, "dog": 60})
    fill(tmp_path / "test", {"cat": 5, "fox": 5})
    assert "has the class fox, which training has not" in refusal(tmp_path)


def test_grey_pictures_have_one_channel_and_a_single_colour_gives_all_three(pets: Path) -> None:
    assert load("folder", pets).train.images.shape[1:] == (1, 32, 32)
    (pets / "cat" / "red.png").write_bytes(encoded(picture(colour=True)))
    assert load("folder", pets).train.images.shape[1:] == (3, 32, 32)


def test_the_source_names_the_side(pets: Path) -> None:
    assert load("folder-64", pets).train.images.shape[1:] == (1, 64, 64)


def test_pictures_of_every_format_and_size_are_read_wherever_they_lie_in_their_class(
    pets: Path,
) -> None:
    deeper = pets / "cat" / "2024" / "may"
    deeper.mkdir(parents=True)
    for form, suffix in (
        ("JPEG", "JPG"), ("JPEG", "jpeg"), ("BMP", "bmp"), ("GIF", "gif"), ("WEBP", "webp"),
    ):  # fmt: skip
        size = {"wide": int(RNG.integers(5, 90)), "high": int(RNG.integers(5, 90))}
        (deeper / f"one.{suffix}").write_bytes(encoded(picture(**size), form))
    images = load("folder", pets)
    assert sum(sum(counts(s)) for s in (images.train, images.validation, images.test)) == 105


def test_decoded_pictures_are_kept_by_content(pets: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = load("folder", pets, cache)
    kept = list(cache.iterdir())
    assert load("folder", pets, cache).hash == first.hash
    (pets / "cat" / "000.png").write_bytes(encoded(picture()))
    assert load("folder", pets, cache).hash != first.hash
    assert len(list(cache.iterdir())) == len(kept) + 1


def test_one_class_alone_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, {"cat": 120})
    assert "only the folder cat: two classes or more are needed" in refusal(tmp_path)


def test_an_empty_class_is_refused_by_name(pets: Path) -> None:
    (pets / "fox").mkdir()
    assert "the class fox" in refusal(pets)
    assert "has 0 different pictures" in refusal(pets)


def test_few_pictures_are_refused_with_the_number_that_is_needed(tmp_path: Path) -> None:
    fill(tmp_path, {"cat": 30, "dog": 30})
    assert "has 60 different pictures: a curve needs 100 or more" in refusal(tmp_path)


def test_folders_without_pictures_are_refused(tmp_path: Path) -> None:
    for name in "cat", "dog":
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").write_text("none", encoding="utf-8")
    assert "there are no pictures in" in refusal(tmp_path)


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert f"{gone} cannot be read: No such file or directory" in refusal(gone)
    assert is_ready("folder", gone) == (False, refusal(gone))


def test_a_file_instead_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert "cannot be read: Not a directory" in refusal(tmp_path / "file")


def test_no_path_at_all_says_which_option_is_missing() -> None:
    assert "--data-path" in refusal(None)
    assert is_ready("folder") == (False, refusal(None))


def test_readiness_is_told_without_opening_a_picture(pets: Path) -> None:
    for path in pets.rglob("*.png"):
        path.write_bytes(b"")
    assert is_ready("folder", pets) == (True, f"found in {pets}")


def test_all_broken_pictures_are_told_of_at_once(pets: Path) -> None:
    (pets / "cat" / "000.png").write_bytes(b"not a picture")
    whole = encoded(picture(wide=90, high=90), "JPEG")
    (pets / "dog" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    for i in range(3):
        (pets / "dog" / f"also{i}.gif").write_bytes(b"GIF89a" + bytes([i]))
    said = refusal(pets)
    assert "5 of 104 pictures" in said
    assert "cat/000.png: not one of JPEG, PNG" in said
    assert "dog/also0.gif" in said
    assert "and 2 more" in said


def png(wide: int, high: int) -> bytes:
    """A PNG whose header claims a size and whose pixels are missing."""
    header = b"IHDR" + struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + header
        + struct.pack(">I", zlib.crc32(header))
        + struct.pack(">I", 0)
        + b"IDAT"
        + struct.pack(">I", zlib.crc32(b"IDAT"))
    )


@pytest.mark.parametrize(
    ("wide", "high"), [(100_000, 100_000), (12_000, 9_000), (100_000, 1), (2**31 - 1, 2**31 - 1)]
)
def test_a_bomb_is_refused_by_its_header(
    pets: Path, monkeypatch: pytest.MonkeyPatch, wide: int, high: int
) -> None:
    (pets / "cat" / "bomb.png").write_bytes(png(wide, high))
    load_all = ImageFile.ImageFile.load
    sides: list[int] = []

    def load(picture: ImageFile.ImageFile) -> object:
        sides.extend(picture.size)
        return load_all(picture)

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    assert "cat/bomb.png: " in refusal(pets)
    assert max(sides, default=0) < min(10_000, max(wide, high))


def test_a_huge_file_is_refused_unread(pets: Path) -> None:
    with (pets / "cat" / "huge.jpg").open("wb") as file:
        file.truncate(picture_folder.MOST_FILE_BYTES + 1)  # sparse: takes no room
    assert "huge.jpg has 256 MB" in refusal(pets)


def test_links_that_lead_out_and_devices_are_not_read(pets: Path, tmp_path: Path) -> None:
    before = load("folder", pets).hash
    fill(tmp_path / "secret", {"photos": 3})
    (pets / "cat" / "out.png").symlink_to(tmp_path / "secret" / "photos" / "000.png")
    (pets / "cat" / "outside").symlink_to(tmp_path / "secret" / "photos")
    (pets / "secret").symlink_to(tmp_path / "secret" / "photos")
    (pets / "cat" / "zero.png").symlink_to("/dev/zero")
    (pets / "cat" / "nowhere.png").symlink_to(pets / "nothing.png")
    (pets / "cat" / "round").symlink_to(pets)
    os.mkfifo(pets / "dog" / "pipe.png")
    assert load("folder", pets).hash == before


def test_a_photograph_taken_sideways_is_turned_upright() -> None:
    upright = np.zeros((40, 40, 3), np.uint8)
    upright[:10] = 255  # the sky
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn right to see it": the sensor's top is the picture's right
    lying = Image.fromarray(np.rot90(upright).copy())  # turned left
    got = decode(encoded(lying, exif=exif), 40)
    assert np.array_equal(got, upright)


def test_the_longer_side_is_cut_evenly_and_nothing_is_squashed() -> None:
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, :20], wide[:, 20:40], wide[:, 40:] = 10, 120, 240
    assert np.array_equal(
        decode(encoded(Image.fromarray(wide)), 20), np.full((20, 20, 3), 120, np.uint8)
    )


def test_shrinking_averages() -> None:
    board = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)
    got = decode(encoded(Image.fromarray(board)), 8)
    assert np.abs(got.astype(int) - 127).max() <= 2


@pytest.mark.parametrize("form", ["PNG", "GIF", "WEBP"])
def test_what_shows_through_is_white(form: str) -> None:
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    assert (decode(encoded(clear, form), None) == 255).all()


def test_sixteen_bit_greys_keep_their_shade() -> None:
    deep = Image.fromarray(np.full((8, 8), 200 * 257, np.uint16))
    assert (decode(encoded(deep), None) == 200).all()


def test_an_animation_is_its_first_frame() -> None:
    frames = [Image.new("RGB", (8, 8), shade) for shade in ("red", "blue")]
    film = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode(film, None)[0, 0].tolist() == [255, 0, 0]


def test_damage_anywhere_is_a_broken_picture_or_a_picture() -> None:
    """Never another error: 300 files with bytes overwritten at random."""
    whole = [
        encoded(picture(colour=True, wide=24, high=24), form)
        for form in ("JPEG", "PNG", "BMP", "GIF", "WEBP")
    ]
    for trial in range(300):
        spoilt = bytearray(whole[trial % 5])
        for place in RNG.integers(0, len(spoilt), 4):
            spoilt[place] = RNG.integers(0, 256)
        with contextlib.suppress(BrokenPicture):
            assert decode(bytes(spoilt), 16).shape == (16, 16, 3)
