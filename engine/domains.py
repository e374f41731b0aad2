"""The domains: what a study can be run on, and where the code of each lies.

Light: the page, `--help` and `steepness domains` read it, so it names modules and imports none.
A domain is a row, and a module with `load_task`: ours are the rows of DOMAINS and their modules lie
in `engine.tasks`; a user's own is a Python file or an installed module that holds both, found by
`engine.domain_files`. Nothing else in the engine knows one domain from another: how it is searched
stands in its row too, of which `engine.study.presets` makes the three presets.

A ladder's rungs are a factor of 2 apart. Learning rates reach a factor of 2 to 3 to either side of
what was best in small runs of the domain. Paces were read off measured studies (the command that
shows them: `python -m engine.study.pace --store STORE`).
"""

from dataclasses import dataclass

from engine.training.spec import OF_TRAINING, Pace, Schedule

SHARE = "share"
PARAMETERS = "parameters"
LADDER = tuple(1_000 * 2**k for k in range(9))  # to 256,000: what two cores train in minutes
# Before anything is known of a domain: as for images, and a pace between theirs and that of text.
SCHEDULE = Schedule(batch=32, watched=2048)
PACE = Pace(steps=700.0, size=1000, growth=0.4)


@dataclass(frozen=True, slots=True)
class Metric:
    """An error that a curve is drawn of."""

    name: str  # in the curve's name: "top-1"
    title: str  # on the axis: "top-1 error"
    unit: str  # what it is measured in: "share" of the test set, "nats/word"

    @property
    def label(self) -> str:
        """Title and unit, as an axis has them; shares are shown in percent."""
        return self.title if self.unit == SHARE else f"{self.title}, {self.unit}"


@dataclass(frozen=True, slots=True)
class Quick:
    """What the quick preset does otherwise than the others; None: as they do."""

    ladder: tuple[int, ...] | None = None  # None: the second rung to the sixth
    smallest: float | None = None
    schedule: Schedule | None = None
    pace: Pace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """One row of the paper's table, or of a user's own."""

    name: str  # what `steepness run` takes
    title: str  # how a reader sees it
    unit: str  # what a size counts
    metrics: tuple[Metric, ...]  # the one that is searched for first, where it is an error
    models: tuple[str, ...]  # families, the default first
    sources: tuple[str, ...] = ("own",)  # data sets, the default first
    treatments: tuple[str, ...] = ()  # of its training data: the names in its task's TREATMENTS
    data: str = ""  # module with `is_ready(source, path, cache)`; "": nothing can be missing
    task: str = ""  # module with `load_task` and TREATMENTS, or the path of a user's file
    sha256: str = ""  # of the file of a domain that is not ours, as it was when it was found
    ladder: tuple[int, ...] = LADDER  # capacities, small to large
    doublings: int = 0  # by how many the ladder of the full preset, for a GPU, goes on
    capacity: str = PARAMETERS  # what they count, and what a model's size is said in
    rates: tuple[float, float] = (5e-4, 1e-2)  # lowest and highest learning rate, of AdamW
    schedule: Schedule = SCHEDULE  # of each training: its batch, when it is evaluated and stops
    pace: Pace = PACE  # how many steps one takes: estimates, and what minutes hold, go by it
    smallest: float = 0.004  # share of the data at the smallest size: eight doublings below all
    quick: Quick = Quick()

    @property
    def every_treatment(self) -> tuple[str, ...]:
        """Those of its data, then those of the training itself."""
        return *self.treatments, *OF_TRAINING


CROSS_ENTROPY = "cross-entropy"
# Of text: batches of 8 learn as much a step as of 16, and below 5e-3 all is slow (sotu).
# Few words want a high rate, validation nats at 0.004, 0.008, 0.016, 0.032: 7,000 words 5.94, 5.91,
# 5.85, 5.82, 56,000 words 5.07, 5.06, 5.07, 5.15. Many want a low one, and that weighs more: at
# 0.0126, the middle of 0.004 to 0.04, instead of 0.007 a search of one rate came to test errors
# 0.8 % lower at 7,000 words, 1.7 % higher at 112,000, 4.1 % at 448,000: a floor that was none.
TEXT_RATES = (3e-3, 1.6e-2)

DOMAINS: dict[str, Domain] = {
    domain.name: domain
    for domain in (
        Domain(
            name="images",
            title="Images",
            unit="images",
            data="data.images",
            task="engine.tasks.images",
            sources=(
                "icons",
                "cifar10",
                "cifar100",
                "folder",
                "folder-64",
                "parquet",
                "parquet-64",
            ),
            models=("cnn", "mlp", "resnet"),
            metrics=(
                Metric("top-1", "top-1 error", "share"),
                Metric("top-5", "top-5 error", "share"),
                Metric(CROSS_ENTROPY, "cross-entropy", "nats/image"),
            ),
            treatments=(
                "augment",
                "label-noise-10",
                "label-noise-20",
                "label-noise-40",
                "drop-hardest-20",
            ),
            ladder=(10_000, 20_000, 40_000, 80_000, 160_000, 320_000),
            doublings=5,  # 10M won at 12,678 icons
            rates=(3e-4, 3e-3),
            # The whole validation set would double a small shard's cost.
            schedule=Schedule(patience=1.8, ratio=1.2, floor_steps=240, watched=2048),
            pace=Pace(steps=740.0, size=1000, growth=0.28),  # the recorded icons study
            smallest=0.001,
            quick=Quick(ladder=(40_000, 80_000, 160_000), schedule=Schedule(watched=1024)),
        ),
        Domain(
            name="words",
            title="Language, words",
            unit="words",
            data="data.text",
            task="engine.tasks.words",
            sources=("sotu", "wikitext-2", "wikitext-103", "billion-words", "file"),
            models=("lstm", "rhn", "transformer"),
            metrics=(Metric(CROSS_ENTROPY, "cross-entropy", "nats/word"),),
            # Under 25k parameters words have 5 dimensions; at 900,000 words 400k was full.
            ladder=(25_000, 50_000, 100_000, 200_000, 400_000, 800_000),
            doublings=2,  # 3.2M won at 100,000 words, 6.4M lost
            rates=TEXT_RATES,
            schedule=Schedule(batch=8, watched=150, first_evaluation=10, floor_steps=200),
            pace=Pace(steps=700.0, size=25_000, growth=0.9),
            smallest=0.0005,  # sotu: 900 words
            quick=Quick(ladder=(50_000, 100_000, 200_000)),
        ),
        Domain(
            name="characters",
            title="Language, characters",
            unit="characters",
            data="data.text",
            task="engine.tasks.characters",
            sources=("sotu", "python", "wikitext-2", "wikitext-103", "billion-words", "file"),
            models=("lstm", "rhn", "transformer"),
            metrics=(Metric("bits", "cross-entropy", "bits/character"),),
            ladder=(5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 640_000),
            doublings=2,
            rates=TEXT_RATES,
            schedule=Schedule(batch=8, watched=100, first_evaluation=10, floor_steps=150),
            pace=Pace(steps=500.0, size=10_000, growth=0.8),
            smallest=0.0001,  # sotu: 1,000 characters
            # One rate in the middle takes fewer steps than several on average, by which quick
            # studies were planned and broken off: 94, 231, 451 and 881 at 945, 6,000, 15,119 and
            # 38,098 characters.
            quick=Quick(
                ladder=(40_000, 80_000),
                smallest=0.00004,
                pace=Pace(steps=330.0, size=10_000, growth=0.7),
            ),
        ),
        Domain(
            name="translation",
            title="Translation, German to English",
            unit="pairs",
            data="data.translation",
            task="engine.tasks.translation",
            sources=("interface", "multi30k", "wmt16", "file"),
            models=("attention", "transformer"),
            metrics=(
                Metric("token-error", "token error", "share"),
                Metric(CROSS_ENTROPY, "cross-entropy", "nats/token"),
            ),
            ladder=(25_000, 50_000, 100_000, 200_000, 400_000),
            doublings=3,  # 3.2M won from 800 pairs on
            rates=(2e-3, 1.2e-2),
            schedule=Schedule(batch=32, watched=256, first_evaluation=5, floor_steps=200),
            pace=Pace(steps=600.0, size=800, growth=0.77),
            smallest=0.002,  # 55 pairs
            quick=Quick(ladder=(50_000, 100_000, 200_000)),
        ),
        Domain(
            name="speech",
            title="Speech",
            unit="seconds of audio",
            data="data.speech",
            task="engine.tasks.speech",
            sources=(
                "synthetic-phrases",
                "synthetic-words",
                "spoken-digits",
                "speech-commands",
                "librispeech",
                "folder",
            ),
            models=("ctc", "attention"),
            metrics=(
                Metric("cer", "character error", "share"),
                Metric("wer", "word error", "share"),
                Metric("top-1", "word error, closed vocabulary", "share"),  # one-word sources only
                Metric(CROSS_ENTROPY, "cross-entropy", "nats/character"),
            ),
            ladder=(15_000, 30_000, 60_000, 120_000, 240_000, 480_000),  # 240k won from 439 s on
            doublings=2,
            # CTC leaves its plateau of blanks after 130 to 200 steps at 3e-3. At 0.002, 0.004,
            # 0.008 the validation loss of 55 seconds is 2.41, 2.32, 2.37, of 439 0.81, 0.91, 0.97.
            rates=(1.2e-3, 8e-3),
            schedule=Schedule(
                batch=8, watched=128, first_evaluation=60, floor_steps=400, patience=1.5
            ),
            pace=Pace(steps=1600.0, size=200, growth=0.65),
            smallest=0.002,  # synthetic phrases: 14 seconds
            # As of characters, with 60k parameters: 564 and 1,101 steps at 69 and 174 seconds. At
            # 69 the character error is .682, where 30k take 881 steps to .740; at 174 it is .492,
            # where 120k take 705 steps to .426.
            quick=Quick(
                ladder=(60_000, 120_000),
                smallest=0.0008,
                pace=Pace(steps=1300.0, size=200, growth=0.7),
            ),
        ),
    )
}
