"""The engine: curves, laws, models, training and studies. Importing it imports no torch.

What a notebook or a user's own domain takes from it is named here and fetched when it is first
asked for. It goes by `engine`, as the folder does: a second name would be a second folder.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from data.arrays import own_splits as own_splits
    from data.arrays import split_rows as split_rows
    from engine.curve import Curve as Curve
    from engine.curve import Point as Point
    from engine.curve import gather as gather
    from engine.curve import read_points as read_points
    from engine.curve import write_points as write_points
    from engine.domains import Domain as Domain
    from engine.domains import Metric as Metric
    from engine.domains import Quick as Quick
    from engine.laws.compare import Difference as Difference
    from engine.laws.compare import compare as compare
    from engine.laws.compare import compare_floors as compare_floors
    from engine.laws.fit import Fit as Fit
    from engine.laws.fit import Note as Note
    from engine.laws.fit import fit as fit
    from engine.laws.forecast import Forecast as Forecast
    from engine.laws.forecast import Needed as Needed
    from engine.laws.forecast import Predicted as Predicted
    from engine.laws.forecast import forecast as forecast
    from engine.laws.growth import Growth as Growth
    from engine.laws.growth import fit_growth as fit_growth
    from engine.laws.interval import Interval as Interval
    from engine.laws.propose import propose_window as propose_window
    from engine.laws.window import Window as Window
    from engine.laws.zones import Zones as Zones
    from engine.laws.zones import zones as zones
    from engine.live import log_point as log_point
    from engine.models.capacity import nearest_width as nearest_width
    from engine.models.capacity import sized as sized
    from engine.recorded import recorded_curves as recorded_curves
    from engine.study.location import default_store as default_store
    from engine.study.measure import Measured as Measured
    from engine.study.measure import Study as Study
    from engine.study.measure import estimate as estimate
    from engine.study.measure import measure as measure
    from engine.study.store import Store as Store
    from engine.tasks.arrays import array_task as array_task
    from engine.tasks.estimators import estimator_task as estimator_task
    from engine.training.spec import Pace as Pace
    from engine.training.spec import Schedule as Schedule

VERSION = "1.0.0"

PUBLIC = {
    "Curve": "engine.curve",
    "Difference": "engine.laws.compare",
    "Domain": "engine.domains",
    "Fit": "engine.laws.fit",
    "Forecast": "engine.laws.forecast",
    "Growth": "engine.laws.growth",
    "Interval": "engine.laws.interval",
    "Measured": "engine.study.measure",
    "Metric": "engine.domains",
    "Needed": "engine.laws.forecast",
    "Note": "engine.laws.fit",
    "Pace": "engine.training.spec",
    "Point": "engine.curve",
    "Predicted": "engine.laws.forecast",
    "Quick": "engine.domains",
    "Schedule": "engine.training.spec",
    "Store": "engine.study.store",
    "Study": "engine.study.measure",
    "Window": "engine.laws.window",
    "Zones": "engine.laws.zones",
    "array_task": "engine.tasks.arrays",
    "compare": "engine.laws.compare",
    "compare_floors": "engine.laws.compare",
    "default_store": "engine.study.location",
    "estimate": "engine.study.measure",
    "estimator_task": "engine.tasks.estimators",
    "fit": "engine.laws.fit",
    "fit_growth": "engine.laws.growth",
    "forecast": "engine.laws.forecast",
    "gather": "engine.curve",
    "log_point": "engine.live",
    "measure": "engine.study.measure",
    "nearest_width": "engine.models.capacity",
    "own_splits": "data.arrays",
    "propose_window": "engine.laws.propose",
    "read_points": "engine.curve",
    "recorded_curves": "engine.recorded",
    "sized": "engine.models.capacity",
    "split_rows": "data.arrays",
    "write_points": "engine.curve",
    "zones": "engine.laws.zones",
}


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    return getattr(import_module(PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *PUBLIC])
