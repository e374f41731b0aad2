"""Curves with their fit windows, and the table of their fits below: what Explore and Run share."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import figures, state, tables, words
from dashboard.expected import expect
from dashboard.fold import fold
from dashboard.growth import draw_growth, label
from dashboard.linear import linear
from dashboard.window import fit_window, moved, wants_redo, written
from engine import VERSION
from engine.curve import Curve, write_points
from engine.exponents import exponent_row, write_exponents
from engine.laws.fit import Fit, fit
from engine.laws.growth import Growth, fit_growth
from engine.laws.published import PUBLISHED, PublishedLaw
from engine.laws.window import Window
from engine.laws.zones import zones_together
from engine.study.salvage import salvage
from engine.study.store import SHIPPED

HELP = {"Report": "One web page that needs nothing else: chart, table, and how each fit was made."}
MOST = 12  # panels; more at once would be neither readable nor quick
GROWTH_WIDTH = 320  # px of a growth chart beside others: one fits a telephone

# Pure in frozen values, and asked at every turn of a page that polls.
remembered_fit = lru_cache(maxsize=512)(fit)
remembered_growth = lru_cache(maxsize=512)(fit_growth)


@lru_cache(maxsize=512)
def remembered_drawing(
    k: int,
    count: int,
    fit: Fit,
    published: tuple[PublishedLaw, ...],
    extra: figures.Extra,
    axes: str,
    **shown: Any,
) -> str:
    """A panel as the chart takes it; only those that changed are drawn anew."""
    panel = figures.draw_panel(k, count, fit, published, extra, **shown)
    return written(linear(panel) if axes == state.LINEAR else panel, fit.curve)


def show(
    curves: Sequence[Curve],
    view: state.View,
    key: str,
    extras: Mapping[str, figures.Extra] | None = None,
    published: tuple[PublishedLaw, ...] = PUBLISHED,
    others: Sequence[Curve] = (),
) -> tuple[Fit, ...]:
    """Draw `curves` in a panel each, with windows, and their table; returns the fits.

    Args:
        curves: what to draw.
        view: the store, which knows the windows.
        key: of the chart's state.
        extras: what else to draw in a curve's panel, by the curve's name.
        published: laws of others to draw where they suit.
        others: curves that are not drawn, whose windows move along where all are one.
    """
    law = st.session_state[state.LAW]
    windows = state.windows_of(curves, view)
    if law == "auto":
        zones_together([*zip(curves, windows, strict=True)])
    fits = tuple(remembered_fit(*each, law) for each in zip(curves, windows, strict=True))

    linked = _linked(fits)

    def hear() -> None:
        """Keep the windows that the reader let go of."""
        said = moved(key)
        heard = [(curve, said[curve.name]) for curve in curves if curve.name in said]
        if linked and heard:
            heard += [(curve, heard[0][1]) for curve in others]
        state.keep_windows(heard)

    def step() -> None:
        """Take a change back or make it again, as the keys asked."""
        (state.redo if wants_redo(key) else state.undo)()

    strips = st.session_state[state.STRIPS]
    shown = [(extras or {}).get(curve.name, figures.Extra()) for curve in curves]
    if st.session_state[state.FORECAST]:
        ahead = map(expect, curves, windows)
        shown = [replace(each, ahead=found) for each, found in zip(shown, ahead, strict=True)]
    drawings = [
        remembered_drawing(
            k,
            len(fits),
            found,
            published,
            extra,
            st.session_state[state.AXES],
            strips=strips,
            title=figures.title_size(fits),
        )
        for k, (found, extra) in enumerate(zip(fits, shown, strict=True))
    ]
    fit_window(
        drawings,
        figures.frame(strips=strips),
        fits,
        [words.exponent(found) for found in fits],
        key=key,
        linked=linked,
        reset=st.session_state[state.RESET],
        group=_group(curves),
        on_change=hear,
        on_undo=step,
    )
    tables.show(table(fits), "fits")
    doubted: dict[str, list[str]] = {}
    for found in fits:
        doubted.setdefault(words.doubts(found), []).append(named(found.curve))
    doubted.pop("", None)
    if doubted:
        st.caption(
            "  \n".join(f"**{', '.join(those)}:** {said}" for said, those in doubted.items())
        )
    return fits


def look(store: Path) -> state.View:
    """What is in the store; what is wrong with the file is said at once."""
    view = state.look(store)
    if view.trouble:
        st.error(f"The study file cannot be used: {view.trouble}", icon=":material/error:")
    if view.damaged:
        st.download_button(
            "The points that can still be read",
            lambda: write_points(salvage(store)).encode(),
            "points.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
            help="Each is as it was written. Move the damaged file away, then import these.",
        )
    return view


def controls() -> DeltaGenerator:
    """Room for what is set over a chart; on a telephone one row that is pushed sideways."""
    return st.container(key="controls", horizontal=True, vertical_alignment="bottom", gap="medium")


def choose_law() -> None:
    """Which law is fitted, on every page alike."""
    st.selectbox(
        "Law",
        list(state.LAWS),
        format_func=state.LAWS.get,
        key=state.LAW,
        persist_state="session",
        width=180,
    )


def choose_forecast() -> None:
    """Whether panels show what is expected beyond the data, on every page with one alike."""
    st.toggle(
        "Forecast",
        key=state.FORECAST,
        persist_state="session",
        help="Beyond the data: the errors to expect up to ten times the largest size, with their"
        " 90 % band. Forecasts are tested up to four times; past that the ground is grey.",
    )


def page_of(curves: Sequence[Curve], key: str) -> tuple[tuple[Curve, ...], str]:
    """As many curves as can be drawn at once, and the key of their chart; leafs through the rest.

    Each page has a chart of its own, so that a zoom stays with its curve.
    """
    pages = -(-len(curves) // MOST)
    if pages < 2:
        st.session_state[state.PAGE] = 1
        return tuple(curves), key
    with st.container(horizontal=True, vertical_alignment="center"):
        slot = f"{key}-page-of-{pages}"
        linked = st.session_state[state.LEAFED] in ("", slot)  # else it is of another study
        asked = min(max(st.session_state[state.PAGE], 1), pages) if linked else 1
        default = st.session_state.setdefault(f"{slot}-default", asked)
        page = st.pagination(pages, default=default, key=slot)
        st.session_state[state.PAGE], st.session_state[state.LEAFED] = page, slot
        first = MOST * (page - 1)
        shown = tuple(curves[first : first + MOST])
        st.caption(
            f"Curves {first + 1} to {first + len(shown)} of {len(curves)}, in the table and files"
            " too.",
            width="content",
        )
    return shown, f"{key}-{page}"


def unsaved() -> None:
    """Why the last window could not be saved, where that is so."""
    if said := st.session_state[state.TROUBLE]:
        st.warning(said)


def _linked(fits: Sequence[Fit]) -> bool:
    """Whether a window moves all others along: they are one, and are to be one."""
    one = st.session_state[state.WINDOWED] == state.ONE_WINDOW
    return one and len({found.window for found in fits}) == 1


def _group(curves: Sequence[Curve]) -> int:
    """How many curves each subject has, one a metric; 1 where subjects differ in that."""
    counts = set(Counter(curve.name.rpartition(" ")[0] for curve in curves).values())
    return counts.pop() if len(counts) == 1 else 1


def named(curve: Curve) -> str:
    """A curve's name in Markdown."""
    return words.plain(words.marked(curve.name))


def table(fits: Sequence[Fit]) -> pd.DataFrame:
    """A row for each fit, as a reader sees it."""
    rows = [
        {
            "Curve": named(found.curve),
            "Law": words.LAW_NAMES[found.law],
            "Exponent, 90 %": words.interval(found.exponent, "none"),
            "Floor, 90 %": words.interval(found.floor, "none"),
            "Window": words.window(found),
            "Sizes": str(found.n_sizes),
            "Points": str(found.n_points),
            "Seeds": words.repeats(found),
            "Status": found.status.value,
        }
        for found in fits
    ]
    return pd.DataFrame(rows).set_index("Curve")


def downloads(fits: Sequence[Fit]) -> None:
    """Both CSV files and a report, exactly of what is shown; made when they are asked for."""
    shown = tuple(fits)
    for said, make, name, kind in (
        ("Exponents CSV", _exponents_csv, "exponents.csv", "text/csv"),
        ("Points CSV", _points_csv, "points.csv", "text/csv"),
        ("Report", _report, "learning-curves.html", "text/html"),
    ):
        st.download_button(
            said,
            partial(make, shown),
            name,
            kind,
            on_click="ignore",
            icon=":material/download:",
            help=HELP.get(said),
        )


def _exponents_csv(fits: tuple[Fit, ...]) -> bytes:
    return write_exponents(map(exponent_row, fits)).encode()


def _points_csv(fits: tuple[Fit, ...]) -> bytes:
    return write_points(point for found in fits for point in found.curve.points).encode()


def _report(fits: tuple[Fit, ...]) -> bytes:
    from dashboard.report import report  # with it comes plotly's whole figure library

    figure = figures.draw(fits, PUBLISHED)
    return report(fits, figure, VERSION, words.day(date.today().isoformat())).encode()


def undo(shown: Sequence[Curve]) -> None:
    """Buttons that take the last change of windows back, and make it again.

    One that would change nothing of what is `shown` names a curve that it does change.
    """
    st.button(
        f"Undo{_elsewhere(state.EARLIER, shown)}",
        key="undo",
        icon=":material/undo:",
        help="Put the windows back where they were before the last change. Ctrl+Z or ⌘Z.",
        disabled=not st.session_state[state.EARLIER],
        on_click=state.undo,
    )
    st.button(
        f"Redo{_elsewhere(state.LATER, shown)}",
        key="redo",
        icon=":material/redo:",
        help="Make the change again that was undone last. Ctrl+Shift+Z or ⇧⌘Z.",
        disabled=not st.session_state[state.LATER],
        on_click=state.redo,
    )


def _elsewhere(steps: str, shown: Sequence[Curve]) -> str:
    """Whose window the last step moves, where it is none of those shown."""
    names = [name for step in st.session_state[steps][-1:] for name in step.windows]
    if not names or {state.stored_name(curve) for curve in shown} & {*names}:
        return ""
    return f": {words.plain(words.marked(names[0].removeprefix(SHIPPED)))}"


def growth(fits: Sequence[Fit]) -> None:
    """How the best model grows with the data, for the sizes in the windows; folded away."""
    first: dict[tuple[object, ...], Fit] = {}  # the metrics of one study share their models
    for found in fits:
        models = remembered_growth(found.curve, Window())
        subject = found.curve.name.rpartition(" ")[0]
        if models.sizes:
            first.setdefault((subject, models.sizes, models.parameters), found)
    if not first:
        return
    several = len(first) > 1
    laws = {
        label(law, several): law
        for found in first.values()
        for law in [remembered_growth(found.curve, found.window)]
    }
    fitted = {name: law for name, law in laws.items() if law.exponent}
    room = fold("How the best model grows with the data", "growth")
    if room is None:
        return
    with room:
        _growth_charts(fitted)
        for name, law in laws.items():
            if law.doubt:
                st.markdown(f"**{words.plain(name)}:** {words.sentence(law.doubt)}")
        st.caption(
            "How large the model is that won at each size inside the window. Hestness et al. 2017"
            " found exponents from 0.5 to 1: models grow, but more slowly than the data. The 90 %"
            " interval is never narrower than the gap between the capacities that won allows, and"
            " does not know of larger models that were not tried."
        )


def _growth_charts(fitted: Mapping[str, Growth]) -> None:
    """A chart for each pair of units, of data and of models: images and words share no axis."""
    by_unit: dict[tuple[str, str], dict[str, Growth]] = {}
    for name, law in fitted.items():
        by_unit.setdefault((law.curve.unit, law.curve.capacity), {})[name] = law
    with st.container(horizontal=True):
        for (unit, capacity), laws in by_unit.items():
            st.plotly_chart(
                draw_growth(laws, st.context.theme.type or "light"),
                width="stretch" if len(by_unit) == 1 else GROWTH_WIDTH,
                config={"displayModeBar": False},
                alt=f"The best model's {capacity} against training {unit or 'samples'}",
                key=f"growth-{unit}-{capacity}",
            )


def by_numbers(fits: Sequence[Fit], key: str) -> None:
    """The same windows as number boxes: for exact ends, keyboards and screen readers.

    A form, so that nothing counts until it is sent: boxes that follow the chart while points
    stream would otherwise race with the hand on it.
    """
    room = fold("Set the windows by numbers", "numbers")
    if room is None:
        return
    with room, st.form(f"{key}-numbers", border=False):
        boxes = [(found.curve, *_end_boxes(found, key)) for found in fits]

        def send() -> None:
            state.set_windows(
                (curve, _window(st.session_state[low], st.session_state[high]))
                for curve, low, high in boxes
            )

        with st.container(horizontal=True, vertical_alignment="center"):
            st.form_submit_button("Set windows", on_click=send)
            st.caption("0 leaves an end open: sizes still to come are taken in.", width="content")


def _end_boxes(found: Fit, key: str) -> list[str]:
    """A box for each end of a window; returns their keys. 0 is open."""
    keys = []
    with st.container(horizontal=True):
        for end, value in (("start", found.window.low), ("end", found.window.high)):
            keys.append(f"{key}-{end}-{found.curve.name}-{value}")  # follows the chart's window
            st.number_input(
                f"{named(found.curve)}, {end}",
                min_value=0.0,
                value=float(value or 0),
                format="%.6g",
                key=keys[-1],
                width=260,
            )
    return keys


def _window(low: float | None, high: float | None) -> Window:
    low, high = low or None, high or None
    return Window(min(low, high), max(low, high)) if low and high else Window(low, high)
