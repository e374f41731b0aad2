"""`steepness fit POINTS.csv`: answers, refusals, exit codes, and how fast it is there."""

import argparse
import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine import fit_command
from engine.curve import Point, write_points

ROOT = Path(__file__).parents[1]
SIZES = 100 * 2.0 ** np.arange(8)


@pytest.fixture
def points(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    path = tmp_path / "points.csv"
    laws = {"plain": lambda m: 15 * m**-0.4, "floored": lambda m: 15 * m**-0.6 + 0.3}
    path.write_text(
        write_points(
            Point(name, float(m), float(law(m) * np.exp(0.02 * rng.standard_normal())), seed=seed)
            for name, law in laws.items()
            for m in SIZES
            for seed in range(3)
        )
    )
    return path


def printed(capsys) -> list[dict[str, str]]:
    """The rows of the CSV that was printed."""
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def answer(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    fit_command.register(parser.add_subparsers())
    args = parser.parse_args(["fit", *map(str, arguments)])
    return args.run(args)


def test_a_table_names_each_curve_its_law_and_its_exponent_with_an_interval(points, capsys) -> None:
    assert answer(points) == 0
    header, plain, floored, *_ = capsys.readouterr().out.splitlines()
    assert header.split() == list(fit_command.HEADER)
    assert plain.split()[:2] == ["plain", "power"]
    assert re.search(r" -0\.\d+ (±|\(-)", plain)  # leans to the steep side: a floor could hide
    assert floored.split()[:2] == ["floored", "power-floor"]
    assert "100 to 12,800" in floored


def test_the_columns_of_a_table_line_up(points, capsys) -> None:
    answer(points)
    header, *rows = capsys.readouterr().out.splitlines()[:3]
    assert all(row[header.index("law") :].startswith("power") for row in rows)


def test_csv_is_the_exponents_csv(points, capsys) -> None:
    assert answer(points, "--format", "csv") == 0
    rows = printed(capsys)
    assert [row["law"] for row in rows] == ["power", "power-floor"]
    assert float(rows[0]["exponent"]) == pytest.approx(-0.4, abs=0.02)


def test_json_holds_the_same_values(points, capsys) -> None:
    answer(points, "--format", "csv")
    from_csv = printed(capsys)
    answer(points, "--format", "json")
    from_json = json.loads(capsys.readouterr().out)
    assert [list(row) for row in from_json] == [list(row) for row in from_csv]
    assert [row["exponent"] for row in from_json] == [float(row["exponent"]) for row in from_csv]
    assert from_json[0]["floor"] is None


def test_a_law_and_a_window_can_be_given(points, capsys) -> None:
    assert answer(points, "--law", "power", "--window", "200:1600", "--format", "csv") == 0
    rows = printed(capsys)
    assert [(row["law"], row["window_low"], row["window_high"]) for row in rows] == [
        ("power", "200", "1600")
    ] * 2


def test_a_best_guess_that_is_known_tells_a_plateau(tmp_path, capsys) -> None:
    """The same bend is a plateau where nothing better than 0.9 was to be had at first."""
    errors = (15 * SIZES**-0.4) ** -4
    path = tmp_path / "bend.csv"
    bent = (errors + 0.9**-4) ** -0.25
    path.write_text(write_points(Point("bend", m, e) for m, e in zip(SIZES, bent, strict=True)))
    assert answer(path, "--guess", 0.9, "--format", "csv") == 0
    (row,) = printed(capsys)
    assert row["plateau"] == "0.9"
    assert float(row["exponent_low"]) <= -0.4 <= float(row["exponent_high"])


def test_a_best_guess_that_is_no_error_is_wrong_usage(points, capsys) -> None:
    with pytest.raises(SystemExit, match="2"):
        answer(points, "--guess", "-1")
    assert "'-1' must be a positive finite number" in capsys.readouterr().err


def test_either_end_of_a_window_may_be_open(points, capsys) -> None:
    answer(points, "--window", "800:", "--format", "csv")
    assert {row["window_high"] for row in printed(capsys)} == {"12800"}
    answer(points, "--window", ":800", "--format", "csv")
    assert {row["window_low"] for row in printed(capsys)} == {"100"}


def test_a_window_of_too_few_sizes_is_one_sentence_on_stderr_and_exit_1(points, capsys) -> None:
    assert answer(points, "--window", "100:200") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "plain: window holds 2 sizes; a power law needs 3: widen it or add sizes"
        " (and 1 more curve)\n"
    )


def test_a_refused_file_is_one_sentence_on_stderr_and_exit_1(tmp_path, capsys) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("curve,size,error\na,10,-1\n")
    assert answer(path) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"{path}: line 2: error '-1' must be a positive finite number\n")


@pytest.mark.parametrize(
    ("window", "sentence"),
    [
        ("5:2", "window 5:2 is reversed: give LOW:HIGH"),
        ("all", "window 'all' is neither auto nor LOW:HIGH"),
        ("-1:5", "window end -1.0 must be a positive size"),
        ("a:b", "window 'a:b' is neither auto nor LOW:HIGH"),
    ],
)
def test_a_wrong_window_is_wrong_usage(points, capsys, window, sentence) -> None:
    with pytest.raises(SystemExit) as left:
        answer(points, f"--window={window}")
    assert left.value.code == 2
    assert sentence in capsys.readouterr().err


def test_the_answer_needs_neither_torch_nor_pandas(points) -> None:
    program = (
        "import argparse, sys; from engine import fit_command;"
        "parser = argparse.ArgumentParser(); fit_command.register(parser.add_subparsers());"
        f"args = parser.parse_args(['fit', {str(points)!r}]); code = args.run(args);"
        "heavy = {'torch', 'pandas', 'scipy.stats', 'streamlit', 'plotly'} & set(sys.modules);"
        "assert not heavy, heavy; sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert (done.returncode, done.stderr) == (0, "")
