"""What a user's load_task gives is held to its DOMAIN, in words."""

import pytest

from engine import cli
from engine.training import probe
from tests.own import TEXT, write

TASK = TEXT[TEXT.index("    return array_task(") :]


@pytest.fixture
def estimate(capsys, monkeypatch, tmp_path):
    """The last line of what an estimate of a file says."""
    monkeypatch.setattr(probe, "PROBE_SECONDS", 0.01)

    def said(old, new):
        cli.main(["run", str(write(tmp_path, old, new)), "--estimate"])
        heard = capsys.readouterr()
        return (heard.out + heard.err).splitlines()[-1]

    return said


def test_a_load_task_that_returns_nothing_is_told_what_to_return(estimate):
    said = estimate(TASK, TASK.replace("return ", "task = "))
    assert "load_task of lines gives nothing: it must return a task, such as array_task" in said


def test_a_task_of_ones_own_is_told_what_it_lacks(estimate):
    said = estimate(TASK, "    return np.zeros(3)\n")
    assert "gives an object of ndarray, which has no full, data_hash" in said


def test_a_model_that_only_the_domain_names_is_found_before_anything_is_trained(estimate):
    said = estimate('models=("mlp",)', 'models=("mlp", "linaer")')
    assert "names the model linaer, but its task has mlp: name them alike" in said


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("return F.l1_loss(output, target)", "return output - target", "a metric is a function"),
        ("def mlp(width)", "def mlp()", "a model is a function from a number of parameters"),
        ("nn.Linear(4, width)", "nn.Linear(5, width)", "a model takes inputs as array_task was"),
        ("def loss(output, target)", "def loss(target)", "the loss is a function"),
    ],
)
def test_what_torch_raises_of_ones_own_is_said_with_the_rule(estimate, old, new, rule):
    assert rule in estimate(old, new)
