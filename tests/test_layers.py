"""Data flows one way: data -> engine -> dashboard. The imports themselves are read."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LIGHT = [
    "engine/curve.py",
    "engine/exponents.py",
    "engine/recorded.py",
    "engine/sheet.py",
    "engine/messy_csv.py",
    "engine/laws",
]


def imported(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def files(folder: str) -> list[Path]:
    path = ROOT / folder
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def offenders(folder: str, forbidden: tuple[str, ...]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files(folder)
        for name in sorted(imported(path))
        if name.startswith(forbidden)
    ]


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("data", ("engine", "dashboard", "torch", "streamlit", "plotly")),
        ("engine", ("dashboard.", "streamlit", "plotly")),
        ("dashboard", ("torch", "engine.training", "engine.models")),
        *[(room, ("torch", "pandas", "engine.study", "engine.training")) for room in LIGHT],
        ("engine/models", ("engine.training", "engine.study")),
        ("engine/training", ("engine.study",)),
        ("engine/study/store.py", ("torch", "engine.training")),
    ],
)
def test_a_room_imports_only_what_lies_before_it(folder, forbidden):
    assert files(folder), f"{folder} is gone: this test looks at nothing"
    assert offenders(folder, forbidden) == []


@pytest.mark.parametrize(
    "module", ["engine.laws", "engine.curve", "engine.study.store", "engine.study.fixed_size"]
)
def test_reading_and_fitting_curves_needs_no_torch(module):
    code = f"import sys, {module}; sys.exit('torch' in sys.modules or 'streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
