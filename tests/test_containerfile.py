"""No test builds a container; what the Containerfile says of this repository is held against it.

What was built and run by hand, once, stands in docs/howto/server.md.
"""

import json
import re
from pathlib import Path

from engine.cli import _parser
from engine.exposure import is_exposed

ROOT = Path(__file__).parents[1]
SAID = (ROOT / "Containerfile").read_text(encoding="utf-8")


def test_all_that_it_copies_is_there():
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", SAID, re.MULTILINE)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name


def test_its_build_tool_is_the_pinned_one():
    (pin,) = re.findall(r"hatchling==\S+", SAID)
    assert pin in (ROOT / "requirements.lock").read_text().split()


def test_its_command_is_one_that_there_is_and_warns():
    (command,) = re.findall(r"^CMD (.+)$", SAID, re.MULTILINE)
    program, *words = json.loads(command)
    assert program == "steepness"
    assert is_exposed(_parser().parse_args(words).address)
