"""Each rule that a user's domain can break is said before anything is trained."""

import pytest

from data.errors import DataError
from engine import cli
from engine.domain_files import DomainError, find, opened, own_code
from engine.study.trial import trial
from tests.drivers import measure_at_once
from tests.own import TEXT, write

TASK = TEXT[TEXT.index("    return array_task(") :]


def tried(path):
    row = find(str(path))
    with own_code():
        trial(opened(row.task).load_task("own", None, None, "cpu"), row, row.models[0])


def test_a_domain_that_breaks_no_rule_passes(tmp_path):
    tried(write(tmp_path))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "F.mse_loss(output, target)\n",
            "(output - target) ** 2\n",
            "the loss of lines has the shape",
        ),
        (
            "F.mse_loss(output, target)\n",
            "(-output.square()).log().mean()\n",
            "the loss of lines mlp is nan on 32",
        ),
        (
            "F.mse_loss(output, target)\n",
            "F.mse_loss(output, target) - 1e6\n",
            "on validation rows: a loss is 0 or more",
        ),
        (
            "F.mse_loss(output, target)\n",
            "F.mse_loss(output.detach(), target)\n",
            "does not depend on the parameters of mlp",
        ),
        ("F.mse_loss(output, target)\n", "output.sum().item()\n", "and no tensor: compute it from"),
        ("rates=(", 'capacity="layers", rates=(', "in layers, but mlp is a network"),
        (
            '"mse": F.mse_loss}',
            '"squares": F.mse_loss}',
            "names the metric mse, but its task measures mae, squares",
        ),
        ("F.l1_loss(output, target)\n", "-F.l1_loss(output, target)\n", "an error is 0 or more"),
        (
            '{"mlp": sized(mlp)}',
            '{"net": sized(mlp)}',
            "names the model mlp, but its task has net: name them alike",
        ),
        (
            "sized(mlp)}",
            "lambda capacity: mlp(3)}",
            "has 19 parameters at a capacity of 20 and of 80",
        ),
        ("sized(mlp)}", "lambda capacity: nn.Flatten()}", "has no trained parameters"),
        (
            "nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 1)",
            "nn.Linear(4, 1)",
            "its layers must grow with the width",
        ),
        (
            "target)\n\ndef mae",
            "target[:, 0])\n\ndef mae",
            "the loss of lines: Using a target size",
        ),
        ("    return nn.Seq", "    torch.seed()\n    return nn.Seq", "built from one seed differ"),
    ],
)
def test_a_rule_that_is_broken_is_said_in_words(tmp_path, old, new, said):
    with pytest.raises((DomainError, DataError)) as refused:
        tried(write(tmp_path, old, new))
    assert said in str(refused.value)


def test_a_capacity_taken_for_a_width_is_told_of_sized_before_it_fills_the_memory(tmp_path):
    path = write(tmp_path, "sized(mlp)}", "mlp}")
    with pytest.raises(
        DomainError, match=r"mlp of lines has 241 .* about 40 are.* sized\(\.\.\.\)"
    ):
        tried(path)


def test_a_model_that_is_larger_than_asked_for_at_its_least_is_no_mistake(tmp_path):
    tried(write(tmp_path, "ladder=(20, 40, 80)", "ladder=(1, 2, 4, 80)"))


def test_a_model_that_no_memory_holds_is_said_in_words(tmp_path):
    path = write(tmp_path, "sized(mlp)}", "lambda n: nn.Linear(50_000 * n, 50_000 * n)}")
    with pytest.raises(DomainError, match=r"no memory for the model mlp .* 20 param.* sized\("):
        tried(path)


def test_what_the_users_loss_raises_is_said_with_its_line(tmp_path):
    path = write(tmp_path, "F.mse_loss(output, target)\n", "output.no_such()\n")
    with pytest.raises(DomainError) as refused:
        tried(path)
    assert str(refused.value) == (
        "AttributeError: 'Tensor' object has no attribute 'no_such'"
        " (lines.py, line 20, in loss: return output.no_such())"
    )


@pytest.fixture
def estimate(capsys, monkeypatch, tmp_path):
    """The last line of what an estimate of a file says."""
    measure_at_once(monkeypatch)

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
