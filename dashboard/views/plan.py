"""Plan: what error more data would bring, what data an error takes, and what that costs."""

from functools import lru_cache

import streamlit as st

from dashboard import catalogue, links, panels, planning, state, words
from dashboard.expected import foresee
from dashboard.plan_figure import draw_forecast
from engine.curve import Curve
from engine.laws.cost import fit_cost
from engine.laws.forecast import Forecast
from engine.laws.window import Window
from engine.numbers import number

store = st.session_state[state.STORE]
remembered_cost = lru_cache(maxsize=64)(fit_cost)


def choose(view: state.View) -> Curve | None:
    """The curve that is planned with."""
    families = catalogue.families(store, view)
    if not families:
        st.info("There is no curve to plan with yet.", icon=":material/show_chart:")
        st.page_link("views/run.py", label="Run a first study", icon=":material/play_arrow:")
        return None
    names = [family.name for family in families]
    if st.session_state[state.PLANNED] not in names:
        st.session_state[state.PLANNED] = names[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Curve",
            names,
            key=state.PLANNED,
            persist_state="session",
            format_func=words.marked,
            width=420,
        )
        curves = next(family.curves for family in families if family.name == name)
        errors = [curve.metric or "error" for curve in curves]
        if st.session_state[state.PLANNED_ERROR] not in errors:
            st.session_state[state.PLANNED_ERROR] = errors[0]
        if len(errors) > 1:
            st.segmented_control(
                "Error",
                errors,
                key=state.PLANNED_ERROR,
                persist_state="session",
                required=True,
                width="content",
            )
    return curves[errors.index(st.session_state[state.PLANNED_ERROR])]


def ask_size(found: Forecast) -> float:
    """How much data the reader thinks of."""
    assert found.largest is not None
    multiple = st.select_slider(
        "With so many times the data",
        planning.MULTIPLES,
        format_func=lambda times: f"{number(times)} x",
        key=state.TIMES,
        persist_state="session",
    )
    return float(multiple * found.largest)


def ask_error(found: Forecast) -> float:
    """What error the reader wants."""
    assert found.largest is not None
    now = float(found.error_at([found.largest]).error[0])
    share = st.slider(
        "For an error of so many percent of the present one",
        planning.SHARES[0],
        planning.SHARES[-1],
        format="%d %%",
        key=state.SHARE,
        persist_state="session",
    )
    return now * share / 100


def ask_speed(device: str) -> tuple[float, str]:
    """On which device, and how its speed compares."""
    st.slider(
        f"Trained on something so many times as fast as {device or 'the device that measured'}",
        planning.SPEEDS[0],
        planning.SPEEDS[-1],
        step=planning.SPEEDS[1] - planning.SPEEDS[0],
        key=state.SPEED,
        persist_state="session",
    )
    speed = st.session_state[state.SPEED]
    named = device or "the device that measured"
    return speed, named if speed == 1 else f"something {number(speed)} times as fast as {named}"


def page(curve: Curve, view: state.View) -> None:
    window = state.window_of(curve, view)
    found = foresee(curve, window)
    for note in found.notes:
        st.caption(words.sentence(note.message))
    if found.members is None:
        st.page_link("views/run.py", label="Run more sizes", icon=":material/play_arrow:")
        return
    growth = panels.remembered_growth(curve, Window())
    cost = remembered_cost(curve)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Error at a size", anchor=False)
        size = ask_size(found)
        first = st.empty()
    with right:
        st.subheader("Size for an error", anchor=False)
        error = ask_error(found)
        second = st.empty()
    speed, device = ask_speed(curve.device)
    needed = found.size_for(error)
    first.markdown(
        words.plain(
            f"{planning.at_size(found, size)}"
            f" {planning.priced(planning.price(size, growth, cost, speed), device)}"
        )
    )
    answer = planning.for_error(found, needed)
    if needed.size is not None and found.largest is not None and needed.size > found.largest:
        answer += f" {planning.priced(planning.price(needed.size, growth, cost, speed), device)}"
    second.markdown(words.plain(answer))
    st.markdown(f"**{words.plain(planning.doubling(found, growth, cost, speed))}**")
    asked = [(size, float(found.error_at([size]).error[0]))]
    if needed.size is not None:
        asked.append((needed.size, error))
    st.plotly_chart(
        draw_forecast(found, asked, st.context.theme.type or "light"),
        config={"displayModeBar": False},
        alt=f"Forecast of {curve.name} with its 90 % band",
        key="forecast",
    )
    st.caption(
        f"From {found.n_sizes} sizes. The band is 90 % for one more measurement. A search for the"
        " best model costs as many trainings as it has candidates and seeds. Memory is that of the"
        " weights, their gradients and the optimiser; data and activations come on top."
    )


view = panels.look(store)
if (chosen := choose(view)) is not None:
    named = {links.PLANNED: st.session_state[state.PLANNED], links.ERROR: chosen.metric}
    links.write([chosen], view, named)
    page(chosen, view)
