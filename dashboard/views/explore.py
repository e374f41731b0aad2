"""Explore: the curves of one study, their fit windows, exponents, and both CSV files."""

import streamlit as st

from dashboard import panels, state, words
from engine.curve import Curve, write_points
from engine.exponents import exponent_row, write_exponents
from engine.laws.fit import Fit
from engine.recorded import recorded_curves
from engine.study.store import StudyRow

MOST_PANELS = 12  # more at once would be neither readable nor quick

store = st.session_state[state.STORE]


def curves_of(choice: int, view: state.View) -> tuple[Curve, ...]:
    if choice == state.EXAMPLE:
        return tuple(recorded_curves())
    return state.curves_of(store, choice, view.revision)


def choose(view: state.View) -> int:
    """What the reader looks at: a study's id, IMPORTED, or the recorded EXAMPLE."""
    rows = {row.id: row for row in view.studies}
    names = {row.id: f"{row.name}, {words.state(row)}" for row in view.studies}
    if curves_of(state.IMPORTED, view):
        names[state.IMPORTED] = "Imported points"
    names[state.EXAMPLE] = "Example, recorded earlier"
    if st.session_state[state.STUDY] not in names:
        st.session_state[state.STUDY] = next(iter(rows), state.EXAMPLE)
    return st.selectbox("Study", list(names), format_func=names.get, key=state.STUDY, width=320)


def row_of(choice: int, view: state.View) -> StudyRow | None:
    return next((row for row in view.studies if row.id == choice), None)


def link_windows(curves: tuple[Curve, ...], view: state.View) -> None:
    """Give every panel the window of the first, when the reader links them."""
    if st.session_state[state.LINKED] and curves:
        first = state.window_of(curves[0], view)
        state.set_windows((curve, first) for curve in curves)


def controls(curves: tuple[Curve, ...], view: state.View) -> None:
    st.selectbox("Law", list(state.LAWS), format_func=state.LAWS.get, key=state.LAW, width=180)
    st.button(
        "Propose windows",
        icon=":material/auto_fix:",
        help="Put each window where the plateau of small sizes ends.",
        on_click=lambda: state.set_windows(
            (curve, state.proposed_window(curve)) for curve in curves
        ),
    )
    st.toggle(
        "Same window for all panels", key=state.LINKED, on_change=link_windows, args=(curves, view)
    )


def about(choice: int, curves: tuple[Curve, ...]) -> str:
    """One line over the chart: where its points come from."""
    came = words.plain(words.provenance(curves))
    if choice == state.EXAMPLE:
        return f"**Recorded earlier, not on this machine:** {came}."
    return f"**{'Imported' if choice == state.IMPORTED else 'Measured here'}:** {came}."


def empty(row: StudyRow | None) -> None:
    """Nothing to draw, in each of the states that this can mean."""
    if row is None:
        st.info("Nothing has been measured yet.", icon=":material/show_chart:")
        st.page_link("views/run.py", label="Run a first study", icon=":material/play_arrow:")
    elif words.is_active(row):
        st.info(
            f"No point yet: {words.progress(row)}. The chart appears with the first one.",
            icon=":material/hourglass_empty:",
        )
    else:
        said = f" {words.plain(words.sentence(row.reason))}" if row.state == "failed" else ""
        st.warning(f"This study {row.state} before its first point.{said}")
        st.page_link("views/run.py", label="Resume it", icon=":material/play_arrow:")


def next_step(row: StudyRow | None, choice: int, fits: tuple[Fit, ...]) -> str:
    """What a reader would sensibly do now, in one line."""
    if choice == state.EXAMPLE:
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


def downloads(fits: tuple[Fit, ...]) -> None:
    points = [point for found in fits for point in found.curve.points]
    for label, text, name in (
        ("Exponents CSV", write_exponents(map(exponent_row, fits)), "exponents.csv"),
        ("Points CSV", write_points(points), "points.csv"),
    ):
        st.download_button(
            label, text.encode(), name, "text/csv", on_click="ignore", icon=":material/download:"
        )


INTRO = (
    "**How steeply does the error fall as the training data grows?** On log-log axes a learning"
    " curve is a straight line between two flat ends, and its slope is the exponent. Drag the edges"
    " of a window, or the bar between them: the law is fitted to the sizes inside."
)

view = state.look(store)
if view.trouble:
    st.error(f"The study file cannot be used: {view.trouble}", icon=":material/error:")
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    choice = choose(view)
    controls(curves_of(choice, view), view)
chosen = row_of(choice, view)
active = chosen is not None and words.is_active(chosen)


@st.fragment(run_every=1.0 if active else None)
def live() -> None:
    """All that changes while points arrive; polls only while a run is under way."""
    view = state.look(store)
    row = row_of(choice, view)
    if active and not (row and words.is_active(row)):
        st.rerun()  # the run has ended: one whole turn stops the polling
    curves = curves_of(choice, view)
    if not curves:
        empty(row)
        return
    if choice == state.EXAMPLE:
        st.markdown(INTRO)
    st.caption(about(choice, curves))
    if len(curves) > MOST_PANELS:
        st.caption(f"The first {MOST_PANELS} of {len(curves)} curves are shown.")
        curves = curves[:MOST_PANELS]
    fits = panels.show(curves, view, f"window-{choice}")
    if st.session_state[state.TROUBLE]:
        st.warning(st.session_state[state.TROUBLE])
    with st.container(horizontal=True, vertical_alignment="center"):
        downloads(fits)
        st.caption(next_step(row, choice, fits), width="content")
        st.page_link("views/run.py", label="Run", icon=":material/play_arrow:", width="content")
    panels.growth(fits)
    panels.by_numbers(fits, f"window-{choice}")


live()
