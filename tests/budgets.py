"""Studies whose trainings cost what was planned and lose what a formula says: hours in a moment."""

import heapq
import math
from collections.abc import Callable
from dataclasses import replace

from engine.bench.made_up import made_up
from engine.study.agenda import Agenda, PlannedGroup
from engine.study.plan import PAIRED, START_SECONDS, Plan, training_steps
from engine.training.spec import Candidate


def train(group: PlannedGroup, best: Callable[[int], float]) -> list[Candidate]:
    """Candidates of a group: the best capacity is what `best` makes of the size, the rate 1e-3."""
    spec = group.spec
    return [
        made_up(
            *(spec.size, spec.capacity, rate, seed),
            model=spec.model,
            validation_loss=1
            + abs(math.log(spec.capacity / best(spec.size)))
            + abs(math.log(rate / 1e-3)) / 10,
            last_loss=2.0,
            last_train_loss=0.1 if spec.capacity >= best(spec.size) else 1.9,
            test={"top-1": 0.5, "top-5": 0.2, "cross-entropy": 2.0},
        )
        for seed in spec.seeds
        for rate in spec.learning_rates
    ]


def wall(plan: Plan, best: Callable[[int], float], slower: float = 1.0) -> float:
    """Seconds that a study takes where every group takes `slower` times what it was expected to.

    Groups go to the workers as engine.study.executors gives them out.
    """
    recipe = plan.subjects[0].recipe
    agenda = Agenda(plan)
    queue, flying = agenda.fresh(), []
    now, climbing = 0.0, None
    while queue or flying:
        while queue and len(flying) < plan.workers:
            queue.sort(key=lambda group: group.seconds)
            group = queue.pop(0 if climbing is None else -1)
            climbing = climbing or group
            heapq.heappush(flying, (now + slower * group.seconds, id(group), group))
        now, _, group = heapq.heappop(flying)
        climbing = None if group is climbing else climbing
        steps = round(slower * training_steps(group.spec.size, recipe))
        agenda.end(group, [replace(run, steps=steps) for run in train(group, best)])
        queue += agenda.fresh()
    return now / (1.0 if plan.workers == 1 else PAIRED) + START_SECONDS
