"""Learning curves as a Plotly figure: fits in, a JSON-ready dict out. No I/O, no Streamlit.

One panel a fit, each on its own pair of log-log axes (x, y, x2, y2, ...). Where the panels lie is
left to window.js, which knows the width; so every label hangs on its panel's axes. Each trace has
a uid KIND-DOMAIN-PANEL: the chart's style sheet colours it by the page's theme, light or dark. The
colours given here are those of paper, for exported pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard import words
from dashboard.beneath import beneath, lowest
from dashboard.colours import GREY, INK
from dashboard.expected import Expected, draw_expected
from dashboard.panel import AXIS, FONT, Spot, Trace, as_text, is_rate, ticks
from dashboard.shading import FAR, shade
from engine.curve import Curve
from engine.laws.fit import Fit
from engine.laws.published import PublishedLaw
from engine.laws.repeats import SizeSummary, summarize
from engine.laws.zones import zones
from engine.numbers import number

SIZE_ROOM = 0.22  # decades left free at both ends of the size axis: an open edge stands there
FLOOR_ROOM = 3.0  # a floor farther below the lowest error is left out of the picture
ERROR_ROOM = 0.07  # share of the error axis left free above and below
PLOT_HEIGHT = 256  # px of a panel's plot area, as window.js makes it
MOST_SEEDS = 1000  # marks of single points in a panel: more are a smear
MOST_TOLD = 6  # seeds whose errors are listed one by one
MOST_MARKS = 3000  # of them in all panels: saved pictures have an element of each
LONG_TITLE = 40  # letters that the narrowest panel holds at full size
LINE_HEIGHT = 13  # px between two labels
PLOT = (300, PLOT_HEIGHT)  # px of a plot area: a little less than on a telephone or three in a row
LABEL_HEIGHT = 16  # px that a line of a label takes up
LEVEL_LETTERS = 16  # of "best guess 99.5 %"
LETTER = 6.2  # px that a letter of a label takes up, roughly


Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Box:
    """A label's room, in px of a panel of usual width."""

    left: float
    foot: float
    wide: float
    high: float

    def outside(self) -> float:
        """By how many px it leaves the panel."""
        right, top = self.left + self.wide, self.foot + self.high
        return (
            max(-self.left, 0)
            + max(right - PLOT[0], 0)
            + max(-self.foot, 0)
            + max(top - PLOT[1], 0)
        )

    def held(self, x: Array, y: Array) -> int:
        """How many of these places it hides."""
        inside = (x > self.left) & (x < self.left + self.wide)
        return int((inside & (y > self.foot) & (y < self.foot + self.high)).sum())

    def shared(self, other: "Box") -> float:
        """What it has in common with another, in hundreds of square px."""
        across = min(self.left + self.wide, other.left + other.wide) - max(self.left, other.left)
        up = min(self.foot + self.high, other.foot + other.high) - max(self.foot, other.foot)
        return max(across, 0) * max(up, 0) / 100


@dataclass(frozen=True, slots=True)
class Extra:
    """What else a panel shows."""

    beside: tuple[tuple[str, Curve], ...] = ()  # curves to compare with, and their labels
    edge: frozenset[float] = frozenset()  # sizes at which the largest model that was tried won
    ahead: Expected | None = None  # beyond the data


def draw(
    fits: Sequence[Fit],
    published: Sequence[PublishedLaw] = (),
    extras: Sequence[Extra] | None = None,
    *,
    strips: bool = False,
) -> dict[str, Any]:
    """The figure of `fits`, a panel each, with the published law of the same domain and metric.

    Args:
        fits: a panel each.
        published: laws to choose from.
        extras: what else each panel shows, in the order of `fits`.
        strips: whether local slopes and residuals lie beneath each panel, on its size axis.
    """
    size = title_size(fits)
    panels = [
        draw_panel(k, len(fits), fit, published, extra, strips=strips, title=size)
        for k, (fit, extra) in enumerate(
            zip(fits, extras or [Extra()] * len(fits), strict=True),
        )
    ]
    layout = frame(strips=strips)
    for panel in panels:
        layout |= panel["layout"]
    for part in ("annotations", "shapes"):
        layout[part] = [each for panel in panels for each in panel["layout"][part]]
    return {"data": [trace for panel in panels for trace in panel["data"]], "layout": layout}


def frame(*, strips: bool) -> dict[str, Any]:
    """What all panels have in common: a layout without axes."""
    return {
        "uirevision": "keep",  # the reader's zoom outlives every new point
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": INK},
        "hovermode": "closest",
        "hoverlabel": {"font": {"family": FONT, "size": 12}, "align": "left"},
        "dragmode": "zoom",
        "showlegend": False,
        "meta": {"strips": strips},  # for window.js, which makes room for them
    }


def title_size(fits: Sequence[Fit]) -> int:
    """How large all titles can be, in px, so that the longest fits its panel."""
    longest = max((len(words.marked(fit.curve.name)) for fit in fits), default=0)
    return 13 if longest <= LONG_TITLE else 11


def draw_panel(
    k: int,
    count: int,
    fit: Fit,
    published: Sequence[PublishedLaw],
    extra: Extra,
    *,
    strips: bool,
    title: int,
) -> dict[str, Any]:
    """Panel `k` of `count` as a figure of its own, with all of a layout but `frame`."""
    rows = summarize(fit.curve)
    beside = [(said, summarize(curve)) for said, curve in extra.beside]
    spot = Spot(k, fit)
    levels = [level for level in (fit.plateau, _floor_level(fit, rows)) if level]
    if extra.ahead and rows:
        levels += extra.ahead.levels(min(row.low for row in rows), max(row.high for row in rows))
    sizes, errors = spans([*rows, *(row for _, held in beside for row in held)], levels)
    if extra.ahead:
        sizes = sizes[0], max(sizes[1], float(np.log10(extra.ahead.size[-1])))
    line = _published(spot, fit, rows, published, sizes, errors)
    traces = [
        *(line[:1] if line else ()),
        *_level(spot, fit, sizes),
        *_floor(spot, fit, sizes),
        *_beside(spot, beside),
        *_seeds(spot, fit, min(MOST_SEEDS, MOST_MARKS // count)),
        *_law(spot, fit, sizes),
        *_medians(spot, fit, rows, extra.edge),
    ]
    shapes, names = shade(spot, zones(fit.curve), sizes)
    layout: dict[str, Any] = {
        "shapes": shapes,
        "annotations": [
            *names,
            _title(spot, fit, title),
            *_level_note(spot, fit),
            *_floor_note(spot, fit),
            *_beside_notes(spot, beside, errors),
            *(line[1:] if line else ()),
        ],
        f"xaxis{spot.number}": _size_axis(spot, sizes),
        f"yaxis{spot.number}": _error_axis(spot, fit, errors),
    }
    if extra.ahead:
        expected, beyond, says = draw_expected(spot, extra.ahead, 10 ** (sizes[1] + FAR))
        traces = [*expected, *traces]
        shapes.append(beyond)
        layout["annotations"].append(says)
    if strips:
        more, axes = beneath(spot, fit, count)
        traces += more
        layout |= axes
        layout[f"xaxis{spot.number}"]["anchor"] = lowest(k, count)
    return {"data": traces, "layout": layout}


def _floor_level(fit: Fit, rows: Sequence[SizeSummary]) -> float | None:
    """The floor, where it lies near enough below the curve to be shown with it."""
    if not fit.floor or not fit.floor.value or not rows:
        return None
    lowest = min(row.low for row in rows)
    return fit.floor.value if fit.floor.value > lowest / FLOOR_ROOM else None


def spans(
    rows: Sequence[SizeSummary], lines: Sequence[float]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The ranges of both axes in log10: of the sizes, and of the errors with the levels `lines`."""
    sizes = np.log10([row.size for row in rows])
    levels = [row.low for row in rows] + [row.high for row in rows]
    errors = np.log10([*levels, *lines])
    room = max(ERROR_ROOM * float(np.ptp(errors)), 0.02)
    return (
        (float(sizes.min()) - SIZE_ROOM, float(sizes.max()) + SIZE_ROOM),
        (float(errors.min()) - room, float(errors.max()) + room),
    )


def _title(spot: Spot, fit: Fit, size: int) -> dict[str, Any]:
    return spot.note(
        f"<b>{escape(words.marked(fit.curve.name))}</b>",
        font={"size": size, "color": INK},
        xref=f"x{spot.number} domain",
        yref=f"y{spot.number} domain",
        x=0,
        y=1,
        xanchor="left",
        yanchor="bottom",
        yshift=38,  # px: clears the window's handles and the exponent above them
    )


def _seeds(spot: Spot, fit: Fit, most: int) -> list[Trace]:
    points = fit.curve.points
    points = points[:: -(-len(points) // most)]  # evenly thinned: medians and fits use all
    return [
        spot.trace(
            "seeds",
            mode="markers",
            x=[point.size for point in points],
            y=[point.error for point in points],
            customdata=["" if point.seed is None else point.seed for point in points],
            marker={"size": 5, "color": spot.colour, "opacity": 0.3},
            hoverinfo="x+y",
            hovertemplate=f"%{{x:,}} {spot.unit}, seed %{{customdata}}: %{{y:{spot.format}}}"
            "<extra></extra>",
        )
    ]


def _medians(
    spot: Spot, fit: Fit, rows: Sequence[SizeSummary], edge: frozenset[float]
) -> list[Trace]:
    """The median of each size with its interval; hollow where a larger model might have won."""
    synthetic = f"<br>{words.SYNTHETIC} data" if words.is_synthetic(fit.curve.name) else ""

    def marks(kind: str, held: Sequence[SizeSummary], says: str, **marker: Any) -> Trace:
        return spot.trace(
            kind,
            mode="markers",
            x=[row.size for row in held],
            y=[row.median for row in held],
            customdata=[[row.n, _between(spot, row), _each(fit, row)] for row in held],
            marker={"size": 7, "color": spot.colour, **marker},
            hoverinfo="x+y",
            hovertemplate=f"<b>%{{x:,}} {spot.unit}</b><br>median %{{y:{spot.format}}}"
            f"%{{customdata[1]}}<br>n = %{{customdata[0]}}%{{customdata[2]}}{says}{synthetic}"
            "<extra></extra>",
        )

    medians = marks("median", rows, "")
    medians["error_y"] = {
        "type": "data",
        "symmetric": False,
        "array": [row.high - row.median for row in rows],
        "arrayminus": [row.median - row.low for row in rows],
        "color": spot.colour,
        "thickness": 1.2,
        "width": 0,
    }
    hollow = [row for row in rows if row.size in edge]
    if not hollow:
        return [medians]
    says = "<br>the largest model that was tried won:<br>a larger one might do better"
    outline = {"color": spot.colour, "width": 1.5}
    return [medians, marks("edge", hollow, says, color="#ffffff", line=outline)]


def _between(spot: Spot, row: SizeSummary) -> str:
    """The interval of a median; nothing where no size was repeated, so that there is none."""
    return f" [{row.low:{spot.format}}, {row.high:{spot.format}}]" if row.high > row.low else ""


def _each(fit: Fit, row: SizeSummary) -> str:
    """The error of every seed of a size, for who points at it; nothing where they are many."""
    if not 1 < row.n <= MOST_TOLD:
        return ""
    held = [point for point in fit.curve.points if point.size == row.size]
    rate = is_rate(fit.curve.points[0].metric)
    return ": " + ", ".join(f"{p.error:.1%}" if rate else f"{p.error:.3g}" for p in held)


def _beside(spot: Spot, beside: Sequence[tuple[str, Sequence[SizeSummary]]]) -> list[Trace]:
    """The curves that this one is compared with: thin and grey, the medians joined."""
    return [
        spot.trace(
            f"beside{number}",
            mode="lines+markers",
            x=[row.size for row in rows],
            y=[row.median for row in rows],
            line={"color": GREY, "width": 1},
            marker={"size": 3, "color": GREY},
            opacity=0.75,
            hoverinfo="x+y",
            hovertemplate=f"{as_text(said)}<br>%{{x:,}} {spot.unit}: median"
            f" %{{y:{spot.format}}}<extra></extra>",
        )
        for number, (said, rows) in enumerate(beside)
    ]


def _beside_notes(
    spot: Spot, beside: Sequence[tuple[str, Sequence[SizeSummary]]], errors: tuple[float, float]
) -> list[dict[str, Any]]:
    """Their labels, where each ends; those that end at one size are moved apart.

    One that is alone has its label where it begins: below, where the curve has not yet fallen.
    """
    if len(beside) == 1:
        ((said, rows),) = beside
        return [
            spot.note(
                as_text(said),
                xref=f"x{spot.number}",
                yref=f"y{spot.number}",
                x=float(np.log10(rows[0].size)),
                y=float(np.log10(rows[0].median)),
                xanchor="left",
                yanchor="top",
                yshift=-10,
                font={"size": 10, "color": GREY},
            )
        ]
    scale = PLOT_HEIGHT / (errors[1] - errors[0])  # px a decade
    ends = sorted(
        ((rows[-1].size, float(np.log10(rows[-1].median)), said) for said, rows in beside),
    )
    lifts = [0.0] * len(ends)
    for (before, here), k in zip(pairwise(ends), range(1, len(ends)), strict=True):
        if here[0] == before[0]:
            apart = (here[1] - before[1]) * scale - lifts[k - 1]
            lifts[k] = max(0.0, LINE_HEIGHT - apart)
    return [
        spot.note(
            as_text(said),
            xref=f"x{spot.number}",
            yref=f"y{spot.number}",
            x=float(np.log10(size)),
            y=level,
            xanchor="left",
            yanchor="middle",
            xshift=4,
            yshift=lift,
            font={"size": 10, "color": GREY},
        )
        for (size, level, said), lift in zip(ends, lifts, strict=True)
    ]


def _law(spot: Spot, fit: Fit, sizes: tuple[float, float]) -> list[Trace]:
    """The fitted law: solid inside the window, faint and dashed beyond."""
    if fit.exponent is None or fit.window_low is None or fit.window_high is None:
        return []
    everywhere = np.logspace(*sizes, 120)
    within = np.geomspace(fit.window_low, fit.window_high, 60)
    style = {"color": spot.colour, "width": 1.2, "dash": "dash"}
    return [
        spot.line("fitwide", everywhere, fit.predict(everywhere), line=style, opacity=0.55),
        spot.line("fit", within, fit.predict(within), line={"color": spot.colour, "width": 2.2}),
    ]


def _level(spot: Spot, fit: Fit, sizes: tuple[float, float]) -> list[Trace]:
    if not fit.plateau:
        return []
    ends = 10 ** np.array([sizes[0] - 3, sizes[1] + 3])  # goes on where the reader zooms out
    style = {"color": GREY, "width": 1, "dash": "dot"}
    return [spot.line("level", ends, [fit.plateau, fit.plateau], line=style)]


def _floor(spot: Spot, fit: Fit, sizes: tuple[float, float]) -> list[Trace]:
    if not fit.floor or not fit.floor.value:
        return []
    ends = 10 ** np.array([sizes[0] - 3, sizes[1] + 3])
    style = {"color": spot.colour, "width": 1, "dash": "dot"}
    return [spot.line("floor", ends, [fit.floor.value] * 2, line=style)]


def _floor_note(spot: Spot, fit: Fit) -> list[dict[str, Any]]:
    if not fit.floor or not fit.floor.value:
        return []
    value = fit.floor.value
    return [
        spot.note(
            f"floor {number(100 * value) + ' %' if spot.rate else number(value)}",
            xref=f"x{spot.number} domain",
            yref=f"y{spot.number}",
            x=0.015,  # small sizes err most: below them there is room, and no other label
            y=float(np.log10(value)),
            xanchor="left",
            yanchor="bottom",
            yshift=8,  # px, above the name of the plateau
        )
    ]


def _level_note(spot: Spot, fit: Fit) -> list[dict[str, Any]]:
    if not fit.plateau:
        return []
    level = f"{number(100 * fit.plateau)} %" if spot.rate else number(fit.plateau)
    return [
        spot.note(
            f"best guess {level}",
            xref=f"x{spot.number} domain",
            yref=f"y{spot.number}",
            x=0.99,
            y=float(np.log10(fit.plateau)),
            xanchor="right",
            yanchor="top",  # the curve falls away from it: there is room below, to the right
        )
    ]


def _published(
    spot: Spot,
    fit: Fit,
    rows: Sequence[SizeSummary],
    laws: Sequence[PublishedLaw],
    sizes: tuple[float, float],
    errors: tuple[float, float],
) -> tuple[Trace, dict[str, Any]] | None:
    """The published law of this domain and metric, and its label.

    Where it is known in full and crosses the panel, it is drawn where it was published. Otherwise
    only its slope is, through the middle of our points.
    """
    law = next((a for a in laws if (a.domain, a.metric) == (spot.domain, spot.metric)), None)
    if law is None or not rows:
        return None
    x = np.log10([row.size for row in rows])
    y = np.log10([row.median for row in rows])
    source = law.source.split(",")[0].replace(" et al.", "")
    says = f"{source}: {number(law.exponent)}"
    start, ends = 0.0, None
    if law.coefficient is not None and law.size_unit == spot.unit:
        start = float(np.log10(law.coefficient))
        reached = (
            max(sizes[0], np.log10(law.x_low)) if law.x_low else sizes[0],
            min(sizes[1], np.log10(law.x_high)) if law.x_high else sizes[1],
        )
        ends = _clip(start, law.exponent, reached, errors)
    if ends is None:
        says += "<br>slope only"
        start = float(y.mean() - law.exponent * x.mean())
        ends = _clip(start, law.exponent, sizes, errors)
    if ends is None:
        return None
    along = np.linspace(*ends, 60)  # not its ends alone: on linear axes the line is curved
    both = (sizes, errors)
    line = along, np.clip(start + law.exponent * along, errors[0] + 1e-6, errors[1] - 1e-6)
    room = _room_for(says, line, (x, y), _labels(fit, both), both)
    label = spot.note(says, xref=f"x{spot.number}", yref=f"y{spot.number}", **room)
    style = {"color": GREY, "width": 1}
    x_along, y_along = 10**along, 10 ** (start + law.exponent * along)
    return spot.line("published", x_along, y_along, line=style, opacity=0.8), label


def _room_for(
    text: str,
    line: tuple[Array, Array],
    curve: tuple[Array, Array],
    taken: Sequence[Box],
    spans: tuple[tuple[float, float], tuple[float, float]],
) -> dict[str, Any]:
    """Where along a line its label hides the least of the curve, of other labels and of itself.

    Places are tried in a panel of usual width; a wider one has only more room.

    Args:
        text: of the label.
        line: log10 of sizes and errors along it.
        curve: log10 of our sizes and medians.
        taken: where other labels stand.
        spans: ranges of both axes in log10.
    """
    letters = max(map(len, text.split("<br>")))
    wide, high = LETTER * letters, LABEL_HEIGHT * (1 + text.count("<br>"))
    x = np.linspace(curve[0][0], curve[0][-1], 200)
    points = _px(*curve, spans).repeat(20, axis=1)  # each counts for so much of a line
    between = _px(x, np.interp(x, *curve), spans)
    marks = np.concatenate([points, between, _px(*line, spans)], axis=1)
    best: dict[str, Any] = {}
    least = np.inf
    for k in range(line[0].size - 1, -1, -5):  # from its right end
        (left,), (bottom,) = _px(line[0][k], line[1][k], spans)
        for xanchor, yanchor in product(("right", "left"), ("top", "bottom")):
            box = Box(
                left - (wide + 4 if xanchor == "right" else -4),
                bottom - (high + 2 if yanchor == "top" else -2),
                wide,
                high,
            )
            cost = 50 * box.outside() + box.held(*marks) + sum(map(box.shared, taken))
            if cost < least:
                least = cost
                best = {"xanchor": xanchor, "yanchor": yanchor, "align": xanchor}
                best |= {"xshift": -4 if xanchor == "right" else 4, "x": float(line[0][k])}
                best |= {"yshift": -2 if yanchor == "top" else 2, "y": float(line[1][k])}
    return best


def _px(x: Array, y: Array, spans: tuple[tuple[float, float], tuple[float, float]]) -> Array:
    """Places in a panel of usual width, in px from its lower left; (2, n)."""
    return np.array(
        [
            (np.atleast_1d(value) - low) / (high - low) * length
            for value, (low, high), length in zip((x, y), spans, PLOT, strict=True)
        ]
    )


def _labels(fit: Fit, spans: tuple[tuple[float, float], tuple[float, float]]) -> list[Box]:
    """Where the levels of a panel and their labels stand, and the zones' names at its foot."""
    taken = [Box(0, 0, PLOT[0], LABEL_HEIGHT)]
    for level, left, lift in ((fit.plateau, True, -LABEL_HEIGHT), (_floor_of(fit), False, 8)):
        if level:
            (_,), (y,) = _px(np.array(spans[0][0]), np.log10([level]), spans)
            wide = LETTER * LEVEL_LETTERS
            taken.append(Box(PLOT[0] - wide if left else 0, y + lift, wide, LABEL_HEIGHT))
            taken.append(Box(0, y - 4, PLOT[0], 8))  # the level's own line
    return taken


def _floor_of(fit: Fit) -> float | None:
    return fit.floor.value if fit.floor else None


def _clip(
    start: float, slope: float, sizes: tuple[float, float], errors: tuple[float, float]
) -> tuple[float, float] | None:
    """Where log e = start + slope * log m crosses the panel (log10), if for 0.3 decades or more."""
    at = sorted((level - start) / slope for level in errors)
    low, high = max(sizes[0], at[0]), min(sizes[1], at[1])
    return (low, high) if high - low >= 0.3 else None


def _size_axis(spot: Spot, sizes: tuple[float, float]) -> dict[str, Any]:
    return {
        **AXIS,
        **ticks(sizes),
        "anchor": f"y{spot.number}",
        "tickformat": "~s",
        "title": {"text": f"training {spot.unit}", "standoff": 6, "font": {"size": 12}},
    }


def _error_axis(spot: Spot, fit: Fit, errors: tuple[float, float]) -> dict[str, Any]:
    return {
        **AXIS,
        **ticks(errors),
        "anchor": f"x{spot.number}",
        "tickformat": "~%" if spot.rate else "~g",
        "title": {"text": spot.measured, "standoff": 6, "font": {"size": 12}},
    }
