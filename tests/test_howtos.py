"""Each how-to can be followed: its files are written, its commands and snippets run, in order.

What is left out: trainings, but for those of the notebook, which are cut to 40 steps; they have
tests of their own. `steepness app` is opened by tests/test_wheel.py. A block that cannot be run
here says so in its first line, and why.
"""

import re
import shlex
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import engine
from dashboard import notebook
from data.picture_folder import LEAST, LEAST_A_CLASS
from data.recording_folder import FEWEST
from data.text import FEWEST_DOCUMENTS
from data.translation import LEAST_PAIRS
from engine import cli
from engine.domains import PACE
from engine.study import executors, presets
from engine.training.spec import Schedule
from tests.drivers import inline, measure_at_once

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [DOCS / "index.md", *sorted(DOCS.glob("howto/*.md"))]
BLOCK = re.compile(r"^```(?:\{([\w-]+)\} ?)?(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CAPTION = re.compile(r":caption: (\S+)\n\n")
LEFT_OUT = "# not run by the tests"


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code on a page."""

    kind: str  # "sh", "python", "toml" or, of a file that is to be saved, its name
    text: str
    line: int  # on which it begins


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in BLOCK.finditer(text):
        directive, kind, body = match.groups()
        if directive not in (None, "code-block"):
            continue
        if directive:
            caption = CAPTION.match(body)
            assert caption, f"{page.name}: a code-block without the name of its file"
            kind, body = caption[1], body[caption.end() :]
        line = text[: match.start(3)].count("\n")
        found.append(Block(kind, body, line))
    return found


def commands(block: Block) -> list[list[str]]:
    return [shlex.split(line) for line in block.text.splitlines() if not line.startswith("#")]


def materials(folder: Path) -> None:
    """What the pages call the reader's own: pictures, a text, a table, earlier points."""
    draw = np.random.default_rng(0)
    for number in range(104):
        kind = folder / "PICTURES" / ("cat", "dog")[number % 2]
        kind.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 256, (8, 8, 3), np.uint8)).save(kind / f"{number}.png")
    words = np.array(
        ["the", "house", "of", "a", "cat", "and", "dog", "was", "here", "then", "we", "all", "went"]
    )
    texts = [" ".join(draw.choice(words, 120)) + "." for _ in range(60)]
    (folder / "book.txt").write_text("\n\n".join(texts))
    np.savetxt(folder / "houses.csv", draw.normal(size=(400, 6)), delimiter=",", header="a,b,c")


@pytest.fixture
def room(tmp_path, monkeypatch) -> Path:
    """A folder to follow a page in, with stores, caches and trainings kept out of the user's."""
    materials(tmp_path)
    store = tmp_path / "study.db"
    for module in ("engine.live", "engine.study.location", "engine.study.measure"):
        monkeypatch.setattr(f"{module}.default_store", lambda: store)
    for module in ("engine.study.location", "engine.study.run"):
        monkeypatch.setattr(f"{module}.default_cache", lambda: tmp_path / "cache")
    measure_at_once(monkeypatch)
    monkeypatch.setattr(executors, "run_here", lambda queue, loader, workers: (x for x in ()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def shortened(recipe, *asked):
    """A recipe whose trainings are over soon: nothing here depends on the errors."""
    return replace(recipe(*asked), schedule=Schedule(batch=32, floor_steps=20, max_steps=40))


def earlier(page: Path, room: Path) -> None:
    """What other pages have left behind, where this one begins with it."""
    for other in ("points.md", "domain.md"):
        for block in blocks(DOCS / "howto" / other):
            if "." in block.kind and page.name != other:
                (room / block.kind).write_text(block.text)
    engine.Store.open(room / "studies.db").close()
    cli.main(["import", "points.csv"])
    cli.main(["import", "points.csv", "--store", "studies.db"])


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_can_be_followed_from_its_top_to_its_end(page, room, monkeypatch, capsys):
    if page.stem == "notebook":
        monkeypatch.setattr(executors, "run_here", inline)
        monkeypatch.setattr(presets, "recipe", partial(shortened, presets.recipe))
    earlier(page, room)
    names: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(page):
        at = f"{page.name}, line {block.line + 1}"
        if block.text.startswith(LEFT_OUT):
            continue
        if "." in block.kind:
            (room / block.kind).write_text(block.text)
        elif block.kind == "sh":
            for program, *words in commands(block):
                assert program == "steepness", at
                more = ["--workers", "1"] if words[0] == "run" else []
                capsys.readouterr()
                assert cli.main([*words, *more]) == 0, f"{at}: {capsys.readouterr().err}"
        elif block.kind == "python":
            exec(compile("\n" * block.line + block.text, page.name, "exec"), names)


def test_every_block_is_of_a_kind_that_is_run_or_says_why_not():
    for page in PAGES:
        for block in blocks(page):
            known = "." in block.kind or block.kind in ("sh", "python", "toml")
            assert known, f"{page.name}, line {block.line}: {block.kind!r}"
            if block.text.startswith(LEFT_OUT):
                assert re.match(rf"{LEFT_OUT}[\w ]*: \w", block.text), f"{page.name}: say why"


def test_commands_that_are_not_run_are_commands_that_there_are():
    for page in PAGES:
        for block in blocks(page):
            if block.text.startswith(LEFT_OUT):
                for _, *words in (c for c in commands(block) if c[0] == "steepness"):
                    cli._parser().parse_args(words)  # exits where it does not know them


def test_the_least_of_ones_own_data_is_what_the_code_asks_for():
    text = (DOCS / "howto" / "own-data.md").read_text(encoding="utf-8")
    assert f"{LEAST} different pictures, {LEAST_A_CLASS} of each class" in text
    for count, what in (
        (FEWEST_DOCUMENTS, "documents"),
        (LEAST_PAIRS, "pairs"),
        (FEWEST, "recordings"),
    ):
        assert f"| {count} {what}" in text


def test_the_steps_that_a_domain_is_reckoned_with_are_those_of_its_plan():
    steps = [round(PACE.steps * (rows / PACE.size) ** PACE.growth, -1) for rows in (100, 1e3, 1e4)]
    said = "reckons with {:,.0f} on 100 rows, {:,.0f} on 1,000 and {:,.0f} on 10,000"
    assert said.format(*steps) in " ".join((DOCS / "howto" / "domain.md").read_text().split())


def test_the_reference_names_all_that_the_engine_and_the_notebook_give():
    text = (DOCS / "reference.md").read_text(encoding="utf-8")
    said = set(re.findall(r"(?:autoclass|autofunction):: engine\.(\w+)", text))
    assert said == set(engine.PUBLIC)
    drawn = {name for name in vars(notebook) if name.endswith("_figure")}
    assert set(re.findall(r"dashboard\.notebook\.(\w+)$", text, re.MULTILINE)) == drawn


def test_every_how_to_is_in_the_table_of_contents():
    said = re.findall(r"^howto/(\S+)$", (DOCS / "index.md").read_text(), re.MULTILINE)
    assert sorted(said) == sorted(page.stem for page in DOCS.glob("howto/*.md"))
