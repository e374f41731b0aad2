"""`steepness import`: a points CSV, or the runs that another project recorded, into the store."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from engine import VERSION
from engine.adopt.kinds import KINDS, read_runs
from engine.adopt.runs import AdoptError, Runs
from engine.columns import visible

if TYPE_CHECKING:
    from engine.adopt.answer import Answer, Question

DESCRIPTION = (
    "Take in a points CSV, or runs of MLflow, TensorBoard, Optuna or Weights & Biases, or any other"
    " table. Whose they are is told from what is there. Without --size and --error the names that"
    " the runs have are shown, and nothing is taken in."
)

GUESSED = ("size", "error", "accuracy", "percent", "curve", "seed")  # where they are not said
PASSED_ON = (
    "experiment", "names", "best", "repeats", "lowest", "highest", "model", "parameters", "seconds",
    "unit", "metric",
)  # fmt: skip
ASKED = (*GUESSED, *PASSED_ON)


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `import` to the subcommands."""
    parser = commands.add_parser(
        "import",
        help="take in a points CSV, or runs of MLflow, TensorBoard, Optuna, W&B",
        description=DESCRIPTION,
    )
    parser.add_argument(
        "points", metavar="SOURCE", help="POINTS.csv, or a folder, file or address with runs"
    )
    parser.add_argument("--from", dest="kind", choices=KINDS, help="whose, where nothing tells it")
    parser.add_argument(
        "--follow",
        action="store_true",
        help="go on taking in lines that are added to a points CSV, until Ctrl-C",
    )
    asked = parser.add_argument_group("which runs, and which of their names is what")
    asked.add_argument(
        "--experiment",
        "--study",
        metavar="NAME",
        help="of MLflow or Optuna; a pattern such as 'cnn-*' for several",
    )
    asked.add_argument("--size", metavar="NAME", help="holds the size of the training set")
    error = asked.add_mutually_exclusive_group()
    error.add_argument("--error", metavar="NAME", help="holds the error, or a loss")
    error.add_argument("--accuracy", metavar="NAME", help="holds an accuracy: error = 1 - it")
    asked.add_argument("--percent", action="store_true", help="the error or accuracy is in percent")
    asked.add_argument(
        "--best", action="store_true", help="its best of all steps; default: of the last step"
    )
    asked.add_argument(
        "--curve",
        metavar="NAME",
        action="append",
        default=[],
        help="runs that agree in it are one curve; again for several; default: all are",
    )
    same = asked.add_mutually_exclusive_group()
    same.add_argument("--seed", metavar="NAME", help="holds the seed")
    same.add_argument(
        "--repeats",
        action="store_true",
        help="runs of one curve and size are repeats, seed unknown",
    )
    of_a_search = asked.add_mutually_exclusive_group()
    of_a_search.add_argument(
        "--lowest", metavar="NAME", help="of one curve, size and seed keep the run with the lowest"
    )
    of_a_search.add_argument("--highest", metavar="NAME", help="or with the highest")
    asked.add_argument(
        "--names",
        metavar="PATTERN",
        help="what the runs' names tell: '{model}-{size}-s{seed}' makes size, seed and model names",
    )
    for field in ("model", "parameters", "seconds"):
        asked.add_argument(f"--{field}", metavar="NAME", help=f"holds the {field}")
    asked.add_argument("--unit", metavar="TEXT", default="", help="what a size counts: images")
    asked.add_argument("--metric", metavar="TEXT", default="", help="what the error is called")


def run(options: argparse.Namespace, store: Path) -> int:
    """Take the points in; 0, or 2 where it is not said yet which name is what."""
    if options.follow:
        if options.kind or _asks(options):
            raise AdoptError("--follow takes a points CSV as it is: leave the other options out")
        return _follow(options, store)
    from engine.adopt.answer import answer, counted
    from engine.adopt.place import whose

    kind = options.kind or whose(options.points)
    if kind is None and not _asks(options):
        _points_csv(options, store)
        return 0
    runs = read_runs(kind or "csv", options.points, options.experiment, _courses(options))
    others: tuple[str, ...] = ()
    if options.names:
        from engine.adopt.naming import named

        runs, others = named(runs, options.names)
    for state, count in runs.unfinished.items():
        print(f"left out: {counted(range(count))} ({visible(state)})")
    if others:
        print(f"left out: {counted(others)} whose names are not like {visible(options.names)}")
    if not options.size or not (options.error or options.accuracy):
        _show(runs, options)
        return 2
    question = _question(options)
    found = answer(runs, question)
    _say(runs, question, found)
    if not found.points:
        raise AdoptError("no run is a point: nothing was taken in")
    _store(found, store)
    return 0


def _follow(options: argparse.Namespace, store: Path) -> int:
    from engine.follow import follow

    print(f"following {visible(options.points)}; Ctrl-C ends it", flush=True)
    try:
        for said in follow(Path(options.points), store):
            print(visible(said), flush=True)
    except KeyboardInterrupt:
        pass  # the end that it is meant to have
    return 0


def _points_csv(options: argparse.Namespace, store: Path) -> None:
    from engine.adopt.place import is_database, path_of, shown
    from engine.curve import ColumnMissing, PointsError, read_points
    from engine.study.store import Store

    path = path_of(options.points)
    if path is None or path.is_dir() or is_database(path):
        raise AdoptError(
            f"nothing tells whose {shown(options.points)} is: say it by --from {', '.join(KINDS)}"
        )
    try:
        points = read_points(path)
    except ColumnMissing as fault:
        raise PointsError(f"{fault}, or say which columns they are by --size and --error") from None
    with Store.open(store) as opened:
        opened.check()
        fresh = opened.import_points(points, VERSION)
    print(f"{fresh} points taken in, {len(points) - fresh} were there already")


def _asks(options: argparse.Namespace) -> bool:
    """Whether anything is said that a points CSV says itself."""
    said = vars(options)
    return any(said[name] for name in ASKED)


def _courses(options: argparse.Namespace) -> tuple[str, ...]:
    wanted = (options.error, options.accuracy, options.lowest, options.highest)
    return tuple(filter(None, wanted)) if options.best else ()


def _question(options: argparse.Namespace) -> "Question":
    from engine.adopt.answer import Question

    return Question(
        size=options.size,
        error=options.error or options.accuracy,
        accuracy=bool(options.accuracy),
        percent=options.percent,
        best=options.best,
        curve=tuple(options.curve),
        seed=options.seed,
        repeats=options.repeats,
        score=options.lowest or options.highest,
        highest=bool(options.highest),
        model=options.model,
        parameters=options.parameters,
        seconds=options.seconds,
        unit=options.unit,
        metric=options.metric,
    )


def _show(runs: Runs, options: argparse.Namespace) -> None:
    from engine.adopt.glance import glance, proposal

    said = {**vars(options), "from": options.kind}
    asked = [options.points]
    for name in ("store", "from", *PASSED_ON):
        if said[name]:
            asked += [f"--{name}", *([] if said[name] is True else [str(said[name])])]
    print(f"{glance(runs)}\n")
    print(
        "steepness: nothing was taken in: say which name is the size and which the error, perhaps\n"
        f"  {visible(proposal(runs, asked, {name: said[name] for name in GUESSED}))}",
        file=sys.stderr,
    )


def _say(runs: Runs, question: "Question", found: "Answer") -> None:
    """What was taken for what, and what was left out, before anything is written."""
    which = "best" if question.best else "last"
    error = f"1 - {question.error}" if question.accuracy else question.error
    curve = " ".join(question.curve) or f'"{runs.name}"'
    seed = question.seed or ("unknown" if question.repeats else "none")
    said = f"size {question.size}, error {error} ({which} value), curve {curve}, seed {seed}"
    print(visible(f"{runs.source}: {said}"))
    for sentence in found.left_out:
        print(visible(f"left out: {sentence}"))


def _store(found: "Answer", store: Path) -> None:
    from engine.study.store import Store

    with Store.open(store) as opened:
        opened.check()
        # With seeds a point is known again, so that curves can grow; without, equal errors of
        # repeats could not be told from those that are there, and a curve comes in once, whole.
        seeded = all(point.seed is not None for point in found.points)
        take_in = opened.add_points if seeded else opened.import_points
        fresh = take_in(found.points, VERSION)
    curves = len({point.curve for point in found.points})
    there = len(found.points) - fresh
    print(
        f"{fresh} points taken in, {there} were there already: {curves} curve{'s' * (curves != 1)}"
    )
