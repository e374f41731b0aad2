"""What the page lies open to: who can reach it, and which folder it takes data from.

Nobody but this machine can, unless it is told to listen elsewhere.
"""

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

DATA_FOLDER = "STEEPNESS_DATA_FOLDER"  # set by `steepness app --data-folder`


def data_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder that the page takes data from: the one chosen, else the user's home."""
    return Path(environment.get(DATA_FOLDER) or Path.home()).expanduser().resolve()


def is_exposed(address: str | None) -> bool:
    """Whether other machines can reach a page that listens on `address`; None: on all of them."""
    if address is None:
        return True
    if address == "localhost" or address.startswith("unix://"):
        return False
    try:
        return not ip_address(address).is_loopback
    except ValueError:  # a name, and who knows what it stands for
        return True


def warning(address: str | None, data: Path) -> str:
    """What a page that others can reach gives away, and the two ways to put it right.

    Args:
        address: where it listens.
        data: the folder that the page takes data from.
    """
    return (
        f"The page listens on {address or 'every address'}: whoever reaches this machine can read"
        " and delete its studies, start trainings, and train on what lies in"
        f" {data}. Set up Streamlit's own login ([auth] in secrets.toml, pip install"
        ' "streamlit[auth]"; the page then asks for it), or listen on 127.0.0.1 and reach it'
        " through ssh -L 8501:127.0.0.1:8501. See SECURITY.md."
    )
