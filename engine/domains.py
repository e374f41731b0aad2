"""The domains: what a study can be run on, and where the code of each lies.

Light: the page, `--help` and `steepness domains` read it, so it names modules and imports none.
A domain is a row, and a module with `load_task`: ours are the rows of DOMAINS and their modules lie
in `engine.tasks`; a user's own is a Python file or an installed module that holds both, found by
`engine.domain_files`. Nothing else in the engine knows one domain from another.
"""

from dataclasses import dataclass

SHARE = "share"
PARAMETERS = "parameters"
LADDER = tuple(1_000 * 2**k for k in range(9))  # to 256,000: what two cores train in minutes


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
    # How it is searched. Ours have recipes of their own, read off studies: engine.study.presets.
    ladder: tuple[int, ...] = LADDER  # capacities, small to large
    capacity: str = PARAMETERS  # what they count, and what a model's size is said in
    rates: tuple[float, float] = (5e-4, 1e-2)  # lowest and highest learning rate, of AdamW
    batch: int = 32  # rows
    smallest: float = 0.004  # share of the data at the smallest size: eight doublings below all


CROSS_ENTROPY = "cross-entropy"
OF_TRAINING = ("sgd", "weight-decay")  # treatments of the training itself, in every domain

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
        ),
    )
}
