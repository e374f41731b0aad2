"""`steepness bench scale`: what many devices would do to a full study of the paper's sizes.

Simulated: nothing is trained. The groups, and which of them wait for which, are those that a
study's agenda asks for; what they find is made up so that the best models grow as Hestness et al.
2019 (arXiv 1909.01736, table of sigma and beta_p) report. How long a training takes is read off the
studies of an H100 and an H200 in data/recorded by the law of cost: seconds against size,
extrapolated to sizes 30 to 2,100 times as large. That law knows nothing of the model: a step of a
larger one is taken to cost what it does at the 3 to 10 million parameters that were measured, which
launches of kernels bound and not arithmetic; and those trainings shared their device with others.

Devices are filled by list scheduling: whenever one is free it takes the longest group that is due.
The critical path is what a study takes with a device for every group: stage by stage, shard by
shard. A training that is split over devices is one that takes over a day, and is split by data
parallelism (DDP): batches must grow with the devices for that to pay, which the law does not know.
"""

import gzip
import heapq
import math
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import data
from data import shards
from engine.bench.made_up import made_up
from engine.columns import aligned
from engine.curve import Curve, Point, gather, read_points
from engine.laws.cost import Cost, fit_cost
from engine.study import presets
from engine.study.agenda import Agenda, PlannedGroup
from engine.study.plan import Extent, Plan, SubjectPlan
from engine.study.store import Store
from engine.study.subject import Subject
from engine.training.spec import Candidate, GroupSpec, Speed

RECORDED = Path(data.__file__).parent / "recorded"
DAY = 86_400.0  # seconds
DEVICES = (1, 8, 16, 64, 1_000)
TOGETHER = 8  # devices that share a training which is split: those of one machine
SLOW = Speed(train=1e-3, evaluate=1.0, test=1.0)  # so that every group is of a single seed


@dataclass(frozen=True, slots=True)
class Part:
    """A domain at the paper's size."""

    domain: str
    model: str
    unit: str
    largest: int  # size of the whole training set
    coefficient: float  # sigma of the growth law: millions of parameters at size 1
    exponent: float  # beta_p
    study: str  # in data/recorded, that tells what trainings take

    def best(self, size: float) -> float:
        """Parameters of the best model at a size: sigma * m^beta_p."""
        return 1e6 * self.coefficient * math.pow(size, self.exponent)


WORDS = 2**27
PARTS = (
    Part("images", "resnet", "images", 800_000, 2.0e-2, 0.57, "images_icons_cnn.csv"),
    Part("words", "lstm", "words", WORDS, 9.4e-4, 0.68, "stores/words_lstm.db.gz"),
    Part("characters", "rhn", "characters", WORDS, 1.2e-5, 0.89, "stores/characters_lstm.db.gz"),
    Part(
        "translation",
        "attention",
        "pairs",
        WORDS // 30,  # of some 30 tokens
        6.4e-4 * 30**0.68,  # its growth law counts tokens
        0.68,
        "stores/translation_attention.db.gz",
    ),
    Part(
        "speech",
        "attention",
        "seconds of audio",
        2048 * 3600,
        2.4e-3,
        0.54,
        "stores/speech_attention.db.gz",
    ),
)


@dataclass(frozen=True, slots=True)
class Passed:
    """A study that was simulated."""

    seconds: float  # on the clock
    work: float  # device seconds, those lost by splitting among them
    path: tuple[PlannedGroup, ...]  # each waited for the one before; with the seconds it took


def run(efficiency: float) -> int:
    """Simulate and print.

    Args:
        efficiency: of TOGETHER devices on one training: their speed over that many times one's.
    """
    costs = [measured(part.study) for part in PARTS]
    print("Simulated; seconds of one training on an H100 or H200, from those that were recorded:")
    print(aligned([_HEAD, *map(_priced, PARTS, costs)]))
    laws = {part.domain: cost for part, cost in zip(PARTS, costs, strict=True)}

    def seconds(spec: GroupSpec) -> float:
        return (
            len(spec.seeds) * len(spec.learning_rates) * laws[spec.domain].seconds(spec.size).value
        )

    plan = planned(PARTS)
    path = simulate(plan, PARTS, seconds, devices=None)
    split = simulate(plan, PARTS, seconds, devices=None, efficiency=efficiency)
    rows = [("devices", "days", "critical path", f"days, split over {TOGETHER}", "critical path")]
    for devices in DEVICES:
        whole = simulate(plan, PARTS, seconds, devices)
        parted = simulate(plan, PARTS, seconds, devices, efficiency)
        rows.append(
            (
                f"{devices:,}",
                f"{whole.seconds / DAY:,.0f}",
                f"{path.seconds / whole.seconds:.0%}",
                f"{parted.seconds / DAY:,.0f}",
                f"{split.seconds / parted.seconds:.0%}",
            )
        )
    print(f"\nSimulated: a full study of {len(PARTS)} domains, {path.work / DAY:,.0f} device days:")
    print(aligned(rows))
    print(f"\nThe critical path, {path.seconds / DAY:,.0f} days, lies in {lies_in(path.path)}.")
    print(
        f"Split over {TOGETHER} devices at {efficiency:.0%}, for trainings of more than a day, it"
        f" takes {split.seconds / DAY:,.0f} days and lies in {lies_in(split.path)}."
    )
    return 0


def measured(study: str) -> Cost:
    """The law of cost of a recorded study, from all of its trainings that were not dropped early.

    Of a points CSV from those that won, which are all that it has.
    """
    source = RECORDED / study
    if source.suffix == ".csv":
        return fit_cost(gather(read_points(source))[0])
    with tempfile.TemporaryDirectory(prefix="steepness-scale-") as folder:
        path = Path(folder) / "study.db"
        path.write_bytes(gzip.decompress(source.read_bytes()))
        with Store.open(path) as store:
            (row,) = store.studies()
            runs = [kept.record for kept in store.candidates(row.id)]
    whole = [run for run in runs if run["status"] in ("finished", "capped")]
    points = (
        Point("", run["size"], 1.0, seconds=run["seconds"], device=row.device) for run in whole
    )
    return fit_cost(Curve("", tuple(sorted(points, key=lambda point: point.size))))


def planned(parts: tuple[Part, ...]) -> Plan:
    """The full study: sizes in steps of 2 from 0.1 % on, ladders to just beyond the best models."""
    subjects = []
    for part in parts:
        recipe = presets.RECIPES[part.domain]["full"]
        top = math.ceil(math.log2(part.best(part.largest) / recipe.ladder[0])) + 1
        recipe = replace(recipe, ladder=tuple(recipe.ladder[0] * 2**k for k in range(top + 1)))
        sizes = tuple(shards.sizes(part.largest))
        extent = Extent(part.largest, part.largest, 1, 1, part.unit)
        subject = Subject(part.domain, "paper", part.model)
        speeds = dict.fromkeys(recipe.ladder, SLOW)
        subjects.append(SubjectPlan(subject, extent, sizes, recipe, speeds, 0.0))
    return Plan(tuple(subjects), workers=max(DEVICES), seconds=0.0)


def simulate(
    plan: Plan,
    parts: tuple[Part, ...],
    seconds: Callable[[GroupSpec], float],
    devices: int | None,
    efficiency: float | None = None,
) -> Passed:
    """Run the groups of a plan by list scheduling, without training any.

    Args:
        plan: of the study.
        parts: how the best models of its domains grow.
        seconds: of a group, on one device.
        devices: how many; None: one for every group, so that what is left is the critical path.
        efficiency: of TOGETHER devices on a training of more than a day; None: none is split.
    """
    by_domain = {part.domain: part for part in parts}
    agenda, clock, work = Agenda(plan), 0.0, 0.0
    left: Counter[str] = Counter()  # groups of a shard that are still to end
    free = math.inf if devices is None else devices
    due: list[tuple[float, str, PlannedGroup]] = []  # longest first
    under_way: list[tuple[float, str, PlannedGroup, int]] = []  # by when they end
    before: dict[str, PlannedGroup | None] = {}  # whose end made a group due

    def ask(ended: PlannedGroup | None) -> None:
        for group in agenda.fresh():
            before[group.spec.name] = ended
            left[group.shard] += 1
            heapq.heappush(due, (-seconds(group.spec), group.spec.name, group))

    def width(took: float, group: PlannedGroup) -> int:
        one = took / len(group.spec.learning_rates)
        few = devices is not None and devices < TOGETHER
        return 1 if efficiency is None or few or one <= DAY else TOGETHER

    ask(None)
    last: PlannedGroup | None = None
    while due or under_way:
        while due and free >= (wide := width(-due[0][0], due[0][2])):
            took, name, group = heapq.heappop(due)
            spent = -took / (1.0 if wide == 1 else wide * (efficiency or 1.0))
            free, work = free - wide, work + wide * spent
            ran = replace(group, seconds=spent)
            heapq.heappush(under_way, (clock + spent, name, ran, wide))
        clock, _, last, wide = heapq.heappop(under_way)
        free += wide
        agenda.end(last, found(last.spec, by_domain[last.spec.domain]))
        left[last.shard] -= 1
        if not left[last.shard]:  # before, a stage of its search has not ended: nothing follows
            ask(last)
    path = []
    while last is not None:
        path.append(last)
        last = before[last.spec.name]
    return Passed(clock, work, tuple(reversed(path)))


def found(spec: GroupSpec, part: Part) -> list[Candidate]:
    """What a group would find where the best model is that of the growth law, in made-up losses.

    The nearer a capacity is to the best one, and a rate to the middle of its range, the lower its
    loss; from half of that capacity on a model overfits its shard.
    """
    best = part.best(spec.size)
    middle = math.sqrt(math.prod(presets.RECIPES[part.domain]["full"].rates))

    def loss(rate: float) -> float:
        return 1.0 + abs(math.log(spec.capacity / best)) + 0.01 * abs(math.log(rate / middle))

    overfits = 0.5 if spec.capacity >= best / 2 else 1.0
    return [
        made_up(
            *(spec.size, spec.capacity, rate, seed),
            model=spec.model,
            validation_loss=loss(rate),
            train_loss=overfits * loss(rate),
            last_loss=loss(rate),
            last_train_loss=overfits * loss(rate),
        )
        for seed in spec.seeds
        for rate in spec.learning_rates
    ]


def lies_in(path: Sequence[PlannedGroup]) -> str:
    """Where a path lies, in words: its domain, and how much of it in the largest shard."""
    last = path[-1].spec
    whole = sum(group.seconds for group in path)
    end = [group for group in path if group.spec.size == last.size]
    share = sum(group.seconds for group in end) / whole
    models = sorted(group.spec.capacity for group in end)
    return (
        f"{last.domain}: {share:.0%} of it in the largest shard, {len(end)} groups one after the"
        f" other, of models of {models[0] / 1e6:,.0f} to {models[-1] / 1e6:,.0f} million parameters"
    )


_HEAD = ("domain", "largest", "best model", "measured", "exponent", "seconds there, 90 %")


def _priced(part: Part, cost: Cost) -> tuple[str, ...]:
    there = cost.seconds(part.largest)
    return (
        part.domain,
        f"{part.largest:,} {part.unit}",
        f"{part.best(part.largest) / 1e6:,.0f} M",
        f"{cost.n} sizes, {part.study.split('/')[-1].split('.')[0]}",
        f"{cost.exponent:.2f}",
        f"{there.value:,.0f} ({there.low:,.0f} to {there.high:,.0f})",
    )
