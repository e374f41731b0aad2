"""A user's own domain is found by its path or as an installed module, or refused in words."""

import ast
import sys

import pytest

from engine.domain_files import (
    ASKED,
    CALLERS,
    GROUP,
    DomainError,
    blamed,
    find,
    installed_names,
    opened,
    own_code,
)
from engine.domains import DOMAINS
from tests.own import write


def test_a_file_gives_its_row_with_where_it_lies(tmp_path):
    path = write(tmp_path)
    row = find(str(path))
    assert (row.name, row.task, row.data) == ("lines", str(path), "")
    assert len(row.sha256) == 64


def test_a_name_of_ours_is_ours():
    assert find("images") is DOMAINS["images"]


def test_a_file_finds_what_lies_beside_it_and_hides_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)  # of the library; to be looked for
    (tmp_path / "noise_of_lines.py").write_text("SPREAD = 0.5\n")
    (tmp_path / "colorsys.py").write_text("raise RuntimeError('this is not the library')\n")
    path = write(tmp_path, "import numpy as np", "import colorsys, numpy as np, noise_of_lines")
    assert find(str(path)).name == "lines"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package with a domain, as pip leaves it."""

    def install(point: str) -> None:
        (tmp_path / "of_lines").mkdir()
        (tmp_path / "of_lines" / "__init__.py").touch()
        write(tmp_path / "of_lines", name="domain.py")
        about = tmp_path / "of_lines-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: of-lines\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[{GROUP}]\n{point} = of_lines.domain\n")
        monkeypatch.syspath_prepend(tmp_path)
        for name in ("of_lines", "of_lines.domain"):
            sys.modules.pop(name, None)

    return install


def test_one_metric_that_is_no_tuple_is_refused_in_words(tmp_path):
    with pytest.raises(DomainError, match=r"metrics is Metric\(.*a tuple is wanted"):
        find(str(write(tmp_path, "metrics=(", "metrics=Metric('a', 'b', 'c') or (")))


def test_what_is_no_python_file_is_refused_in_words(tmp_path):
    (tmp_path / "lines.ipynb").write_text("{}")
    with pytest.raises(DomainError, match="is no Python file"):
        find(str(tmp_path / "lines.ipynb"))


def test_an_installed_domain_is_found_by_its_name(installed):
    installed("lines")
    assert "lines" in installed_names()
    assert find("lines").task == "of_lines.domain"


def test_an_installed_domain_under_another_name_is_refused(installed):
    installed("curves")
    with pytest.raises(DomainError, match="'curves' calls itself 'lines'"):
        find("curves")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("DOMAIN =", "MINE =", "holds no domain: it must set DOMAIN"),
        ("def load_task", "def load", "must define load_task"),
        ('name="lines"', 'name="my lines"', "'my lines' among its name is not one word"),
        ('name="lines"', 'name="images"', "is that of a domain of ours"),
        ('models=("mlp",)', "models=()", "models is ()"),
        ('models=("mlp",)', 'models="mlp"', "models is 'mlp': a tuple"),
        ("ladder=(20, 40, 80)", "ladder=(80, 40)", "its ladder (80, 40) must"),
        ("ladder=(20, 40, 80)", "ladder=(2e1, 4e1)", "its ladder (20.0, 40.0) must"),
        ("rates=(0.02, 0.1)", "rates=0.1", "its rates 0.1 must be tuples"),
        ("rates=(", 'capacity="leaves, all", rates=(', "its capacity is 'leaves, all'"),
        ("ladder=(20, 40, 80)", "ladder=20", "its ladder 20 and its rates (0.02, 0.1) must be"),
        ('"kWh"', '""', "the metric mae needs a title and a unit"),
        ("rates=(0.02, 0.1)", "rates=(0.1, 0.01)", "its rates (0.1, 0.01) must"),
        ("batch=32", "batch=0", "the batch of its schedule is 0: a number from 1 on is"),
        ("batch=32", "batch=2.5", "the batch of its schedule is 2.5: a whole number"),
        ("batch=32", "watched=0", "the watched of its schedule is 0: a number from 1 on is"),
        ("batch=32", "patience=float('nan')", "the patience of its schedule is nan: a number"),
        ("schedule=Schedule(", "schedule=dict(", "'max_steps': 40}: Schedule(...) is wanted"),
        ("rates=(", "pace=Pace(0, 1, 1), rates=(", "must be steps and a size above 0"),
        ("rates=(", "quick=Quick(ladder=(4, 2)), rates=(", "its ladder (4, 2) must"),
        ("rates=(", "quick=Quick(smallest=0), rates=(", "its smallest size is 0 of the data"),
        ("rates=(", "quick=3, rates=(", "its quick is 3: Quick(...) is wanted"),
        ("rates=(", "doublings=-1, rates=(", "goes on by -1 doublings: 0 is the least"),
        ("def loss(", "def los s(", "cannot be imported: SyntaxError: "),
        ("import numpy as np", "import no_such_module", "No module named 'no_such_module'"),
        ("import numpy as np", "import sys; sys.exit(3)", "cannot be imported: SystemExit: 3"),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused_in_words(tmp_path, old, new, said):
    with pytest.raises(DomainError) as refused:
        find(str(write(tmp_path, old, new)))
    assert said in str(refused.value)


def test_lists_are_as_good_as_tuples(tmp_path):
    lists = "models=['mlp'], ladder=[20, 40], rates=[0.02, 0.1], metrics=[M"
    whole = write(tmp_path).read_text()
    start, end = whole.index("models="), whole.index("metrics=(M") + len("metrics=(M")
    (tmp_path / "listed.py").write_text(
        (whole[:start] + lists + whole[end:]).replace('kWh2")))', 'kWh2")])')
    )
    row = find(str(tmp_path / "listed.py"))
    assert (row.models, row.ladder, row.rates) == (("mlp",), (20, 40), (0.02, 0.1))
    assert hash(row)  # as all of a plan must have


def test_what_raises_while_a_file_is_imported_is_said_with_its_line(tmp_path):
    path = write(tmp_path, "import numpy as np", "import numpy as np; np.zeros(3)[5]")
    with pytest.raises(DomainError, match=r"IndexError: .*\(lines.py, line 2, in <module>: import"):
        find(str(path))


@pytest.mark.parametrize("said", ["music", "./music.py", "nowhere/music"])
def test_what_is_not_there_is_said_with_the_way_out(said):
    with pytest.raises(DomainError, match=r"give.* the path of a Python file"):
        find(said)


def test_a_file_that_was_changed_while_its_study_ran_is_refused(tmp_path):
    path = write(tmp_path)
    row = find(str(path))
    path.write_text(path.read_text() + "\n# changed\n")
    with pytest.raises(DomainError, match="was changed while its study ran"):
        opened(row.task, row.sha256)


def test_an_error_of_ours_is_not_laid_to_a_user():
    with pytest.raises(ZeroDivisionError), own_code():
        _ = 1 / 0


def test_every_rule_for_a_users_own_is_that_of_a_function_there_is():
    functions = {
        f"{path.stem}.{node.name}"
        for path in CALLERS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }
    assert set(ASKED) <= functions


def test_only_the_last_lines_that_lie_in_the_users_file_are_told(tmp_path):
    path = write(
        tmp_path, "def loss(", "def deep(n):\n    return deep(n - 1) if n else 1 / 0\n\ndef loss("
    )
    module = opened(find(str(path)).task)
    with pytest.raises(ZeroDivisionError) as raised:
        module.deep(10)
    said = blamed(raised.value)
    assert said.startswith("ZeroDivisionError: division by zero (lines.py, line ")
    assert said.count("in deep: return deep") == 3
