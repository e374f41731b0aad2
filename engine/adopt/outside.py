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

from engine.adopt.runs import AdoptError

LONGEST_SAID = 300  # letters of another project's message


@contextmanager
def outside(
    project: str, extra: str, environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[None]:
    """Import and call another project's library in here.

    Args:
        project: its name for a reader: "MLflow".
        extra: of ours that installs it.
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
        raise AdoptError(
            f"{project} is read by its own library, of which {fault.name} is not here:"
            f" pip install 'steepness[{extra}]'"
        ) from None
    except (
        Exception
    ) as fault:  # whatever another project raises is for the user to read, not to trace
        raise AdoptError(f"{project}: {_sentence(fault)}") from fault
    finally:
        logging.disable(muted)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _sentence(fault: Exception) -> str:
    """What an error says, without what follows its first sentence or line."""
    said = re.split(r"\n|(?<=[a-z)])\. ", str(fault).strip(), maxsplit=1)[0][:LONGEST_SAID]
    return said or type(fault).__name__
