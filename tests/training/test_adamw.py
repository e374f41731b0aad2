import subprocess
import sys

import torch
from torch import nn

from engine.training.adamw import AdamW

STEPS = """
import sys, torch
from torch import nn
from engine.training.adamw import AdamW
model = nn.Linear(3, 2)
optimizer = AdamW(list(model.parameters()), 0.01, 0.0)
model(torch.ones(4, 3)).sum().backward()
optimizer.step()
print("torch._dynamo" in sys.modules)
"""


def test_steps_are_those_of_the_optimiser_of_torch():
    ends = []
    for ours in True, False:
        torch.manual_seed(0)
        model = nn.Linear(3, 2)
        given = list(model.parameters())
        kinds = AdamW(given, 0.01, 0.1), torch.optim.AdamW(given, lr=0.01, weight_decay=0.1)
        optimizer = kinds[0] if ours else kinds[1]
        for _ in range(20):
            model.zero_grad()
            model(torch.randn(4, 3)).square().sum().backward()
            optimizer.step()
        ends.append(torch.cat([each.detach().flatten() for each in given]))
    torch.testing.assert_close(*ends, atol=1e-6, rtol=0)


def test_a_parameter_without_a_gradient_stays_as_it_is():
    model = nn.Sequential(nn.Linear(3, 2).requires_grad_(False), nn.Linear(2, 1))
    before = [each.detach().clone() for each in model.parameters()]
    optimizer = AdamW(list(model.parameters()), 0.01, 0.1)
    model(torch.ones(4, 3)).sum().backward()
    optimizer.step()
    moved = [bool((a != b).any()) for a, b in zip(before, model.parameters(), strict=True)]
    assert moved == [False, False, True, True]


def test_a_step_does_without_the_compiler_of_torch():
    found = subprocess.run(
        [sys.executable, "-c", STEPS], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"
