"""`steepness bench`: the comparisons that the README quotes, run side by side on this machine."""

import argparse
import subprocess
import sys
from pathlib import Path

from engine.arguments import count, minutes, share
from engine.domains import DOMAINS


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `bench` to the subcommands; its namespace runs as `args.run(args)`."""
    parser = commands.add_parser("bench", help="run the comparisons that the README quotes")
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    fit = what.add_parser("fit", help="forecasts, bands and speed against published estimators")
    fit.add_argument(
        "curves",
        nargs="?",
        type=Path,
        default=Path("../shared/data/curves"),
        metavar="FOLDER",
        help="holds published_92.csv.gz and lcdb11_dev_300.csv.gz (default: ../shared/data/curves)",
    )
    fit.add_argument(
        "--every",
        type=count,
        default=1,
        metavar="N",
        help="only each N-th LCDB curve: a quick look",
    )
    fit.add_argument("--json", type=Path, metavar="FILE", help="also write all figures here")
    fit.set_defaults(run=_fit)
    training = what.add_parser(
        "training",
        help="whole curves beside the loops that users write; hours, kept cell by cell",
    )
    training.add_argument(
        "--case",
        action="append",
        default=[],
        metavar="NAME",
        help="only this one, again for several: mlp, cnn, resnet, lstm, translation, ctc",
    )
    training.add_argument(
        "--seeds", type=count, default=3, metavar="N", help="of each size (default: 3)"
    )
    training.add_argument(
        "--kept",
        type=Path,
        default=Path("bench-training.jsonl"),
        metavar="FILE",
        help="what is measured is added here and read from here (default: bench-training.jsonl)",
    )
    training.add_argument(
        "--minutes",
        type=minutes,
        metavar="N",
        help="begin nothing that would end later, but the first of each loop; 0: only print what is"
        " kept",
    )
    training.add_argument(
        "--wall",
        action="store_true",
        help="then time what is kept on the clock too, in two processes: wants an idle machine",
    )
    training.set_defaults(run=_training)
    steps = what.add_parser(
        "steps", help="single steps of training beside the loop that users write (some minutes)"
    )
    steps.add_argument(
        "--case",
        action="append",
        default=[],
        metavar="NAME",
        help="only this one, again for several: mlp, cnn, lstm, translation, ctc ...",
    )
    steps.add_argument(
        "--device",
        choices=("cpu", "cuda"),
        default="cpu",
        help="cuda: on the clock instead of in process time (default: cpu)",
    )
    steps.add_argument("--json", type=Path, metavar="FILE", help="also write all figures here")
    steps.set_defaults(run=_steps)
    first = what.add_parser(
        "first", help="how soon a quick study shows a point and an exponent (3 minutes a domain)"
    )
    first.add_argument(
        "--domain", action="append", choices=tuple(DOMAINS), help="only this one; again for several"
    )
    first.add_argument("--json", type=Path, metavar="FILE", help="also write all figures here")
    first.set_defaults(run=_first)
    scale = what.add_parser(
        "scale", help="what many devices would do to a study of the paper's size, simulated"
    )
    scale.add_argument(
        "--efficiency",
        type=share,
        default=0.8,
        metavar="SHARE",
        help="of 8 devices on one training (default: 0.8, a guess)",
    )
    scale.set_defaults(run=_scale)
    app = what.add_parser("app", help="how quick the page is, in a real browser (some 10 minutes)")
    app.add_argument(
        "--updates",
        type=count,
        default=200,
        metavar="N",
        help="points streamed in to watch the browser's memory over, one a second (default: 200)",
    )
    app.add_argument("--json", type=Path, metavar="FILE", help="also write all repeats here")
    app.set_defaults(run=_app)


def _fit(args: argparse.Namespace) -> int:
    from engine.bench import fit

    return fit.run(args.curves, args.every, args.json)


def _training(args: argparse.Namespace) -> int:
    from engine.bench import training

    return training.run(args.case, args.seeds, args.kept, args.minutes, wall=args.wall)


def _steps(args: argparse.Namespace) -> int:
    from engine.bench import steps

    return steps.run(args.case, args.json, args.device)


def _first(args: argparse.Namespace) -> int:
    from engine.bench import first

    return first.run(args.domain or tuple(DOMAINS), args.json)


def _scale(args: argparse.Namespace) -> int:
    from engine.bench import scale_out

    return scale_out.run(args.efficiency)


def _app(args: argparse.Namespace) -> int:
    """A process of its own, as `steepness app` is: the engine does not know the page."""
    command = [sys.executable, "-m", "dashboard.bench", "--updates", str(args.updates)]
    command += ["--json", str(args.json.absolute())] if args.json else []
    return subprocess.call(command)
