"""Time the page on this machine; `steepness bench app` runs this."""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from dashboard.bench.chromium import HINT, find_chromium
from dashboard.bench.measured import machine, table

PLAYWRIGHT = (
    "no Playwright: the page is timed in a real browser, which Playwright drives. Install it:"
    " pip install playwright, or make test once, which brings it."
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="steepness bench app", description=__doc__)
    parser.add_argument("--updates", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    try:
        from playwright.sync_api import sync_playwright

        from dashboard.bench.served import FLAGS
        from dashboard.bench.timings import measure
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("playwright"):
            raise
        print(PLAYWRIGHT, file=sys.stderr)
        return 1
    path = find_chromium()
    if path is None:
        print(HINT, file=sys.stderr)
        return 1
    before = machine()
    found = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        version = browser.version
        for row in measure(browser, Path(folder), options.updates):
            found.append(row)
            print(f"{row.name}: {row.middle} ({row.spread})", file=sys.stderr, flush=True)
        browser.close()
    print(f"{table(found)}\n\nBefore: {before}.\nAfter: {machine()}. Chromium {version}.")
    if options.json:
        rows = [asdict(row) for row in found]
        options.json.write_text(json.dumps({"machine": before, "rows": rows}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
