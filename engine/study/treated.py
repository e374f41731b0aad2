"""Which curves of a study are the same but for a treatment: those that are compared."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.curve import Curve
from engine.study.store import Store
from engine.study.subject import Subject, stored_settings

About = Mapping[str, tuple[Subject, str]]  # subject and metric's name, by the curve's name


def about_curves(store: Store, study: int) -> dict[str, tuple[Subject, str]]:
    """What each curve of a study is about."""
    subjects = stored_settings(store.study_plan(study)[0]).subjects
    return {
        curve.name: (subjects[curve.subject], curve.metric)
        for curve in store.study_curves(study)
        if curve.subject is not None
    }


def treated_pairs(curves: Sequence[Curve], about: About) -> list[tuple[Curve, Curve]]:
    """Each treated curve behind its untreated one."""
    known = {about[curve.name]: curve for curve in curves if curve.name in about}
    found = []
    for (subject, metric), curve in known.items():
        plain = known.get((replace(subject, treatment=""), metric))
        if subject.treatment and plain is not None:
            found.append((plain, curve))
    return found
