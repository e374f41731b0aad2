"""A user's own arrays as a data set: rows in three splits, checked.

A row is what stands at one place of all of them: its inputs and its target. What is held out
follows from the content of the rows alone, so neither their order nor the machine has a say, and
rows that are equal never stand on both sides.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.errors import DataError

LEAST_HELD_OUT = 16  # rows of validation and of test: an error over fewer says nothing
LEAST_TRAINED = 32  # rows of training: three sizes in steps of 2, the smallest of eight
HELD_OUT = 0.1  # of the rows, each of validation and test

Array = NDArray[Any]
Given = ArrayLike | Sequence[ArrayLike]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one split."""

    inputs: tuple[Array, ...]  # each (n, ...)
    target: Array  # (n, ...)

    def __len__(self) -> int:
        return len(self.target)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Type and shape of a row in each array."""
        return tuple(f"{each.dtype} {each.shape[1:]}" for each in (*self.inputs, self.target))

    def __getitem__(self, rows: NDArray[np.int64]) -> "Rows":
        return Rows(tuple(each[rows] for each in self.inputs), self.target[rows])


@dataclass(frozen=True, slots=True)
class ArraySet:
    """A data set of arrays."""

    train: Rows
    validation: Rows
    test: Rows
    hash: str  # 16 hex digits over all of it


def split_rows(
    inputs: ArrayLike | tuple[ArrayLike, ...], target: ArrayLike, groups: ArrayLike | None = None
) -> ArraySet:
    """Split rows in three: HELD_OUT of them are validation, as many test, the rest training.

    Args:
        inputs: one array (n, ...), or a tuple of some. Tensors of torch on the CPU do too.
        target: (n, ...).
        groups: of each row whom it belongs to, a speaker or a patient, (n,): none is torn apart.
            None: only equal rows stay together.

    Raises:
        DataError: the arrays differ in length, hold what is not finite, or are too short.
    """
    rows = _rows(inputs, target, "the data")
    marks = _marks(rows if groups is None else Rows((), np.asarray(groups).astype(str)))
    if len(marks) != len(rows):
        raise DataError(
            f"groups has {len(marks):,} entries for {len(rows):,} rows: one each is wanted."
        )
    distinct, member, count = np.unique(marks, return_inverse=True, return_counts=True)
    held = np.searchsorted(
        count.cumsum(), [HELD_OUT * len(rows), 2 * HELD_OUT * len(rows)], "right"
    )
    part = np.searchsorted(held, np.arange(len(distinct)), "right")[member]  # 0 test, 1, 2 train
    test, validation, train = (rows[np.flatnonzero(part == which)] for which in range(3))
    if groups is not None and min(len(test), len(validation), len(train)) == 0:
        raise DataError(
            f"{len(distinct):,} groups, the largest of {count.max():,} of {len(rows):,} rows, do"
            " not fall into a test split, a validation split and a training split: make the splits"
            " yourself and give them to own_splits."
        )
    return _array_set({"train": train, "validation": validation, "test": test})


def own_splits(
    train: tuple[Any, ArrayLike], validation: tuple[Any, ArrayLike], test: tuple[Any, ArrayLike]
) -> ArraySet:
    """Splits that the user made: (inputs, target) of each, as `split_rows` takes them.

    Raises:
        DataError: one is too short, or a row of one stands in another too.
    """
    splits = {
        name: _rows(*given, f"the {name} split")
        for name, given in (("train", train), ("validation", validation), ("test", test))
    }
    kinds = {name: rows.kinds for name, rows in splits.items()}
    if len(set(kinds.values())) > 1:
        raise DataError(
            f"the splits are not of one kind, {kinds}: make types and shapes alike, with"
            " .astype(np.float32) for one, or rows that stand in two of them cannot be told."
        )
    marks = {name: _marks(rows) for name, rows in splits.items()}
    for one, other in (("test", "train"), ("test", "validation"), ("validation", "train")):
        shared = int(np.isin(marks[one], marks[other]).sum())
        if shared:
            raise DataError(
                f"{shared:,} of {len(marks[one]):,} rows of the {one} split stand in the {other}"
                " split too: an error measured on them says nothing. Take them out of one of the"
                " two, or let split_rows make the splits, which keeps equal rows together."
            )
    return _array_set(splits)


def _array_set(splits: dict[str, Rows]) -> ArraySet:
    for name, rows in splits.items():
        least = LEAST_TRAINED if name == "train" else LEAST_HELD_OUT
        if len(rows) < least:
            raise DataError(
                f"the {name} split has {len(rows):,} row{'s' * (len(rows) != 1)}, at least {least}"
                " are needed: give more data (split_rows holds out a tenth of them for validation"
                " and a tenth for test)."
            )
    digest = hashlib.sha256()
    for rows in splits.values():
        for each in (*rows.inputs, rows.target):
            digest.update(f"{each.dtype.str} {each.shape}".encode())
            digest.update(np.ascontiguousarray(each).tobytes())
    return ArraySet(**splits, hash=digest.hexdigest()[:16])


def _rows(inputs: Any, target: ArrayLike, what: str) -> Rows:
    given = inputs if isinstance(inputs, tuple) else (inputs,)
    rows = Rows(tuple(np.asarray(each) for each in given), np.asarray(target))
    for name, each in [(f"inputs {k}", one) for k, one in enumerate(rows.inputs)] + [
        ("the target", rows.target)
    ]:
        if each.ndim == 0 or len(each) != len(np.atleast_1d(rows.target)):
            lengths = [np.shape(one) for one in (*rows.inputs, rows.target)]
            raise DataError(
                f"{what}: arrays of shapes {lengths} are not rows: give as many of each, inputs and"
                " target of one example at the same place."
            )
        if each.dtype.kind not in "biuf":
            raise DataError(
                f"{what}: {name} holds {each.dtype}, numbers are wanted: encode words and"
                " categories as whole numbers first."
            )
        if each.dtype.kind == "f" and not np.isfinite(each).all():
            bad = int(np.argmin(np.isfinite(each.reshape(len(each), -1)).all(axis=1)))
            raise DataError(
                f"{what}: {name} is not finite in row {bad:,} (counted from 0): fill in or leave"
                " out such rows."
            )
    return rows


def _marks(rows: Rows) -> NDArray[np.uint64]:
    """A number for each row that follows from its content, (n,); equal rows have equal ones."""
    columns = [  # 0.0 is added because -0.0 is equal to it
        np.ascontiguousarray(each + 0.0 if each.dtype.kind == "f" else each)
        for each in (*rows.inputs, rows.target)
    ]
    found = np.empty(len(rows), np.uint64)
    for row in range(len(rows)):
        digest = hashlib.blake2b(digest_size=8)
        for each in columns:
            digest.update(each[row].tobytes())
        found[row] = int.from_bytes(digest.digest(), "little")
    return found
