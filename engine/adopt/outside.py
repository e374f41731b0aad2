"""Another project's library at work: quiet, told to send nothing, and its failures in one sentence.

Its warnings are about itself and its neighbours, which no reader of ours can mend; its log lines
would stand between ours. What it raises is said as it says it, cut to its first sentence.
"""

import logging
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from engine.adopt.place import shown
from engine.adopt.runs import AdoptError

LONGEST_SAID = 300  # letters of another project's message


# What an extra of ours installs; what else a library may want is for the user to choose.
EXTRAS = {
    "mlflow": "mlflow",
    "sqlalchemy": "mlflow",
    "alembic": "mlflow",
    "tensorboard": "tensorboard",
    "optuna": "optuna",
    "yaml": "wandb",
}
# Slips of a library that met what it did not expect: without its name such a message says nothing.
SLIPS = (LookupError, AttributeError, TypeError, AssertionError)


@contextmanager
def outside(
    project: str, doing: str, environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[None]:
    """Import and call another project's library in here.

    Args:
        project: its name for a reader: "MLflow".
        doing: what for, after "cannot": "read mlflow.db".
        environment: variables that it reads, set while in here.

    Raises:
        AdoptError: a package is missing, or the library raised.
    """
    before = {name: os.environ.get(name) for name in environment}
    muted = logging.root.manager.disable
    os.environ.update(environment)
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except AdoptError:
        raise
    except ModuleNotFoundError as fault:
        package = str(fault.name)
        extra = EXTRAS.get(package.split(".")[0])
        way = f"pip install 'steepness[{extra}]'" if extra else f"install {package}"
        raise AdoptError(
            f"{project}'s own library is needed to {doing}; {package} is not here: {way}"
        ) from None
    except Exception as fault:  # whatever another project raises: to be read, not to be traced
        raise AdoptError(f"{project} cannot {doing}: {_sentence(fault)}") from fault
    finally:
        logging.disable(muted)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _sentence(fault: Exception) -> str:
    """What an error says, without what follows its first sentence or line."""
    said = shown(re.split(r"\n|(?<=[a-z)])\. ", str(fault).strip(), maxsplit=1)[0])
    if isinstance(fault, SLIPS):
        said = f"{type(fault).__name__} {said}"
    return said[:LONGEST_SAID] + "\u2026" * (len(said) > LONGEST_SAID) or type(fault).__name__
