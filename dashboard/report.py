"""A view as one HTML file that needs nothing else: chart, table, and how each fit was made.

Pure: fits and their figure in, text out. Plotly's own program is in the file, so the chart still
tells its numbers under the hand, on a machine that has no network.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

from plotly.graph_objects import Figure
from plotly.io import to_html

from dashboard import words
from dashboard.on_paper import placed
from dashboard.plotly_js import PLOTLY_JS
from engine.curve import write_points
from engine.laws.fit import Fit
from engine.numbers import number

STYLE = """
body { font: 14px/1.45 "Source Sans 3", "Source Sans Pro", "Helvetica Neue", Arial, sans-serif;
  max-width: 1180px; margin: 2rem auto; padding: 0 1rem; color: #0d1014; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; } h3 { font-size: 1rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 400; color: #5c636b; }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid #dadde1; vertical-align: top; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 0; }
dt { color: #5c636b; } dd { margin: 0; } pre { overflow-x: auto; font-size: 12px; }
.chart, .wide { overflow-x: auto; }
"""


def report(fits: Sequence[Fit], figure: dict[str, Any], version: str, made: str) -> str:
    """The page.

    Args:
        fits: what is shown.
        figure: of `fits`, from figures.draw.
        version: of Steepness.
        made: the day, for a reader.
    """
    chart = to_html(Figure(placed(figure, fits)), include_plotlyjs=False, full_html=False)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Learning curves</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{STYLE}</style>
<script>{PLOTLY_JS.read_text("utf-8")}</script></head><body>
<h1>How steeply the error falls as the data grows</h1>
<p>Steepness {escape(version)}, {escape(made)}. Intervals are 90 %.</p>
<div class="chart">{chart}</div>
<h2>Exponents</h2>
<div class="wide">{_table(fits)}</div>
<h2>How each fit was made</h2>
{"".join(map(_record, fits))}
<h2>Points</h2>
<details><summary>All points as CSV</summary><pre>{escape(_points(fits))}</pre></details>
</body></html>
"""


def _table(fits: Sequence[Fit]) -> str:
    heads = ("Curve", "Law", "Exponent", "Floor", "Window", "Sizes", "Seeds", "Status")
    cells = [
        (
            words.marked(fit.curve.name),
            words.LAW_NAMES[fit.law],
            words.interval(fit.exponent, "none"),
            words.interval(fit.floor, "none"),
            words.window(fit),
            str(fit.n_sizes),
            str(fit.n_seeds),
            fit.status.value,
        )
        for fit in fits
    ]
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in cells
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _record(fit: Fit) -> str:
    """What somebody needs to make the same fit again."""
    curve = fit.curve
    inside = curve.sizes[fit.window.holds(curve.sizes)]
    sizes = ", ".join(number(size) for size in sorted(set(inside.tolist())))
    said = {
        "Law": f"{words.LAW_NAMES[fit.law]}, least squares in log error over the sizes' means,"
        " weighted by how well their repeats tell them",
        "Sizes": f"{sizes} {curve.unit or 'samples'}; {fit.n_points} points",
        "Coefficient": "none" if fit.coefficient is None else number(fit.coefficient, 6),
        "Best guess": "not known" if not fit.plateau else number(fit.plateau, 4),
        "Measured": ", ".join(
            filter(None, (curve.origin, words.day(curve.measured_on), curve.device))
        ),
        "Data": curve.data_hash or "no hash is known",
        "Version": curve.version or "not known",
        "Remarks": " ".join(words.sentence(note.message) for note in fit.notes) or "none",
    }
    rows = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in said.items())
    return f"<h3>{escape(words.marked(curve.name))}</h3><dl>{rows}</dl>"


def _points(fits: Sequence[Fit]) -> str:
    return write_points(point for fit in fits for point in fit.curve.points)
