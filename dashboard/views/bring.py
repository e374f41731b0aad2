"""Bring your own: points from anywhere, read, shown with their faults, and taken into the store."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b

import pandas as pd
import streamlit as st

from dashboard import brought, guide, panels, preview, state, tables, words
from dashboard.brought import counted
from engine.cells import guard, line
from engine.curve import Curve, Point, PointsError, gather
from engine.messy_csv import OPTIONAL, TEMPLATE, Fault, Layout, Reading, Turn, guess_layout, read
from engine.numbers import number
from engine.sheet import MOST_ROWS, SEPARATORS, Sheet, decoded, read_sheet

store = st.session_state[state.STORE]

MOST_FAULTS = 12  # listed on the page; all of them are in their CSV
MOST_PREVIEWED = 500  # rows of the table: one scrolls no further
MOST_CHARTS = 4  # of as many metrics or units; more are told in a line
CHART_WIDTH = 340  # px of a chart beside others: one fits a telephone
CLEARED = "cleared"  # how often the input was emptied: a part of its widgets' keys
FIELDS = {  # how the page names what a column can hold
    "model": "Model",
    "seed": "Seed",
    "unit": "Unit of sizes",
    "metric": "Metric",
    "domain": "Domain",
    "parameters": "Parameters",
    "stderr": "Standard error",
    "seconds": "Seconds",
    "device": "Device",
    "split": "Split",
}
INTRO = (
    "**Points that were measured anywhere.** Paste a table or take a file, say which column holds"
    " what, look at the curves, and take them in. A row is one training: how much data, which"
    " error. Rows of one curve and size are repeats, such as seeds."
)
PLACEHOLDER = "n_train;test_acc;model\n1000;61,2;ResNet-18\n2000;68,9;ResNet-18\n…"


@st.cache_resource(ttl=600, max_entries=4, show_spinner="Reading the table…")
def sheet_of(text: str) -> Sheet:
    return read_sheet(text)


@st.cache_resource(ttl=600, max_entries=8, show_spinner="Reading the rows…")
def reading_of(text: str, layout: Layout) -> Reading:
    return read(sheet_of(text), layout)


@st.cache_resource(ttl=600, max_entries=8, show_spinner=False)
def curves_of(text: str, layout: Layout) -> tuple[Curve, ...]:
    return tuple(gather(reading_of(text, layout).points))


def given() -> str | None:
    """The text that the reader pasted or took from a file, if any."""
    count = st.session_state.setdefault(CLEARED, 0)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        pasted = st.text_area(
            "Paste a table",
            key=f"pasted-{count}",
            height=210,
            placeholder=PLACEHOLDER,
            persist_state="session",
            help="From a spreadsheet, a CSV or a log: commas, semicolons, tabs or blanks between"
            " the cells, decimal points or commas.",
        )
    with right:
        file = st.file_uploader(
            "Or take a file",
            type=["csv", "tsv", "txt", "dat"],
            key=f"file-{count}",
            help=f"Text of up to {MOST_ROWS:,} rows. It stays on this machine.",
        )
        with st.container(horizontal=True):
            st.download_button(
                "Template",
                TEMPLATE.encode(),
                "points-template.csv",
                "text/csv",
                on_click="ignore",
                icon=":material/download:",
            )
            st.button(
                "Paste the template",
                icon=":material/content_paste:",
                on_click=_paste_template,
                args=(f"pasted-{count}",),
            )
    if file is None:
        return pasted if pasted and pasted.strip() else None
    if pasted:
        st.caption("The file is read; take it away to read what is pasted.")
    return decoded(file.getvalue())


def _paste_template(key: str) -> None:
    st.session_state[key] = TEMPLATE


def chosen_layout(sheet: Sheet) -> Layout:
    """Which column holds what: guessed, and as the reader corrects it."""
    guess = guess_layout(sheet)
    # Choices are kept while the header is the same, and forgotten with it.
    mark = blake2b("\n".join(sheet.header).encode(), digest_size=6).hexdigest()
    columns = list(range(len(sheet.header)))

    def column(label: str, field: str, at: int | None, none: str) -> int | None:
        found: int | None = st.selectbox(
            label,
            [None, *columns],
            index=0 if at is None else at + 1,
            format_func=lambda k: none if k is None else _column_name(sheet, k),
            key=f"column-{field}-{mark}",
            width=180,
        )
        return found

    with st.container(horizontal=True, vertical_alignment="top", gap="medium"):
        size = column("Size", "size", guess.size, "choose a column")
        error = column("Error", "error", guess.error, "choose a column")
        turn = st.selectbox(
            "It holds",
            list(Turn),
            index=list(Turn).index(guess.turn),
            format_func=lambda each: each.value,
            key=f"turn-{mark}",
            width=250,
        )
        curve = column("Curve", "curve", guess.curve, "one curve, named here")
        name = guess.name
        if curve is None:
            name = st.text_input("Name of the curve", guess.name, key=f"name-{mark}", width=180)
        others = dict(guess.others)
        unit, metric = guess.unit, guess.metric
        if "unit" not in others:
            unit = st.text_input(
                "A size counts", unit, key=f"unit-{mark}", placeholder="images", width=120
            )
        if "metric" not in others:
            metric = st.text_input(
                "What is measured",
                metric,
                key=f"metric-{mark}",
                placeholder="top-1 error",
                width=150,
                help="A name that ends in “error” or “rate” is shown in percent.",
            )
    unread = len(columns) - len(guess.used)
    said = f", {counted(unread, 'column')} not read" if unread else ""
    further = st.expander(f"Further columns and the decimal sign{said}")
    with further, st.container(horizontal=True, gap="medium"):
        placed = {
            field: column(FIELDS[field], field, others.get(field), "none") for field in OPTIONAL
        }
        comma = st.selectbox(
            "Decimal sign",
            [False, True],
            index=int(guess.decimal_comma),
            format_func=lambda each: "comma: 0,5" if each else "point: 0.5",
            key=f"comma-{mark}",
            width=210,
        )
    return replace(
        guess,
        size=size,
        error=error,
        turn=turn,
        curve=curve,
        name=name,
        unit=unit,
        metric=metric,
        decimal_comma=comma,
        others=tuple((field, at) for field, at in placed.items() if at is not None),
    )


def _column_name(sheet: Sheet, column: int) -> str:
    """A column's name with what stands in its first cell."""
    row = sheet.rows[0]
    first = row[column] if column < len(row) else ""
    return f"{_short(sheet.header[column], 40)} ({_short(first, 14)})"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def charts(curves: Sequence[Curve]) -> None:
    """The curves as they will be, a chart for each metric and unit."""
    groups: dict[tuple[str, str], list[Curve]] = {}
    for curve in curves:
        groups.setdefault((curve.metric, curve.unit), []).append(curve)
    with st.container(horizontal=True):
        for k, held in enumerate([*groups.values()][:MOST_CHARTS]):
            st.plotly_chart(
                preview.draw_preview(held, st.context.theme.type or "light"),
                width="stretch" if len(groups) == 1 else CHART_WIDTH,
                config={"displayModeBar": False, "showSendToCloud": False},
                alt="The curves of the table on log-log axes: "
                + ", ".join(curve.name for curve in held[: preview.MOST_CURVES]),
                key=f"preview-{k}",
            )
    said = []
    if len(groups) > MOST_CHARTS:
        said.append(f"The first {MOST_CHARTS} of {len(groups)} pairs of metric and unit are drawn.")
    if any(len(held) > preview.MOST_CURVES for held in groups.values()):
        said.append(f"At most {preview.MOST_CURVES} curves are drawn in a chart; all are imported.")
    if said:
        st.caption(" ".join(said))


def faults_table(faults: Sequence[Fault]) -> None:
    """What is wrong, row by row: line, value, rule, way out."""
    rows = [
        {
            "Line": str(fault.line),
            "Value": words.plain(_short(f"{fault.column} “{fault.value}”".strip(), 64)),
            "What is wrong": words.plain(words.sentence(fault.rule)),
            "The way out": words.plain(words.sentence(fault.way_out)),
            "The row": "left out" if fault.left_out else "taken, this cell blank",
        }
        for fault in faults[:MOST_FAULTS]
    ]
    tables.show(
        pd.DataFrame(rows).set_index("Line"),
        "faults",
        alt="The faults of the table: line, value, what is wrong, the way out",
    )
    if len(faults) > MOST_FAULTS:
        header = line(["line", "column", "value", "rule", "way out", "row left out"])
        text = header + "".join(
            line([f.line, f.column, f.value, f.rule, f.way_out, "yes" if f.left_out else "no"])
            for f in faults
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"The first {MOST_FAULTS} of {len(faults):,} faults.", width="content")
            st.download_button(
                "All faults",
                text.encode(),
                "faults.csv",
                "text/csv",
                on_click="ignore",
                icon=":material/download:",
            )


def rows_table(sheet: Sheet, layout: Layout, reading: Reading) -> None:
    """The rows as they are read, the faulty ones marked; folded away."""
    points = dict(zip(reading.lines, reading.points, strict=True))
    wrong: dict[int, list[Fault]] = {}
    for fault in reading.faults:
        wrong.setdefault(fault.line, []).append(fault)
    with st.expander(f"The rows as they are read ({len(sheet.rows):,})"):
        only = bool(wrong) and st.toggle("Only the rows with faults", key="only-faults")
        places = [
            (at, row)
            for at, row in zip(sheet.lines, sheet.rows, strict=True)
            if not only or at in wrong
        ]
        table = [
            _row(at, row, layout, points.get(at), wrong.get(at, ()))
            for at, row in places[:MOST_PREVIEWED]
        ]
        st.dataframe(
            pd.DataFrame(table).drop(columns=[] if wrong else "What is wrong"),
            hide_index=True,
            width="stretch",
            alt="The rows of the table: line, whether it is taken, curve, size, error, faults",
        )
        if len(places) > MOST_PREVIEWED:
            st.caption(f"The first {MOST_PREVIEWED} of {len(places):,} rows.")


def _row(
    at: int, row: Sequence[str], layout: Layout, point: Point | None, faults: Sequence[Fault]
) -> dict[str, str | int]:
    """A line of the table: numbers as they are read, or what stands there instead.

    Text is guarded: Streamlit's own button saves the table as a CSV with its cells as they are.
    """

    def written(column: int | None) -> str:
        return guard(row[column]) if column is not None and column < len(row) else ""

    return {
        "Line": at,
        "Row": "left out" if point is None else "taken, a cell blank" if faults else "taken",
        "Curve": guard(point.curve) if point else written(layout.curve),
        "Size": number(point.size) if point else written(layout.size),
        "Error": f"{point.error:.6g}" if point else written(layout.error),
        "Seed": "" if point is None or point.seed is None else str(point.seed),
        "What is wrong": guard("; ".join(f"{f.column} {f.rule}".strip() for f in faults)),
    }


def importing(reading: Reading, curves: Sequence[Curve]) -> None:
    """What the import would do, its button, and then Explore."""
    view = state.look(store)
    there = brought.held(store, view)
    clashes = {curve.name: there.clash(curve) for curve in curves}
    replaces = False
    if said := [words.plain(name) for name, clash in clashes.items() if clash == "imported"]:
        replaces = st.segmented_control(
            f"{counted(len(said), 'curve')} of these names were imported before, with other"
            f" points: {_listed(said)}",
            [False, True],
            default=False,
            required=True,
            format_func=lambda each: "Replace the earlier" if each else "Keep both",
            key="replaces",
        )
    order = brought.prepare(curves, there, bool(replaces))
    if said := [words.plain(name) for name, clash in clashes.items() if clash == "measured"]:
        st.caption(f"A study here measured {_listed(said)}: yours gets a number behind its name.")
    if said := [words.plain(name) for name, clash in clashes.items() if clash == "same"]:
        st.caption(f"In the store already, point for point: {_listed(said)}.")
    if view.trouble:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        fresh = sum(len(curve.points) for curve in order.into)
        if not fresh:
            pressed = st.button("See them on Explore", icon=":material/show_chart:")
        else:
            rows = f"the {fresh:,} good rows" if reading.left_out else counted(fresh, "point")
            pressed = st.button(
                f"Import {rows}", type="primary", icon=":material/playlist_add_check:"
            )
        left = (
            "1 row is left out."
            if reading.left_out == 1
            else (
                f"{reading.left_out:,} rows are left out."
                if reading.left_out
                else "No row is left out."
            )
        )
        st.caption(f"{left} An import can be undone.", width="content")
    if not pressed:
        return
    if fresh and (trouble := brought.take_in(order, store)):
        st.error(f"Nothing was imported: {words.plain(trouble)}", icon=":material/error:")
        return
    same = [name for name, clash in clashes.items() if clash == "same"]
    st.session_state[state.CURVES] = [*same, *(curve.name for curve in order.into)]
    st.session_state[state.STUDY] = state.IMPORTED
    st.session_state[CLEARED] += 1
    st.switch_page("views/explore.py")


def _listed(names: Sequence[str]) -> str:
    """A few names, and how many more."""
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def summary(sheet: Sheet, layout: Layout, curves: Sequence[Curve]) -> str:
    """One line on what was read."""
    sizes = [point.size for curve in curves for point in curve.points]
    sign = "decimal commas" if layout.decimal_comma else "decimal points"
    how = f"{SEPARATORS[sheet.separator]} between the cells, {sign}"
    head = "" if sheet.named else ", no header"
    said = f"{counted(len(sheet.rows), 'row')}, {how}{head}"
    if sizes:
        said += (
            f": **{counted(len(curves), 'curve')}, {counted(len(sizes), 'point')}**, sizes from"
            f" {number(min(sizes))} to {number(max(sizes))}"
        )
    return f"{said}."


def bring(text: str) -> None:
    """A text to its columns, preview and import."""
    sheet = sheet_of(text)
    st.subheader("Columns", anchor=False)
    layout = chosen_layout(sheet)
    missing = [name for name, at in (("size", layout.size), ("error", layout.error)) if at is None]
    if missing:
        st.info(
            f"Choose the column of the {' and of the '.join(missing)}: its name does not say so.",
            icon=":material/table:",
        )
        return
    reading = reading_of(text, layout)
    curves = curves_of(text, layout)
    st.subheader("Preview", anchor=False)
    st.caption(summary(sheet, layout, curves))
    if curves:
        charts(curves)
    if reading.faults:
        faults_table(reading.faults)
    rows_table(sheet, layout, reading)
    if curves:
        importing(reading, curves)
    else:
        st.error(
            "No row can be read as a point: see above what is wrong, or choose other columns.",
            icon=":material/error:",
        )


panels.look(store)
brought.tell_undone()
brought.offer_undo()
st.markdown(INTRO)
try:
    if text := given():
        bring(text)
    else:
        st.caption(
            "Needed are a size and an error in each row, best of five sizes or more in steps of"
            " about 2; a column that names the curve where there are several, a seed where there"
            " are repeats."
        )
except PointsError as error:
    st.error(words.plain(words.sentence(str(error))), icon=":material/error:")
guide.show()
