"""What `steepness bench app` says, and what it asks for where it cannot run."""

import os
import subprocess
import sys

import pytest

from dashboard.bench.measured import Measured, table

FAILS = "import sys; sys.modules['playwright'] = None; import dashboard.bench.__main__ as m;"


@pytest.mark.parametrize(
    ("values", "unit", "middle", "spread"),
    [
        ((1.0, 1.2, 3.0), "s", "1.20 s", "1.00 to 3.00 s, n = 3"),
        (tuple(float(v) for v in range(1, 101)), "ms", "50 ms", "95 % below 95 ms, n = 100"),
        ((0.0,), "", "0", "once"),
        ((1.25, 2.0), "%", "1.6 %", "1.2 to 2.0 %, n = 2"),
    ],
)
def test_a_figure_is_told_by_its_median_and_its_spread(values, unit, middle, spread):
    row = Measured("x", values, unit)
    assert (row.middle, row.spread) == (middle, spread)


def test_the_table_is_markdown_with_the_target_beside_each_figure():
    lines = table([Measured("reload", (1.0,), "s", "2.5 s"), Measured("b", (2.0,), "s")]).split(
        "\n"
    )
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == [
        "reload",
        "1.00 s",
        "once",
        "2.5 s",
    ]
    assert lines[3].rstrip("| ").endswith("-")
    assert len({len(line) for line in lines}) == 1


def test_without_a_browser_one_sentence_says_what_to_install(tmp_path):
    bare = {**os.environ, "PATH": str(tmp_path)}
    bare.pop("CHROMIUM", None)
    told = subprocess.run(
        [sys.executable, "-m", "engine.cli", "bench", "app"],
        env=bare,
        capture_output=True,
        text=True,
    )
    assert told.returncode == 1
    assert told.stderr.startswith("no Chromium: the page is driven in one. Install it")
    assert told.stderr.count("\n") == 1


def test_without_playwright_one_sentence_says_what_to_install():
    told = subprocess.run(
        [sys.executable, "-c", f"{FAILS} sys.argv = ['x']; sys.exit(m.main())"],
        capture_output=True,
        text=True,
    )
    assert told.returncode == 1
    assert told.stderr.startswith("no Playwright")
    assert told.stderr.count("\n") == 1
