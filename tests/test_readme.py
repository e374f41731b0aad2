"""What is said to be there is there: the file tree and the commands, held against the code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
HOUSE = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("room", ["data", "engine", "dashboard"])
def test_every_module_stands_in_the_file_tree_with_its_line(room):
    for path in sorted((ROOT / room).rglob("*.py")):
        folders = {parent.name for parent in path.relative_to(ROOT).parents}
        if path.name == "__init__.py" or folders & {"icons", "window"}:
            continue
        assert path.name in HOUSE, f"{path.relative_to(ROOT)} is not in docs/house.md"


def test_every_file_in_the_tree_is_there():
    there = [
        path for room in ("data", "engine", "dashboard") for path in (ROOT / room).rglob("*.*")
    ]
    for name in re.findall(r"[\w/]+\.(?:py|sql)\b", HOUSE):
        assert any(path.match(name) for path in there), f"{name} is in docs/house.md and not there"


def test_every_command_that_the_readme_shows_is_one_that_there_is():
    said = subprocess.run(
        [sys.executable, "-m", "engine.cli", "--help"], capture_output=True, text=True, cwd=ROOT
    ).stdout
    shown = set(re.findall(r"^steepness (\w+)", README, flags=re.MULTILINE))
    there = set(re.findall(r"^    (\w+) ", said, flags=re.MULTILINE))
    assert shown
    assert shown <= there
    assert there <= shown, "a command that the README does not show"
