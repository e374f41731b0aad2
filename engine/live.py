"""Points from any training code, shown while it runs: `log_point`.

Each goes straight into a store, in a transaction of its own, so that an open Explore draws it
within a second or two and no other process has to run.
"""

import warnings
from pathlib import Path

from engine import VERSION
from engine.curve import Point, PointsError, read_points, write_points
from engine.study.location import default_store
from engine.study.store import Store


def log_point(
    curve: str,
    size: float,
    error: float,
    *,
    unit: str = "",
    metric: str = "",
    model: str = "",
    seed: int | None = None,
    parameters: int | None = None,
    seconds: float | None = None,
    store: Path | str | None = None,
) -> bool:
    """Add one point to a curve in a store; several of one size are its repeats.

    Said twice it is there once. A training that diverged gives no point, and must not end the
    script that holds it: an error that is not a positive finite number is warned of and left out.

    Args:
        curve: its name; a curve of that name is made where there is none.
        size: of the training set, in `unit`.
        error: measured on the test set, in the metric's own unit.
        unit: what a size counts: "images".
        metric: what the error is: "top-1 error".
        model: its family.
        seed: of the shard and the initial weights.
        parameters: trained numbers in the model.
        seconds: that the training took.
        store: the study file; None: the one that `steepness app` opens.

    Returns:
        Whether the point is in the store.

    Raises:
        PointsError: another value breaks a rule of the points CSV.
        StoreError: the store cannot be written, a study measured a curve of that name, or it holds
            another error for this size and seed.
    """
    point = Point(
        curve=curve,
        size=size,
        error=error,
        unit=unit,
        metric=metric,
        model=model,
        seed=seed,
        parameters=parameters,
        seconds=seconds,
    )
    try:
        (checked,) = read_points(write_points([point]))  # the rules are those of the file
    except PointsError as refused:
        rule = str(refused).removeprefix("line 2: ")
        if not rule.startswith("error "):
            raise PointsError(f"log_point: {rule}") from None
        warnings.warn(f"log_point left out {curve} at {size}: {rule}", stacklevel=2)
        return False
    with Store.open(default_store() if store is None else store) as opened:
        opened.add_points([checked], VERSION)
    return True
