"""Explore: the curves of one study, their fit windows, exponents, and both CSV files."""

import streamlit as st

from dashboard import brought, catalogue, links, panels, searched, state, together, words
from dashboard.behind import behind
from dashboard.sensitivity import sensitivity
from dashboard.watching import watch
from dashboard.window import ahead
from dashboard.zoned import zoned
from engine.curve import Curve
from engine.laws.fit import Fit
from engine.laws.published import PUBLISHED
from engine.recorded import Recording, recordings
from engine.study.store import StudyRow

store = st.session_state[state.STORE]
recorded = {recording.name: recording for recording in recordings()}  # of their notes alone


def curves_of(choice: state.Choice, view: state.View) -> tuple[Curve, ...]:
    if choice is None:
        return ()
    if isinstance(choice, str):
        return catalogue.curves_of_recording(recorded[choice])
    curves = state.curves_of(store, choice, view.revision)
    if choice != state.IMPORTED:
        return curves
    picked = set(st.session_state[state.CURVES])
    return tuple(curve for curve in curves if curve.name in picked) or curves


def pick(view: state.View) -> None:
    """Which of the imported curves are shown, where there are several."""
    names = [curve.name for curve in state.curves_of(store, state.IMPORTED, view.revision)]
    st.session_state[state.CURVES] = [
        name for name in st.session_state[state.CURVES] if name in names
    ]
    if len(names) > 1:
        st.multiselect(
            "Curves",
            names,
            key=state.CURVES,
            persist_state="session",
            placeholder="All",
            width=420,
        )


def named_recordings() -> dict[str, str]:
    """Each recording as the reader chooses it; the models where the data alone are not plain."""

    def said(recording: Recording, parts: int) -> str:
        subjects = dict.fromkeys(
            ", ".join(subject.split()[:parts]) for subject in recording.subjects
        )
        data = words.marked(" and ".join(subjects)) or recording.name
        return f"Example: {data}, recorded {words.day(recording.date)}"

    short = {name: said(recording, 2) for name, recording in recorded.items()}
    return {
        name: text if [*short.values()].count(text) == 1 else said(recorded[name], 4)
        for name, text in short.items()
    }


def choose(view: state.View) -> state.Choice:
    """What the reader looks at: a study's id, IMPORTED, or the name of a recording."""
    names: dict[state.Choice, str] = {
        row.id: f"{words.study(row)}, {words.state(row)}" for row in view.studies
    }
    if state.curves_of(store, state.IMPORTED, view.revision):
        names[state.IMPORTED] = "Imported points"
    names.update(named_recordings())
    if st.session_state[state.STUDY] not in names:
        asked = [key for key in names if link_name(key, view) == st.session_state[state.ASKED]]
        st.session_state[state.STUDY] = next(iter([*asked, *names]), None)
    return st.selectbox(
        "Study",
        list(names),
        format_func=names.get,
        key=state.STUDY,
        persist_state="session",
        width=420,
        placeholder="None yet",
        disabled=not names,
    )


def link_name(choice: state.Choice, view: state.View) -> str:
    """What a link calls a choice: names, since another store counts its studies otherwise."""
    if isinstance(choice, str):
        return choice
    row = row_of(choice, view)
    return row.name if row else "imported"


def link(choice: state.Choice, view: state.View) -> dict[str, str | list[str]]:
    """What a link names of this page."""
    picked = st.session_state[state.CURVES] if choice == state.IMPORTED else []
    return {links.STUDY: link_name(choice, view), links.PICKED: picked}


def row_of(choice: state.Choice, view: state.View) -> StudyRow | None:
    return next((row for row in view.studies if row.id == choice), None)


def controls(curves: tuple[Curve, ...], view: state.View) -> None:
    panels.choose_law()
    together.choose(curves, view)
    st.button(
        "Propose windows",
        icon=":material/auto_fix:",
        help="Put each window where the plateau of small sizes ends.",
        on_click=lambda: state.set_windows(
            (curve, state.proposed_window(curve)) for curve in curves
        ),
    )
    st.segmented_control(
        "Axes",
        [state.LOGARITHMIC, state.LINEAR],
        key=state.AXES,
        persist_state="session",
        required=True,
        width="content",
    )
    panels.choose_forecast()
    st.toggle(
        "Slopes and residuals",
        key=state.STRIPS,
        persist_state="session",
        help="Beneath each curve: the slope between neighbouring sizes, which is constant where a"
        " power law holds, and how far each size lies off the law.",
    )


def sized() -> str:
    """Which view of a study: the best model of each size, or each model at all sizes too."""
    chosen: str = st.segmented_control(
        "Models",
        [state.BEST_FIT, state.FIXED_SIZES],
        key=state.SIZED,
        persist_state="session",
        required=True,
        help="Best fit: the error of the model that won at each size. Fixed sizes: beside it, each"
        " model that was tried at several sizes, in grey, with how large it is.",
    )
    return chosen


def about(choice: state.Choice, curves: tuple[Curve, ...]) -> str:
    """One line over the chart: where its points come from."""
    came = words.plain(words.provenance(curves))
    if isinstance(choice, str):
        return f"**Recorded earlier, not on this machine:** {came}."
    return f"**{'Imported' if choice == state.IMPORTED else 'Measured here'}:** {came}."


def empty(row: StudyRow | None) -> None:
    """Nothing to draw, in each of the states that this can mean."""
    if row is None:
        st.info("Nothing has been measured yet.", icon=":material/show_chart:")
        st.page_link("views/run.py", label="Run a first study", icon=":material/play_arrow:")
        st.page_link("views/bring.py", label="Bring points of your own", icon=":material/upload:")
    elif words.is_active(row):
        st.info(
            f"No point yet: {words.progress(row)}. The chart appears with the first one.",
            icon=":material/hourglass_empty:",
        )
    else:
        said = f" {words.plain(words.sentence(row.reason))}" if row.state == "failed" else ""
        st.warning(f"This study {row.state} before its first point.{said}")
        st.page_link("views/run.py", label="Resume it", icon=":material/play_arrow:")


def next_step(row: StudyRow | None, choice: state.Choice, fits: tuple[Fit, ...]) -> str:
    """What a reader would sensibly do now, in one line."""
    if isinstance(choice, str):
        return "Measure a curve of your own on this machine:"
    if row is None:
        return "Curves like these can be measured on this machine too:"
    if words.is_active(row):
        return f"Running: {words.progress(row)}. Windows that end open take in what comes."
    if row.state == "failed":
        reason = words.plain(words.sentence(row.reason))
        return f"This study failed. {reason} What it measured is kept:"
    if row.state != "finished":
        return "This study is not complete. Resume it to add the larger sizes:"
    if any(found.exponent is None for found in fits):
        return "Widen the windows, or run a longer preset for more sizes:"
    return "A longer preset adds sizes and seeds, and narrows the intervals:"


INTRO = (
    "**How steeply does the error fall as the training data grows?** On log-log axes a learning"
    " curve is a straight line between two flat ends, and its slope is the exponent. Drag the edges"
    " of a window, or the bar between them: the law is fitted to the sizes inside."
)


def welcome() -> None:
    """What this is and what to do first, for who looks at an example."""
    st.markdown(INTRO)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Measure your own", type="primary", icon=":material/play_arrow:"):
            st.switch_page("views/run.py")
        for page, said, icon in (
            ("bring", "Bring points of your own", "upload"),
            ("method", "How it works", "function"),
        ):
            st.page_link(f"views/{page}.py", label=said, icon=f":material/{icon}:", width="content")


ahead()
drawn = panels.look(store)
head = st.container()  # filled once it is known what is looked at
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    choice = choose(drawn)
    chosen = row_of(choice, drawn)
    if chosen:
        sized()
    if choice == state.IMPORTED:
        pick(drawn)
with panels.controls():
    controls(curves_of(choice, drawn), drawn)
if isinstance(choice, str):
    with head:
        welcome()
active = chosen is not None and words.is_active(chosen)
watched = active or choice == state.IMPORTED  # points may come from any training: engine.live
brought.tell_undone()
if choice == state.IMPORTED:
    brought.offer_undo()


def news(view: state.View) -> tuple[object, ...]:
    """What moves when there is more to show of what is looked at, and when its run ends."""
    row = row_of(choice, view)
    return view.revision, row and (words.is_active(row), words.progress(row))


@st.fragment
def live() -> None:
    """All that follows the hand, which runs this part of the page alone.

    Where new points are watched for, the hand is answered of those already drawn: what has come
    since takes a turn of its own, and zones to be found would keep the hand waiting.
    """
    view = drawn if watched else state.look(store)
    row = row_of(choice, view)
    curves = curves_of(choice, view)
    if not together.kept(curves, view) or together.now() != st.session_state[state.WAY]:
        st.rerun()  # the choice over the chart has to follow the hand
    if not curves:
        links.write((), view, link(choice, view))
        empty(row)
        return
    st.caption(about(choice, curves))
    about_it = state.searched(store, row.id, view.revision) if row else state.UNSEARCHED
    everything = curves
    curves, key = panels.page_of(everything, f"window-{choice}")
    links.write(curves, view, link(choice, view))
    fixed = bool(row) and st.session_state[state.SIZED] == state.FIXED_SIZES
    rivals = state.fixed_sizes(store, row.id, view.revision) if row and fixed else None
    extras = searched.extras(everything, about_it, rivals)
    fits = panels.show(curves, view, key, extras, () if fixed else PUBLISHED, everything)
    if said := searched.remarks(curves, about_it):
        st.caption("  \n".join(said))
    if fixed:
        st.caption(searched.legend(extras))
    panels.unsaved()
    with st.container(horizontal=True, vertical_alignment="center"):
        panels.undo(curves)  # here and not above: a drag runs this part of the page alone
        panels.downloads(fits)
        st.caption(next_step(row, choice, fits), width="content")
        st.page_link("views/run.py", label="Run", icon=":material/play_arrow:", width="content")
    searched.treatments(everything, about_it, view, curves)
    zoned(fits, lambda: state.fixed_sizes(store, row.id, view.revision) if row else ())
    sensitivity(fits, key)
    panels.growth(fits)
    behind(everything, about_it, store, row.id if row else None, view.revision)
    panels.by_numbers(fits, key)


live()
if watched:
    watch(lambda: news(state.look(store)), news(drawn), drawn.revision)
