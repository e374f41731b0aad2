"""Compare: curves of several domains side by side, their exponents, and how far these lie apart."""

from collections.abc import Sequence

import streamlit as st

from dashboard import apart, catalogue, links, panels, searched, state, together, words
from dashboard.catalogue import Family
from dashboard.forest import draw_forest
from dashboard.window import ahead
from engine.curve import Curve
from engine.laws.fit import Fit
from engine.laws.published import PUBLISHED

store = st.session_state[state.STORE]


def first_of_each(families: Sequence[Family]) -> list[str]:
    """What is shown at first: the newest curves of each domain."""
    return list({family.domain: family.name for family in reversed(families)}.values())[::-1]


def choose(families: Sequence[Family]) -> list[Curve]:
    """The curves that the reader wants beside each other."""
    names = [family.name for family in families]
    before = st.session_state[state.COMPARED]
    chosen = [name for name in before or () if name in names]
    if before is None or (before and not chosen):  # not chosen yet, or all of them are gone
        chosen = first_of_each(families)
    st.session_state[state.COMPARED] = chosen
    shown = st.multiselect(
        "Curves",
        names,
        key=state.COMPARED,
        persist_state="session",
        format_func=words.marked,
        placeholder="Choose what to compare",
    )
    everything = st.session_state[state.ERRORS] == state.EVERY
    return [
        curve
        for family in families
        if family.name in shown
        for curve in (family.curves if everything else family.curves[:1])
    ]


def exponents(fits: Sequence[Fit]) -> None:
    st.subheader("Exponents")
    st.plotly_chart(
        draw_forest(fits, PUBLISHED, st.context.theme.type or "light"),
        config={"displayModeBar": False},
        alt="Exponents with their 90 % intervals, and published ones",
        key="forest",
    )
    st.caption(
        "Bars are 90 % intervals. Open grey diamonds: what Hestness et al. 2017 and 2019 published"
        " of the same error, on far more data and larger models; the line is the range over models"
        " where they gave one."
    )


ahead()
view = panels.look(store)
families = catalogue.families(store, view)
if not families:
    st.info("There is nothing to compare yet.", icon=":material/show_chart:")
    st.page_link("views/run.py", label="Run a first study", icon=":material/play_arrow:")
    st.stop()
curves = choose(families)
with panels.controls():
    st.segmented_control(
        "Errors",
        [state.FIRST, state.EVERY],
        key=state.ERRORS,
        persist_state="session",
        required=True,
        width="content",
    )
    panels.choose_law()
    together.choose(curves, view)
    panels.choose_forecast()
everything = curves
curves, key = panels.page_of(everything, "window-compare")
if not curves:
    st.info("Choose at least one curve above.", icon=":material/show_chart:")
    st.stop()
about = catalogue.about(store, view)
links.write(curves, view, {links.CURVE: st.session_state[state.COMPARED]})
extras = searched.extras(everything, about, None)
fits = panels.show(curves, view, key, extras, others=everything)
panels.unsaved()
with st.container(horizontal=True, vertical_alignment="center"):
    panels.undo(curves)
    panels.downloads(fits)
exponents(fits)
apart.exponents(fits)
apart.floors(fits)
searched.treatments(everything, about, view, curves)
panels.growth(fits)
panels.by_numbers(fits, key)
