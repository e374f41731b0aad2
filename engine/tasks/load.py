"""From the names of a subject to its task: its domain's module loads the data, then treats it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from engine.domain_files import opened
from engine.domains import DOMAINS, Domain
from engine.tasks.task import Task
from engine.tasks.treatments import treated
from engine.training.spec import OF_TRAINING


@dataclass(frozen=True, slots=True)
class TaskLoader:
    """Loads tasks onto a device; picklable, so that it can travel to where they are trained."""

    paths: Mapping[str, Path]  # where a domain's data lie, where the user said so
    cache: Path
    device: str
    own: Mapping[str, Domain] = field(default_factory=dict)  # domains that are not ours, by name

    def __call__(self, domain: str, data: str, treatment: str = "") -> Task:
        """The task of one source, treated.

        Raises:
            data.errors.DataError: the data are not ready on this machine, or there is no such
                treatment.
            engine.domain_files.DomainError: the file of a domain that is not ours was changed.
        """
        own = self.own.get(domain)
        module = opened(own.task, own.sha256) if own else import_module(DOMAINS[domain].task)
        task: Task = module.load_task(data, self.paths.get(domain), self.cache, self.device)
        if treatment in OF_TRAINING:
            return task
        treated_task: Task = treated(task, treatment, getattr(module, "TREATMENTS", {}))
        return treated_task
