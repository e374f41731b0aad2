"""Where Chromium is, for what drives the real page. `make test` runs it to say so."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HINT = (
    "no Chromium: the page is driven in one. Install it (Debian, Ubuntu: apt-get install chromium;"
    " macOS: brew install --cask chromium), or name one you have: CHROMIUM=/path/to/chrome."
)


def find_chromium() -> str | None:
    """The path of a Chromium or Chrome on this machine: CHROMIUM's, else the first on the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


if __name__ == "__main__" and find_chromium() is None:
    print(f"{HINT} Tests that need it are skipped for now.")
