"""The agenda of a study: from the groups that have ended to the groups that follow.

Holds no clock and draws nothing: the same plan and the same results give the same groups, in the
same order, so a study that was killed asks for what it would have asked for.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from engine.study.plan import (
    LONG_GROUP_SECONDS,
    OVER,
    PAIRED,
    START_SECONDS,
    Plan,
    SubjectPlan,
    training_steps,
)
from engine.study.rounds import ROUND, Repeat, Rounds
from engine.study.search import Choice, Course, Trial, choose, course, next_begin, next_rates
from engine.study.store import MORE_SEEDS
from engine.study.subject import Subject, shard_name
from engine.training.spec import Candidate, GroupSpec


@dataclass(frozen=True, slots=True)
class PlannedGroup:
    """A group, the shard that it helps to decide, and what it should cost."""

    spec: GroupSpec
    shard: str  # or what stands for the repeats of a subject, see `more_seeds`
    seconds: float  # on one worker


@dataclass(frozen=True, slots=True)
class Decision:
    """How the search of a shard ended."""

    subject: int  # which of the plan's
    size: int
    choice: Choice | None  # None: every training failed


@dataclass(frozen=True, slots=True)
class _Over:
    """A shard whose search is over, and what follows for the next larger one."""

    course: Course
    wall: float  # seconds, see Agenda._wall
    slower: float  # times the steps that were planned, at least 1
    begin: int
    rates: tuple[float, float]


Guesses = Mapping[tuple[int, str], float | None]  # best-guess level, by subject and metric


@dataclass(slots=True)
class Agenda:
    """What has been asked for and what has ended, of one study."""

    plan: Plan
    width: float | None = None  # of the exponent's interval, that seeds are added for
    guesses: Guesses = field(default_factory=dict)
    _asked: dict[str, PlannedGroup] = field(default_factory=dict)
    _ended: dict[str, list[Candidate]] = field(default_factory=dict)  # by group
    _over: dict[str, _Over] = field(default_factory=dict)  # by shard: found out once
    _made: dict[tuple[str, Trial], list[PlannedGroup]] = field(default_factory=dict)  # likewise
    _rounds: dict[int, Rounds] = field(default_factory=dict)  # of repeats, by subject

    def restore(self, groups: Iterable[PlannedGroup], ended: Mapping[str, list[Candidate]]) -> None:
        """Take up what the store holds of an earlier run."""
        self._asked.update({group.spec.name: group for group in groups})
        self._ended.update(ended)

    def end(self, group: PlannedGroup, candidates: Sequence[Candidate]) -> None:
        """A group has ended; none of its candidates where it failed."""
        self._ended[group.spec.name] = list(candidates)

    def fresh(self) -> list[PlannedGroup]:
        """Groups that are due and were not asked for before."""
        due: list[PlannedGroup] = []
        for index, part in enumerate(self.plan.subjects):
            trials = [(m, trial) for m, known in self._courses(part) for trial in known.trials]
            for size, trial in (*trials, *self._repeats(index)):
                due += [g for g in self._groups(part, size, trial) if self._is_new(g)]
        self._asked.update({group.spec.name: group for group in due})
        return due

    def decision(self, shard: str) -> Decision | None:
        """How the search of a shard ended; None while it has not."""
        for index, part in enumerate(self.plan.subjects):
            for size, known in self._courses(part):
                if shard_name(part.subject, size) == shard:
                    return self._decided(index, size, known)
        return None

    def _decided(self, index: int, size: int, known: Course) -> Decision | None:
        part = self.plan.subjects[index]
        runs = self._counted(part, size, known)
        if runs is None:
            return None
        planned = sum(len(trial.rates) * len(trial.seeds) for trial in known.counted)
        choice = choose(runs, planned)
        if choice is not None:
            choice = replace(choice, runs=(*choice.runs, *self._repeated(part, size, choice)))
        return Decision(index, size, choice)

    def _repeated(self, part: SubjectPlan, size: int, choice: Choice) -> list[Candidate]:
        """All repeats of a size's winner that have ended, by seed."""
        winner = choice.capacity, choice.learning_rate
        found = [
            run
            for name, runs in self._ended.items()
            if self._asked[name].shard == more_seeds(part)
            for run in runs
            if run.size == size and (run.capacity, run.learning_rate) == winner
        ]
        return sorted(found, key=lambda run: run.seed)

    def endings(self) -> dict[str, str]:
        """Why no more seeds follow, where none do; by the subject's label."""
        subjects = self.plan.subjects
        return {subjects[k].subject.label: r.said for k, r in self._rounds.items() if r.said}

    def _repeats(self, index: int) -> tuple[Repeat, ...]:
        """The repeats of a subject that are due: none before its search is over."""
        part = self.plan.subjects[index]
        if self.width is None:
            return ()
        if index not in self._rounds:
            choices = self._choices(part)
            if choices is None:
                return ()
            self._rounds[index] = self._begun(index, choices, self.width)
        return self._rounds[index].due(partial(self._results, part))

    def _choices(self, part: SubjectPlan) -> dict[int, Choice] | None:
        """The winners of a subject by size; None while the search of one goes on."""
        found: dict[int, Choice] = {}
        for size, known in self._courses(part):
            runs = self._counted(part, size, known)
            if runs is None:
                return None
            choice = choose(runs, 0)
            if choice is not None:
                found[size] = choice
        return found

    def _begun(self, index: int, choices: Mapping[int, Choice], width: float) -> Rounds:
        part = self.plan.subjects[index]
        runs = [run for choice in choices.values() for run in choice.runs]
        metrics = [metric.name for metric in self.plan.metrics(part.subject.domain)]
        metric = next((m for m in metrics if any(run.test.get(m) for run in runs)), metrics[0])
        return Rounds(
            choices,
            seconds={m: part.expected(m, choice.capacity, 1) for m, choice in choices.items()},
            seeds=part.recipe.seeds,
            metric=metric,
            guess=self.guesses.get((index, metric)),
            width=width,
            left=part.more_seconds(self.plan.workers) * self._speed,
            together=self._together,
            most=max(ROUND, self.plan.workers),
        )

    def _counted(self, part: SubjectPlan, size: int, known: Course) -> list[Candidate] | None:
        """The candidates that a shard's point is chosen from; None while some are still to end."""
        found = [self._results(part, size, trial) for trial in known.counted]
        if not known.whole or any(each is None for each in found):
            return None
        return [run for each in found for run in each or ()]

    def _is_new(self, group: PlannedGroup) -> bool:
        return group.spec.name not in self._asked

    def _courses(self, part: SubjectPlan) -> Iterable[tuple[int, Course]]:
        """The search of each shard as far as it is determined, from the smallest up.

        It ends before a stage that would take the subject past its minutes, by what trainings were
        expected to take when it was planned, and by how many times as many steps as planned those
        of the next smaller shard took: by the clock a resumed study would ask for others.
        """
        recipe, begin, rates, slower = part.recipe, 0, part.recipe.rates, 1.0
        limit = math.inf if part.minutes is None else OVER * 60 * part.minutes - START_SECONDS
        left = limit * self._speed
        for size in part.sizes:
            shard = shard_name(part.subject, size)
            over = self._over.get(shard)
            if over is None:
                results = partial(self._results, part, size)
                known = course(recipe.search, recipe.ladder, rates, recipe.seeds, begin, results)
                runs = self._counted(part, size, known)
                wall = self._wall(part, size, known)
                if known.start is None or runs is None:
                    if slower * wall <= left:
                        yield size, known
                    return
                over = _Over(
                    known,
                    wall,
                    max(1.0, _mean_steps(runs) / training_steps(size, recipe)),
                    next_begin(known.start, recipe.ladder, runs),
                    next_rates(rates, runs),
                )
                self._over[shard] = over
            yield size, over.course
            left -= over.slower * over.wall
            begin, rates, slower = over.begin, over.rates, over.slower

    def _wall(self, part: SubjectPlan, size: int, known: Course) -> float:
        """Seconds at most that a shard's trials take: stage by stage, nothing else to do."""
        wall = 0.0
        stages: dict[object, list[float]] = {}
        for number, trial in enumerate(known.trials):
            stage = "search" if trial.stage == "search" else number
            stages.setdefault(stage, []).extend(g.seconds for g in self._groups(part, size, trial))
        for seconds in stages.values():
            wall += self._together(seconds)
        return wall

    def _together(self, seconds: Sequence[float]) -> float:
        """Seconds at most that groups take which start together, nothing else to do."""
        workers = self.plan.workers
        if len(seconds) <= workers:
            return max(seconds, default=0.0)
        # in whatever order they start (Graham 1969, list scheduling)
        return sum(seconds) / workers + max(seconds) * (1 - 1 / workers)

    @property
    def _speed(self) -> float:
        """Of each worker against one alone: seconds on the wall hold so many of a worker's."""
        return 1.0 if self.plan.workers == 1 else PAIRED

    def _results(self, part: SubjectPlan, size: int, trial: Trial) -> list[Candidate] | None:
        """What a trial gave; None while one of its groups is still to end."""
        names = [group.spec.name for group in self._groups(part, size, trial)]
        if any(name not in self._ended for name in names):
            return None
        return [run for name in names for run in self._ended[name]]

    def _groups(self, part: SubjectPlan, size: int, trial: Trial) -> list[PlannedGroup]:
        """A trial as the groups that an executor takes: cut into its seeds where it is long.

        Or where they are wanted apart: so that the only shard that is due occupies all workers.
        """
        key = shard_name(part.subject, size), trial
        if key not in self._made:
            self._made[key] = self._cut(part, size, trial)
        return self._made[key]

    def _cut(self, part: SubjectPlan, size: int, trial: Trial) -> list[PlannedGroup]:
        each = part.expected(size, trial.capacity, len(trial.rates))
        workers = self.plan.workers  # the more of them, the shorter a group that holds them up
        long = each * len(trial.seeds) > LONG_GROUP_SECONDS * 2 / workers
        repeat = trial.stage == "repeat"  # whose name must tell its seed, however many workers
        cut = repeat or (workers > 1 and (long or part.recipe.search.apart))
        found = []
        for seeds in [(seed,) for seed in trial.seeds] if cut else [trial.seeds]:
            rates = ", ".join(f"{rate:g}" for rate in trial.rates)
            model = f"{trial.capacity:,} {self.plan.row(part.subject.domain).capacity}"
            name = f"{part.subject.label}: {model} on {size:,} {part.extent.unit}, {trial.stage}"
            name += f" at {rates}"
            spec = GroupSpec(
                name=name + (f", seed {seeds[0]}" if cut else ""),
                domain=part.subject.domain,
                data=part.subject.data,
                model=part.subject.model,
                capacity=trial.capacity,
                size=size,
                seeds=seeds,
                learning_rates=trial.rates,
                schedule=part.recipe.schedule,
                treatment=part.subject.treatment,
                stage=trial.stage,
                scored=size == part.sizes[-1] and not repeat,
                way=part.speeds[trial.capacity].way,
            )
            shard = more_seeds(part) if repeat else shard_name(part.subject, size)
            found.append(PlannedGroup(spec, shard, each * len(seeds)))
        return found


def _mean_steps(runs: Sequence[Candidate]) -> float:
    return sum(run.steps for run in runs) / max(1, len(runs))


def trained_on(spec: GroupSpec) -> str:
    """The shard that a group is trained on."""
    return shard_name(Subject(spec.domain, spec.data, spec.model, spec.treatment), spec.size)


def more_seeds(part: SubjectPlan) -> str:
    """What stands for all repeats of a subject where the store counts what is ahead."""
    return f"{part.subject.label} / {MORE_SEEDS}"
