"""Paths that are typed on the page lead into one folder only, chosen when the page was started.

Whoever sees the page may not look about on the machine: outside of that folder the page does not
even say whether something is there. Links are followed before it is asked where they lead.
"""

from pathlib import Path


class OutsideError(ValueError):
    """A path that leads out of the folder; the message is one sentence for the reader."""


def within(typed: str, folder: Path) -> Path:
    """The place that a path stands for, relative ones counted from `folder`.

    Raises:
        OutsideError: it lies elsewhere.
    """
    try:
        place = (folder / Path(typed).expanduser()).resolve()
    except RuntimeError:  # no such user's home: as little is said of one that is there
        place = Path("/")
    except (OSError, ValueError) as error:  # a zero byte, a loop of links
        raise OutsideError(f"{typed!r} is no path: {error}.") from error
    if not place.is_relative_to(folder):
        raise OutsideError(
            f"{typed} is not in {folder}, the one folder that this page takes data from: put the"
            " data there, or start the page with `steepness app --data-folder FOLDER`."
        )
    return place
