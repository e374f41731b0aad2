"""Groups on a real Ray cluster on this machine: one machine, and a second one that is killed."""

import os
import sys
import threading
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

import pytest

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'steepness[ray]'")

from engine import cli, domain_files
from engine.domain_files import DomainError, opened, own_code
from engine.study import executors, ray_executor
from engine.study.agenda import PlannedGroup
from engine.study.executors import Failed, Finished, Started, answered
from engine.study.ray_cluster import ClusterError, Share, default_workers, joined, knock, share
from engine.study.ray_executor import _Trainer, _Worker, run_on_ray
from engine.study.ray_tasks import PackingError, pack, unpack
from engine.tasks.images import image_task
from engine.training.device import Device
from engine.training.spec import Schedule
from tests.drivers import content, inline, measure_at_once
from tests.own import write
from tests.training.stripes import spec, striped_set

WHOLE = Share(cpus=1, gpus=0.0)
SHORT = Schedule(batch=8, floor_steps=5, max_steps=10)
LONG = Schedule(batch=8, floor_steps=300, max_steps=300)  # long enough to be killed in the middle
ENDLESS = Schedule(batch=8, floor_steps=10**9, max_steps=10**9)
CUDA = Device("cuda", "a GPU", "asked for")


@pytest.fixture(scope="module")
def cluster():
    """A machine with one CPU, and a GPU that it only says it has."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    made = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "num_gpus": 1, "include_dashboard": False},
    )
    with joined(made.address):
        yield made
    made.shutdown()


@dataclass(frozen=True)
class Stripes:
    """A loader of one small task; of some data it has none."""

    device: str = "cpu"

    def __call__(self, domain, data, treatment=""):
        if data == "wrong":
            raise ValueError("a model of its own kind")
        task = image_task(striped_set(), self.device)
        return replace(task, guess={"top-1": Deadly()}) if data == "deadly" else task


class Deadly:
    """Ends the process that unpacks it."""

    def __reduce__(self):
        return os.abort, ()


def planned(name, seconds=1.0, **changes):
    return PlannedGroup(spec(name=name, **changes), "shard", seconds)


def without_seconds(candidates):
    return [replace(run, seconds=0.0) for run in candidates]


def here(group):
    """What a group gives in this process."""
    return without_seconds(answered(partial(Stripes(), "images", ""), group.spec, False).candidates)


@pytest.mark.slow
def test_a_machine_that_is_killed_in_the_middle_changes_no_number(cluster, monkeypatch):
    vain = []
    judged = ray_executor._once_more
    monkeypatch.setattr(
        ray_executor, "_once_more", lambda *seen: vain.append(seen[2].reason) or judged(*seen)
    )
    groups = []

    def another():  # there are some for as long as the second machine takes to start
        number = len(groups)
        groups.append(planned(f"group {number}", size=40 + number % 100, schedule=LONG))
        return groups[-1]

    queue = [another(), another()]
    second = cluster.add_node(num_cpus=1)
    events = []
    for event in run_on_ray(queue, Stripes(), 2, WHOLE):
        events.append(event)
        under_way = sum((type(e) is Started) - (type(e) is Finished) for e in events)
        if second is not None and under_way == 2:
            cluster.remove_node(second, allow_graceful=False)
            second = None
        elif second is not None and not queue:  # one machine is there before the other
            queue.append(another())
    assert not [event for event in events if isinstance(event, Failed)]
    assert vain == [ray_executor.LOST], "one group was lost with its machine, and none otherwise"
    started = [event.group.spec.name for event in events if isinstance(event, Started)]
    assert len(started) == len(set(started)) + 1, "the group that was lost was tried again"
    found = {
        e.group.spec.name: without_seconds(e.candidates) for e in events if type(e) is Finished
    }
    asked = [group for group in groups if group.spec.name in started]
    assert found == {group.spec.name: here(group) for group in asked}


@pytest.mark.slow
def test_a_group_in_trouble_fails_with_its_reason_and_the_others_go_on(cluster):
    names = ("good", "deadly", "wrong", "better")
    queue = [planned(name, 1.0, data=name, size=20, schedule=SHORT) for name in names]
    events = list(run_on_ray(queue, Stripes(), 1, WHOLE))
    failed = {event.group.spec.name: event.reason for event in events if isinstance(event, Failed)}
    assert failed.keys() == {"deadly", "wrong"}
    assert "died, at the second try (Ray: ActorDiedError); if memory is short" in failed["deadly"]
    assert failed["wrong"] == "ValueError: a model of its own kind"
    finished = {event.group.spec.name for event in events if isinstance(event, Finished)}
    assert finished == {"good", "better"}
    started = [event.group.spec.name for event in events if isinstance(event, Started)]
    assert sorted(started) == sorted([*names, "deadly"]), "one died and was tried once more"


@pytest.mark.slow
def test_a_worker_whose_object_store_is_gone_is_a_lost_machine_and_no_failed_group(cluster):
    trainer = ray.remote(_Trainer).options(num_cpus=0).remote("cpu")
    worker = _Worker(trainer, None)
    nowhere = ray.remote(num_cpus=0)(_broken).remote()  # what reading it raises, it raises there
    worker.give(planned("any"), False, nowhere)
    assert worker.take().reason == ray_executor.LOST


def _broken():
    raise BrokenPipeError


@pytest.mark.slow
def test_a_run_that_is_closed_leaves_its_machines_free(cluster):
    with closing(run_on_ray([planned("endless", schedule=ENDLESS)], Stripes(), 1, WHOLE)) as events:
        assert any(isinstance(event, Started) for event in events)
    after = run_on_ray([planned("after", size=20, schedule=SHORT)], Stripes(), 1, WHOLE)
    assert any(isinstance(event, Finished) for event in after)


@pytest.mark.slow
def test_a_machine_with_another_version_is_refused_in_words(cluster, monkeypatch):
    monkeypatch.setattr(ray_executor, "_versions", lambda: "Steepness 9 with torch 1")
    events = run_on_ray([planned("any")], Stripes(), 1, WHOLE)
    with pytest.raises(ClusterError, match="this one Steepness 9 with torch 1, so their points"):
        list(events)


@pytest.mark.slow
def test_a_study_of_a_users_own_file_is_that_of_this_machine(cluster, tmp_path, monkeypatch, capfd):
    measure_at_once(monkeypatch)
    monkeypatch.setattr(executors, "run_here", inline)
    order = ["run", str(write(tmp_path)), "--sizes", "40,160", "--seeds", "2", "--workers", "1"]
    stores = {name: tmp_path / f"{name}.db" for name in ("local", "ray")}
    for name, store in stores.items():
        assert cli.main([*order, "--executor", name, "--store", str(store)]) == 0
    assert "on a Ray cluster of 1 machine with 1 CPUs and 1 GPUs" in capfd.readouterr().err
    assert content(stores["ray"]) == content(stores["local"])


@pytest.mark.slow
def test_a_gpu_is_shared_out_among_the_workers_that_are_to_share_it(cluster):
    assert default_workers(CUDA) == 1, "each wants a CPU, and there is one"
    assert share(CUDA, workers=4) == Share(cpus=1, gpus=0.25)
    assert 3 * share(CUDA, workers=3).gpus <= 1


@pytest.mark.parametrize("address", ["127.0.0.1:1", "somewhere"])
def test_where_no_cluster_answers_one_sentence_says_so(address):
    with pytest.raises(ClusterError, match=f"no Ray cluster answers at {address} .*ray start"):
        knock(address)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A user's own domain with a file beside it; gives its packed task, and forgets the files."""
    (tmp_path / "beside.py").write_text("def spread(rows):\n    return rows.std()\n")
    path = write(
        tmp_path,
        "def mae(output, target):",
        "import functools\nfrom beside import spread\nspread = functools.cache(spread)\n"
        "def mae(output, target):\n    spread(output)",
    )
    monkeypatch.setattr(sys, "path", sys.path[:])
    module = opened(str(path))
    packed = pack(module.load_task("own", None, None, "cpu"), "lines")
    for file in (path, tmp_path / "beside.py"):
        file.unlink()
    del domain_files._opened[str(path)], sys.modules["beside"], sys.modules[module.__name__]
    return packed


def test_a_users_own_task_travels_to_where_its_files_are_not(own):
    task = unpack(own, "cpu")
    model = task.build("mlp", 40, seed=0)
    assert task.errors(model, task.part("test")).keys() == {"mae", "mse"}


def test_what_raises_there_is_told_with_the_lines_of_the_users_file(own):
    task = unpack(own, "cpu")
    with (
        pytest.raises(
            DomainError, match=r"in mae: spread\(output\); line 2, in spread: return rows"
        ),
        own_code(),
    ):
        task.metrics["mae"](None, None)


def test_a_task_travels_though_a_file_that_was_opened_before_it_is_gone(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(domain_files, "_opened", {})
    path = write(tmp_path, name="earlier.py")
    module = opened(str(path))
    path.unlink()
    packed = pack(image_task(striped_set(), "cpu"), "images")
    assert packed.sources == {str(path): ""}
    del sys.modules[module.__name__]


def test_a_task_that_cannot_be_sent_is_refused_in_words():
    task = replace(image_task(striped_set(), "cpu"), guess={"top-1": threading.Lock()})
    with pytest.raises(PackingError, match=r"the task of images cannot be sent to others .*lock"):
        pack(task, "images")
