"""The command `steepness`: one line of help for each thing it does, and nothing heavy imported.

Exit codes: 0 done, 1 something failed (one line on stderr), 2 wrong usage.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine import VERSION
from engine.arguments import count, counts, positive
from engine.columns import visible
from engine.domain_files import installed_names, own_code
from engine.domains import DOMAINS
from engine.exposure import DATA_FOLDER, data_folder, is_exposed, warning
from engine.study.subject import PRESETS

if TYPE_CHECKING:
    from engine.curve import Curve, Point
    from engine.exponents import ExponentRow


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 2
    try:
        with own_code():
            return int(options.run(options))
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `| head` closed our output: nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if _expected(error):
            print(f"steepness: {visible(str(error))}", file=sys.stderr)
            return 1
        raise


def _expected(error: Exception) -> bool:
    """Whether an error is one of ours, whose message is written for the user."""
    return type(error).__module__.split(".")[0] in ("engine", "data")


def _parser() -> argparse.ArgumentParser:
    from engine import fit_command, import_command, predict_command
    from engine.bench import command as bench_command

    parser = argparse.ArgumentParser(
        prog="steepness",
        description="How steeply does the error fall as the data grows?",
    )
    parser.add_argument("--version", action="version", version=f"steepness {VERSION}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    app = commands.add_parser("app", help="open the dashboard")
    _add_store(app)
    app.add_argument("--port", type=int, default=8501, help="default 8501")
    app.add_argument("--address", help="where it listens; default 127.0.0.1: this machine alone")
    app.add_argument(
        "--data-folder",
        type=Path,
        metavar="FOLDER",
        help="where paths typed on the page may lead; default your home folder",
    )
    app.set_defaults(run=_app)

    domains = commands.add_parser("domains", help="domains, models and data ready on this machine")
    domains.add_argument("--names", action="store_true", help="just the names that `run` takes")
    domains.set_defaults(run=_domains)

    run = commands.add_parser("run", help="train models on growing fractions of a data set")
    run.add_argument(
        "domains",
        nargs="+",
        metavar="DOMAIN",
        help=f"{', '.join(DOMAINS)}, an installed one, or the path of a Python file with your own",
    )
    length = run.add_mutually_exclusive_group()
    length.add_argument("--preset", choices=PRESETS, help="how thorough; default quick")
    length.add_argument("--minutes", type=positive, metavar="N", help="wall time to fill")
    each = "; again for several, DOMAIN=... for one domain only"
    first = "default: the domain's first, see `steepness domains`"
    run.add_argument("--model", action="append", metavar="MODEL", help=first + each)
    run.add_argument("--data", action="append", metavar="SOURCE", help=first + each)
    run.add_argument(
        "--data-path", action="append", metavar="PATH", help="where SOURCE's files lie" + each
    )
    run.add_argument(
        "--treatment",
        action="append",
        metavar="NAME",
        help="also train with this done to the training data or the training" + each,
    )
    run.add_argument("--seeds", type=count, metavar="N", help="seeds a size")
    run.add_argument(
        "--width",
        type=positive,
        metavar="W",
        help="then add seeds, where they narrow the exponent most for the time they take, until its"
        " interval, of the first metric, is no wider than W; for as much time again at most, of"
        " --minutes the second half",
    )
    run.add_argument(
        "--sizes", type=counts, metavar="A,B,..", help="default: steps of 2 from 0.1 %%"
    )
    run.add_argument("--device", choices=("auto", "cuda", "mps", "cpu"), default="auto")
    run.add_argument("--workers", type=count, metavar="N", help="processes; default one a core")
    run.add_argument(
        "--executor",
        choices=("local", "ray"),
        default="local",
        help="who trains: this machine (default), or the machines of a Ray cluster",
    )
    run.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="of the Ray cluster; default: RAY_ADDRESS, the one on this machine, or a new one",
    )
    run.add_argument("--estimate", action="store_true", help="say what it would do, train nothing")
    run.add_argument("--format", choices=("table", "json"), default="table", help="of the estimate")
    _add_store(run)
    run.set_defaults(run=_run)

    status = commands.add_parser("status", help="what is done, running, failed, and why")
    _add_store(status)
    status.set_defaults(run=_status)

    fit_command.register(commands)
    predict_command.register(commands)
    bench_command.register(commands)

    import_command.register(commands)
    _add_store(commands.choices["import"])
    commands.choices["import"].set_defaults(run=_import)

    export = commands.add_parser(
        "export", help="write the exponents, or the points, as CSV; or both to MLflow"
    )
    export.add_argument(
        "out", metavar="OUT.csv", help="or the address of an MLflow store or server"
    )
    export.add_argument("--points", action="store_true", help="the points instead of the exponents")
    export.add_argument(
        "--to", choices=("csv", "mlflow"), help="default: mlflow for an address, else csv"
    )
    export.add_argument(
        "--experiment", metavar="NAME", default="steepness", help="of MLflow; default steepness"
    )
    _add_store(export)
    export.set_defaults(run=_export)
    return parser


def _add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", type=Path, help="the study file; default: your data folder's")


def _store_path(options: argparse.Namespace) -> Path:
    from engine.study.location import default_store

    return Path(options.store) if options.store is not None else default_store()


def _app(options: argparse.Namespace) -> int:
    import dashboard

    folder = Path(dashboard.__file__).parent
    environment = {**os.environ, "STEEPNESS_STORE": str(_store_path(options).absolute())}
    if options.data_folder is not None:
        if not options.data_folder.is_dir():
            print(f"steepness: there is no folder {options.data_folder}", file=sys.stderr)
            return 2
        environment[DATA_FOLDER] = str(options.data_folder.absolute())
    command = [sys.executable, "-m", "dashboard", "--server.port", str(options.port)]
    if options.address is not None:
        command += ["--server.address", options.address]
        if is_exposed(options.address):
            print(warning(options.address, data_folder(environment)), file=sys.stderr)
            environment.setdefault("STREAMLIT_SERVER_ALLOWED_HOSTS", "*")  # by what name, who knows
            # Else Streamlit asks a server on the network for an address to print.
            environment.setdefault("STREAMLIT_BROWSER_SERVER_ADDRESS", socket.gethostname())
    server = subprocess.Popen(command, env=environment, cwd=folder.parent)
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())  # else it would go on alone
    return server.wait()


def _domains(options: argparse.Namespace) -> int:
    if options.names:
        print("\n".join([*DOMAINS, *installed_names()]))
        return 0
    from importlib import import_module

    from engine.domain_files import DomainError, find
    from engine.study.location import default_cache

    code = 0
    for name in (*DOMAINS, *installed_names()):
        try:
            domain = find(name)
        except DomainError as error:
            print(f"{name}: cannot be used: {visible(str(error))}")
            code = 1
            continue
        metrics = ", ".join(metric.title for metric in domain.metrics)
        print(f"{domain.name}: {domain.title}; sizes in {domain.unit}; {metrics}")
        print(f"  models {', '.join(domain.models)} (the first is the default)")
        for source in domain.sources:
            ready, why = True, "comes with its domain"
            if domain.data:
                ready, why = import_module(domain.data).is_ready(source, None, default_cache())
            print(f"  {source:17} {'ready' if ready else 'not ready'}: {why}")
    return code


def _run(options: argparse.Namespace) -> int:
    from engine.study import forks

    # Workers train on one thread each; libraries of a user's own domain read this at their import.
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(threads, "1")
    forks.begin("cpu" if options.device == "auto" else options.device)
    from engine.study import run_command

    return run_command.run(options, _store_path(options))


def _status(options: argparse.Namespace) -> int:
    from engine.numbers import duration
    from engine.study.store import Store

    with Store.open(_store_path(options), "read") as store:
        store.check()
        studies = store.studies()
        if not studies:
            curves = len(store.curve_names())
            several = "curve" if curves == 1 else "curves"
            print(f"no study yet; {curves} {several} of imported or logged points")
        for row in studies:
            left = ""
            if row.state == "running" and row.seconds_left is not None:
                left = f", about {duration(row.seconds_left)} left"
            print(f"{visible(row.name)}: {row.state}, {row.sizes}{left}")
            print(visible(f"  on {row.device} ({row.device_reason})"))
            if row.reason:
                print(f"  {visible(row.reason)}")
            for group in store.work(row.id):
                if group.state == "failed":
                    print(visible(f"  failed: {group.name}: {group.reason}"))
    return 0


def _import(options: argparse.Namespace) -> int:
    from engine import import_command

    return import_command.run(options, _store_path(options))


def _export(options: argparse.Namespace) -> int:
    from engine.adopt.place import is_address
    from engine.curve import gather, write_points
    from engine.exponents import exponent_row, write_exponents
    from engine.laws.together import fits_together
    from engine.study.salvage import salvage
    from engine.study.store import Store, StoreDamaged

    path, trouble = _store_path(options), None
    to = options.to or ("mlflow" if is_address(options.out) else "csv")
    try:
        with Store.open(path, "read") as store:
            store.check()
            curves, windows = store.curves(), store.windows()
    except StoreDamaged as error:
        if not options.points or to == "mlflow":
            raise
        curves, windows, trouble = gather(salvage(path)), {}, error
    if options.points and to == "csv":
        text = write_points(point for curve in curves for point in curve.points)
    else:
        fits = fits_together(curves, [windows.get(curve.name) for curve in curves])
        rows = [exponent_row(found) for found in fits]
        if to == "mlflow":
            return _send(options, curves, rows)
        text = write_exponents(rows)
    try:
        _write(Path(options.out), text)
    except OSError as error:
        print(f"steepness: {options.out} cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    print(f"{len(curves)} curve{'s' * (len(curves) != 1)} written to {options.out}")
    if trouble is not None:
        print(f"steepness: {trouble}", file=sys.stderr)
        return 1
    return 0


def _send(
    options: argparse.Namespace, curves: "Sequence[Curve]", rows: "Sequence[ExponentRow]"
) -> int:
    from tqdm import tqdm

    from engine.adopt.to_mlflow import send

    def watch(points: "Iterable[Point]") -> "Iterable[Point]":
        yield from tqdm(points, leave=False, disable=None)  # None: only on a terminal

    sent = send(curves, rows, options.out, options.experiment, watch)
    said = f"{sent.points} points sent, {sent.there} were there already: {len(curves)} curves"
    print(f'{said} in the experiment "{visible(options.experiment)}"')
    if sent.gone:
        print(f"{sent.gone} points of earlier exports are no longer in the store; they stay there")
    return 0


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all; what is no file, such as a pipe, is written to.

    Raises:
        OSError: it cannot be written; what was there before still is.
    """
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8", newline="")
        return
    path = path.resolve()  # of a link, what it leads to
    making = path.with_name(f".{path.name}.part")
    try:
        making.write_text(text, encoding="utf-8", newline="")
        making.replace(path)
    except OSError:
        with suppress(OSError):
            making.unlink()
        raise


if __name__ == "__main__":
    sys.exit(main())
