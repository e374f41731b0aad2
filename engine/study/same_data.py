"""Whether the data that a worker loads are those that its study was planned on.

Every worker loads them anew, and of a study that goes on also weeks later. Points of one curve that
were trained on other data would not compare, and nothing else would tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from data.errors import DataError
from engine.tasks.load import TaskLoader
from engine.tasks.task import Task

About = tuple[str, str, str]  # domain, data, treatment


@dataclass(frozen=True)  # no slots: super() does not go with them
class SameDataLoader(TaskLoader):
    """A loader of tasks that refuses data other than those that were planned on."""

    planned: Mapping[About, str] = field(default_factory=dict)  # each one's data_hash

    def __call__(self, domain: str, data: str, treatment: str = "") -> Task:
        """The task of one source, treated.

        Raises:
            data.errors.DataError: its data are others by now, or differ from call to call; or as
                `TaskLoader` does.
        """
        task = super().__call__(domain, data, treatment)
        then = self.planned.get((domain, data, treatment), task.data_hash)
        if task.data_hash != then:
            raise DataError(
                f"the data of {domain} {data} are not those that the study was planned on (hash"
                f" {then} then, {task.data_hash} now), so its points would not compare: put them"
                " back as they were, or measure them in another store (--store). If nobody changed"
                " them, load_task gives others at each call: let it draw from a fixed seed."
            )
        return task
