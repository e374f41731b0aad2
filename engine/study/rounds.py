"""Rounds of repeats: where further seeds go once the search of every size is over.

A repeat is a size's winner, trained with a seed that it has not had. Each goes to the size where it
narrows the exponent's interval most for the seconds that it takes, as `engine.laws.gain` counts. A
round is a fixed number of them, fewer where the width that was asked for is in reach, and follows
on rounds that have ended whole: so it is the same in whatever order their groups ended, on however
many workers, and however often the study was taken up in between. The winner itself stands: it was
chosen on the first seeds, and no repeat is looked at in choosing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.curve import Curve, Point
from engine.laws.fit import Fit, fit
from engine.laws.gain import design, unmoved
from engine.laws.propose import propose_window
from engine.numbers import number
from engine.study.search import Choice, Trial
from engine.training.spec import Candidate

ROUND = 8  # repeats, or one a worker: few enough that the next round knows better

Repeat = tuple[int, Trial]  # the size, and the training
Results = Callable[[int, Trial], Sequence[Candidate] | None]  # None while it has not ended


@dataclass(slots=True)
class Rounds:
    """The rounds of one subject, as far as what has ended determines them."""

    choices: Mapping[int, Choice]  # by size
    seconds: Mapping[int, float]  # that a repeat takes, by size
    seeds: int  # that every size has had
    metric: str
    guess: float | None  # the metric's best-guess level
    width: float  # of the exponent's 90 % interval, that ends it
    left: float  # seconds for all rounds
    together: Callable[[Sequence[float]], float]  # seconds of repeats that start together
    most: int = ROUND  # repeats of a round
    said: str = ""  # why no round follows, for the user; empty while one does
    _due: tuple[Repeat, ...] = ()  # the last round
    _points: list[Point] = field(default_factory=list)  # of the rounds before
    _next_seed: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with what the search has chosen."""
        self._take(run for choice in self.choices.values() for run in choice.runs)
        self._plan()

    def due(self, results: Results) -> tuple[Repeat, ...]:
        """The repeats of the round under way; none once `said` says why."""
        while self._due:
            found = [results(*repeat) for repeat in self._due]
            if any(runs is None for runs in found):
                break
            self._take(run for runs in found for run in runs or ())
            self.left -= self.together([self.seconds[size] for size, _ in self._due])
            self._plan()
        return self._due

    def _take(self, runs: Iterable[Candidate]) -> None:
        self._points += [
            Point(self.metric, run.size, run.test[self.metric], seed=run.seed)
            for run in runs
            if run.test.get(self.metric)  # failed, or no mistake: neither fits on a log axis
        ]

    def _plan(self) -> None:
        """Set the next round, or say why none follows."""
        curve = Curve(self.metric, tuple(self._points), guess=self.guess)
        found = fit(curve, propose_window(curve))
        self._due, self.said = (), _enough(found, self.width)
        if self.said:
            return
        assert found.exponent is not None
        sizes = worth_most(found, self.seconds, self.width, self._holds, self.most)
        if not sizes:
            self.said = (
                f"{_wide(found)} and not yet {self.width:g}: the time for more seeds is used up"
            )
        self._due = tuple((size, self._repeat(size)) for size in sizes)

    def _holds(self, sizes: Sequence[int]) -> bool:
        return self.together([self.seconds[size] for size in sizes]) <= self.left

    def _repeat(self, size: int) -> Trial:
        """A training of the size's winner with the next seed."""
        seed = self._next_seed.setdefault(size, self.seeds)
        self._next_seed[size] += 1
        choice = self.choices[size]
        return Trial("repeat", choice.capacity, (choice.learning_rate,), (seed,))


def worth_most(
    found: Fit,
    seconds: Mapping[int, float],
    width: float,
    holds: Callable[[Sequence[int]], bool],
    most: int = ROUND,
) -> tuple[int, ...]:
    """The sizes that get one more seed each: a size as often as it gets one, in order of choice.

    One after the other, each where the exponent's standard error falls most a second beside those
    before it; of equals the smaller size. No more than the width takes, by that standard error.

    Args:
        found: the fit whose exponent's interval is to be narrowed.
        seconds: that a seed takes, by size; a size that is not there gets none.
        width: of the interval, that is wanted.
        holds: whether the time that is left holds these sizes.
        most: sizes.

    Raises:
        ValueError: nothing was fitted (`found.exponent` is None).
    """
    made = design(found).cautious()
    assert found.exponent is not None
    places = {round(m): k for k, m in enumerate(made.size.tolist()) if round(m) in seconds}
    n, enough = made.n.copy(), made.error(made.n) * width / found.exponent.width
    sizes: list[int] = []
    while len(sizes) < most and (error := made.error(n)) > enough:
        gains = {
            size: (error - made.error(n + (np.arange(n.size) == place))) / seconds[size]
            for size, place in places.items()
            if holds([*sizes, size])
        }
        if not gains:
            break
        best = max(gains, key=lambda size: gains[size])
        n[places[best]] += 1
        sizes.append(best)
    return tuple(sizes)


def _enough(found: Fit, width: float) -> str:
    """Why no more seeds are wanted, in words; empty where they are."""
    if found.exponent is None:
        return f"no seeds were added: {found.curve.name} has no exponent, {found.status.value}"
    wide = _wide(found)
    if found.exponent.width <= width:
        return f"{wide}, no wider than {width:g}"
    why = unmoved(found, width)
    return f"{wide} and more seeds would not narrow it to {width:g}: {why}" if why else ""


def _wide(found: Fit) -> str:
    assert found.exponent is not None
    return f"the {found.curve.name} exponent's interval is {number(found.exponent.width)} wide"
