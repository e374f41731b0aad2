"""What the pages remember and where they read it: session keys, the store, the windows.

Pages read the store through `look` and `curves_of`, which never raise: what is wrong with the file
comes back as one sentence to show. A window that the reader moved lives in the session at once and
in the store too, so that another page, a reload or a restart finds it again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar

import streamlit as st

from engine.curve import Curve
from engine.laws.propose import propose_window
from engine.laws.window import Window
from engine.laws.zones import zones_together
from engine.study.fixed_size import fixed_size_curves
from engine.study.store import SHIPPED, Store, StoreDamaged, StoreError, StudyRow
from engine.study.subject import Subject, stored_settings
from engine.study.treated import about_curves

STORE = "store"  # Path of the store, set by page.py
FOLDER = "folder"  # Path of the folder that data are taken from, likewise
STUDY = "study"  # the Choice on Explore
ASKED = "asked"  # the name of the study that a link asks for
MOST_EARLIER = 100  # changes of windows that can be undone
IMPORTED = -1  # no study has this id: the curves in the store that no study measured
WINDOWS = "windows"  # {name in the store: Window} of this session; None: as proposed
RESET = "reset"  # moved when Python, not the hand, sets a window: the edges then follow
DOUBTED = "doubted"  # whether the store was damaged when it was last read whole
TROUBLE = "trouble"  # a sentence about a window that could not be saved, or None
LAW = "law"
SIZED = "sized"  # which view of a study: BEST_FIT or FIXED_SIZES
AXES = "axes"  # of the charts: LOGARITHMIC or LINEAR
LOGARITHMIC, LINEAR = "Log", "Linear"
FORECAST = "forecast"  # whether what is expected beyond the data is drawn
STRIPS = "strips"  # whether slopes and residuals are shown
BROUGHT = "brought"  # the last import of this session, see dashboard.brought, or None
CURVES = "curves"  # names of the imported curves that Explore shows; none chosen: all
BEST_FIT, FIXED_SIZES = "Best fit", "Fixed sizes"
EARLIER = "earlier"  # what `undo` goes back to: the Step before each change
LATER = "later"  # what `redo` goes on to: the Step before each undo
WAY = "way"  # how windows were set together when the page was last drawn: WINDOWED and DECADES
PAGE = "page"  # which dozen of curves is shown, from 1
LEAFED = "leafed"  # and of which chart; "": of the first, as its link asks
COMPARED = "compared"  # names of the families on Compare; None: not chosen yet
ERRORS = "errors"  # which of their errors: FIRST or EVERY
FIRST, EVERY = "First", "All"
WINDOWED = "windowed"  # how windows are set together, see dashboard.together
OWN_WINDOWS, ONE_WINDOW, SAME_DECADES = "Each its own", "One for all", "Same decades"
DECADES = "decades"  # past the plateau
PLANNED = "planned"  # name of the family on Plan
PLANNED_ERROR = "planned-error"  # and which of its errors
SPEED = "speed"  # of the device that is planned with, against the one that measured
TIMES = "times"  # the largest size, for which the error is asked
SHARE = "share"  # % of the present error, for which the size is asked

T = TypeVar("T")
Held = dict[str, tuple[object, T]]  # by name: a stamp, and what was read when it stood
Choice = int | str | None  # a study's id, IMPORTED, or the name of a recording; None: nothing

LAWS = {"auto": "Auto", "power": "Power law", "power-floor": "Power law + floor"}

BySize = dict[float, list[dict[str, float]]]  # further figures, one a seed

# Of widgets: each asks Streamlit to keep what is chosen while it is not on the page
# (`persist_state`). What stands here is there before one has ever been drawn.
REMEMBERED: tuple[tuple[str, object], ...] = (
    (STUDY, None),
    (LAW, "auto"),
    (SIZED, BEST_FIT),
    (CURVES, ()),
    (FORECAST, False),
    (STRIPS, False),
    (AXES, LOGARITHMIC),
    (COMPARED, None),
    (ERRORS, FIRST),
    (WINDOWED, OWN_WINDOWS),
    (DECADES, 1.5),
    (PLANNED, None),
    (PLANNED_ERROR, None),
    (SPEED, 1.0),
    (TIMES, 4),
    (SHARE, 80),
)


@dataclass(frozen=True, slots=True)
class View:
    """What the store shows at one moment."""

    studies: tuple[StudyRow, ...]
    windows: dict[str, Window]
    revision: int
    trouble: str | None  # why the file cannot be read, for the reader
    damaged: bool = False  # whether that is why: some of it may be read all the same


@dataclass(frozen=True, slots=True)
class Searched:
    """How the curves of a study came about; all by the curve's name."""

    about: dict[str, tuple[Subject, str]]  # its subject, and the name of its metric
    edges: dict[str, frozenset[float]]  # sizes at which the largest capacity tried won
    scores: dict[str, tuple[float, dict[str, float]]]  # the largest size that has them, and means
    planned: tuple[tuple[Subject, int], ...]  # how many sizes each subject is to have


@dataclass(frozen=True, slots=True)
class Step:
    """What a change of windows overwrote."""

    windows: dict[str, Window | None]  # by the name in the store; None is where proposed
    way: tuple[str, float]  # how they were set together


UNSEARCHED = Searched({}, {}, {}, ())  # what is known of curves that no study here measured


def begin(store: Path, folder: Path) -> None:
    """Set what every page expects in the session, once."""
    st.session_state[STORE] = store
    st.session_state[FOLDER] = folder
    for key, value in (
        (WINDOWS, {}),
        (EARLIER, []),
        (LATER, []),
        (RESET, 0),
        (PAGE, 1),
        (LEAFED, ""),
        *REMEMBERED,
    ):
        st.session_state.setdefault(key, value)
    for key in (TROUBLE, ASKED, BROUGHT):
        st.session_state.setdefault(key, None)
    st.session_state.setdefault(WAY, (OWN_WINDOWS, st.session_state[DECADES]))


def look(path: Path) -> View:
    """The studies and windows in the store; an absent file is simply empty."""
    try:
        if not path.exists():
            return View((), {}, 0, None)
        if st.session_state.get(DOUBTED):
            _read_whole(path)
        with Store.open(path, "read") as store:
            return View(tuple(store.studies()), store.windows(), store.revision(), None)
    except (StoreError, OSError) as error:
        return View((), {}, 0, str(error), isinstance(error, StoreDamaged))


def check(path: Path) -> None:
    """Read all of a store, and turn the page where that shows damage for the first time.

    For the end of a turn: what can be seen would have to wait for it, as long again as it takes to
    read. From then on `look` reads all of it first, so that a damaged store is never drawn again.
    """
    damaged = False
    try:
        if path.exists():
            _read_whole(path)
    except StoreDamaged:
        damaged = True
    except (StoreError, OSError):
        return  # `look` says why
    found = damaged and not st.session_state.get(DOUBTED)
    st.session_state[DOUBTED] = damaged
    if found:
        st.rerun()


def _read_whole(path: Path) -> None:
    with Store.open(path, "read") as store:
        mark = Store.mark(store.revision())
    _checked(path, path.stat().st_ino, mark)


@lru_cache(maxsize=64)
def _checked(path: Path, inode: int, mark: int) -> None:
    """Read all of a store once, by its mark; what is damaged is found anew at every turn."""
    with Store.open(path, "read") as store:
        store.check()


def curves_of(path: Path, study: int, revision: int) -> tuple[Curve, ...]:
    """The curves of a study, or the IMPORTED ones, as they stand at `revision`."""
    try:
        return _curves(path, path.stat().st_ino, study, revision)
    except (StoreError, OSError):
        return ()  # not there, or gone since `look`, which says why


@lru_cache(maxsize=64)
def _curves(path: Path, inode: int, study: int, revision: int) -> tuple[Curve, ...]:
    owner = None if study == IMPORTED else study
    with Store.open(path, "read") as store:
        stamps = store.stamps(owner)
        kept: Held[Curve] = _held(path, inode, study, "curves")
        held = dict(kept)  # another session may be at it too, at an earlier revision
        moved = _moved(held, stamps)
        for curve in store.curves(owner, moved):
            held[curve.name] = stamps.get(curve.name), curve
    kept.update(held)
    return tuple(held[name][1] for name in stamps if name in held)  # one may have gone since


@lru_cache(maxsize=32)
def _held(path: Path, inode: int, study: int, what: str) -> Held[Any]:
    """What was read of each curve of a study, with its stamp then: new points come to few."""
    return {}


def _moved(held: Held[Any], stamps: Mapping[str, object]) -> list[str]:
    """The curves to read anew."""
    return [name for name, stamp in stamps.items() if name not in held or held[name][0] != stamp]


def searched(path: Path, study: int, revision: int) -> Searched:
    """How a study's curves came about, as it stands at `revision`."""
    try:
        return _searched(path, path.stat().st_ino, study, revision)
    except (StoreError, OSError):
        return UNSEARCHED


@lru_cache(maxsize=16)
def _searched(path: Path, inode: int, study: int, revision: int) -> Searched:
    with Store.open(path, "read") as store:
        about = about_curves(store, study)
        stamps = store.stamps(study)
        kept: Held[tuple[frozenset[float], BySize]] = _held(path, inode, study, "records")
        held = dict(kept)
        moved = _moved(held, stamps)
        edges = store.edges(study, moved)
        scores: dict[str, BySize] = {}
        for curve, size, found in store.scores(study, moved):
            scores.setdefault(curve, {}).setdefault(size, []).append(found)
        settings, plan = store.study_plan(study)
    for name in moved:
        held[name] = stamps[name], (edges.get(name, frozenset()), scores.get(name, {}))
    kept.update(held)
    subjects = stored_settings(settings).subjects
    planned = tuple(
        (subject, len(part["sizes"]))
        for subject, part in zip(subjects, plan.get("subjects", ()), strict=False)
    )
    return Searched(
        about=about,
        edges={name: held[name][1][0] for name in stamps if held[name][1][0]},
        scores={
            name: (max(by), _means(by[max(by)]))
            for name, by in ((name, held[name][1][1]) for name in stamps)
            if by
        },
        planned=planned,
    )


def _means(seeds: list[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for seed in seeds for name in seed)
    return {name: fmean(seed[name] for seed in seeds if name in seed) for name in names}


def fixed_sizes(path: Path, study: int, revision: int) -> tuple[Curve, ...]:
    """The curves of each capacity that a study tried; see engine.study.fixed_size."""
    try:
        return _fixed_sizes(path, path.stat().st_ino, study, revision)
    except (StoreError, OSError):
        return ()


@lru_cache(maxsize=16)
def _fixed_sizes(path: Path, inode: int, study: int, revision: int) -> tuple[Curve, ...]:
    with Store.open(path, "read") as store:
        return tuple(fixed_size_curves(store, study))


def stored_name(curve: Curve) -> str:
    """The name under which a curve's window is kept; shipped curves must not take a user's."""
    return f"{SHIPPED}{curve.name}" if curve.origin == "shipped" else curve.name


def window_of(curve: Curve, view: View) -> Window:
    """Where the reader left the window of `curve`, else where the engine proposes it."""
    return kept_window(curve, view) or proposed_window(curve)


def windows_of(curves: Sequence[Curve], view: View) -> list[Window]:
    """Those of several curves, whose proposals are sooner found together."""
    proposed = [curve for curve in curves if kept_window(curve, view) is None]
    zones_together([(curve, Window()) for curve in proposed])
    return [window_of(curve, view) for curve in curves]


def kept_window(curve: Curve, view: View) -> Window | None:
    """Where the reader left the window of `curve`; None where it was never moved."""
    name = stored_name(curve)
    session = st.session_state[WINDOWS]
    return session[name] if name in session else view.windows.get(name)


proposed_window = lru_cache(maxsize=512)(propose_window)  # pure, and asked at every turn


def keep_windows(windows: Iterable[tuple[Curve, Window]]) -> None:
    """Remember windows, in the session and in the store; `undo` takes them back together."""
    session = st.session_state[WINDOWS]
    fresh = {stored_name(curve): window for curve, window in windows}
    fresh = {name: window for name, window in fresh.items() if session.get(name) != window}
    if not fresh:
        return
    _remember(EARLIER, fresh)
    st.session_state[LATER] = []
    _keep(fresh)


def undo() -> None:
    """Put the windows of the last change back where they were; nothing where none was made."""
    _step(EARLIER, LATER)


def redo() -> None:
    """Do again the change that was undone last; nothing where none was."""
    _step(LATER, EARLIER)


def forget_windows(names: Iterable[str]) -> None:
    """Forget the windows of curves that are gone: another curve may take such a name."""
    gone = set(names)
    session = st.session_state[WINDOWS]
    st.session_state[WINDOWS] = {name: session[name] for name in session if name not in gone}
    for steps in (EARLIER, LATER):
        left = [
            replace(step, windows={k: w for k, w in step.windows.items() if k not in gone})
            for step in st.session_state[steps]
        ]
        st.session_state[steps] = [step for step in left if step.windows]


def _step(back: str, forth: str) -> None:
    """Take the last of one list of changes, and remember in the other how to take it again."""
    if not st.session_state[back]:
        return
    *st.session_state[back], step = st.session_state[back]
    _remember(forth, step.windows)
    _keep(step.windows)
    st.session_state[WINDOWED], st.session_state[DECADES] = step.way
    st.session_state[RESET] += 1


def _remember(steps: str, names: Iterable[str]) -> None:
    """Add the windows of these curves, as they are now, to a list of steps."""
    session, kept = st.session_state[WINDOWS], _windows(st.session_state[STORE])
    now = {name: session[name] if name in session else kept.get(name) for name in names}
    step = Step(now, st.session_state[WAY])
    st.session_state[steps] = [*st.session_state[steps], step][-MOST_EARLIER:]


def _windows(path: Path) -> dict[str, Window]:
    """The windows in the store."""
    try:
        with Store.open(path, "read") as store:
            return store.windows()
    except (StoreError, OSError):
        return {}


def _keep(fresh: Mapping[str, Window | None]) -> None:
    st.session_state[WINDOWS].update(fresh)
    st.session_state[TROUBLE] = None
    try:
        with Store.open(st.session_state[STORE]) as store:
            store.save_windows(fresh)
    except StoreError as error:
        st.session_state[TROUBLE] = f"The window is not saved: {error}"


def set_windows(windows: Iterable[tuple[Curve, Window]]) -> None:
    """Remember windows that no hand on the chart set, and move the edges there."""
    keep_windows(windows)
    st.session_state[RESET] += 1
