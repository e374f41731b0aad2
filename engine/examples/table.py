"""Regression of a table: a CSV file of numbers with a header, its last column the target."""

from pathlib import Path

import numpy as np
from torch import Tensor, nn
from torch.nn import functional as F

from engine import Domain, Metric, array_task, sized, split_rows
from engine.tasks.arrays import ArrayTask

DOMAIN = Domain(
    name="table",
    title="Regression of a table",
    unit="rows",
    models=("mlp",),
    metrics=(Metric("rmse", "root mean squared error", "units of the target"),),
)


def rmse(output: Tensor, target: Tensor) -> Tensor:
    return F.mse_loss(output, target).sqrt()


def load_task(source: str, path: Path | None, cache: Path | None, device: str) -> ArrayTask:
    table = np.loadtxt(path or Path(__file__).with_name("friedman.csv"), delimiter=",", skiprows=1)
    inputs = (table[:, :-1] - table[:, :-1].mean(axis=0)) / table[:, :-1].std(axis=0)

    def mlp(width: int) -> nn.Module:
        first, last = nn.Linear(inputs.shape[1], width), nn.Linear(width, 1)
        return nn.Sequential(first, nn.ReLU(), nn.Linear(width, width), nn.ReLU(), last)

    data = split_rows(inputs, table[:, -1:])
    models, metrics = {"mlp": sized(mlp)}, {"rmse": rmse}
    return array_task(data, device, models=models, loss=F.mse_loss, metrics=metrics)
