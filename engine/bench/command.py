"""`steepness bench`: the comparisons that the README quotes, run side by side on this machine."""

import argparse
from pathlib import Path

from engine.arguments import count


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


def _fit(args: argparse.Namespace) -> int:
    from engine.bench import fit

    return fit.run(args.curves, args.every, args.json)
