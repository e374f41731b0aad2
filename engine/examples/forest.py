"""Random forests of scikit-learn on its handwritten digits, sized by their leaves."""

from pathlib import Path
from typing import Any

from sklearn.datasets import load_digits
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier

from engine import Domain, Metric, estimator_task, split_rows
from engine.tasks.estimators import EstimatorTask

TREES = 30

DOMAIN = Domain(
    name="digits",
    title="Handwritten digits",
    unit="digits",
    models=("forest",),
    metrics=(Metric("top-1", "top-1 error", "share"),),
    ladder=(125, 250, 500, 1_000, 2_000, 4_000, 8_000),
    capacity="leaves",
    rates=(1.0, 1.0),  # a forest has no learning rate: one candidate for each number of leaves
)


def forest(capacity: int, rate: float, seed: int) -> RandomForestClassifier:
    return RandomForestClassifier(TREES, max_leaf_nodes=capacity // TREES, random_state=seed)


def leaves(model: RandomForestClassifier) -> int:
    return sum(tree.get_n_leaves() for tree in model.estimators_)


def top_1(model: Any, inputs: Any, target: Any) -> float:
    return 1 - float(model.score(inputs, target))


def load_task(source: str, path: Path | None, cache: Path | None, device: str) -> EstimatorTask:
    return estimator_task(
        split_rows(*load_digits(return_X_y=True)),
        models={"forest": forest},
        loss=top_1,
        metrics={"top-1": top_1},
        parameters=leaves,
        guess=DummyClassifier(),
    )
