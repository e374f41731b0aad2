"""What more data would bring and cost, in sentences that whoever pays for it can read. Pure.

Puts together the forecast (errors at sizes), the growth law (how large a model they want) and the
cost of a training (seconds on the device that measured).
"""

import math
from dataclasses import dataclass

from dashboard.panel import is_rate
from engine.curve import Curve
from engine.domains import PARAMETERS
from engine.laws.cost import Cost, memory
from engine.laws.fit import Interval
from engine.laws.forecast import REACH, Forecast, Needed
from engine.laws.growth import Growth
from engine.numbers import duration, number

MULTIPLES = (1.5, 2, 3, 4, 6, 10, 20, 50, 100)  # of the largest size, to choose from
SHARES = tuple(range(30, 100))  # % of the present error, likewise
SPEEDS = tuple(step / 2 for step in range(1, 201))  # of the device that measured, likewise
SIZES_OF_BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


@dataclass(frozen=True, slots=True)
class Price:
    """What a training at one size takes."""

    size: float
    parameters: float | None  # of the best model; None where no growth law is known
    capacity: str  # what those count
    seconds: Interval | None  # of one training, on the device asked about; None: not known


def price(size: float, growth: Growth, cost: Cost, speed: float = 1.0) -> Price:
    """The price of one training at `size`.

    Args:
        size: of the data.
        growth: law of the best model's parameters; its last winner stands in where it has none.
        cost: of the curve's trainings.
        speed: of the device asked about, as a multiple of the one that measured.
    """
    parameters = growth.parameters[-1] if growth.parameters else None
    if growth.exponent is not None:
        parameters = float(growth.predict(size))
    seconds = None
    if cost.exponent is not None:
        found = cost.seconds(size)
        seconds = Interval(found.value / speed, found.low / speed, found.high / speed)
    return Price(size, parameters, growth.curve.capacity, seconds)


def at_size(forecast: Forecast, size: float) -> str:
    """What error to expect at a size, against what is measured."""
    curve = forecast.curve
    assert forecast.largest is not None
    found = forecast.error_at([size])
    now = forecast.error_at([forecast.largest])
    value, low, high = (float(each[0]) for each in (found.error, found.low, found.high))
    said = (
        f"At {amount(size)} {unit(curve)}, expect {measured(curve)} of {level(value, curve)}"
        f" (90 %: {level(low, curve)} to {level(high, curve)}),"
        f" against {level(float(now.error[0]), curve)} at the largest size measured,"
        f" {number(forecast.largest)}: {times(size / forecast.largest)} the data."
    )
    if found.beyond[0]:
        said += f" {BEYOND}"
    return said


def for_error(forecast: Forecast, needed: Needed) -> str:
    """What size an error takes, or that it is not to be had."""
    curve, wanted = forecast.curve, level(needed.error, forecast.curve)
    assert forecast.largest is not None
    if needed.size is None:
        return f"{wanted} is {needed.note}."
    if needed.size <= forecast.largest:
        return f"{wanted} is reached already at {amount(forecast.largest)} {unit(curve)}."
    low = "no more than is measured" if (needed.low or 0) <= forecast.largest else None
    low = low or amount(needed.low or 0.0)
    high = amount(needed.high) if needed.high else "never, at worst"
    said = (
        f"{wanted} takes about {amount(needed.size)} {unit(curve)},"
        f" {times(needed.size / forecast.largest)} the data measured (90 %: {low} to {high})."
    )
    return f"{said} {BEYOND}" if needed.size > REACH * forecast.largest else said


def priced(found: Price, device: str) -> str:
    """What a training of that size takes: model, memory, time."""
    said = []
    if found.parameters is not None:
        model = f"a model of about {amount(found.parameters)} {found.capacity}"
        held = f", whose training holds at least {bytes_of(memory(found.parameters))}"
        said.append(model + (held if found.capacity == PARAMETERS else ""))
    if found.seconds is not None:
        low, value, high = map(
            duration, (found.seconds.low, found.seconds.value, found.seconds.high)
        )
        interval = f" (90 %: {low} to {high})" if low != high else ""
        said.append(f"about {value} for one training{interval} on {device}")
    if not said:
        return "What a training costs is not known: these points carry no seconds and parameters."
    return f"That takes {', and '.join(said)}."


def doubling(forecast: Forecast, growth: Growth, cost: Cost, speed: float) -> str:
    """What one more doubling of the data would buy."""
    assert forecast.largest is not None
    curve, twice = forecast.curve, 2 * forecast.largest
    now, then = (float(e) for e in forecast.error_at([forecast.largest, twice]).error)
    share = 1 - then / now
    said = (
        f"One more doubling, to {amount(twice)} {unit(curve)}, takes the error from"
        f" {level(now, curve)} to {level(then, curve)}: {number(100 * share, 2)} % less error"
    )
    seconds = price(twice, growth, cost, speed).seconds
    return f"{said}, for about {duration(seconds.value)} a training." if seconds else f"{said}."


BEYOND = (
    f"That is beyond {REACH:g} times what is measured, as far as such forecasts were ever tested:"
    " take it for a guess."
)


def level(error: float, curve: Curve) -> str:
    """An error as a reader sees it: a share in percent, all else in its own unit."""
    return f"{number(100 * error, 3)} %" if is_rate(curve.metric) else number(error, 3)


def measured(curve: Curve) -> str:
    """The metric with its article."""
    name = curve.metric or "error"
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def amount(size: float) -> str:
    """A size to three digits: nobody orders 101,428 images."""
    digits = max(0, math.floor(math.log10(size)) - 2)
    return number(float(round(size, -digits)))


def unit(curve: Curve) -> str:
    """What a size counts."""
    return curve.unit or "samples"


def times(ratio: float) -> str:
    """A multiple in words."""
    return f"{number(ratio, 2)} times"


def bytes_of(count: float) -> str:
    """Memory as a reader sees it."""
    for scale, unit in SIZES_OF_BYTES:
        if count >= scale:
            return f"{number(count / scale, 2)} {unit}"
    return f"{number(count)} bytes"
