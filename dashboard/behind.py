"""The points in numbers, and behind each size every candidate that was trained for it.

A study's curve shows winners. Whoever doubts one finds here what it won against: all capacities,
learning rates and seeds, with how each training ended.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard import state, tables, words
from dashboard.fold import fold
from engine.curve import Curve
from engine.laws.repeats import summarize
from engine.numbers import number
from engine.study.store import CandidateRow, Store, StoreError
from engine.study.subject import shard_name

STAGE = re.compile(r", (fit|search|widen|repeat) at")  # in a group's name
Winner = tuple[int, float]  # capacity and learning rate


def behind(
    curves: Sequence[Curve], about: state.Searched, store: Path, study: int | None, revision: int
) -> None:
    """The table of sizes, and the candidates of the one that the reader picks; folded away."""
    room = fold("The points in numbers, and every candidate behind them", "points")
    if room is None:
        return
    with room:
        names = {words.marked(curve.name): curve for curve in curves}
        with st.container(horizontal=True):
            said = st.selectbox("Curve", list(names), key="behind-curve", width=360)
            curve = names[said]
            if searched := study is not None and curve.name in about.about:
                sizes = sorted(set(curve.sizes.tolist()))
                size = st.selectbox(
                    "Candidates at", sizes, format_func=number, key="behind-size", width=180
                )
        tables.show(_sizes(curve), "points")
        if not searched:
            st.caption("Candidates are known of studies in this store alone.")
            return
        subject, _ = about.about[curve.name]
        candidates, winners = _known(store, study, revision)
        rows = [row for row in candidates if row.shard == shard_name(subject, round(size))]
        if not rows:
            st.caption("No candidate of this size has ended yet.")
            return
        st.dataframe(
            _table(rows, winners.get((curve.name, size)), _counted(curve)),
            hide_index=True,
            height="content",
        )
        st.caption(
            "Chosen by the median over seeds of the validation loss; the errors in the chart are"
            " those on the test split. “Fit” looks for the smallest model that overfits the shard,"
            " “search” tries its neighbours, “widen” goes on beyond a winner at the edge,"
            " “repeat” gives the winner one more seed."
        )


def _sizes(curve: Curve) -> pd.DataFrame:
    rows = []
    for row in summarize(curve):
        here = [point for point in curve.points if point.size == row.size]
        parameters = {point.parameters for point in here if point.parameters}
        seconds = sum(point.seconds or 0.0 for point in here)
        rows.append(
            {
                f"Size, {curve.unit or 'samples'}": number(row.size),
                "Median": number(row.median, 4),
                "90 %": f"{number(row.low, 4)} to {number(row.high, 4)}",
                "Repeats": str(row.n),
                "Each": ", ".join(number(point.error, 4) for point in here),
                _counted(curve): " / ".join(f"{count:,}" for count in sorted(parameters)),
                "Seconds of training": number(seconds) if seconds else "",
            }
        )
    return pd.DataFrame(rows).set_index(f"Size, {curve.unit or 'samples'}")


def _counted(curve: Curve) -> str:
    """The heading of what its models' sizes count."""
    return curve.capacity[:1].upper() + curve.capacity[1:]


def _table(rows: Sequence[CandidateRow], winner: Winner | None, counted: str) -> pd.DataFrame:
    """A row for each training, the best on validation first, the chosen ones marked."""
    made = []
    for row in rows:
        record = row.record
        stage = STAGE.search(row.work)
        made.append(
            {
                "Chosen": (row.capacity, row.learning_rate) == winner,
                counted: record["parameters"],
                "Learning rate": row.learning_rate,
                "Seed": row.seed,
                "Stage": stage[1] if stage else "",
                "Ended": record["status"],
                "Why": record["reason"],
                "Steps": record["steps"],
                "Best step": record["best_step"],
                "Validation loss": record["validation_loss"],
                "Training loss": record["train_loss"],
                **{f"Test {name}": value for name, value in record["test"].items()},
                "Seconds": record["seconds"],
            }
        )
    table = pd.DataFrame(made).sort_values("Validation loss", na_position="last")
    return table.drop(columns=[name for name in ("Why",) if not table[name].any()])


def _known(
    store: Path, study: int, revision: int
) -> tuple[tuple[CandidateRow, ...], dict[tuple[str, float], Winner]]:
    """All candidates of a study, and the winner of each curve and size."""
    try:
        return _read(store, store.stat().st_ino, study, revision)
    except (StoreError, OSError):
        return (), {}


@lru_cache(maxsize=8)
def _read(
    store: Path, inode: int, study: int, revision: int
) -> tuple[tuple[CandidateRow, ...], dict[tuple[str, float], Winner]]:
    with Store.open(store, "read") as opened:
        winners = {
            (point.curve, point.size): (record["capacity"], record["learning_rate"])
            for point, record in opened.point_records(study)
            if "capacity" in record
        }
        return tuple(opened.candidates(study)), winners
