"""Image sources: what they hold, and what they say when files are missing or damaged."""

import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from data import hub
from data.hub import find_parquet
from data.images import SOURCES, DataError, ImageSet, is_ready, load

RNG = np.random.default_rng(4)


def encoded(shade: int, side: int = 8) -> bytes:
    """A PNG of one grey shade with some noise."""
    pixels = (shade + RNG.integers(0, 9, (side, side, 3))).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@dataclass
class Rows:
    """The rows of a parquet file in the hub's layout, to be spoilt by a test."""

    labels: Sequence[object] = field(default_factory=lambda: [i % 10 for i in range(60)])
    images: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.images = self.images or [encoded(20 * int(str(label))) for label in self.labels]

    def write(self, path: Path) -> Path:
        cells = [{"bytes": image, "path": None} for image in self.images]
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"img": cells, "label": list(self.labels)}), path)
        return path


@pytest.fixture
def cifar(tmp_path: Path) -> Path:
    """A folder with a small CIFAR-10: 60 training and 60 test images of 8 x 8 pixels."""
    Rows().write(tmp_path / "train.parquet")
    Rows().write(tmp_path / "test.parquet")
    return tmp_path


def refusal(folder: Path, name: str = "cifar10") -> str:
    """What loading a source from a folder says: one line."""
    with pytest.raises(DataError) as caught:
        load(name, folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module")
def icons() -> ImageSet:
    return load("icons")


def test_icons_are_grey_bytes_with_a_label_each(icons: ImageSet) -> None:
    for split in icons.train, icons.validation, icons.test:
        assert split.images.dtype == np.uint8
        assert split.images.shape == (len(split.labels), 1, 32, 32)
        assert set(np.unique(split.labels)) == set(range(len(icons.classes)))


def test_icons_are_enough_for_three_decades(icons: ImageSet) -> None:
    assert len(icons.train.labels) > 24_000
    assert 3_000 <= len(icons.validation.labels) <= 4_500
    assert 3_000 <= len(icons.test.labels) <= 4_500


def test_ink_is_bright_on_a_dark_ground(icons: ImageSet) -> None:
    edge = icons.train.images[:, 0, 0, :]
    assert np.median(edge) == 0


def test_one_hash_stands_for_one_content(icons: ImageSet, cifar: Path) -> None:
    assert icons.hash == load("icons").hash
    first = load("cifar10", cifar).hash
    Rows(labels=[*range(10)] * 5 + [*range(9, -1, -1)]).write(cifar / "test.parquet")
    assert load("cifar10", cifar).hash != first


def test_a_tenth_of_the_training_images_is_set_aside_in_even_shares(cifar: Path) -> None:
    held = load("cifar10", cifar)
    assert len(held.train.labels) == 54
    assert np.bincount(held.validation.labels, minlength=10).max() == 1
    train = {image.tobytes() for image in held.train.images}
    assert not train & {image.tobytes() for image in held.validation.images}


def test_colours_keep_their_places(tmp_path: Path) -> None:
    red = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 10, 30)).save(red, "PNG")
    rows = Rows(images=[red.getvalue()] * 60)
    rows.write(tmp_path / "train.parquet")
    rows.write(tmp_path / "test.parquet")
    assert load("cifar10", tmp_path).test.images[0, :, 0, 0].tolist() == [200, 10, 30]


def test_the_layout_of_the_hub_cache_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "hub_home", lambda: tmp_path)
    snapshot = tmp_path / "hub" / "datasets--uoft-cs--cifar10" / "snapshots" / "0b2714"
    for split in "train", "test":
        Rows().write(snapshot / "plain_text" / f"{split}-00000-of-00001.parquet")
    assert is_ready("cifar10") == (True, f"found in {snapshot}")
    assert load("cifar10").title == "CIFAR-10"


def test_a_split_in_several_files_is_read_in_their_order(cifar: Path) -> None:
    whole = load("cifar10", cifar)
    rows = Rows(
        images=[cell["bytes"] for cell in pq.read_table(cifar / "test.parquet")["img"].to_pylist()]
    )
    (cifar / "test.parquet").unlink()
    Rows(rows.labels[:25], rows.images[:25]).write(cifar / "test-00000-of-00002.parquet")
    Rows(rows.labels[25:], rows.images[25:]).write(cifar / "test-00001-of-00002.parquet")
    assert len(find_parquet(cifar, "test")) == 2
    assert load("cifar10", cifar).hash == whole.hash


def test_decoded_images_are_kept_and_a_damaged_copy_is_made_anew(cifar: Path) -> None:
    cache = cifar / "cache"
    first = load("cifar10", cifar, cache)
    kept = sorted(cache.iterdir())
    damaged = bytearray(kept[0].read_bytes())
    damaged[len(damaged) // 2] ^= 0x01
    kept[0].write_bytes(damaged)
    again = load("cifar10", cifar, cache)
    assert again.hash == first.hash
    assert kept[0].read_bytes() != damaged
    assert sorted(cache.iterdir()) == kept  # no half-written file is left behind


def test_changed_files_are_not_answered_from_the_cache(cifar: Path) -> None:
    first = load("cifar10", cifar, cifar / "cache")
    Rows().write(cifar / "test.parquet")
    assert load("cifar10", cifar, cifar / "cache").hash != first.hash


def test_icons_are_ready_on_every_machine() -> None:
    assert is_ready("icons")[0]


def test_a_source_that_cannot_be_had_says_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "hub_home", lambda: tmp_path)
    monkeypatch.setitem(sys.modules, "datasets", None)  # not installed
    ready, why = is_ready("cifar10")
    assert not ready
    for way_out in ("pip install datasets", "load_dataset('uoft-cs/cifar10')", "--data-path"):
        assert way_out in why
    assert "icons work without" in why


def test_a_folder_without_the_files_says_which_are_needed(tmp_path: Path) -> None:
    ready, why = is_ready("cifar10", tmp_path)
    assert not ready
    assert why == refusal(tmp_path)
    assert "no train.parquet or train-*.parquet" in why


def test_a_name_that_is_no_source_is_answered_with_the_names_that_are() -> None:
    names = ["icons", "cifar10", "cifar100", "folder", "folder-64", "parquet", "parquet-64"]
    for ask in load, is_ready:
        with pytest.raises(DataError, match=rf"'mnist'.*{', '.join(names)}"):
            ask("mnist")
    assert list(SOURCES) == names


@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
def test_a_parquet_file_cut_short_is_named(cifar: Path, part: float) -> None:
    file = cifar / "train.parquet"
    file.write_bytes(file.read_bytes()[: int(part * file.stat().st_size)])
    assert f"{file} is not a whole parquet file" in refusal(cifar)


@pytest.mark.parametrize(
    "columns",
    [
        {"picture": [{"bytes": b"", "path": None}], "label": [1]},
        {"img": [b""], "label": [1]},
        {"img": [{"bytes": b"", "path": None}], "label": ["cat"]},
        {"img": [{"path": "a.png"}], "label": [1]},
    ],
)
def test_other_columns_are_named_with_those_that_are_needed(
    cifar: Path, columns: dict[str, list[object]]
) -> None:
    pq.write_table(pa.table(columns), cifar / "test.parquet")
    assert "needs img or image {bytes, path} and label" in refusal(cifar)


def test_an_image_that_does_not_decode_is_named_by_its_row(cifar: Path) -> None:
    rows = Rows()
    rows.images[7] = rows.images[7][:60]
    rows.write(cifar / "train.parquet")
    assert "train: image 7 cannot be decoded" in refusal(cifar)


def test_an_empty_image_is_named_by_its_row(cifar: Path) -> None:
    rows = Rows()
    rows.images[3] = b""
    rows.write(cifar / "train.parquet")
    assert "train: image 3 cannot be decoded" in refusal(cifar)


def test_images_of_several_sizes_are_refused(cifar: Path) -> None:
    rows = Rows()
    rows.images[9] = encoded(0, side=16)
    rows.write(cifar / "train.parquet")
    assert "image 9 is 16 x 16 pixels, the first image is 8 x 8" in refusal(cifar)


def test_training_and_test_images_of_different_sizes_are_refused(cifar: Path) -> None:
    Rows(images=[encoded(0, side=16) for _ in range(60)]).write(cifar / "test.parquet")
    assert "they must be alike" in refusal(cifar)


@pytest.mark.parametrize("labels", [[3] * 60, [0, 1, 10] * 20, [-1, 0, 1] * 20])
def test_labels_that_cannot_be_those_of_cifar10_are_refused(cifar: Path, labels: list[int]) -> None:
    Rows(labels, [encoded(0) for _ in labels]).write(cifar / "train.parquet")
    assert "CIFAR-10 has several of 0 to 9" in refusal(cifar)


def test_a_row_without_a_label_is_refused(cifar: Path) -> None:
    Rows([0, 1, None] * 20, [encoded(0)] * 60).write(cifar / "train.parquet")
    assert "train: image 2 has no label" in refusal(cifar)


def test_a_file_without_rows_is_refused(cifar: Path) -> None:
    table = pq.read_table(cifar / "train.parquet").slice(0, 0)
    pq.write_table(table, cifar / "train.parquet")
    assert "no images in" in refusal(cifar)


def write_wide(path: Path, labels: Sequence[int], column: str = "image", side: int = 8) -> None:
    """A parquet file of photographs twice as wide as high, in the hub's layout."""
    cells = []
    for label in labels:
        pixels = np.full((side, 2 * side, 3), 20 * label + 30, np.uint8)
        pixels += RNG.integers(0, 9, pixels.shape).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        cells.append({"bytes": file.getvalue(), "path": None})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({column: cells, "label": list(labels)}), path)


def test_images_of_any_size_become_squares_of_the_side_that_the_source_states(
    tmp_path: Path,
) -> None:
    write_wide(tmp_path / "train.parquet", [0, 1] * 20)
    write_wide(tmp_path / "test.parquet", [0, 1] * 5, side=50)
    assert load("parquet", tmp_path).test.images.shape == (10, 3, 32, 32)
    assert load("parquet-64", tmp_path).test.images.shape == (10, 3, 64, 64)


def test_splits_that_a_folder_lacks_are_tenths_of_training(tmp_path: Path) -> None:
    write_wide(tmp_path / "train.parquet", [0, 1] * 50)
    held = load("parquet", tmp_path)
    assert [len(part.labels) for part in (held.train, held.validation, held.test)] == [81, 9, 10]


def test_a_validation_split_is_the_test_where_the_test_split_hides_its_labels(
    tmp_path: Path,
) -> None:
    write_wide(tmp_path / "train.parquet", [0, 1] * 50)
    write_wide(tmp_path / "validation.parquet", [0, 1, 1])
    pq.write_table(
        pq.read_table(tmp_path / "validation.parquet").set_column(1, "label", [[-1, -1, -1]]),
        tmp_path / "test.parquet",
    )
    held = load("parquet", tmp_path)
    assert held.test.labels.tolist() == [0, 1, 1]
    assert len(held.validation.labels) == 10


def test_a_training_image_that_is_also_held_out_is_left_out_and_said(tmp_path: Path) -> None:
    write_wide(tmp_path / "train.parquet", [0, 1] * 50)
    pq.write_table(
        pq.read_table(tmp_path / "train.parquet").slice(10, 6), tmp_path / "test.parquet"
    )
    held = load("parquet", tmp_path)
    assert len(held.train.labels) + len(held.validation.labels) == 94
    test = {image.tobytes() for image in held.test.images}
    for other in held.train, held.validation:
        assert not test & {image.tobytes() for image in other.images}
    assert held.credit.endswith("; 6 left out, being copies of held-out ones")


def test_copies_within_training_stay_on_one_side(tmp_path: Path) -> None:
    write_wide(tmp_path / "train.parquet", [0, 1] * 50)
    once = pq.read_table(tmp_path / "train.parquet")
    pq.write_table(pa.concat_tables([once, once]), tmp_path / "train.parquet")
    held = load("parquet", tmp_path)
    train, validation, test = (
        {image.tobytes() for image in part.images}
        for part in (held.train, held.validation, held.test)
    )
    assert not train & validation
    assert not train & test
    assert not validation & test


def test_labels_with_gaps_are_numbered_by_those_that_occur(tmp_path: Path) -> None:
    write_wide(tmp_path / "train.parquet", [3, 7] * 20)
    write_wide(tmp_path / "test.parquet", [7, 3])
    held = load("parquet", tmp_path)
    assert held.classes == ("3", "7")
    assert held.test.labels.tolist() == [1, 0]


def test_classes_bear_the_names_that_the_hub_wrote_into_the_file(tmp_path: Path) -> None:
    write_wide(tmp_path / "train.parquet", [0, 1] * 20)
    table = pq.read_table(tmp_path / "train.parquet")
    features = {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
    about = json.dumps({"info": {"features": features}})
    pq.write_table(
        table.replace_schema_metadata({"huggingface": about}), tmp_path / "train.parquet"
    )
    assert load("parquet", tmp_path).classes == ("cat", "dog")


def test_a_test_label_that_training_lacks_is_refused(tmp_path: Path) -> None:
    write_wide(tmp_path / "train.parquet", [0, 1] * 20)
    write_wide(tmp_path / "test.parquet", [0, 5])
    assert "test has labels that training has not: 5" in refusal(tmp_path, "parquet")


def test_one_label_alone_is_refused(tmp_path: Path) -> None:
    write_wide(tmp_path / "train.parquet", [2] * 40)
    assert "two classes are needed" in refusal(tmp_path, "parquet")


def test_cifar100_is_read_by_its_fine_labels(tmp_path: Path) -> None:
    for split in "train", "test":
        Rows(labels=[i % 12 for i in range(60)]).write(tmp_path / f"{split}.parquet")
        table = pq.read_table(tmp_path / f"{split}.parquet").rename_columns(["img", "fine_label"])
        coarse = table.append_column("coarse_label", [[0] * 60])
        pq.write_table(coarse, tmp_path / f"{split}.parquet")
    held = load("cifar100", tmp_path)
    assert (len(held.classes), held.classes[0], held.classes[99]) == (100, "apple", "worm")
    assert set(held.test.labels) == set(range(12))


@pytest.mark.shared
@pytest.mark.slow
def test_the_real_cifar10_is_read_whole(shared_data: Path) -> None:
    held = load("cifar10", shared_data / "cifar10")
    assert held.train.images.shape == (45_000, 3, 32, 32)
    assert np.bincount(held.validation.labels).tolist() == [500] * 10
    assert np.bincount(held.test.labels).tolist() == [1_000] * 10
    assert held.hash == "d1b74ed41c206b03"
