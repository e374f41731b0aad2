"""Translation sources: what they hold, how they are split, and what they say of bad files."""

import gzip
import hashlib
import io
import json
import struct
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import interface
from data.errors import DataError
from data.fetch import Wheel
from data.interface import WHEELS, interface_pairs, plain, read_mo
from data.translation import LEAST_PAIRS, is_ready, key, load

# Different words, since sentences that differ in digits only count as near-identical.
WORDS = [a + b for a in ("haus", "baum", "tor", "see", "weg") for b in "abcdefghijklmnopqrst"]


def sentences(n: int) -> list[tuple[str, str]]:
    """n different pairs."""
    names = (f"{a} {b}" for a in WORDS for b in WORDS)
    return [(f"Das ist {name}.", f"This is {name}.") for name, _ in zip(names, range(n))]  # noqa: B905


def write_tsv(path: Path, pairs: list[tuple[str, str]]) -> Path:
    path.write_text("".join(f"{a}\t{b}\n" for a, b in pairs), encoding="utf-8")
    return path


def write_aligned(folder: Path, stem: str, pairs: list[tuple[str, str]]) -> None:
    folder.mkdir(exist_ok=True)
    for side, language in enumerate(("de", "en")):
        text = "".join(pair[side] + "\n" for pair in pairs)
        (folder / f"{stem}.{language}").write_text(text, encoding="utf-8")


def refusal(path: Path, name: str = "file") -> str:
    """What loading says: one line."""
    with pytest.raises(DataError) as caught:
        load(name, path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_tsv_is_split_into_a_twentieth_each_and_training(tmp_path: Path) -> None:
    held = load("file", write_tsv(tmp_path / "own.tsv", sentences(4000)))
    assert len(held.train) + len(held.validation) + len(held.test) == 4000
    assert 150 < len(held.validation) < 250
    assert 150 < len(held.test) < 250
    assert held.train.targets[0].startswith("This is")


def test_a_folder_of_two_aligned_files_gives_what_the_tsv_gives(tmp_path: Path) -> None:
    pairs = sentences(500)
    write_aligned(tmp_path / "own", "corpus", pairs)
    of_folder = load("file", tmp_path / "own")
    assert of_folder.hash == load("file", write_tsv(tmp_path / "own.tsv", pairs)).hash


def test_gzipped_files_windows_line_ends_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    pairs = sentences(500)
    plain_hash = load("file", write_tsv(tmp_path / "own.tsv", pairs)).hash
    text = "\ufeff" + "".join(f"{a}\t{b}\r\n" for a, b in pairs)
    (tmp_path / "own.tsv.gz").write_bytes(gzip.compress(text.encode()))
    assert load("file", tmp_path / "own.tsv.gz").hash == plain_hash


def test_sentences_that_differ_in_digits_and_capitals_only_stay_on_one_side(tmp_path: Path) -> None:
    pairs = [
        (source.replace(".", f" {year}"), target)
        for source, target in sentences(300)
        for year in (1999, 2024, 31)
    ]
    pairs += [(source.upper() + "!", target) for source, target in sentences(300)]
    held = load("file", write_tsv(tmp_path / "own.tsv", pairs))
    places = [{key(s) for s in split.sources} for split in (held.train, held.validation, held.test)]
    assert sum(map(len, places)) == 300
    assert len(set.union(*places)) == 300
    assert len(held.validation) == 4 * len(places[1])


def test_a_pair_keeps_its_side_when_others_come(tmp_path: Path) -> None:
    few = load("file", write_tsv(tmp_path / "few.tsv", sentences(500)))
    many = load("file", write_tsv(tmp_path / "many.tsv", sentences(5000)))
    assert set(few.test.sources) <= set(many.test.sources)
    assert set(few.train.sources) <= set(many.train.sources)


def test_one_hash_stands_for_one_content(tmp_path: Path) -> None:
    pairs = sentences(500)
    first = load("file", write_tsv(tmp_path / "own.tsv", pairs)).hash
    assert load("file", tmp_path / "own.tsv").hash == first
    pairs[7] = (pairs[7][0], "This is something else.")
    assert load("file", write_tsv(tmp_path / "own.tsv", pairs)).hash != first


@pytest.mark.parametrize(
    "pair",
    [
        ("wort " * 41, "word " * 41),
        ("Ein Haus und noch ein Haus", "x"),
        ("12:30 - 14:00", "12:30 - 14:00"),
        ("x" * 401, "x" * 401),
        ("DAS ist HAUSA Hausa.", "A source that is there already."),
    ],
)
def test_a_pair_that_nothing_can_be_learned_from_is_left_out(
    tmp_path: Path, pair: tuple[str, str]
) -> None:
    kept = load(
        "file", write_tsv(tmp_path / "a.tsv", [("Das ist hausa hausa.", "A"), *sentences(500)])
    )
    more = write_tsv(tmp_path / "b.tsv", [("Das ist hausa hausa.", "A"), *sentences(500), pair])
    assert load("file", more).hash == kept.hash


def test_a_line_without_a_tab_is_named(tmp_path: Path) -> None:
    path = write_tsv(tmp_path / "own.tsv", sentences(500))
    path.write_text(path.read_text().replace("\t", " ", 3).replace(" This", "\tThis", 2))
    assert f"{path}, line 3 has no tab" in refusal(path)


def test_a_line_with_three_columns_is_named(tmp_path: Path) -> None:
    path = write_tsv(tmp_path / "own.tsv", [*sentences(5), ("a\tb", "c")])
    assert "line 6 has 2 tabs" in refusal(path)


def test_an_empty_side_is_named_with_its_line(tmp_path: Path) -> None:
    pairs = sentences(500)
    pairs[41] = (pairs[41][0], " ")
    assert "line 42: the target is empty" in refusal(write_tsv(tmp_path / "own.tsv", pairs))


def test_two_files_of_unequal_length_are_named_with_both_counts(tmp_path: Path) -> None:
    write_aligned(tmp_path / "own", "corpus", sentences(1500))
    with (tmp_path / "own" / "corpus.de").open("a") as file:
        file.write("Noch ein Satz.\n")
    said = refusal(tmp_path / "own")
    assert "corpus.de has 1,501 lines and corpus.en 1,500" in said


def test_a_text_that_is_not_utf8_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    path.write_bytes("Haus\thouse\nTür\tdoor\n".encode("latin-1"))
    assert f"{path}, line 2 is not UTF-8" in refusal(path)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "own.tsv"
    path.write_bytes(content)
    assert f"{path} is empty" in refusal(path)


def test_a_gzip_file_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv.gz"
    path.write_bytes(gzip.compress(b"Haus\thouse\n" * 100)[:-12])
    assert f"{path} cannot be read" in refusal(path)


def test_too_few_usable_pairs_are_refused_with_the_number_needed(tmp_path: Path) -> None:
    pairs = [*sentences(LEAST_PAIRS - 1), ("1", "2")]
    said = refusal(write_tsv(tmp_path / "own.tsv", pairs))
    assert "399 usable pairs of 400" in said
    assert "needs 400" in said


def test_a_path_that_is_not_there_is_named_with_what_it_takes(tmp_path: Path) -> None:
    path = tmp_path / "none.tsv"
    assert f"there is no {path}" in refusal(path)
    assert is_ready("file", path) == (False, refusal(path))


def test_a_folder_with_two_german_files_is_refused(tmp_path: Path) -> None:
    write_aligned(tmp_path / "own", "corpus", sentences(3))
    (tmp_path / "own" / "other.de").write_text("Haus\n")
    assert "2 *.de files (corpus.de, other.de)" in refusal(tmp_path / "own")


def test_a_name_that_is_no_source_is_answered_with_the_names_that_are() -> None:
    with pytest.raises(DataError, match="interface, multi30k, wmt16, file"):
        load("wmt14")


def test_what_is_fetched_at_first_use_says_how_much_that_is() -> None:
    ready, why = is_ready("interface")
    assert ready
    assert "pip fetches 95 MB" in why


def write_multi30k(folder: Path) -> None:
    pairs = sentences(700)
    write_aligned(
        folder, "train", [*pairs[:600], pairs[650], ("DAS ist hausa hausb!", "This again.")]
    )
    write_aligned(folder, "val", [*pairs[600:650], pairs[660]])
    write_aligned(folder, "test_2016_flickr", pairs[650:])


def test_multi30k_keeps_its_own_splits_less_what_they_share(tmp_path: Path) -> None:
    write_multi30k(tmp_path / "m")
    assert is_ready("multi30k", tmp_path / "m") == (True, f"found in {tmp_path / 'm'}")
    held = load("multi30k", tmp_path / "m")
    assert (len(held.train), len(held.validation), len(held.test)) == (601, 50, 50)


def test_multi30k_is_read_from_the_hubs_columns_too(tmp_path: Path) -> None:
    write_multi30k(tmp_path / "m")
    for split, stem in (("train", "train"), ("validation", "val"), ("test", "test_2016_flickr")):
        columns = {
            side: (tmp_path / "m" / f"{stem}.{side}").read_text().splitlines()
            for side in ("en", "de")
        }
        pq.write_table(pa.table(columns), tmp_path / f"{split}.parquet")
    assert load("multi30k", tmp_path).hash == load("multi30k", tmp_path / "m").hash


def test_a_multi30k_folder_without_a_file_says_which(tmp_path: Path) -> None:
    write_multi30k(tmp_path / "m")
    (tmp_path / "m" / "val.en").unlink()
    said = refusal(tmp_path / "m", "multi30k")
    assert "there is no val.de and val.en" in said
    assert is_ready("multi30k", tmp_path / "m") == (False, said)


def test_wmt16_is_read_from_the_hubs_nested_column(tmp_path: Path) -> None:
    for split, n in (("train", 500), ("validation", 550), ("test", 600)):
        rows = [{"de": a, "en": b} for a, b in sentences(n)[n - 50 if n > 500 else 0 :]]
        pq.write_table(pa.table({"translation": rows}), tmp_path / f"{split}.parquet")
    held = load("wmt16", tmp_path)
    assert (len(held.train), len(held.validation), len(held.test)) == (500, 50, 50)
    assert held.train.sources[0].startswith("Das ist")


def test_other_columns_are_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "train.parquet")
    assert "has the columns text" in refusal(tmp_path, "multi30k")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Hello <b>{name}</b>, %(count)d new", "Hello {} , {} new"),
        ("&Save 100%% of %s", "Save 100% of {}"),
        ("50 % des Speichers, 5%ige Lösung", "50 % des Speichers, 5%ige Lösung"),
        ("See [the manual](https://x.y) &amp; ask", "See the manual & ask"),
        ("{count, plural, one {# Tag} other {# Tage}}", ""),
        ("[%key:common::name%]", ""),
        ("  two\n lines ", "two lines"),
        ("{{ user }} ${value}", "{} {}"),
    ],
)
def test_markup_goes_and_placeholders_are_masked(text: str, wanted: str) -> None:
    assert plain(text) == wanted


def catalogue(entries: list[tuple[str, str]], order: str) -> bytes:
    """A .mo file as the gettext manual draws it, in either byte order."""
    table, texts, start = [b"", b""], b"", 28 + 16 * len(entries)
    for side in (0, 1):
        for entry in entries:
            text = entry[side].encode()
            table[side] += struct.pack(f"{order}2I", len(text), start + len(texts))
            texts += text + b"\0"
    header = struct.pack(f"{order}7I", 0x950412DE, 0, len(entries), 28, 28 + 8 * len(entries), 0, 0)
    return header + table[0] + table[1] + texts


@pytest.mark.parametrize("order", "<>")
def test_a_catalogue_gives_singulars_and_plurals_without_header_and_context(order: str) -> None:
    entries = [
        ("", "Language: de"),
        ("%d day\0%d days", "%d Tag\0%d Tage"),
        ("menu\4Open", "Öffnen"),
    ]
    assert list(read_mo(catalogue(entries, order))) == [
        ("%d Tag", "%d day"),
        ("%d Tage", "%d days"),
        ("Öffnen", "Open"),
    ]


@pytest.fixture
def small_wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with two wheels of a few strings in the place of the pinned ones."""
    strings = {
        "homeassistant/components/lamp/translations/de.json": {
            "a": {"b": "Licht an", "c": "{x} Tür"}
        },
        "homeassistant/components/lamp/translations/en.json": {"a": {"b": "Light on", "c": "door"}},
        "homeassistant/components/odd/translations/de.json": {"a": "Ohne Englisch"},
    }
    contents = {
        "homeassistant-1-py3-none-any.whl": {k: json.dumps(v) for k, v in strings.items()},
        "other-1-py3-none-any.whl": {
            "other/locale/de/LC_MESSAGES/other.mo": catalogue([("Save", "Sichern")], "<"),
            "other/locale/fr/LC_MESSAGES/other.mo": catalogue([("Save", "Enregistrer")], "<"),
        },
    }
    cache = tmp_path / "cache"
    cache.mkdir()
    wheels = []
    for file, inside in contents.items():
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, content in inside.items():
                archive.writestr(name, content)
        (cache / file).write_bytes(stream.getvalue())
        wheels.append(Wheel(file, hashlib.sha256(stream.getvalue()).hexdigest(), 0.1))
    monkeypatch.setattr(interface, "WHEELS", tuple(wheels))
    return cache


STRINGS = [("Licht an", "Light on"), ("Sichern", "Save")]


def test_strings_are_read_out_of_wheels_where_both_languages_agree(small_wheels: Path) -> None:
    assert interface_pairs(small_wheels) == STRINGS


def test_wheels_are_read_once_and_a_damaged_copy_of_the_pairs_is_made_anew(
    small_wheels: Path,
) -> None:
    interface_pairs(small_wheels)
    (kept,) = small_wheels.glob("interface-*.tsv")
    whole = kept.read_bytes()
    kept.write_bytes(whole.replace(b"Licht", b"Leuchte"))
    assert interface_pairs(small_wheels) == STRINGS
    assert kept.read_bytes() == whole
    for wheel in small_wheels.glob("*.whl"):
        wheel.unlink()
    assert interface_pairs(small_wheels) == STRINGS


def test_every_pinned_wheel_is_named_once_with_a_whole_hash() -> None:
    assert all(len(bytes.fromhex(wheel.sha256)) == 32 for wheel in WHEELS)
    assert len({wheel.requirement for wheel in WHEELS}) == len(WHEELS)


@pytest.mark.shared
def test_the_real_multi30k_is_read_whole_and_its_splits_are_disjoint(shared_data: Path) -> None:
    held = load("multi30k", shared_data / "multi30k")
    assert (len(held.train), len(held.validation), len(held.test)) == (28_973, 1_014, 1_000)
    keys = [{key(s) for s in split.sources} for split in (held.train, held.validation, held.test)]
    assert not keys[0] & keys[1]
    assert not keys[0] & keys[2]
    assert not keys[1] & keys[2]
    assert held.hash == "e18cf648dc398421"
