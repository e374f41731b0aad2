"""A table with a row for each run: any CSV that somebody exported, whatever its columns are."""

from engine.adopt.place import here
from engine.adopt.runs import AdoptError, Run, Runs
from engine.curve import PointsError
from engine.sheet import decoded, read_sheet


def read(source: str) -> Runs:
    """Read every row as a run; its cells are what it says.

    Raises:
        AdoptError: it cannot be read, or is no table.
    """
    path = here(source)
    try:
        sheet = read_sheet(decoded(path.read_bytes()))
    except OSError as fault:
        raise AdoptError(f"cannot read {path}: {fault.strerror}") from None
    except PointsError as fault:
        raise AdoptError(f"{path}: {fault}") from None
    if sheet.decimal_comma:
        raise AdoptError(
            f"{path} has decimal commas: take it in on the page, under Bring, which asks about them"
        )
    runs = []
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        if len(row) != len(sheet.header):
            rule = f"{len(row)} cells; the header names {len(sheet.header)}"
            raise AdoptError(f"{path}: line {line} has {rule}: mend it, or take it in on the page")
        cells = {name: cell for name, cell in zip(sheet.header, row, strict=True) if cell}
        name = cells.get("Name") or cells.get("name") or f"line {line}"
        runs.append(Run(name, {"run": name, **cells}, {}))
    return Runs(f"table {path}", path.stem, tuple(runs), {})
