import numpy as np
import pandas as pd
import pytest

from data.arrays import own_splits, split_rows
from data.errors import DataError


def table(n, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 3)), rng.normal(size=n)


def content(rows):
    return {row.tobytes() for row in rows.inputs[0]}


def test_every_row_stands_in_one_split_and_a_tenth_in_each_held_out_one():
    inputs, target = table(1000)
    data = split_rows(inputs, target)
    parts = [content(rows) for rows in (data.train, data.validation, data.test)]
    assert [len(part) for part in parts] == [800, 100, 100]
    assert set.union(*parts) == {row.tobytes() for row in inputs}


def test_the_order_of_rows_has_no_say_in_what_is_held_out():
    inputs, target = table(400)
    turned = np.random.default_rng(1).permutation(400)
    one, other = split_rows(inputs, target), split_rows(inputs[turned], target[turned])
    assert content(one.test) == content(other.test)


def test_tables_of_pandas_are_taken_as_the_arrays_that_they_hold():
    inputs, target = table(400)
    framed = split_rows(pd.DataFrame(inputs, columns=list("abc")), pd.Series(target))
    assert framed.hash == split_rows(inputs, target).hash


def test_equal_rows_are_never_torn_apart():
    inputs, target = table(100)
    data = split_rows(np.tile(inputs, (4, 1)), np.tile(target, 4))
    assert not content(data.train) & content(data.test)


def test_a_group_is_never_torn_apart():
    inputs, target = table(600)
    who = np.arange(600) % 60
    inputs[:, 0] = who
    data = split_rows(inputs, target, groups=[f"speaker {k}" for k in who])
    seen = [set(rows.inputs[0][:, 0]) for rows in (data.train, data.validation, data.test)]
    assert not seen[0] & seen[1]
    assert not seen[0] & seen[2]
    assert not seen[1] & seen[2]


def test_the_hash_follows_the_data():
    inputs, target = table(400)
    one = split_rows(inputs, target).hash
    assert split_rows(inputs, target).hash == one
    assert split_rows(inputs, target + 1).hash != one


def test_splits_that_overlap_are_refused_with_how_many_rows():
    inputs, target = table(200)
    with pytest.raises(DataError, match="5 of 20 rows of the test split stand in the train split"):
        own_splits(
            (inputs[:150], target[:150]),
            (inputs[160:180], target[160:180]),
            (np.r_[inputs[:5], inputs[185:]], np.r_[target[:5], target[185:]]),
        )


def test_splits_of_several_kinds_are_refused_for_their_overlap_could_not_be_told():
    inputs, target = table(200)
    with pytest.raises(DataError, match="the splits are not of one kind"):
        own_splits(
            (inputs[:150].astype(np.float32), target[:150]),
            (inputs[:20], target[:20]),
            (inputs[180:], target[180:]),
        )


def test_nought_is_nought_whatever_its_sign():
    inputs = np.where(np.arange(600) < 300, 0.0, -0.0)
    data = split_rows(inputs[:, None] + np.zeros(2), np.arange(600) % 300)
    assert not {*data.train.target} & {*data.test.target}


def test_groups_that_do_not_fall_into_three_splits_are_refused():
    inputs, target = table(600)
    with pytest.raises(DataError, match="2 groups, the largest of 300 of 600 rows"):
        split_rows(inputs, target, groups=np.arange(600) % 2)


@pytest.mark.parametrize(
    ("inputs", "target", "said"),
    [
        (np.zeros((9, 2)), np.zeros(8), r"arrays of shapes \[\(9, 2\), \(8,\)\] are not rows"),
        (np.array([["a"]] * 9), np.zeros(9), "inputs 0 holds <U1, numbers are wanted"),
        ([[1.0], [np.nan]], [1.0, 2.0], "inputs 0 is not finite in row 1"),
        ([[1.0], [2.0]], [np.inf, 2.0], "the target is not finite in row 0"),
        (
            np.arange(50.0),
            np.arange(50.0),
            "the validation split has 5 rows, at least 16 are needed",
        ),
    ],
)
def test_what_is_no_data_set_is_refused_in_words(inputs, target, said):
    with pytest.raises(DataError, match=said):
        split_rows(inputs, target)
