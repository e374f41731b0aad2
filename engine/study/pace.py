"""How many steps trainings took: `python -m engine.study.pace --store STORE`.

Prints, for each subject of each study, the Pace that its trainings show: what the
domain's row should say, so that the estimates of later studies are right.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.study.plan import stored_plan
from engine.study.store import Store
from engine.training.spec import Candidate, Pace


def pace(runs: Sequence[Candidate], patience: float) -> Pace:
    """The line through log mean steps over log size, at the middle of the sizes.

    Args:
        runs: trainings at two sizes or more.
        patience: that they ran with; a pace is told for 1.6.
    """
    sizes = np.array(sorted({run.size for run in runs}), dtype=np.float64)
    steps = np.array([np.mean([run.steps for run in runs if run.size == m]) for m in sizes])
    growth, level = np.polyfit(np.log(sizes), np.log(steps), 1)
    middle = float(f"{np.sqrt(sizes[0] * sizes[-1]):.1g}")
    at_middle = np.exp(level + growth * np.log(middle)) * 1.6 / patience
    return Pace(float(round(at_middle)), middle, float(round(growth, 2)))


def main() -> int:
    """Print the paces of a store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, required=True)
    options = parser.parse_args()
    with Store.open(options.store, "read") as store:
        for row in store.studies():
            runs = [Candidate(**kept.record) for kept in store.candidates(row.id)]
            shards = [kept.shard for kept in store.candidates(row.id)]
            for part in stored_plan(store.study_plan(row.id)[1]).subjects:
                label = part.subject.label
                own = [r for r, s in zip(runs, shards, strict=True) if s.startswith(f"{label} /")]
                if len({run.size for run in own}) > 1:
                    print(label, pace(own, part.recipe.schedule.patience))
    return 0


if __name__ == "__main__":
    sys.exit(main())
