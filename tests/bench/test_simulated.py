"""Simulated tasks are falling curves of few sizes, the same for the same seed."""

import numpy as np

from engine.bench.simulated import simulated_tasks


def test_the_same_seed_gives_the_same_tasks() -> None:
    first, again = (simulated_tasks(6, np.random.default_rng(4)) for _ in range(2))
    assert first[5].curve == again[5].curve
    assert first[5].errors.tolist() == again[5].errors.tolist()


def test_they_fall_from_few_sizes_in_steps_of_two_and_ask_up_to_four_times() -> None:
    for task in simulated_tasks(30, np.random.default_rng(4)):
        size = task.curve.sizes
        assert 6 <= size.size <= 12
        assert np.all(size[1:] / size[:-1] == 2)
        assert task.sizes.max() / size[-1] == 4
        assert np.log(task.errors.mean() / task.curve.errors[0]) < 0.1
