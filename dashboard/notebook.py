"""The page's figures for a notebook: fits and forecasts in, Plotly figures out.

Each is an ordinary `plotly.graph_objects.Figure`: show it, change it, `write_html` or `write_image`
it. They are drawn by the page's own code, on white, without the page.
"""

from collections.abc import Sequence

from plotly.graph_objects import Figure

from dashboard.figures import draw
from dashboard.forest import draw_forest
from dashboard.growth import draw_growth, label
from dashboard.on_paper import WIDTH, placed
from dashboard.plan_figure import draw_forecast
from dashboard.words import marked
from engine.laws.fit import Fit
from engine.laws.forecast import Forecast
from engine.laws.growth import Growth
from engine.laws.published import PUBLISHED

PANEL, BESIDE = 560, 340  # px of one panel, and of each that stands beside it


def curves_figure(fits: Sequence[Fit]) -> Figure:
    """Curves with their laws, windows, plateau and floor, a panel each, at most three in a row.

    A published law of the same domain and metric is drawn beside it.

    Args:
        fits: at least one, each of a curve with at least one point.

    Raises:
        ValueError: there is no fit.
    """
    if not fits:
        raise ValueError("curves_figure needs a fit: give it [fit(curve)]")
    width = min(WIDTH, PANEL + BESIDE * (len(fits) - 1))
    return Figure(placed(draw(fits, PUBLISHED), fits, width))


def forecast_figure(forecast: Forecast, sizes: Sequence[float] = ()) -> Figure:
    """The error to expect beyond the sizes measured, with its 90 % band.

    Args:
        forecast: of a curve.
        sizes: those to mark on it, in the curve's unit.

    Raises:
        ValueError: nothing can be forecast of this curve, or a size is not positive.
    """
    asked = forecast.error_at(sizes if len(sizes) else [1.0])
    marks = list(zip(asked.size.tolist(), asked.error.tolist(), strict=True))[: len(sizes)]
    return _on_white(Figure(draw_forecast(forecast, marks)))


def exponents_figure(fits: Sequence[Fit]) -> Figure:
    """The exponents one under the other, with intervals and with the published ones.

    Raises:
        ValueError: there is no fit.
    """
    if not fits:
        raise ValueError("exponents_figure needs a fit: give it [fit(curve)]")
    return _on_white(Figure(draw_forest(fits, PUBLISHED)))


def growth_figure(laws: Sequence[Growth]) -> Figure:
    """How the best model's parameters grow with the data, a line for each law.

    Raises:
        ValueError: none of them was fitted; their `doubt` says why.
    """
    fitted = [law for law in laws if law.exponent is not None]
    if not fitted:
        why = "; ".join(dict.fromkeys(law.doubt for law in laws)) or "there is no law"
        raise ValueError(f"no growth law to draw: {why}")
    short = [label(law, len(fitted) > 1) for law in fitted]
    named = {
        name if short.count(name) == 1 else marked(law.curve.name): law
        for name, law in zip(short, fitted, strict=True)
    }
    return _on_white(Figure(draw_growth(named)))


def _on_white(figure: Figure) -> Figure:
    return figure.update_layout(paper_bgcolor="#ffffff", plot_bgcolor="#ffffff")
