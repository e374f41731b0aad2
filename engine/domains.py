"""The domains: what a study can be run on, and where the code of each lies.

Light: the page, `--help` and `steepness domains` read it, so it names modules and imports none.
A domain is a row of DOMAINS, a module of sources in `data` and a module of its task in
`engine.tasks`; nothing else in the engine knows one domain from another.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """An error that a curve is drawn of."""

    name: str  # in the curve's name: "top-1"
    title: str  # on the axis: "top-1 error"
    unit: str  # what it is measured in: "share" of the test set, "nats/word"


@dataclass(frozen=True, slots=True)
class Domain:
    """One row of the paper's table."""

    name: str  # what `steepness run` takes
    title: str  # how a reader sees it
    unit: str  # what a size counts
    data: str  # module with `is_ready(source, path)`
    task: str  # module with `load_task` and `TREATMENTS`
    sources: tuple[str, ...]  # data sets, the default first
    models: tuple[str, ...]  # families, the default first
    metrics: tuple[Metric, ...]  # the one that is searched for first, where it is an error
    treatments: tuple[str, ...] = ()  # of its training data: the names in its task's TREATMENTS


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
