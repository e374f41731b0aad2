"""Points CSV: what is read, what is refused and in which words, and what comes back equal."""

import gc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.curve import (
    Curve,
    Point,
    PointsError,
    collector_paused,
    gather,
    read_points,
    write_points,
)

HEADER = "curve,size,error\n"


def test_three_columns_are_enough() -> None:
    assert read_points("curve,size,error\na,10,0.5\na,20,.25\n") == [
        Point("a", 10.0, 0.5),
        Point("a", 20.0, 0.25),
    ]


def test_optional_columns_come_in_any_order_and_may_be_blank() -> None:
    text = "seed,error,unit,size,curve,stderr\n2,0.5,images,10,a,0.01\n,0.4,,20,a,\n"
    assert read_points(text) == [
        Point("a", 10.0, 0.5, unit="images", seed=2, stderr=0.01),
        Point("a", 20.0, 0.4),
    ]


def test_columns_of_other_names_are_ignored() -> None:
    assert read_points("curve,remark,size,error\na,odd,10,0.5\n") == [Point("a", 10.0, 0.5)]


def test_a_byte_order_mark_crlf_and_blank_lines_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_bytes(b"\xef\xbb\xbfcurve,size,error\r\na,10,0.5\r\n\r\na,20,0.4\r\n\r\n")
    assert [point.size for point in read_points(path)] == [10.0, 20.0]


def test_a_mark_in_pasted_text_is_accepted_too() -> None:
    assert len(read_points("\ufeffcurve,size,error\na,10,0.5\n")) == 1


def test_a_seed_may_be_written_as_a_table_with_blanks_writes_it() -> None:
    assert read_points("curve,size,error,seed\na,10,0.5,3.0\n")[0].seed == 3


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the file is empty: a points CSV needs a header, curve,size,error"),
        ("\n\n", "the file is empty: a points CSV needs a header, curve,size,error"),
        (HEADER, "the file holds no points: add lines below the header"),
        ("curve,size\na,10\n", "line 1: column 'error' is missing from 'curve,size': add it"),
        (
            "curve;size;error\na;1;2\n",
            "line 1: column 'curve' is missing from 'curve;size;error': add it",
        ),
        ("curve,size,error,size\na,1,2,3\n", "line 1: column 'size' stands twice: remove one"),
        (
            HEADER + "a,10,0.5\na,-3,0.5\n",
            "line 3: size '-3' must be a positive finite number",
        ),
        (HEADER + "a,0,0.5\n", "line 2: size '0' must be a positive finite number"),
        (HEADER + "a,10,nan\n", "line 2: error 'nan' must be a positive finite number"),
        (HEADER + "a,10,inf\n", "line 2: error 'inf' must be a positive finite number"),
        (HEADER + "a,10,0.0\n", "line 2: error '0.0' must be a positive finite number"),
        (HEADER + "a,10,\n", "line 2: error '' must be a positive finite number"),
        (HEADER + "a,ten,0.5\n", "line 2: size 'ten' must be a positive finite number"),
        (HEADER + 'a,10,"0,5"\n', "line 2: error '0,5' must be a positive finite number"),
        (HEADER + "a,1e999,0.5\n", "line 2: size '1e999' must be a positive finite number"),
        (HEADER + " ,10,0.5\n", "line 2: curve ' ' must not be blank"),
        (HEADER + "a,10\n", "line 2: 2 cells, but the header names 3 columns"),
        (HEADER + "\na,10,0.5,1\n", "line 3: 4 cells, but the header names 3 columns"),
        (
            "curve,size,error,seed\na,10,0.5,1.5\n",
            "line 2: seed '1.5' must be a whole number below 2^63, or blank",
        ),
        (
            "curve,size,error,seed\na,10,0.5,first\n",
            "line 2: seed 'first' must be a whole number below 2^63, or blank",
        ),
        (
            "curve,size,error,parameters\na,10,0.5,inf\n",
            "line 2: parameters 'inf' must be a whole number below 2^63, or blank",
        ),
        (
            "curve,size,error,stderr\na,10,0.5,inf\n",
            "line 2: stderr 'inf' must be a finite number of at least 0, or blank",
        ),
        (
            "curve,size,error,seed\na,10,0.5,9223372036854775808\n",  # the store holds no more
            "line 2: seed '9223372036854775808' must be a whole number below 2^63, or blank",
        ),
        (
            "curve,size,error,stderr\na,10,0.5,-0.1\n",
            "line 2: stderr '-0.1' must be a finite number of at least 0, or blank",
        ),
        (HEADER + 'a,10,"0.5\n', "line 2: not a CSV line, unexpected end of data: mend it"),
        (
            HEADER + f'a,10,0.5\n"{"x" * 10**6}",10,0.5\n',
            "line 3: not a CSV line, field larger than field limit (131072): mend it",
        ),
    ],
)
def test_a_fault_is_refused_with_its_line_value_and_rule(text: str, sentence: str) -> None:
    with pytest.raises(PointsError) as refused:
        read_points(text)
    assert str(refused.value) == sentence


def test_a_fault_after_a_cell_of_two_lines_names_the_line_in_the_file() -> None:
    with pytest.raises(PointsError, match=r"^line 5: size '-1'"):
        read_points('curve,size,error\n"a\nb",10,0.5\n\na,-1,0.5\n')


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_bytes("curve,size,error\na,10,0.5\n".encode("utf-16"))
    with pytest.raises(PointsError, match="byte 0xff at offset 0 is not UTF-8: save the file as"):
        read_points(path)


def test_a_store_in_place_of_a_csv_is_told_what_writes_one(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    path.write_bytes(b"SQLite format 3\0\xfb")
    with pytest.raises(PointsError, match=r"a store and no points CSV: .*export points.csv"):
        read_points(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PointsError, match=r"cannot read .*absent.csv: No such file"):
        read_points(tmp_path / "absent.csv")


def test_a_refusal_leaves_the_garbage_collector_running() -> None:
    with pytest.raises(PointsError):
        read_points(HEADER)
    assert gc.isenabled()


def test_whole_sizes_are_written_whole_and_all_columns_named() -> None:
    assert write_points([Point("a", 1000.0, 0.1, seed=0)]) == (
        "curve,size,error,unit,metric,domain,model,seed,parameters,stderr,seconds,device,split\n"
        "a,1000,0.1,,,,,0,,,,,\n"
    )


def test_numpy_numbers_are_written_as_numbers() -> None:
    (point,) = read_points(write_points([Point("a", np.float64(0.1), np.float64(1e-300))]))
    assert (point.size, point.error) == (0.1, 1e-300)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'=1", "''-x", "'", "a"])
def test_text_that_a_spreadsheet_would_run_is_guarded_and_comes_back(text: str) -> None:
    point = Point("c", 1.0, 1.0, model=text)
    written = write_points([point])
    assert read_points(written) == [point]
    cell = written.splitlines()[1].split(",")[6]
    assert not cell.startswith(("=", "+", "-", "@", "\t"))


POSITIVE = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
MEASURE = st.none() | st.floats(min_value=0, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
POINTS = st.builds(
    Point,
    curve=TEXT.filter(str.strip),
    size=POSITIVE,
    error=POSITIVE,
    unit=TEXT,
    metric=TEXT,
    domain=TEXT,
    model=TEXT,
    seed=st.none() | st.integers(-(2**63) + 1, 2**63 - 1),
    parameters=st.none() | st.integers(0, 2**63 - 1),
    stderr=MEASURE,
    seconds=MEASURE,
    device=TEXT,
    split=TEXT,
)


@given(st.lists(POINTS, min_size=1, max_size=4))
def test_any_points_come_back_equal(points: list[Point]) -> None:
    assert read_points(write_points(points)) == points


@pytest.mark.slow
@pytest.mark.parametrize("count", [10**5, pytest.param(10**6, marks=pytest.mark.soak)])
def test_a_great_many_rows_are_read(count: int) -> None:
    errors = np.random.default_rng(0).uniform(0.01, 1, count).tolist()
    rows = "".join(f"c{i % 50},{10 + i // 50},{error!r}\n" for i, error in enumerate(errors))
    curves = gather(read_points(HEADER + rows))
    assert (len(curves), len(curves[0].points)) == (50, count // 50)


@pytest.mark.slow
def test_a_fault_in_the_last_of_a_million_rows_is_found() -> None:
    rows = "a,10,0.5\n" * (10**6 - 1)
    with pytest.raises(PointsError, match=r"^line 1000001: error '-0.5'"):
        read_points(HEADER + rows + "a,10,-0.5\n")


def test_curves_are_gathered_in_order_of_appearance_and_size() -> None:
    text = "curve,size,error,seed\nb,20,1,1\na,5,1,0\nb,20,1,0\nb,10,1,0\n"
    first, second = gather(read_points(text))
    assert (first.name, second.name) == ("b", "a")
    assert [(p.size, p.seed) for p in first.points] == [(10, 0), (20, 0), (20, 1)]


def test_a_curve_says_what_its_points_say() -> None:
    points = (
        Point("a", 1, 1, unit="images", device="cpu"),
        Point("a", 2, 1, unit="images", device="H200"),
        Point("a", 3, 1),
    )
    curve = Curve("a", points)
    assert (curve.unit, curve.device, curve.metric) == ("images", "cpu; H200", "")


def test_equal_curves_are_one_key_and_a_curve_that_grew_is_another() -> None:
    points = [Point("a", 10.0 * k, 0.5, seed=k) for k in range(1, 4)]
    (short,), (same,), (grown,) = gather(points[:2]), gather(points[:2]), gather(points)
    assert len({short, same, grown}) == 2


def test_points_of_one_size_are_gathered_by_seed_and_those_without_one_come_first():
    seeds = [1, None, 0, 2]
    (curve,) = gather([Point("c", 10.0, 0.5, seed=seed) for seed in seeds])
    assert [point.seed for point in curve.points] == [None, 0, 1, 2]


@pytest.mark.parametrize("running", [True, False])
def test_the_collector_is_paused_and_then_as_it_was(running):
    was = gc.isenabled()
    (gc.enable if running else gc.disable)()
    try:
        with collector_paused():
            assert not gc.isenabled()
        assert gc.isenabled() == running
    finally:
        (gc.enable if was else gc.disable)()
