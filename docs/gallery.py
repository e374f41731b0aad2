"""The gallery: every study in data/recorded, drawn and fitted when the documentation is built."""

from collections.abc import Sequence
from html import escape
from typing import Any

from docutils import nodes
from plotly.graph_objects import Figure
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from dashboard import words
from dashboard.notebook import curves_figure, exponents_figure
from dashboard.plotly_js import PLOTLY_JS
from engine.laws.fit import Fit, fit
from engine.laws.propose import propose_window
from engine.recorded import Recording, recordings

PLOTLY = f'<script src="_static/{PLOTLY_JS.name}"></script>'
HEADS = ("metric", "exponent, 90 %", "floor, 90 %", "window", "seeds")


def fitted(recording: Recording) -> list[Fit]:
    """The law of each of its curves, in the window that is proposed."""
    return [fit(curve, propose_window(curve)) for curve in recording.curves]


def drawn(figure: Figure, says: str) -> nodes.raw:
    """A figure on the page, and what it shows for who does not see it."""
    chart = figure.to_html(full_html=False, include_plotlyjs=False)
    around = f'<div role="img" aria-label="{escape(says)}" style="overflow-x: auto">'
    return nodes.raw("", f"{around}{chart}</div>", format="html")


def table(fits: Sequence[Fit]) -> nodes.raw:
    """A row for each curve of a study."""
    cells = [
        (
            found.curve.metric,
            found.status.value if found.exponent is None else words.interval(found.exponent),
            words.interval(found.floor, "none claimed"),
            words.window(found),
            str(found.n_seeds),
        )
        for found in fits
    ]
    head = "".join(f"<th>{name}</th>" for name in HEADS)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in cells
    )
    return nodes.raw(
        "",
        f'<div class="table-wrapper"><table class="docutils"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>",
        format="html",
    )


def study(recording: Recording, fits: Sequence[Fit]) -> nodes.section:
    """A study's section: picture, exponents, and how it was made."""
    title = words.marked(", ".join(recording.subjects))
    made = recording.made
    return nodes.section(
        "",
        nodes.title("", title),
        drawn(curves_figure(fits[:1]), f"Learning curve of {fits[0].curve.name}"),
        table(fits),
        nodes.paragraph("", f"Measured on {made['device']}, {recording.date}; {made['note']}."),
        nodes.literal_block("", made["command"], language="sh"),
        ids=[nodes.make_id(title)],
        names=[title],
    )


class Gallery(SphinxDirective):
    """All studies, after a picture of all their exponents."""

    def run(self) -> list[nodes.Node]:
        """What stands on the page in place of the directive."""
        shown = [(recording, fitted(recording)) for recording in recordings()]
        for recording, _ in shown:
            self.env.note_dependency(str(recording.file))
        together = [fits[0] for _, fits in shown]
        return [
            nodes.raw("", PLOTLY, format="html"),
            drawn(exponents_figure(together), "Exponents of all recorded studies"),
            *(study(*each) for each in shown),
        ]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("gallery", Gallery)
    return {"parallel_read_safe": True}
