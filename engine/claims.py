"""The paper's claims held against measured curves: `python -m engine.claims [POINTS.csv ...]`.

Prints a Markdown table, claim - paper - here - verdict. A verdict is what the 90 % intervals allow
and nothing more: "holds", "does not", "undecided", or "not measured" where a curve is missing.
Without files the shipped curves are judged. The paper: Hestness et al. 2017, arXiv 1712.00409.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from typing import Literal

import numpy as np

from engine.curve import Curve, gather, read_points
from engine.domains import DOMAINS
from engine.laws.compare import Difference, compare
from engine.laws.fit import Fit, fit
from engine.laws.growth import fit_growth
from engine.laws.interval import Interval
from engine.laws.ladder import LADDERS_END, winners_alike
from engine.laws.propose import propose_window
from engine.laws.repeats import summarize
from engine.numbers import number, with_interval
from engine.recorded import recorded_curves

Verdict = Literal["holds", "does not", "undecided", "not measured"]

SAME = 0.04  # exponents this near count as one: the width that a standard study's interval may have
AT_GUESS = 0.05  # a plateau lies within 5 % of the best guess
LEAST_DECADES = 1.0  # of sizes that a power-law region spans
DOUBTS = ("lack-of-fit", "narrow-law")  # notes of a fit that leave its exponent undecided
SUBLINEAR = (0.5, 1.0)  # where the paper found beta_p


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim and what the curves say of it."""

    claim: str
    paper: str
    here: str
    verdict: Verdict


def judge(curves: Sequence[Curve]) -> list[Claim]:
    """Every claim, judged on `curves`: names are DOMAIN DATA MODEL [TREATMENT] METRIC."""
    return [
        *_power_laws(curves),
        _text_is_shallower(curves),
        *_top5_is_steeper(curves),
        *_one_exponent(
            curves, "architectures share the exponent", "within 0.7 to 1 %", _other_model
        ),
        *_one_exponent(curves, "SGD and Adam share the exponent", "-0.0936, -0.0954", _sgd),
        *_models_grow_sublinearly(curves),
        *_plateau_is_the_guess(curves),
    ]


def table(claims: Iterable[Claim]) -> str:
    """The claims as Markdown."""
    rows = ["| claim | paper | here, 90 % intervals | verdict |", "|---|---|---|---|"]
    rows += [f"| {c.claim} | {c.paper} | {c.here} | {c.verdict} |" for c in claims]
    return "\n".join(rows)


def _power_laws(curves: Sequence[Curve]) -> list[Claim]:
    found = []
    for domain in DOMAINS.values():
        curve = _main(curves, domain.name)
        claim = f"{domain.title}: a power-law region"
        if curve is None:
            found.append(Claim(claim, "yes", "no curve yet", "not measured"))
            continue
        law = _law(curve)
        if law.exponent is None or law.window_low is None or law.window_high is None:
            found.append(Claim(claim, "yes", law.status.value, "undecided"))
            continue
        decades = float(np.log10(law.window_high / law.window_low))
        floor = f", floor {_shown(law.floor)}" if law.floor else ""
        doubt = "; ".join(note.message for note in law.notes if note.code in DOUBTS)
        here = f"{_shown(law.exponent)}{floor} over {decades:.1f} decades, {law.n_sizes} sizes"
        falls = law.exponent.high < 0 and decades >= LEAST_DECADES
        found.append(
            Claim(
                claim,
                "yes",
                f"{here}; {doubt}" if doubt else here,
                "holds" if falls and not doubt else "undecided",
            )
        )
    return found


def _text_is_shallower(curves: Sequence[Curve]) -> Claim:
    claim = "text is shallower than images and speech"
    paper = "-0.07, -0.09 against -0.31, -0.30"
    both = [
        [(n, _law(c).exponent) for n in names if (c := _main(curves, n)) is not None]
        for names in (("words", "characters"), ("images", "speech"))
    ]
    text, other = ([(n, e) for n, e in each if e is not None] for each in both)
    here = ", ".join(f"{name} {_shown(e)}" for name, e in text + other)
    if not text or not other:
        return Claim(claim, paper, here or "no curves yet", "not measured")
    pairs = list(product(text, other))
    if all(t.low > o.high for (_, t), (_, o) in pairs):
        return Claim(claim, paper, here, "holds")
    if any(t.high < o.low for (_, t), (_, o) in pairs):
        return Claim(claim, paper, here, "does not")
    return Claim(claim, paper, here, "undecided")


def _top5_is_steeper(curves: Sequence[Curve]) -> list[Claim]:
    found = []
    for top1 in curves:
        top5 = _named(curves, top1.name.removesuffix("top-1") + "top-5")
        if top1.name.endswith(" top-1") and top1.domain == "images" and top5:
            difference = compare(top1, top5, propose_window(top1))
            claim = f"top-5 is steeper than top-1 ({top1.name.removesuffix(' top-1')})"
            found.append(
                Claim(claim, "-0.488 against -0.309", _said(difference), _sign(difference))
            )
    return found


def _one_exponent(
    curves: Sequence[Curve], claim: str, paper: str, paired: Callable[[Curve, Curve], bool]
) -> list[Claim]:
    found = []
    for a, b in combinations(curves, 2):
        if paired(a, b):
            difference = compare(a, b, propose_window(a))
            found.append(
                Claim(
                    f"{claim}: {a.name} and {b.name}", paper, _said(difference), _same(difference)
                )
            )
    return found or [Claim(claim, paper, "no pair of curves yet", "not measured")]


def _models_grow_sublinearly(curves: Sequence[Curve]) -> list[Claim]:
    found = []
    for domain in DOMAINS.values():
        curve = _main(curves, domain.name)
        if curve is None:
            continue
        growth = fit_growth(curve, propose_window(curve))
        here = growth.doubt or _shown(growth.exponent)
        verdict: Verdict = "undecided"
        if growth.exponent:
            low, high = SUBLINEAR
            inside = low <= growth.exponent.low and growth.exponent.high < high
            outside = growth.exponent.high < low or growth.exponent.low >= high
            verdict = "holds" if inside else "does not" if outside else "undecided"
        full = winners_alike(growth.parameters)
        if growth.exponent and full >= LADDERS_END:
            here += f"; one capacity won at the {full} largest sizes: the ladder may end too low"
            verdict = "undecided"
        found.append(
            Claim(f"{domain.title}: best models grow sublinearly", "0.57 to 0.92", here, verdict)
        )
    return found


def _plateau_is_the_guess(curves: Sequence[Curve]) -> list[Claim]:
    found = []
    for domain in DOMAINS.values():
        curve = _main(curves, domain.name)
        if curve is None or not curve.guess:
            continue
        first = summarize(curve)[0]
        low, mid, high = (value / curve.guess for value in (first.low, first.median, first.high))
        verdict: Verdict = "undecided"
        if low >= 1 - AT_GUESS and high <= 1 + AT_GUESS:
            verdict = "holds"
        elif high < 1 - AT_GUESS or low > 1 + AT_GUESS:
            verdict = "does not"
        here = f"{with_interval(mid, low, high)} of it at {number(first.size)} {curve.unit}"
        claim = f"{domain.title}: the smallest shards do as the best guess does"
        found.append(Claim(claim, "yes", here, verdict))
    return found


def _main(curves: Sequence[Curve], domain: str) -> Curve | None:
    """The curve of a domain's default data and model, of its first metric, untreated."""
    about = DOMAINS[domain]
    name = f"{domain} {about.sources[0]} {about.models[0]} {about.metrics[0].name}"
    return _named(curves, name)


def _named(curves: Sequence[Curve], name: str) -> Curve | None:
    return next((curve for curve in curves if curve.name == name), None)


def _other_model(a: Curve, b: Curve) -> bool:
    """Whether two curves differ in their model alone."""
    first, second = a.name.split(), b.name.split()
    return (
        len(first) == len(second) == 4
        and first[2] != second[2]
        and first[:2] + first[3:] == second[:2] + second[3:]
        and first[3] == DOMAINS[a.domain].metrics[0].name
    )


def _sgd(a: Curve, b: Curve) -> bool:
    """Whether `b` is `a` trained with SGD, in the domain's first metric."""
    words = a.name.split()
    return words[-1] == DOMAINS[a.domain].metrics[0].name and b.name.split() == [
        *words[:3],
        "sgd",
        *words[3:],
    ]


def _law(curve: Curve) -> Fit:
    return fit(curve, propose_window(curve))


def _shown(interval: Interval | None) -> str:
    return with_interval(interval.value, interval.low, interval.high) if interval else "none"


def _said(difference: Difference) -> str:
    if difference.exponent is None:
        return difference.sentence
    return f"exponents differ by {_shown(difference.exponent)}"


def _sign(difference: Difference) -> Verdict:
    """Whether b is steeper than a."""
    if difference.exponent is None or difference.exponent.holds(0.0):
        return "undecided"
    return "holds" if difference.exponent.value < 0 else "does not"


def _same(difference: Difference) -> Verdict:
    """Whether two exponents are one, to within SAME."""
    found = difference.exponent
    if found is None:
        return "undecided"
    if found.low >= -SAME and found.high <= SAME:
        return "holds"
    return "undecided" if found.low <= SAME and found.high >= -SAME else "does not"


def main(arguments: Sequence[str]) -> int:
    """Print the table for points CSV files, or for the shipped curves."""
    points = [point for file in arguments for point in read_points(Path(file))]
    print(table(judge(gather(points) if points else recorded_curves())))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
