"""Presets: how thoroughly each domain is searched, from a few minutes to a GPU's night.

A ladder's rungs are a factor of 2 apart. Learning rates reach a factor of 2 to 3 to either side of
what was best in small runs of the domain. Paces were read off measured studies (the command that
shows them: `python -m engine.study.pace --store STORE`).
"""

from dataclasses import replace

from engine.domains import Domain
from engine.study.plan import Pace, Recipe
from engine.study.search import Search
from engine.study.subject import Subject
from engine.training.spec import SGD, Schedule

# Of SGD with momentum: 0.03 to 0.3 trained LSTMs and CNN alike, at 1.0 the LSTMs diverged.
SGD_RATES = (0.03, 0.3)
QUICK = Search(below=0, above=1, rates=2, widenings=0, apart=True)
# Of quick curves: two decades in six sizes, and every third of them is one of the standard ones.
QUICK_STEP, QUICK_SIZES, QUICK_MINUTES = 2 ** (4 / 3), 6, 3.0
STANDARD = Search(below=1, above=1, rates=2, widenings=1)
FULL_STEPS = 100_000  # words were "still improving" at 20,000 from 450,000 on
SIZES = 10  # of a standard curve: two and a half decades and more in steps of 2

# Images: the whole validation set would double a small shard's cost.
IMAGE_RATES = (3e-4, 3e-3)
IMAGE_QUICK = Schedule(watched=1024)
IMAGE_PATIENT = Schedule(patience=1.8, ratio=1.2, floor_steps=240, watched=2048)
IMAGE_PACE = Pace(steps=740.0, size=1000, growth=0.28)  # the recorded icons study
IMAGE_LADDER = (10_000, 20_000, 40_000, 80_000, 160_000, 320_000)

# Text: batches of 8 learn as much a step as of 16, and below 5e-3 all is slow (measured on sotu).
# Few words want a high rate, validation nats at 0.004, 0.008, 0.016, 0.032: 7,000 words 5.94, 5.91,
# 5.85, 5.82, 56,000 words 5.07, 5.06, 5.07, 5.15. Many want a low one, and that weighs more: at
# 0.0126, the middle of 0.004 to 0.04, instead of 0.007 a search of one rate came to test errors
# 0.8 % lower at 7,000 words, 1.7 % higher at 112,000, 4.1 % at 448,000: a floor that was none.
TEXT_RATES = (3e-3, 1.6e-2)
WORD_SCHEDULE = Schedule(batch=8, watched=150, first_evaluation=10, floor_steps=200)
CHARACTER_SCHEDULE = Schedule(batch=8, watched=100, first_evaluation=10, floor_steps=150)
WORD_PACE = Pace(steps=700.0, size=25_000, growth=0.9)
CHARACTER_PACE = Pace(steps=500.0, size=10_000, growth=0.8)
# One rate in the middle takes fewer steps than several on average, which quick studies were planned
# by and broken off: 94, 231, 451 and 881 at 945, 6,000, 15,119 and 38,098 characters.
CHARACTER_QUICK_PACE = Pace(steps=330.0, size=10_000, growth=0.7)
# Under 25k parameters words have 5 dimensions; at 900,000 words 400k was full.
WORD_LADDER = (25_000, 50_000, 100_000, 200_000, 400_000, 800_000)
CHARACTER_LADDER = (5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 640_000)

PAIR_RATES = (2e-3, 1.2e-2)
PAIR_SCHEDULE = Schedule(batch=32, watched=256, first_evaluation=5, floor_steps=200)
PAIR_PACE = Pace(steps=600.0, size=800, growth=0.77)
PAIR_LADDER = (25_000, 50_000, 100_000, 200_000, 400_000)

# Speech: CTC leaves its plateau of blanks after 130 to 200 steps at 3e-3. At 0.002, 0.004, 0.008
# the validation loss of 55 seconds is 2.41, 2.32, 2.37, of 439 seconds 0.81, 0.91, 0.97.
SPEECH_RATES = (1.2e-3, 8e-3)
SPEECH_SCHEDULE = Schedule(batch=8, watched=128, first_evaluation=60, floor_steps=400, patience=1.5)
SPEECH_PACE = Pace(steps=1600.0, size=200, growth=0.65)
# Likewise, of 60k parameters: 564 and 1,101 steps at 69 and 174 seconds. At 69 the character error
# is .682, where 30k take 881 steps to .740; at 174 it is .492, where 120k take 705 steps to .426.
SPEECH_QUICK_PACE = Pace(steps=1300.0, size=200, growth=0.7)
SPEECH_LADDER = (15_000, 30_000, 60_000, 120_000, 240_000, 480_000)  # 240k won from 439 s on

# Of a user's own, before anything is known of it: between that of images and that of text.
OWN_PACE = Pace(steps=700.0, size=1000, growth=0.4)


def _recipes(
    ladder: tuple[int, ...],
    quick: tuple[int, int],
    rates: tuple[float, float],
    schedules: tuple[Schedule, Schedule],
    paces: tuple[Pace, Pace],
    smallest: tuple[float, float],
    doublings: int,
) -> dict[str, Recipe]:
    """The three presets of a domain; of a pair, quick has the first and the others the second.

    Args:
        ladder: capacities of the standard preset.
        quick: first and last rung of the quick preset.
        rates: lowest and highest learning rate.
        schedules: when to evaluate and to stop.
        paces: how many steps a training takes.
        smallest: share of the data at the smallest size.
        doublings: by how many the full preset's ladder goes on.
    """
    low, high = (ladder.index(rung) for rung in quick)
    few = ladder[low : high + 1]
    many = (*ladder, *(ladder[-1] * 2**k for k in range(1, doublings + 1)))
    (hasty, patient), (few_steps, steps) = schedules, paces
    long = replace(patient, max_steps=FULL_STEPS)
    return {
        "quick": Recipe(
            QUICK_MINUTES,
            2,
            few,
            rates,
            QUICK,
            hasty,
            few_steps,
            smallest=smallest[0],
            step=QUICK_STEP,
            worth=QUICK_SIZES,
        ),
        "standard": Recipe(
            60.0, 3, ladder, rates, STANDARD, patient, steps, smallest[1], worth=SIZES
        ),
        "full": Recipe(None, 5, many, rates, STANDARD, long, steps, smallest[1], worth=SIZES),
    }


RECIPES: dict[str, dict[str, Recipe]] = {
    "images": _recipes(
        IMAGE_LADDER,
        (40_000, 160_000),
        IMAGE_RATES,
        (IMAGE_QUICK, IMAGE_PATIENT),
        (IMAGE_PACE, IMAGE_PACE),
        (0.001, 0.001),
        5,  # 10M won at 12,678 icons
    ),
    "words": _recipes(
        WORD_LADDER,
        (50_000, 200_000),
        TEXT_RATES,
        (WORD_SCHEDULE, WORD_SCHEDULE),
        (WORD_PACE, WORD_PACE),
        (0.0005, 0.0005),  # sotu: 900 words
        2,  # 3.2M won at 100,000 words, 6.4M lost
    ),
    "characters": _recipes(
        CHARACTER_LADDER,
        (40_000, 80_000),
        TEXT_RATES,
        (CHARACTER_SCHEDULE, CHARACTER_SCHEDULE),
        (CHARACTER_QUICK_PACE, CHARACTER_PACE),
        (0.00004, 0.0001),  # sotu: 400 and 1,000 characters
        2,
    ),
    "translation": _recipes(
        PAIR_LADDER,
        (50_000, 200_000),
        PAIR_RATES,
        (PAIR_SCHEDULE, PAIR_SCHEDULE),
        (PAIR_PACE, PAIR_PACE),
        (0.002, 0.002),  # 55 pairs
        3,  # 3.2M won from 800 pairs on
    ),
    "speech": _recipes(
        SPEECH_LADDER,
        (60_000, 120_000),
        SPEECH_RATES,
        (SPEECH_SCHEDULE, SPEECH_SCHEDULE),
        (SPEECH_QUICK_PACE, SPEECH_PACE),
        (0.0008, 0.002),  # synthetic phrases: 4 and 14 seconds
        2,
    ),
}


def own_recipes(row: Domain) -> dict[str, Recipe]:
    """The presets of a domain that is not ours, from what its row says of its search.

    With one learning rate, or one capacity, that is all there is to try.
    """
    known = _recipes(
        row.ladder,
        (row.ladder[min(1, len(row.ladder) - 1)], row.ladder[min(5, len(row.ladder) - 1)]),
        row.rates,
        (Schedule(batch=row.batch, watched=1024), Schedule(batch=row.batch, watched=2048)),
        (OWN_PACE, OWN_PACE),
        (row.smallest, row.smallest),
        0,
    )
    return {name: replace(found, search=_held(found)) for name, found in known.items()}


def _held(found: Recipe) -> Search:
    """A recipe's search, held to the capacities and rates that there are."""
    search, others = found.search, len(found.ladder) - 1
    if found.rates[0] == found.rates[1]:
        search = replace(search, rates=1, widenings=0)
    above = min(search.above, others)
    return replace(search, above=above, below=min(search.below, others - above))


def recipe(
    subject: Subject, preset: str | None, minutes: float | None, own: Domain | None = None
) -> Recipe:
    """The recipe of a preset; with minutes alone, the most thorough one that they suit.

    `own` is the row of a domain that is not ours.
    """
    known = own_recipes(own) if own else RECIPES[subject.domain]
    if preset is None:
        assert minutes is not None
        standard = known["standard"].minutes
        assert standard is not None
        preset = "standard" if minutes >= standard / 2 else "quick"
    found = known[preset]
    if subject.treatment == SGD:
        found = replace(found, rates=SGD_RATES)
    return found
