"""Points from any training script: by a call, or by a CSV file that grows."""

import pytest

from engine import cli, follow
from engine.curve import PointsError
from engine.follow import take_in, whole_lines
from engine.live import log_point
from engine.study.store import Store, StoreError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "points.db"


def points(path):
    with Store.open(path, "read") as store:
        return [(p.curve, p.size, p.error, p.seed) for c in store.curves() for p in c.points]


def test_a_logged_point_is_a_curve_on_the_page_at_once(path):
    assert log_point("mine", 100, 0.5, unit="images", metric="top-1 error", store=path)
    with Store.open(path, "read") as store:
        before = store.revision()
        (curve,) = store.curves()
    assert (curve.origin, curve.unit, curve.metric) == ("imported", "images", "top-1 error")
    log_point("mine", 200, 0.4, store=path)
    with Store.open(path, "read") as store:
        assert store.revision() > before  # what an open page looks at
    assert points(path) == [("mine", 100, 0.5, None), ("mine", 200, 0.4, None)]


def test_the_status_of_a_store_of_logged_points_alone_says_so(path, capsys):
    log_point("mine", 100, 0.5, store=path)
    assert cli.main(["status", "--store", str(path)]) == 0
    assert "no study yet; 1 curve of imported or logged points" in capsys.readouterr().out


def test_repeats_are_kept_and_what_is_said_twice_is_there_once(path):
    for seed, error in ((0, 0.5), (1, 0.52), (1, 0.52)):
        log_point("mine", 100, error, seed=seed, store=path)
    assert points(path) == [("mine", 100, 0.5, 0), ("mine", 100, 0.52, 1)]


def test_a_training_that_diverged_is_warned_of_and_does_not_end_the_script(path):
    with pytest.warns(UserWarning, match="left out mine at 100: error 'nan' must be a positive"):
        assert not log_point("mine", 100, float("nan"), store=path)
    assert not path.exists()


def test_a_size_that_is_none_is_refused_with_the_rule(path):
    with pytest.raises(PointsError, match="log_point: size '-1' must be a positive finite number"):
        log_point("mine", -1, 0.5, store=path)


def test_another_error_for_one_size_and_seed_is_refused_and_changes_nothing(path):
    log_point("mine", 100, 0.5, seed=0, store=path)
    with pytest.raises(StoreError, match=r"has the error 0.5 at size 100 and seed 0, not 0.6"):
        log_point("mine", 100, 0.6, seed=0, store=path)
    assert points(path) == [("mine", 100, 0.5, 0)]


def test_a_growing_file_is_taken_in_line_by_line(path, tmp_path):
    file = tmp_path / "points.csv"
    assert whole_lines(file) == ""
    file.write_text("curve,size,error\n")
    assert take_in(whole_lines(file), path) == 0
    file.write_text("curve,size,error\na,100,0.5\na,200,0.")
    assert take_in(whole_lines(file), path) == 1
    file.write_text("curve,size,error\na,100,0.5\na,200,0.4\n")
    assert take_in(whole_lines(file), path) == 1
    assert points(path) == [("a", 100, 0.5, None), ("a", 200, 0.4, None)]


def test_a_curve_of_a_study_takes_no_points_from_outside(path):
    from tests.studies import make_study

    make_study(path, "finished")
    with pytest.raises(StoreError, match='"images icons cnn top-1" was measured by a study'):
        log_point("images icons cnn top-1", 100, 0.5, store=path)


def test_a_line_that_is_no_point_is_said_once_and_those_after_it_count(
    path, tmp_path, monkeypatch, capsys
):
    file = tmp_path / "mine.csv"
    file.write_text("curve,size,error\nmine,100,nan\n\nmine,200,0.4\n")

    def add(seconds):
        if "400" in file.read_text():
            raise KeyboardInterrupt
        file.write_text(f"{file.read_text()}mine,400,0.3\n")

    monkeypatch.setattr(follow.time, "sleep", add)
    assert cli.main(["import", str(file), "--follow", "--store", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "line 2: error 'nan' must be a positive finite number: left out",
        "1 point taken in",
        "1 point taken in",
    ]
    assert [p[1] for p in points(path)] == [200, 400]


def test_a_file_that_was_emptied_holds_nothing(path):
    assert take_in("", path) == 0
    assert take_in("curve,size,error\n", path) == 0


def test_a_header_that_lacks_a_column_ends_the_following(path, tmp_path, capsys):
    file = tmp_path / "mine.csv"
    file.write_text("curve,size\nmine,100\n")
    assert cli.main(["import", str(file), "--follow", "--store", str(path)]) == 1
    assert "column 'error' is missing" in capsys.readouterr().err
