"""Inputs that nobody would write, for what reads files: `python -m tests.fuzz csv 1000000 SEED`.

Each input is a file of tests/corpus, or a store made here, with random damage. A reader answers
with a value or with its own error; anything else is a crash and is printed with its input. The same
seed gives the same inputs.
"""

import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from engine.curve import Point, PointsError, read_points, write_points
from engine.laws.window import Window
from engine.messy_csv import OPTIONAL, Layout, Turn, guess_layout, read
from engine.sheet import decoded, read_sheet
from engine.study.store import Store, StoreError

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())
WORDS = (
    b",", b";", b"\t", b"|", b" ", b'"', b"'", b"\r", b"\n", b"\r\n", b"\0", b"\xef\xbb\xbf",
    b"\xff\xfe", b"sep=;\n", b"=", b"-", b"+", b"@", b"%", b"1e400", b"nan", b"-inf", b"0",
    b"1.000", b"0,5", b"9" * 40,
    b"1" * 5000, b"<b>", b"curve", b"size", b"error", b"seed", b"accuracy",
    b"\xc3\xa9", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\x1b[2J", b"\xc2\xa0", b"\xd9\xa3", b"k",
    b"M", b"_", b".", b"(", b")",
)  # fmt: skip

Try = Callable[[bytes, random.Random], str]  # what became of an input; raises where it crashed


def damaged(seeds: Sequence[bytes], rng: random.Random, words: Sequence[bytes]) -> bytes:
    """One of the seeds with some damage."""
    content = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 2, 3, 8, 30))):
        at = rng.randrange(len(content) + 1)
        kind = rng.randrange(7)
        if kind == 0 and at < len(content):
            content[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            content[at:at] = rng.choice(words)
        elif kind == 2:
            del content[at : at + rng.choice((1, 2, 5, 50))]
        elif kind == 3:
            end = at + rng.choice((1, 5, 50))
            content[end:end] = content[at:end]
        elif kind == 4 and rng.random() < 0.2:
            del content[at:]
        elif kind == 5:
            other = rng.choice(seeds)
            begin = rng.randrange(len(other) + 1)
            content[at:at] = other[begin : begin + rng.choice((5, 50))]
        elif at < len(content):
            content[at] = rng.randrange(256)
    return bytes(content)


def try_csv(content: bytes, rng: random.Random) -> str:
    """Both readers of points; what they take must come back from a file of ours equal."""
    strict = messy = "refused"
    try:
        points = read_points(content.decode("utf-8-sig"))
        assert read_points(write_points(points)) == points
        strict = "read"
    except (PointsError, UnicodeDecodeError):
        pass
    try:
        sheet = read_sheet(decoded(content))
        layout = guess_layout(sheet)
        if rng.random() < 0.2:
            layout = _any_layout(len(sheet.header), rng)
        reading = read(sheet, layout)
        assert len(reading.points) <= reading.rows
        assert all(fault.rule and fault.way_out for fault in reading.faults)
        if reading.points:
            assert read_points(write_points(reading.points)) == list(reading.points)
        messy = "read" if reading.points else "no point"
    except PointsError:
        pass
    return f"strict {strict}, messy {messy}"


def _any_layout(columns: int, rng: random.Random) -> Layout:
    def column() -> int | None:
        return rng.choice((None, *range(columns)))

    others = tuple((name, at) for name in OPTIONAL if (at := column()) is not None)
    return Layout(
        column(), column(), column(), rng.choice(("x", "")), rng.choice(list(Turn)),
        rng.random() < 0.5, others=others,
    )  # fmt: skip


def stores() -> list[bytes]:
    """Small stores: one with imported curves and a window, one that is empty."""
    made = []
    with tempfile.TemporaryDirectory() as folder:
        for name, points in (
            ("empty", []),
            ("full", [Point("a", 10.0 * 2**k, 0.5 / 2**k, "images", seed=0) for k in range(6)]),
        ):
            path = Path(folder) / f"{name}.db"
            with Store.open(path) as store:
                if points:
                    store.import_points(points, "0")
                    store.save_window("a", Window(10, None))
            made.append(path.read_bytes())
    return made


def store_trier(folder: Path) -> Try:
    """What opens a store and reads all that the pages read."""
    path = folder / "fuzzed.db"

    def attempt(content: bytes, rng: random.Random) -> str:
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        path.write_bytes(content)
        try:
            with closing(Store.open(path, "read")) as store:
                store.revision()
                studies = [row.id for row in (*store.studies(), *store.binned())]
                store.windows()
                store.curve_names()
                store.curves()
                for study in studies:
                    store.work(study)
                    store.candidates(study)
                    store.edges(study)
            return "read"
        except StoreError:
            return "refused"

    return attempt


def inputs(kind: str, seed: int) -> Iterator[tuple[bytes, random.Random]]:
    """Inputs without end."""
    rng = random.Random(f"{kind} {seed}")
    seeds = [path.read_bytes() for path in CORPUS] if kind == "csv" else stores()
    while True:
        yield damaged(seeds, rng, WORDS), rng


def run(kind: str, count: int, seed: int) -> tuple[Counter[str], list[tuple[bytes, str]], float]:
    """What became of `count` inputs, those that crashed, and the CPU time of the slowest."""
    became: Counter[str] = Counter()
    crashed: list[tuple[bytes, str]] = []
    slowest = 0.0
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        attempt = try_csv if kind == "csv" else store_trier(Path(folder))
        for (content, rng), _ in zip(inputs(kind, seed), range(count), strict=False):
            began = time.process_time()
            try:
                became[attempt(content, rng)] += 1
            except Exception as error:
                became[f"CRASHED {type(error).__name__}"] += 1
                if len(crashed) < 20:
                    crashed.append((content, repr(error)))
            slowest = max(slowest, time.process_time() - began)
    return became, crashed, slowest


if __name__ == "__main__":
    kind, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    became, crashed, slowest = run(kind, count, seed)
    print(
        f"{kind}: {count:,} inputs of seed {seed}, {time.process_time():,.0f} s of CPU time,",
        end="",
    )
    print(f" slowest {slowest:.3f} s; {dict(became.most_common())}")
    for content, error in crashed:
        print(error, content[:2000])
