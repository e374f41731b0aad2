"""The probe: how fast this machine trains a model, measured for half a second before planning."""

import time
from dataclasses import dataclass

import torch

from engine.training.task import ImageTask

PROBE_SECONDS = 0.25  # for each of training and evaluation: +-10 % here, and nobody waits for it


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured of one model on this machine, one process alone."""

    train: float  # training images a second
    evaluate: float  # images a second in evaluation


def measure(task: ImageTask, model: str, capacity: int, batch: int) -> Speed:
    """Images a second that one thread (or the GPU) trains and evaluates of one model."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the workers will run
    try:
        return _measure(task, model, capacity, batch)
    finally:
        torch.set_num_threads(threads)


def _measure(task: ImageTask, model: str, capacity: int, batch: int) -> Speed:
    network = task.build(model, capacity, seed=0)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, weight_decay=0.0, fused=True)
    device = task.train.labels.device
    n = len(task.train.labels)
    batch = min(batch, n)

    def train() -> None:
        picked = torch.randint(n, (batch,), device=device)
        loss = task.loss(network, picked)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        loss.item()  # waits for the device

    for _ in range(3):  # first calls pick kernels and allocate
        train()
    steps, began = 0, time.perf_counter()
    while time.perf_counter() - began < PROBE_SECONDS:
        train()
        steps += 1
    trained = steps * batch / (time.perf_counter() - began)
    passes, began = 0, time.perf_counter()
    while passes == 0 or time.perf_counter() - began < PROBE_SECONDS:
        task.cross_entropy(network, task.validation).item()
        passes += 1
    evaluated = passes * len(task.validation.labels) / (time.perf_counter() - began)
    return Speed(train=trained, evaluate=evaluated)
