"""`make audit`: are there known vulnerabilities in what is pinned, and what is all of it.

pip-audit asks the advisory databases, cyclonedx-py writes the bill of materials; both lie in an
environment of their own. A database that cannot be reached, or does not know the packages, is said:
pip-audit alone would end with "No known vulnerabilities found".

Exit codes: 0 all were looked up and none is known to be vulnerable, 1 some are, 2 not all could be
looked up.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
BILL = ROOT / "sbom.json"
SERVICES = {"pypi": "PyPI's", "osv": "OSV's"}
SECONDS = "15"  # in which a database must answer


def ask(service: str) -> dict[str, Any] | None:
    """pip-audit's report on the pinned packages; None where the database cannot be reached."""
    command = [sys.executable, "-m", "pip_audit", "--vulnerability-service", service]
    command += ["--requirement", str(LOCK), "--no-deps", "--disable-pip", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", SECONDS]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        return dict(json.loads(done.stdout))
    except ValueError:
        return None


def verdict(report: dict[str, Any] | None, whose: str) -> tuple[str, int]:
    """What a report comes to, in words, and the exit code."""
    if report is None:
        return f"{whose} advisory database cannot be reached from here: nothing was looked up.", 2
    packages = report["dependencies"]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    found = [
        f"{package['name']} {package['version']}: {hole['id']}, mended in"
        f" {', '.join(hole['fix_versions']) or 'no version yet'}"
        for package in packages
        for hole in package.get("vulns", ())
    ]
    known = len(packages) - len(unknown)
    if not known:
        return f"{whose} advisory database, as it is reached from here, knows no package.", 2
    said = f"{whose} advisory database knows {known} of the {len(packages)} pinned packages"
    if found:
        return "\n  ".join([f"{said}; vulnerable are", *found]), 1
    if unknown:
        some = ", ".join(unknown[:5]) + (", ..." if len(unknown) > 5 else "")
        return f"{said} and nothing bad of those; not looked up: {some}.", 2
    return f"{said}, and none of them is known to be vulnerable.", 0


def write_bill() -> str:
    """Write the bill of materials; what was written, in words."""
    environment = ROOT / ".venv" / "bin" / "python"
    if environment.exists():
        source, what = ["environment", str(environment)], "what is installed in .venv"
    else:
        source, what = ["requirements", str(LOCK)], f"what {LOCK.name} pins"
    command = [sys.executable, "-m", "cyclonedx_py", *source]
    command += ["--output-reproducible", "--of", "JSON", "--output-file", str(BILL)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return f"no bill of materials could be written: {done.stderr.strip().splitlines()[-1]}"
    count = len(json.loads(BILL.read_text(encoding="utf-8"))["components"])
    return f"{BILL.name} (CycloneDX): {count} components, {what}."


def main() -> int:
    """Ask one database, and another where it does not answer; then write the bill."""
    said, code = "", 2
    for service, whose in SERVICES.items():
        said, code = verdict(ask(service), whose)
        print(said)
        if code != 2:
            break
    print(write_bill())
    return code


if __name__ == "__main__":
    sys.exit(main())
