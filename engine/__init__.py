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
    from engine.laws.compare import compare as compare
    from engine.laws.fit import fit as fit
    from engine.laws.forecast import forecast as forecast
    from engine.laws.growth import fit_growth as fit_growth
    from engine.laws.propose import propose_window as propose_window
    from engine.laws.window import Window as Window
    from engine.laws.zones import zones as zones
    from engine.live import log_point as log_point
    from engine.models.capacity import nearest_width as nearest_width
    from engine.models.capacity import sized as sized
    from engine.study.location import default_store as default_store
    from engine.study.store import Store as Store
    from engine.tasks.arrays import array_task as array_task
    from engine.tasks.estimators import estimator_task as estimator_task

VERSION = "0.1.0"

PUBLIC = {
    "Curve": "engine.curve",
    "Domain": "engine.domains",
    "Metric": "engine.domains",
    "Point": "engine.curve",
    "Store": "engine.study.store",
    "Window": "engine.laws.window",
    "array_task": "engine.tasks.arrays",
    "compare": "engine.laws.compare",
    "default_store": "engine.study.location",
    "estimator_task": "engine.tasks.estimators",
    "fit": "engine.laws.fit",
    "fit_growth": "engine.laws.growth",
    "forecast": "engine.laws.forecast",
    "gather": "engine.curve",
    "log_point": "engine.live",
    "nearest_width": "engine.models.capacity",
    "own_splits": "data.arrays",
    "propose_window": "engine.laws.propose",
    "read_points": "engine.curve",
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
