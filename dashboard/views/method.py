"""Method: what is computed, with formulas and sources, its limits, versions, whose the data are.

Thresholds in the text are read from the code that uses them. The formulas are drawn by the KaTeX
that Streamlit brings along: nothing is loaded from a network.
"""

import platform
from importlib.metadata import PackageNotFoundError, version

import streamlit as st

from dashboard import words
from dashboard.credits import CREDITS
from dashboard.ordering import OWN
from engine import VERSION
from engine.domains import DOMAINS
from engine.laws import fit, forecast, growth, propose, repeats, varpro
from engine.study.presets import QUICK, RECIPES, STANDARD
from engine.study.rounds import ROUND
from engine.study.search import OVERFITS

HESTNESS = "[Hestness et al. 2017](https://arxiv.org/abs/1712.00409)"
WIDTH = 820  # px: a line that the eye finds back from
PACKAGES = ("torch", "numpy", "scipy", "streamlit", "plotly")


def section(title: str) -> None:
    st.subheader(title, anchor=False)


def versions() -> str:
    """What is installed here. Of torch too, without importing it."""
    found = [f"steepness {VERSION}", f"Python {platform.python_version()}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)


def measured() -> None:
    section("What is measured")
    patience = sorted({r.schedule.patience for held in RECIPES.values() for r in held.values()})
    st.markdown(
        f"""
A **point** is the error that a model reaches after training on so many samples. After {HESTNESS},
section 3, the training set is put into an order once for each seed, and the shard of size $m$ is
the beginning of that order: shards grow in steps of 2, the larger ones hold the smaller ones, and
every seed has others. Shards of images have equally many of each class while a class lasts.
Validation and test are the same for all sizes and are disjoint from every shard.

At each size the **best** model counts. It is found in three stages:

1. **Fit.** Up a ladder of capacities in steps of 2, from where the next smaller shard began, to
   the first that overfits the shard (its training loss ends at {OVERFITS:g} of its validation
   loss or below).
2. **Search.** The rungs around it, each at learning rates drawn at random, the same for all
   sizes.
3. **Widen.** Where the winner sits on the outermost rung, the next one beyond; else further
   learning rates at the winner's rung.

All shards of a curve are searched alike, because a minimum over more candidates is lower by luck
alone: {QUICK.candidates} candidates on Quick, {STANDARD.candidates} on Standard and Full, fewer
where the time does not hold enough sizes. A candidate's score is the median over seeds of its
lowest validation loss. The point is the winner's **test** error at that moment, one for each
seed. Training ends once {patience[0]:g} to {patience[-1]:g} times as many steps have gone as the
best one took, depending on the domain and the preset, or sooner where that loss has clearly risen
since. Every training is kept. A winner that is
still the largest capacity that was tried is drawn hollow: a larger model might do better.

Where a widest interval was asked for, the winners get **more seeds** once every size is decided,
{ROUND} at a time, each where the standard error of the exponent falls most a second. The winner
stands: no later seed is looked at in choosing. It ends where the interval is narrow enough, where
the time is used up, or where more seeds would not narrow it: because the sizes lie off the law by
more than their seeds explain, or because a plateau or a floor cannot be told from these sizes.

*Fixed sizes* on Explore is the other view of the same trainings: one capacity at all sizes, at
its best learning rate. Where such a line leaves the best fit and goes flat, the model is full,
not the data used up.
"""
    )


def law() -> None:
    section("The law")
    st.latex(r"e(m) \;=\; \alpha\, m^{\beta_g} + \gamma")
    st.markdown(
        f"""
{HESTNESS}, eq. 1. $e$ is the error, $m$ the size of the training set, $\\alpha$ the coefficient,
$\\beta_g$ the **exponent** (negative where the error falls) and $\\gamma$ the **floor**, the
error that no data removes. On log-log axes the middle of the curve is a straight line of slope
$\\beta_g$, between a plateau at the best guess and the floor. Without a floor, $\\gamma = 0$.

The law is fitted inside the window, to the **log** of the error, so that 10 % counts the same at
every size:
"""
    )
    st.latex(
        r"\min_{\alpha,\,\beta_g,\,\gamma}\; \sum_i w_i\,"
        r"\bigl(\ln e_i - \ln(\alpha m_i^{\beta_g} + \gamma)\bigr)^2"
    )
    st.markdown(
        rf"""
$e_i$ is the geometric mean of the repeats of size $m_i$. Without a floor this is the weighted
straight line, in closed form: the very line that follows the window while it is dragged. With
one, the level is projected out (variable projection, Golub and Pereyra 1973). With $u = m / m_0$,
$m_0$ the smallest size, and $s$ the floor's share of the error there, $\ln e = a + \ln\bigl((1 -
s)\,u^{{\beta_g}} + s\bigr)$ leaves $a$ linear, and $\beta_g$ from {varpro.STEEPEST:g} to
{varpro.FLATTEST:g} and $s$ from 0 to 1 are found from a grid of starts by damped Newton steps.
The logarithm is that of the total error; the log of what lies above the floor is never fitted,
since the floor then collapses.

**Auto** draws the plain law, or the one with a floor where the zones below leave no doubt of one.
A power law needs
{fit.LEAST_SIZES["power"]} sizes, one with a floor {fit.LEAST_SIZES["power-floor"]}.
"""
    )


def weights() -> None:
    section("Repeats and weights")
    st.latex(r"w_i \;\propto\; \frac{1}{v_0 + v_{1,i} / n_i}")
    st.markdown(
        rf"""
After Hoiem et al. 2021, in log error. $v_{{1,i}}$ is the variance between the $n_i$ seeds of a
size, drawn towards the one pooled over the curve as if that were {repeats.PRIOR_DOF:g} degrees of
freedom: three seeds alone tell a variance to within a factor of six. A point without repeats has
the square of its stated standard error, if there is one. $v_0$ is what repeats cannot average
away: how far sizes lie off the line between their neighbours beyond what their seeds explain. No
weight is above {repeats.LARGEST_WEIGHT:g} times that of the mean variance. Weights come from the
whole curve and do not change with the window.
"""
    )


def intervals() -> None:
    section("Intervals")
    level = 100 * fit.LACK_OF_FIT_LEVEL
    st.latex(r"\hat\theta \;\pm\; t_{0.95,\,\nu}\;\hat\sigma\,\sqrt{(H^{-1})_{\theta\theta}}")
    st.markdown(
        rf"""
All intervals are 90 %. Those of a law that was asked for are Student's $t$ on the Gauss-Newton
Hessian $H$ of the sum of squares (Laplace-$t$). $\hat\sigma$ is the scatter of the sizes about the
law, with $\nu$ = sizes less parameters; where the sizes scatter no more than their seeds, both are
pooled. They hold **if the law is the right one in the window**. Those of Auto are the zones', which
hold where a plateau or a floor cannot be told. Where the sizes scatter about the law more widely
than their seeds (an F test at {level:g} %), the fit says so. An interval that reaches 0 is said in
words, not hidden.
"""
    )


def zones() -> None:
    section("Plateau, power law, floor")
    st.latex(r"e(m) = \gamma + \bigl(c^{-k} + (\alpha\,m^{\beta_g})^{-k}\bigr)^{-1/k}")
    st.markdown(
        f"""
$c$ is what the plateau lies above the floor and $k$ how sharply the curve leaves it. Eight such
laws, with no plateau or one left softly, evenly or sharply, each with and without a floor, are
weighed against each other by their marginal likelihood; none is chosen. The exponent's interval is
that of their average, wide enough for every law that the sizes do not rule out: a curve of few
sizes that bends gets a wide interval, not a wrong one. The chances of a plateau and a floor are the
weight of the laws that have one. Where less than
{fit.LEAST_DECADES:g} decade of sizes lies between the two, the fit says that the exponent is the
formula's more than the data's.
"""
    )


def window() -> None:
    section("Where the window starts")
    st.markdown(
        f"""
The proposed window begins at the first size at which a third of the power law's slope is there,
by the zones above, and keeps at least {propose.LEAST_LAW_SIZES} sizes. The end is open: a floor is
the law's business, and new points join. It is a proposal: drag it and see what the exponent does.
"""
    )


GUESSES = (  # domain, metric, best guess: what engine.tasks computes
    (
        "images",
        "top-1, top-5 error",
        "the share of test images outside the 1 or 5 commonest training classes",
    ),
    (
        "images",
        "cross-entropy",
        r"$-\sum_c q_c \ln p_c$ over classes, $q$ their shares in test, $p$ in training with one"
        " image added to each class",
    ),
    (
        "words, characters",
        "cross-entropy",
        "the same over words or characters, one added to each count; nats a word, bits a character",
    ),
    ("translation", "token error", "the share of test subwords that are not training's commonest"),
    ("translation", "cross-entropy", "as for words, over target subwords"),
    (
        "speech",
        "character, word error",
        "that of the best constant answer, chosen on training: nothing, a common transcript, common"
        " words or letters repeated",
    ),
    (
        "speech",
        "word error, closed vocabulary",
        "the share of test words that are not training's commonest",
    ),
    (
        "speech",
        "cross-entropy",
        "over characters and ends of transcripts, in nats a character",
    ),
)


def best_guess() -> None:
    section("The best guess")
    st.markdown(
        "The dotted level: the test error of one who knows only how common each label is in the"
        " training data.\n\n| domain | metric | best guess |\n|---|---|---|\n"
        + "".join(f"| {domain} | {metric} | {guess} |\n" for domain, metric, guess in GUESSES)
    )
    st.markdown(
        "A model on a small shard of text can be worse than that: the guess knows the shares of the"
        " whole training text. Imported curves have no best guess: their labels are not known here."
    )


def growing() -> None:
    section("How models grow")
    st.latex(r"p(m) \;=\; \sigma\, m^{\beta_p}")
    st.markdown(
        rf"""
The parameters of the best model against the size of the data ({HESTNESS}, section 3, found
$\beta_p$ from 0.5 to 1). Fitted by least squares in logs from {growth.LEAST_SIZES} sizes on. The
best capacity is known only to the nearest rung of the ladder, which spreads its log by about
step² / 12: the interval is never narrower than that allows. It does not know of larger models
that were not tried; a winner at the ladder's end pulls $\beta_p$ towards 0.
"""
    )


def treatments() -> None:
    section("Treatments compared")
    st.latex(r"\frac{e_b(m)}{e_a(m)} \;=\; \frac{\alpha_b}{\alpha_a}\; m^{\,\beta_b - \beta_a}")
    st.markdown(
        """
Does a treatment shift the curve, or change its exponent? The ratio of two power laws is a power
law, so the difference of exponents is the exponent of the ratio, fitted as any curve is, and its
interval comes with it. Each size and seed of the treated curve is divided by the same size and
seed of the untreated one; that takes out what both share: the shard, the initial weights, the
order of the batches. It holds where both curves are straight; a floor in the window shows as lack
of fit of the ratio.
"""
    )


def forecasts() -> None:
    section("Forecasts")
    st.markdown(
        f"""
What Plan and `steepness predict` say comes from four forecasts of log error: a damped local trend
(a Bayesian filter), a power law with a floor and a law with one break (both with soft priors), and
no further change. They are weighed by what has been seen of the curve, such as how well each law
meets its last third, with weights learned on public curves (Alabdulmohsin et al. 2022, LCDB 1.1)
and on simulated ones. The band is the filter's variance, the noise and the spread of the four
together, times a width learned alike; kept-out curves lie inside it nine times in ten. Tested up to
{forecast.REACH:g} times the largest size; beyond, take it for a guess. It leans to caution: of
a clean power law it expects some percent more error at {forecast.REACH:g} times the data.
With fewer than {forecast.ENOUGH_SIZES} sizes the power law with a floor and its prior speak alone.
`steepness bench fit` compares all this with published estimators.
"""
    )


def limits() -> None:
    section("Limits")
    st.markdown(
        """
- A curve is that of **these** models, this search and this data. A floor may be the model's: it
  sinks when a larger capacity is allowed. A thin search (one candidate a shard) is not the
  best-fit envelope.
- A straight line over one or two decades does not say that it stays straight. The further beyond
  the largest size, the more the law is an assumption; its dashed part is one.
- Exponents of different metrics of one model differ, and there is no reason that they should not.
- The window that is chosen after seeing the curve is part of the result. Report it; the exponents
  CSV does.
- Seeds vary the shard, the initial weights and the order of the batches together. They do not
  vary the test split: its own sampling error is common to all points of a curve.
- Sizes count different things (images, words, characters, pairs, seconds of audio). Exponents can
  be compared across them, coefficients cannot.
- Published lines are those of other models and other data, drawn for comparison; nothing here is
  fitted to them.
"""
    )


def data() -> None:
    section("Domains and data")
    st.markdown(
        "| domain | a size counts | models | metrics |\n|---|---|---|---|\n"
        + "".join(
            f"| {domain.title} | {domain.unit} | {', '.join(map(words.model, domain.models))}"
            f" | {'; '.join(metric.title for metric in domain.metrics)} |\n"
            for domain in DOMAINS.values()
        )
    )
    domains: dict[str, list[str]] = {}
    for domain in DOMAINS.values():
        for source in domain.sources:
            if source not in OWN:
                domains.setdefault(source, []).append(domain.name)
    st.markdown(
        "| data | domain | whose, under which licence |\n|---|---|---|\n"
        + "".join(
            f"| {words.plain(words.source(source))} | {', '.join(names)} | {CREDITS[source]} |\n"
            for source, names in domains.items()
        )
    )
    st.caption(
        "Only the icons are shipped. Packages are fetched once and checked by hash; standard sets"
        " come through the `datasets` library or from a folder of yours. What is SYNTHETIC says so"
        " wherever it is shown. More in `data/README.md`."
    )


st.markdown(
    "**What is computed here, from which sources, and what it cannot tell.** Thresholds in this"
    " text are the program's own."
)
with st.container(width=WIDTH):
    for part in (
        measured,
        law,
        weights,
        intervals,
        zones,
        window,
        best_guess,
        growing,
        treatments,
        forecasts,
        limits,
        data,
    ):
        part()
    section("Versions")
    st.caption(words.plain(versions()) + ".")
