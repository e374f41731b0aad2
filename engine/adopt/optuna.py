"""Trials of Optuna studies: a database or a journal file, read by Optuna itself.

Needs the package optuna. A trial is a run: its parameters and user attributes, and those of its
study, are what it says; its value, or values, and the course of what it reported are measured.
Nothing of Optuna's that reads pickles (the snapshots of a Redis journal) is used.
"""

from typing import Any

from engine.adopt.outside import outside
from engine.adopt.place import check_whose, is_address, path_of, shown, uri_of
from engine.adopt.runs import Run, Runs, one_of, text_of

REPORTED = "intermediate"  # what trial.report() was given, step by step


def read(source: str, study: str | None = None) -> Runs:
    """Read the complete trials of one or several studies.

    Args:
        source: SQLite file, journal file, or address of a database.
        study: name or pattern; None: the only one.

    Raises:
        AdoptError: Optuna is not here or fails, or there is no such study.
    """
    check_whose(source, "optuna", "Optuna")
    with outside("Optuna", f"read {shown(source)}"):
        import optuna

        storage = _storage(source)
        names = one_of(optuna.get_all_study_names(storage), study, "study", "--experiment")
        studies = [optuna.load_study(study_name=name, storage=storage) for name in names]
        runs: list[Run] = []
        unfinished: dict[str, int] = {}
        rising: set[str] = set()
        for each in studies:
            measures = _measures(each)
            rising |= {
                name
                for name, direction in zip(measures, each.directions, strict=True)
                if direction.name == "MAXIMIZE"
            }
            if rising:
                rising.add(REPORTED)
            for trial in each.get_trials(deepcopy=False):
                if trial.state.name == "COMPLETE":
                    runs.append(_run(each, measures, trial))
                else:
                    unfinished[trial.state.name] = unfinished.get(trial.state.name, 0) + 1
    quoted = ", ".join(f'"{name}"' for name in names)
    return Runs(f"Optuna study {quoted}", names[0], tuple(runs), unfinished, frozenset(rising))


def _storage(source: str) -> Any:
    from optuna.storages import JournalStorage, RDBStorage
    from optuna.storages.journal import JournalFileBackend

    path = path_of(source)
    if path is not None and not is_address(source):
        with path.open("rb") as opened:
            if opened.read(1) == b"{":
                return JournalStorage(JournalFileBackend(str(path)))
    return RDBStorage(uri_of(source), skip_table_creation=True)


def _measures(study: Any) -> list[str]:
    """The names of a study's values: its own, or "value", or "value 0", "value 1", ..."""
    if study.metric_names:
        return list(study.metric_names)
    count = len(study.directions)
    return ["value"] if count == 1 else [f"value {k}" for k in range(count)]


def _run(study: Any, measures: list[str], trial: Any) -> Run:
    name = f"{study.study_name}/{trial.number}"
    own: dict[str, object] = {"run": name, "study": study.study_name, "trial": trial.number}
    if trial.duration is not None:
        own["duration"] = trial.duration.total_seconds()
    texts = {
        key: text
        for key, value in {**own, **study.user_attrs, **trial.user_attrs, **trial.params}.items()
        if (text := text_of(value)) is not None
    }
    measured: dict[str, tuple[float, ...]] = {}
    measured |= {key: (float(value),) for key, value in zip(measures, trial.values, strict=True)}
    if trial.intermediate_values:
        steps = sorted(trial.intermediate_values)
        measured[REPORTED] = tuple(float(trial.intermediate_values[step]) for step in steps)
    return Run(name, texts, measured)
