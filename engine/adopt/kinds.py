"""The projects whose results can be taken in, and what the results of each can tell."""

from collections.abc import Collection
from dataclasses import dataclass

from engine.adopt.runs import AdoptError, Runs


@dataclass(frozen=True, slots=True)
class Kind:
    """One of them."""

    title: str
    groups: bool  # whether its runs lie in experiments or studies, to choose from
    courses: bool  # whether every step of a metric is kept, or one value alone


KINDS = {
    "mlflow": Kind("MLflow", groups=True, courses=True),
    "tensorboard": Kind("TensorBoard", groups=False, courses=True),
    "wandb": Kind("W&B", groups=False, courses=False),
    "optuna": Kind("Optuna", groups=True, courses=True),
    "csv": Kind("a table", groups=False, courses=False),
}


def read_runs(
    kind: str, source: str, experiment: str | None = None, courses: Collection[str] = ()
) -> Runs:
    """Read the runs of a source by the reader of its kind, which alone is imported.

    Args:
        kind: a key of KINDS.
        source: path or address.
        experiment: name or pattern of an experiment or a study; None: the only one.
        courses: metrics of which every step is wanted, not the last alone.

    Raises:
        AdoptError: they cannot be read, or the kind does not tell what is asked.
    """
    about = KINDS[kind]
    if experiment is not None and not about.groups:
        raise AdoptError(f"{about.title} has no experiments to choose from: leave --experiment out")
    if courses and not about.courses:
        raise AdoptError(
            f"{about.title} keeps one value of a metric, not its course: leave --best out"
        )
    match kind:
        case "mlflow":
            from engine.adopt import mlflow

            return mlflow.read(source, experiment, courses)
        case "optuna":
            from engine.adopt import optuna

            return optuna.read(source, experiment)
        case "tensorboard":
            from engine.adopt import tensorboard

            return tensorboard.read(source)
        case "wandb":
            from engine.adopt import wandb

            return wandb.read(source)
        case _:
            from engine.adopt import table

            return table.read(source)
