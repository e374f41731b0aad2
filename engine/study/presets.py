"""Presets: how thoroughly a domain is searched, from a few minutes to a GPU's night.

The three are made of what the domain's row says of its search, the same way for all domains.
"""

from dataclasses import replace

from engine.domains import DOMAINS, Domain
from engine.study.plan import Recipe
from engine.study.search import Search
from engine.study.subject import Subject
from engine.training.spec import SGD, Schedule

# Of SGD with momentum: 0.03 to 0.3 trained LSTMs and CNN alike, at 1.0 the LSTMs diverged.
SGD_RATES = (0.03, 0.3)
QUICK = Search(below=0, above=1, rates=2, widenings=0, apart=True)
# Of quick curves: two decades in six sizes, and every third of them is one of the standard ones.
QUICK_STEP, QUICK_SIZES, QUICK_MINUTES = 2 ** (4 / 3), 6, 3.0
QUICK_WATCHED = 1024  # validation rows at most
STANDARD = Search(below=1, above=1, rates=2, widenings=1)
FULL_STEPS = 100_000  # words were "still improving" at 20,000 from 450,000 on
SIZES = 10  # of a standard curve: two and a half decades and more in steps of 2


def recipes(row: Domain) -> dict[str, Recipe]:
    """The three presets of a domain, by name."""
    quick = row.quick
    standard = Recipe(
        minutes=60.0,
        seeds=3,
        ladder=row.ladder,
        rates=row.rates,
        search=STANDARD,
        schedule=row.schedule,
        pace=row.pace,
        smallest=row.smallest,
        worth=SIZES,
    )
    found = {
        "quick": replace(
            standard,
            minutes=QUICK_MINUTES,
            seeds=2,
            ladder=quick.ladder or row.ladder[1:6] or row.ladder,
            search=QUICK,
            schedule=quick.schedule or _hasty(row.schedule),
            pace=quick.pace or row.pace,
            smallest=quick.smallest or row.smallest,
            step=QUICK_STEP,
            worth=QUICK_SIZES,
        ),
        "standard": standard,
        "full": replace(
            standard,
            minutes=None,
            seeds=5,
            ladder=(*row.ladder, *(row.ladder[-1] * 2 ** (k + 1) for k in range(row.doublings))),
            schedule=replace(row.schedule, max_steps=max(FULL_STEPS, row.schedule.max_steps)),
        ),
    }
    return {name: replace(each, search=_held(each)) for name, each in found.items()}


def _hasty(schedule: Schedule) -> Schedule:
    return replace(schedule, watched=min(schedule.watched or QUICK_WATCHED, QUICK_WATCHED))


def _held(found: Recipe) -> Search:
    """A recipe's search, held to the capacities and rates that there are: one may be all."""
    search, others = found.search, len(found.ladder) - 1
    if found.rates[0] == found.rates[1]:
        search = replace(search, rates=1, widenings=0)
    above = min(search.above, others)
    return replace(search, above=above, below=min(search.below, others - above))


RECIPES = {row.name: recipes(row) for row in DOMAINS.values()}


def recipe(
    subject: Subject, preset: str | None, minutes: float | None, own: Domain | None = None
) -> Recipe:
    """The recipe of a preset; with minutes alone, the most thorough one that they suit.

    `own` is the row of a domain that is not ours.
    """
    known = recipes(own) if own else RECIPES[subject.domain]
    if preset is None:
        assert minutes is not None
        standard = known["standard"].minutes
        assert standard is not None
        preset = "standard" if minutes >= standard / 2 else "quick"
    found = known[preset]
    if subject.treatment == SGD:
        found = replace(found, rates=SGD_RATES)
    return found
