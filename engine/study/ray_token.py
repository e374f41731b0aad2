"""The token that a Ray cluster may ask for, shown wherever this machine has one.

Ray itself shows it only to clusters that it starts, and looks at RAY_AUTH_MODE once, when it is
imported: so this comes before that, and imports no Ray.
"""

import os
from pathlib import Path

MODE, TOKEN, KEPT = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"  # Ray's own names


def show_token() -> None:
    """Show it from now on, unless the user said what to do; clusters without one do not mind."""
    kept = Path(os.environ.get(KEPT) or Path.home() / ".ray" / "auth_token")
    if TOKEN in os.environ or kept.is_file():
        os.environ.setdefault(MODE, "token")
