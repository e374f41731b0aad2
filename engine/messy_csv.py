"""Points out of a table that was not made for Steepness: which column is what, and what is wrong.

`guess_layout` says how the columns of a sheet are probably meant; a person may change that;
`read` then takes every good row as a point and says of every other line, value, rule and way out.
Nothing is dropped or altered in silence. (engine.curve reads the strict format and stops at the
first fault: right for a program, wearisome for a person with an old spreadsheet.)
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from math import inf

from engine.cells import unguard
from engine.curve import LARGEST_WHOLE, Point, PointsError
from engine.sheet import Sheet, is_number

MOST_CURVES = 1_000  # a list of more to choose from helps no one
HEADER_AGAIN = ("is the header again", "nothing is lost: the row is left out")
LONGEST_NAME = 200  # letters: a longer cell is a remark or a wrong column
OPTIONAL = ("model", "seed", "unit", "metric", "domain", "parameters", "stderr", "seconds",
            "device", "split")  # fmt: skip
TEXTS = ("curve", "model", "unit", "metric", "domain", "device", "split")

# How others name a column, the surest first: letters of any case, signs and brackets aside.
TEST, VALIDATION = ("test", "eval", "heldout"), ("validation", "val", "valid", "dev")
ERRORS = ("error", "err", "error rate", "loss", "cross entropy", "ce", "xent", "nll")
FURTHER_ERRORS = (
    "top 1 error", "top1 error", "top 5 error", "top5 error", "perplexity", "ppl", "bpc",
    "bits per character", "wer", "cer", "word error rate", "character error rate", "token error",
    "mse", "rmse", "mae",
)  # fmt: skip
ACCURACIES = ("accuracy", "acc", "top 1 accuracy", "top1 accuracy", "top1 acc", "top 1 acc")
NAMELESS = (
    "error",
    "err",
    "metric",
    "value",
    "metric value",
    "result",
    "y",
)  # say not what is measured


def _of(splits: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{split} {name}" for name in names for split in splits)


SYNONYMS: dict[str, tuple[str, ...]] = {
    "size": (
        "size", "train size", "training size", "training set size", "train set size",
        "dataset size", "data size", "n train", "num train", "n samples", "num samples",
        "n examples", "num examples", "m", "n", "samples", "train samples", "training samples",
        "examples", "train examples", "training examples", "images", "n images", "tokens",
        "n tokens", "num tokens", "train tokens", "training tokens", "words", "characters",
        "chars", "pairs", "sentences", "utterances", "hours", "rows", "data", "x",
    ),
    "error": (
        "error", *_of(TEST, ERRORS), *ERRORS[1:], *FURTHER_ERRORS, *_of(TEST, FURTHER_ERRORS),
        *_of(VALIDATION, ERRORS), "metric value", "value", "result",
        *_of(TEST, ACCURACIES), *ACCURACIES, *_of(VALIDATION, ACCURACIES), "y",
    ),
    "curve": (
        "curve", "curve name", "series", "name", "label", "legend", "run", "run name",
        "experiment", "group", "variant", "config", "method", "algorithm", "model", "model name",
        "arch", "architecture", "dataset", "data set", "task", "domain",
    ),
    "model": ("model", "model name", "arch", "architecture", "network"),
    "seed": ("seed", "random seed", "rng seed", "repeat", "replicate", "rep", "trial", "fold"),
    "unit": ("unit", "units", "size unit"),
    "metric": ("metric", "metric name", "measure"),
    "domain": ("domain",),
    "parameters": (
        "parameters", "params", "n params", "num params", "n parameters", "num parameters",
        "model size", "capacity",
    ),
    # not "std": the spread of repeats is no standard error
    "stderr": ("stderr", "std err", "std error", "standard error", "sem", "se", "error stderr"),
    "seconds": ("seconds", "train seconds", "training seconds", "time s", "train time s"),
    "device": ("device", "gpu", "hardware", "accelerator"),
    "split": ("split", "subset", "eval split"),
}  # fmt: skip
UNITS = ("images", "tokens", "words", "characters", "pairs", "sentences", "utterances", "hours",
         "seconds", "samples", "examples", "rows")  # fmt: skip


class Turn(Enum):
    """How the error is had from what stands in its column; the value is what a reader chooses."""

    AS_IS = "an error, as it is"
    PERCENT = "an error in percent"
    ACCURACY = "an accuracy: error = 1 - accuracy"
    ACCURACY_PERCENT = "an accuracy in percent"

    @property
    def percent(self) -> bool:
        """Whether the column holds percents."""
        return self in (Turn.PERCENT, Turn.ACCURACY_PERCENT)

    @property
    def accuracy(self) -> bool:
        """Whether more is better in the column."""
        return self in (Turn.ACCURACY, Turn.ACCURACY_PERCENT)


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns of a sheet mean. Columns are counted from 0; None: there is none."""

    size: int | None
    error: int | None
    curve: int | None = None
    name: str = "my curve"  # of all points where no column names their curve
    turn: Turn = Turn.AS_IS
    decimal_comma: bool = False
    unit: str = ""  # of all points where no column has it; so is `metric`
    metric: str = ""
    others: tuple[tuple[str, int], ...] = ()  # of OPTIONAL, and their columns

    @property
    def used(self) -> set[int]:
        """The columns that are read."""
        named = (self.size, self.error, self.curve, *(column for _, column in self.others))
        return {column for column in named if column is not None}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in one row."""

    line: int
    column: str
    value: str
    rule: str
    way_out: str
    left_out: bool  # the row is; else its cell counts as blank


@dataclass(frozen=True, slots=True)
class Reading:
    """What `read` made of a sheet."""

    points: tuple[Point, ...]
    lines: tuple[int, ...]  # where each point stands in the file
    faults: tuple[Fault, ...]  # by line
    rows: int

    @property
    def left_out(self) -> int:
        """How many rows became no point."""
        return self.rows - len(self.points)


def guess_layout(sheet: Sheet) -> Layout:
    """How the columns are probably meant, from their names; without names, from their order."""
    if not sheet.named:
        return _by_order(sheet)
    keys = [_key(name) for name in sheet.header]
    found = {field: _first(keys, known) for field, known in SYNONYMS.items()}
    size, error, curve = found["size"], found["error"], found["curve"]
    metric_at = found["metric"]
    if error is None and metric_at is not None and _is_of_numbers(sheet, metric_at):
        error, found["metric"] = metric_at, None  # "metric" is the number itself here
    taken = {size, error}
    others = tuple(
        (field, column)
        for field in OPTIONAL
        if (column := found[field]) is not None and column not in taken
    )
    named = dict(others)
    metric = "" if error is None or "metric" in named else _metric(keys[error])
    measured = _first_cell(sheet, named["metric"]) if "metric" in named else metric
    return Layout(
        size=size,
        error=error,
        curve=None if curve in taken else curve,
        turn=_turn(sheet, error, keys[error] if error is not None else "", measured),
        decimal_comma=sheet.decimal_comma,
        unit="" if size is None or "unit" in named else unit_of(sheet.header[size]),
        metric=metric,
        others=others,
    )


def read(sheet: Sheet, layout: Layout) -> Reading:
    """Every good row as a point, and what is wrong with the others.

    Raises:
        PointsError: no column is said to be the size or the error, one column is said to be both,
            or there are more than MOST_CURVES curves.
    """
    if layout.size is None or layout.error is None:
        missing = "size" if layout.size is None else "error"
        raise PointsError(f"no column holds the {missing}: choose the one that does")
    if layout.size == layout.error:
        name = sheet.header[layout.size]
        raise PointsError(f"column {name!r} cannot be both size and error: choose another for one")
    columns = {"size": layout.size, "error": layout.error, **dict(layout.others)}
    if layout.curve is not None:
        columns["curve"] = layout.curve
    fixed: dict[str, str] = {}
    for field, said in (("curve", layout.name), ("unit", layout.unit), ("metric", layout.metric)):
        if field not in columns:
            fixed[field] = said.strip()
    if not fixed.get("curve", "given"):
        raise PointsError("the curve has no name: give it one")
    readers = [
        (field, at, _reader(field, layout), dict[str, object]()) for field, at in columns.items()
    ]
    points: list[Point] = []
    lines: list[int] = []
    faults: list[Fault] = []
    width = len(sheet.header)
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        if len(row) != width and (len(row) < width or any(row[width:])):
            faults.append(_width(line, row, width))
            continue
        if row[:width] == sheet.header:  # files put one under the other
            faults.append(Fault(line, sheet.header[0], row[0], *HEADER_AGAIN, left_out=True))
            continue
        values: dict[str, object] = {}
        usable = True
        for field, at, convert, known in readers:
            cell = row[at]
            if cell not in known:
                known[cell] = convert(cell)
            value = known[cell]
            if isinstance(value, _Refused):
                left_out = field in ("curve", "size", "error")
                usable &= not left_out
                faults.append(
                    Fault(line, sheet.header[at], cell, value.rule, value.way_out, left_out)
                )
            elif value is not None:
                values[field] = value
        if usable:
            points.append(Point(**{**fixed, **values}))  # type: ignore[arg-type]
            lines.append(line)
    points = _told_apart(points)
    if len(names := {point.curve for point in points}) > MOST_CURVES:
        raise PointsError(
            f"{len(names):,} curves are more than the {MOST_CURVES:,} that one import takes:"
            " choose another column for the curve's name, or none"
        )
    kept, again = _once(points, lines, sheet.header[columns["seed"]] if "seed" in columns else "")
    faults = sorted([*faults, *again], key=lambda fault: fault.line)
    return Reading(
        tuple(points[k] for k in kept),
        tuple(lines[k] for k in kept),
        tuple(faults),
        len(sheet.rows),
    )


def number(written: str, decimal_comma: bool = False) -> float:
    """A number as people write it: 1,000  1 000  1.000,5  0,5  10k  2.5M  31 %  1e4.

    Raises:
        ValueError: it is none; the message says how it should be written.
    """
    text = written.strip().replace("\u2212", "-").replace("\u00a0", " ").replace("\u202f", " ")
    scale = 1.0
    if text.endswith("%"):
        text, scale = text[:-1].rstrip(), 0.01
    elif text and text[-1].lower() in MANY and text[:-1].strip()[-1:].isdigit():
        scale, text = MANY[text[-1].lower()], text[:-1].rstrip()
    text = re.sub(r"(?<=\d)[ '\u2019_](?=\d{3}(\D|$))", "", text)
    if decimal_comma:
        if re.fullmatch(r"[-+]?\d{1,3}(\.\d{3})+(,\d*)?", text):
            text = text.replace(".", "")
        elif "." in text:
            raise ValueError(
                "write it with a decimal comma, as the other rows, or choose the point"
            )
        text = text.replace(",", ".")
    elif re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?", text):
        text = text.replace(",", "")
    try:
        value = float(text)
    except ValueError:
        way = (
            "write it as 0.5, or choose the decimal comma" if "," in text else "write it in digits"
        )
        raise ValueError(way) from None
    return (
        value / 100 if scale == 0.01 else value * scale
    )  # 31 / 100 is exact where 31 * 0.01 is not


MANY = {"k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9}  # of a size or of parameters: 10k, 2.5M, 1B


@dataclass(frozen=True, slots=True)
class _Refused:
    """Why a cell cannot be read."""

    rule: str
    way_out: str


def _key(name: str) -> str:
    """A column's name without case, signs and what stands in brackets: "Train-Size (k)"."""
    plain = re.sub(r"[(\[{].*?[)\]}]", " ", name)
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain)  # trainSize
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain.lower()).split())


def _first(keys: Sequence[str], known: Sequence[str]) -> int | None:
    """The column with the surest name."""
    return next((keys.index(name) for name in known if name in keys), None)


def _by_order(sheet: Sheet) -> Layout:
    """Without a header: the first column of text names the curve, then come size and error."""
    first = sheet.rows[0]
    numbers = [k for k, cell in enumerate(first) if is_number(cell)]
    texts = [k for k, cell in enumerate(first) if cell and not is_number(cell)]
    size, error = (*numbers, None, None)[:2]
    return Layout(
        size=size,
        error=error,
        curve=texts[0] if texts else None,
        decimal_comma=sheet.decimal_comma,
    )


def _is_of_numbers(sheet: Sheet, column: int) -> bool:
    """Whether the first cell of a column is a number."""
    return is_number(_first_cell(sheet, column))


def _first_cell(sheet: Sheet, column: int) -> str:
    row = sheet.rows[0]
    return row[column] if len(row) > column else ""


def unit_of(name: str) -> str:
    """What a column of sizes counts, where its name says so: "tokens", "size (images)"."""
    said = re.findall(r"[a-z]+", name.lower())
    return next((unit for unit in UNITS if unit in said), "")


def metric_of(name: str) -> str:
    """What a name says is measured: "test_acc" is the test error; "" where it says nothing."""
    return _metric(_key(name))


def is_accuracy(name: str) -> bool:
    """Whether a name says that more of it is better: "val_acc", and not "acc error"."""
    words = _key(name).split()
    fall = any(word in ("error", "err", "loss") for word in words)
    return not fall and any(word in ("acc", "accuracy") for word in words)


def _metric(key: str) -> str:
    """What is measured, from the name of the column: "test_loss" is the test loss."""
    if key in NAMELESS:
        return ""
    words = ["error" if word in ("acc", "accuracy", "err") else word for word in key.split()]
    said = " ".join(words).replace("error rate", "error")
    return said.replace("top 1", "top-1").replace("top1", "top-1").replace("top 5", "top-5")


def _turn(sheet: Sheet, error: int | None, key: str, metric: str) -> Turn:
    """Whether the column holds errors or accuracies, shares or percents."""
    if error is None:
        return Turn.AS_IS
    cells = [row[error] for row in sheet.rows if len(row) > error and is_number(row[error])]
    above = False
    for cell in cells:
        try:
            above |= "%" not in cell and 1.0 < number(cell, sheet.decimal_comma) <= 100.0
        except ValueError:
            continue
    if is_accuracy(key):
        return Turn.ACCURACY_PERCENT if above else Turn.ACCURACY
    share = metric.endswith("error")  # a loss may well be above 1
    return Turn.PERCENT if above and share else Turn.AS_IS


def _reader(field: str, layout: Layout) -> Callable[[str], object]:
    """What makes a value, None or a _Refused of a cell."""
    comma = layout.decimal_comma
    if field in TEXTS:
        return _name if field == "curve" else _text
    if field == "size":
        return lambda cell: _size(cell, comma)
    if field == "error":
        return lambda cell: _error(cell, layout.turn, comma)
    if field in ("seed", "parameters"):
        return lambda cell: _whole(cell, comma)
    scale = 100.0 if field == "stderr" and layout.turn.percent else 1.0
    return lambda cell: _measure(cell, scale, comma)


def _text(cell: str) -> object:
    return unguard(cell)


def _name(cell: str) -> object:
    name = unguard(cell)
    if not name:
        return _Refused("is blank: every point belongs to a curve", "write the curve's name")
    if len(name) > LONGEST_NAME:
        return _Refused(
            f"has {len(name):,} letters; a name has at most {LONGEST_NAME}",
            "shorten it, or choose another column",
        )
    return name


def _value(cell: str, comma: bool) -> float | _Refused:
    """A finite number."""
    if not cell:
        return _Refused("is blank", "fill it in, or leave the row out")
    try:
        value = number(cell, comma)
    except ValueError as fault:
        return _Refused("is not a number", str(fault))
    if not -inf < value < inf:
        return _Refused("is not a finite number", "measure it again, or leave the row out")
    return value


def _size(cell: str, comma: bool) -> object:
    value = _value(cell, comma)
    if isinstance(value, float) and value <= 0:
        return _Refused("must be above 0: a log axis has no 0", "leave the row out")
    return value


def _error(cell: str, turn: Turn, comma: bool) -> object:
    value = _value(cell, comma)
    if isinstance(value, _Refused):
        return value
    if turn.percent and "%" not in cell:  # a cell with its own sign is a share already
        value /= 100
    if turn.accuracy:
        if not 0 <= value <= 1:
            way = "choose the accuracy in percent" if 1 < value <= 100 else "leave the row out"
            return _Refused("is no accuracy: that lies from 0 to 1", way)
        value = round(1 - value, 15)  # 1 - 0.9 is 0.09999999999999998
    if value <= 0:
        said = "leaves an error of 0" if turn.accuracy else "must be above 0"
        return _Refused(
            f"{said}: 0 has no logarithm", "measure on more test samples, or leave the row out"
        )
    return value


def _whole(cell: str, comma: bool) -> object:
    if not cell:
        return None
    value = _value(cell, comma)
    if isinstance(value, _Refused) or not value.is_integer() or abs(value) > LARGEST_WHOLE:
        return _Refused("must be a whole number or blank", "number it, or leave it blank")
    return int(cell) if cell.isdecimal() else int(value)  # a float is exact to 2^53 only


def _measure(cell: str, scale: float, comma: bool) -> object:
    if not cell:
        return None
    value = _value(cell, comma)
    if isinstance(value, _Refused) or value < 0:
        return _Refused("must be a number of at least 0, or blank", "write one, or leave it blank")
    return value / scale if "%" not in cell else value


def _width(line: int, row: Sequence[str], width: int) -> Fault:
    """A row of another width than the header: its cells may have moved."""
    cells = f"{len(row)} cell{'s' * (len(row) != 1)}"
    way = "add the missing cells" if len(row) < width else 'put a text that has the separator in ""'
    said = ", ".join(row)
    shown = said if len(said) <= 60 else said[:59] + "\u2026"
    return Fault(line, "", shown, f"has {cells}; the header names {width}", way, True)


def _told_apart(points: list[Point]) -> list[Point]:
    """A curve with several metrics or splits is several curves; its name then says which."""
    for field in ("metric", "split"):
        said: dict[str, set[str]] = {}
        for point in points:
            said.setdefault(point.curve, set()).add(getattr(point, field))
        mixed = {name for name, held in said.items() if len(held) > 1}
        if mixed:
            points = [
                point._replace(curve=f"{point.curve} {getattr(point, field)}".strip())
                if point.curve in mixed
                else point
                for point in points
            ]
    return points


def _once(
    points: Sequence[Point], lines: Sequence[int], column: str
) -> tuple[list[int], list[Fault]]:
    """Which points stay, and faults for those whose curve, size and seed another point has.

    (The store keeps one point for each; repeats without a seed are welcome.)
    """
    first: dict[tuple[str, float, int], int] = {}
    kept, faults = [], []
    for k, point in enumerate(points):
        if point.seed is not None:
            key = (point.curve, point.size, point.seed)
            before = first.setdefault(key, k)
            if before != k:
                rule = f"repeats line {lines[before]}: the same curve, size and seed"
                way = "give it a seed of its own, or leave its seed blank"
                faults.append(Fault(lines[k], column, str(point.seed), rule, way, True))
                continue
        kept.append(k)
    return kept, faults


TEMPLATE = (
    "curve,size,error,unit,metric,model,seed\n"
    "my curve,100,0.62,images,top-1 error,CNN,0\n"
    "my curve,100,0.64,images,top-1 error,CNN,1\n"
    "my curve,200,0.55,images,top-1 error,CNN,0\n"
    "my curve,200,0.53,images,top-1 error,CNN,1\n"
    "my curve,400,0.46,images,top-1 error,CNN,0\n"
    "my curve,400,0.48,images,top-1 error,CNN,1\n"
    "my curve,800,0.41,images,top-1 error,CNN,0\n"
    "my curve,800,0.40,images,top-1 error,CNN,1\n"
    "my curve,1600,0.35,images,top-1 error,CNN,0\n"
    "my curve,1600,0.34,images,top-1 error,CNN,1\n"
)
