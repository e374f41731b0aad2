"""What no source of ours does: unpickle, evaluate, speak to a shell, unpack, run a hub's code.

The syntax trees are read, so neither a comment nor a string is taken for a call.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path for folder in ("data", "engine", "dashboard") for path in (ROOT / folder).rglob("*.py")
)
MODULES = {
    "pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "jsonpickle", "marshal",
    "shelve", "code", "codeop", "pty", "ftplib", "smtplib", "xmlrpc",
}  # fmt: skip
CALLS = {
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "torch.load", "torch.save",
    "torch.hub.load", "pd.read_pickle", "pd.eval", "shutil.unpack_archive", "subprocess.getoutput",
    "subprocess.getstatusoutput",
}  # fmt: skip
METHODS = {"extractall", "extract", "to_pickle", "read_pickle", "allow_pickle"}
# From a driver to its own workers on other machines, as multiprocessing does on this one: no file.
TRAVELS = {"engine/study/ray_tasks.py": ["imports pickle", "calls torch.save", "calls torch.load"]}
HTML = {"dashboard/page.py": 1, "dashboard/tables.py": 1}  # style sheets, which hold no user's text


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield dotted(node.func), node


def dotted(node: ast.expr) -> str:
    """`np.load` as it is written; what is no name is "?"."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def faults(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            if any(alias.name.split(".")[0] == "yaml" and alias.asname for alias in node.names):
                found.append("gives yaml another name")
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
            if (node.module or "").split(".")[0] == "yaml":
                found.append("takes names out of yaml, where each call could be told")
        elif (
            isinstance(node, ast.Attribute)
            and dotted(node.value) == "yaml"
            and node.attr != "safe_load"  # the others can make objects
        ):
            found.append(f"takes yaml.{node.attr}")
        found += [f"imports {name}" for name in names if name.split(".")[0] in MODULES]
    for name, call in calls(tree):
        said = {word.arg: word.value for word in call.keywords if word.arg}
        last = name.rpartition(".")[2]
        if name in CALLS or (last in METHODS and "." in name and not name.startswith("re.")):
            found.append(f"calls {name}")
        if name in ("np.load", "numpy.load") and not _is(said.get("allow_pickle"), False):
            found.append("calls np.load without allow_pickle=False")
        if "trust_remote_code" in said:
            found.append("trusts a hub's code")
        if "shell" in said and not _is(said["shell"], False):
            found.append(f"{name} speaks to a shell")
        if name.startswith("subprocess.") and call.args and not _is_list(call.args[0]):
            found.append(f"{name} is given a string")
        if _is(said.get("unsafe_allow_html"), True) or "unsafe_allow_javascript" in said:
            found.append(f"{name} lets HTML through")
    return found


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _is_list(node: ast.expr) -> bool:
    """Whether an argument may be a list: a string, plain or formatted, is not."""
    return not (
        isinstance(node, ast.JoinedStr)
        or (isinstance(node, ast.Constant) and isinstance(node.value, str))
    )


def test_no_source_does_what_runs_other_peoples_data() -> None:
    assert len(SOURCES) > 100
    found = {path.relative_to(ROOT).as_posix(): faults(path) for path in SOURCES}
    assert {path: said for path, said in found.items() if said} == TRAVELS


def test_html_is_written_by_the_style_sheets_alone() -> None:
    found = {}
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        count = sum(name in ("st.html", "st.iframe", "components.html") for name, _ in calls(tree))
        if count:
            found[path.relative_to(ROOT).as_posix()] = count
    assert found == HTML


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from joblib import load",
        "from yaml import load",
        "from yaml.loader import Loader",
        "import yaml as y",
        "load = yaml.unsafe_load",
        "yaml.load(x, yaml.Loader)",
        "eval('1')",
        "torch.load('x')",
        "np.load('x')",
        "np.load('x', allow_pickle=True)",
        "subprocess.run('ls', shell=True)",
        "subprocess.run(f'ls {x}')",
        "archive.extractall('x')",
        "st.markdown('x', unsafe_allow_html=True)",
        "datasets.load_dataset('x', trust_remote_code=True)",
    ],
)
def test_the_reader_of_sources_sees_each_of_these(line: str, tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text(line)
    assert faults(tmp_path / "x.py")
