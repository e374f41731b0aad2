"""`steepness predict POINTS.csv`: answers, refusals, exit codes, and how fast it is there."""

import argparse
import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine import predict_command
from engine.curve import Point, write_points

ROOT = Path(__file__).parents[1]
SIZES = 100 * 2.0 ** np.arange(8)


def law(m: float) -> float:
    return float(3 * m**-0.35)


@pytest.fixture
def points(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    path = tmp_path / "points.csv"
    rows = [
        Point(name, float(m), float(law(m) * np.exp(0.01 * rng.standard_normal())))
        for name, sizes in (("first", SIZES), ("second", SIZES), ("short", SIZES[:3]))
        for m in sizes
    ]
    path.write_text(write_points(rows))
    return path


def answer(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    predict_command.register(parser.add_subparsers())
    args = parser.parse_args(["predict", *map(str, arguments)])
    return args.run(args)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_a_row_for_each_curve_and_size(points, capsys) -> None:
    assert answer(points, "--size", 25600, "--size", 51200, "--format", "csv") == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "curve,size,error,low,high"
    rows = rows_of(out)
    assert [(row["curve"], row["size"]) for row in rows] == [
        ("first", "25600"), ("first", "51200"), ("second", "25600"), ("second", "51200"),
    ]  # fmt: skip
    for row in rows:
        assert float(row["low"]) < float(row["error"]) < float(row["high"])
        assert float(row["error"]) == pytest.approx(law(float(row["size"])), rel=0.1)
    assert err.startswith("short: 3 sizes in the window; a forecast needs 4")


def test_a_table_says_what_lies_beyond_the_tested_reach(points, capsys) -> None:
    assert answer(points, "--size", 128000) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].split() == ["curve", "size", "error", "low", "high"]
    assert "first: 10 times the largest size: forecasts are tested up to 4 times" in out
    assert "short: 3 sizes in the window" in out


def test_json_holds_the_same_values(points, capsys) -> None:
    answer(points, "--size", 25600, "--format", "csv")
    from_csv = rows_of(capsys.readouterr().out)
    answer(points, "--size", 25600, "--format", "json")
    from_json = json.loads(capsys.readouterr().out)
    assert [row["error"] for row in from_json] == [float(row["error"]) for row in from_csv]


def test_sizes_can_come_from_a_file_in_its_order(points, tmp_path, capsys) -> None:
    at = tmp_path / "sizes.csv"
    at.write_text("note,curve,size\n,second,25600\n,first,51200\n,second,12800\n")
    assert answer(points, "--at", at, "--format", "csv") == 0
    rows = rows_of(capsys.readouterr().out)
    assert [(row["curve"], row["size"]) for row in rows] == [
        ("second", "25600"), ("first", "51200"), ("second", "12800"),
    ]  # fmt: skip


def test_an_error_gives_the_size_that_it_takes(points, capsys) -> None:
    assert answer(points, "--error", law(25600), "--format", "csv") == 0
    row = rows_of(capsys.readouterr().out)[0]
    assert float(row["error"]) == law(25600)
    assert float(row["size"]) == pytest.approx(25600, rel=0.5)
    assert float(row["low"]) < float(row["size"])


def test_an_error_that_is_never_reached_is_a_blank_with_the_reason(points, capsys) -> None:
    assert answer(points, "--error", 1e-6, "--format", "csv") == 0
    assert rows_of(capsys.readouterr().out)[0]["size"] == ""
    assert answer(points, "--error", 1e-6) == 0
    out = capsys.readouterr().out
    assert "first: not reach" in out


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1: column 'curve' is missing: add it"),
        ("curve\nfirst\n", "line 1: column 'size' is missing: add it"),
        ("curve,size\n", "it asks for no sizes: add lines below the header"),
        (
            "curve,size\nthird,10\n",
            "line 2: curve 'third' is not in the points CSV: check its name",
        ),
        ("curve,size\nfirst,-3\n", "line 2: size '-3' must be a positive finite number"),
        ("curve,size\nfirst\n", "line 2: size '' must be a positive finite number"),
    ],
)
def test_a_wrong_sizes_file_is_refused_in_one_sentence(
    points, tmp_path, capsys, text: str, sentence: str
) -> None:
    at = tmp_path / "sizes.csv"
    at.write_text(text)
    assert answer(points, "--at", at) == 1
    assert capsys.readouterr().err == f"{at}: {sentence}\n"


def test_files_that_are_not_there_are_refused(points, tmp_path, capsys) -> None:
    gone = tmp_path / "gone.csv"
    assert answer(gone, "--size", 10) == 1
    assert "No such file" in capsys.readouterr().err
    assert answer(points, "--at", gone) == 1
    assert capsys.readouterr().err == f"{gone}: cannot be read: No such file or directory\n"


@pytest.mark.parametrize(
    "arguments", [[], ["--size", "0"], ["--size", "many"], ["--error", "nan"],
                  ["--size", "1", "--error", "1"]],
)  # fmt: skip
def test_wrong_usage_exits_with_2(points, arguments, capsys) -> None:
    with pytest.raises(SystemExit) as stopped:
        answer(points, *arguments)
    assert stopped.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_curves_too_short_are_refused_together(tmp_path, capsys) -> None:
    path = tmp_path / "points.csv"
    path.write_text("curve,size,error\na,1,.5\nb,1,.5\n")
    assert answer(path, "--size", 10) == 1
    assert capsys.readouterr().err == (
        "a: 1 size in the window; a forecast needs 4: widen it or add sizes (and 1 more curve)\n"
    )


def test_the_answer_needs_neither_torch_nor_pandas(points) -> None:
    code = (
        "import sys; from engine.cli import main; code = main(sys.argv[1:]);"
        "sys.exit(code or 10 * ('torch' in sys.modules or 'pandas' in sys.modules))"
    )
    command = [sys.executable, "-c", code, "predict", str(points), "--size", "25600"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
