"""A domain of a user's own as a file, whole or with one thing wrong, for every test of such."""

from pathlib import Path

# Noisy enough to be overfitted, and of few steps, so that training ends soon.
TEXT = '''"""A line with noise, to be told from four numbers."""
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from data.arrays import split_rows
from engine import Domain, Metric, Pace, Quick, Schedule
from engine.models.capacity import sized
from engine.tasks.arrays import array_task

DOMAIN = Domain(name="lines", title="Lines", unit="rows", models=("mlp",), ladder=(20, 40, 80),
                rates=(0.02, 0.1), schedule=Schedule(batch=32, floor_steps=20, max_steps=40),
                metrics=(Metric("mae", "mean absolute error", "kWh"),
                         Metric("mse", "mean squared error", "kWh2")))

def mlp(width):
    return nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 1))

def loss(output, target):
    return F.mse_loss(output, target)

def mae(output, target):
    return F.l1_loss(output, target)

def load_task(source, path, cache, device):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(400, 4))
    target = inputs @ [[1.0], [2.0], [0.5], [-1.0]] + 3 + rng.normal(size=(400, 1)) * 2
    return array_task(split_rows(inputs, target), device, models={"mlp": sized(mlp)}, loss=loss,
                      metrics={"mae": mae, "mse": F.mse_loss})
'''


def write(folder: Path, old: str = "", new: str = "", name: str = "lines.py") -> Path:
    """The file in a folder, with `new` in place of `old`."""
    assert old in TEXT
    path = folder / name
    path.write_text(TEXT.replace(old, new, 1) if old else TEXT)
    return path


# What a domain file begins with whose models are tables of means; it adds its DOMAIN and load_task.
MEANS = '''"""A wave with noise, told from means of it in columns of equal width."""
import numpy as np
from engine import Domain, Metric, estimator_task, split_rows

class Means:
    def __init__(self, columns, rate, seed):
        self.columns = columns

    def of(self, inputs):
        return np.minimum((inputs[:, 0] * self.columns).astype(int), self.columns - 1)

    def fit(self, inputs, target):
        which = self.of(inputs)
        held = [target[which == k] for k in range(self.columns)]
        self.means = np.array([each.mean() if len(each) else target.mean() for each in held])
        return self

def mae(model, inputs, target):
    return float(np.abs(model.means[model.of(inputs)] - target).mean())

def means_task(rows, model):
    rng = np.random.default_rng(0)
    inputs = rng.uniform(size=(rows, 1))
    target = np.sin(6 * inputs[:, 0]) + rng.normal(size=rows)
    return estimator_task(split_rows(inputs, target), models={"table": model}, loss=mae,
                          metrics={"mae": mae})
'''
