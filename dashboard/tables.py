"""Tables that can be read on a telephone: rows of cells where there is room, cards where not.

On a narrow page nine columns would scroll sideways. There a row becomes a card: its name, and under
it each cell that says something, beneath the name of its column. The names are written by a style
sheet, since a table of Streamlit's has them in its head alone.
"""

import re

import pandas as pd
import streamlit as st

# For all tables, once a page.
STYLE = """
@media (max-width: 640px) {
  [class*="st-key-table-"] :is(table, tbody) { display: block; }
  [class*="st-key-table-"] thead { display: none; }
  [class*="st-key-table-"] tr { display: grid; grid-template-columns: 1fr 1fr; gap: 4px 12px;
    padding: 8px 0; border-bottom: 1px solid rgb(128 128 128 / 30%); }
  [class*="st-key-table-"] :is(tbody th, td) { display: block; border: 0; min-width: 0;
    padding: 0 !important; overflow-wrap: anywhere; }
  [class*="st-key-table-"] tbody th { grid-column: 1 / -1; }
  [class*="st-key-table-"] tbody th p { font-weight: 600; }
  [class*="st-key-table-"] :is(tbody th, td)::before { display: block;
    font-size: 0.85em; opacity: 0.8; }
}
"""


def show(rows: pd.DataFrame, key: str, alt: str | None = None) -> None:
    """Show a table, or its cards.

    Args:
        rows: cells in Markdown; the index is what a row is about.
        key: of the table on its page, in letters and hyphens.
        alt: what a screen reader says of it.
    """
    place = f"table-{key}"
    names = "\n".join(
        f'.st-key-{place} {cell}::before {{ content: "{_quoted(name)}"; }}'
        for cell, name in (
            ("tbody th", rows.index.name),
            *((f"td:nth-of-type({k})", name) for k, name in enumerate(rows.columns, 1)),
        )
    )
    blank = "\n".join(
        f".st-key-{place} tr:nth-of-type({r}) td:nth-of-type({k}) {{ display: none; }}"
        for r, row in enumerate(rows.itertuples(index=False), 1)
        for k, cell in enumerate(row, 1)
        if not cell
    )
    with st.container(key=place):
        st.html(f"<style>@media (max-width: 640px) {{\n{names}\n{blank}\n}}</style>")
        st.table(rows, border="horizontal", alt=alt)


def _quoted(name: object) -> str:
    """A name inside the quotation marks of a style sheet: a unit in it may be a user's."""
    return re.sub(r"[^\w ,.%/()-]", " ", str(name))
