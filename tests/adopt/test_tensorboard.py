"""TensorBoard's event files, written by its own writers and read again."""

from importlib.util import find_spec
from pathlib import PurePosixPath

import numpy as np
import pytest

from engine.adopt.naming import named
from engine.adopt.place import whose
from engine.adopt.runs import AdoptError
from engine.adopt.tensorboard import Log, joined, read

needed = pytest.mark.skipif(
    find_spec("tensorboard") is None, reason="tensorboard is not installed: steepness[tensorboard]"
)
ERRORS = {100: (0.9, 0.5, 0.6), 200: (0.8, 0.3, 0.4)}


@pytest.fixture
def folder(tmp_path):
    """Two runs by PyTorch's SummaryWriter, with their hparams logged at the end."""
    from torch.utils.tensorboard import SummaryWriter

    for size, errors in ERRORS.items():
        with SummaryWriter(tmp_path / "logs" / f"n{size}") as writer:
            for step, error in enumerate(errors):
                writer.add_scalar("test/error", error, step)
            writer.add_hparams({"train_size": size, "model": "cnn"}, {"final": errors[-1]})
    return tmp_path / "logs"


@needed
@pytest.mark.slow
def test_scalars_and_hparams_of_pytorch_make_one_run_each(folder):
    assert whose(str(folder)) == "tensorboard"
    found = read(str(folder))
    assert [run.name for run in found.runs] == ["n100", "n200"]
    for run, (size, errors) in zip(found.runs, ERRORS.items(), strict=True):
        assert (run.said["train_size"], run.said["model"]) == (str(size), "cnn")
        assert run.measured == {"test/error": errors, "final": errors[-1:]}


@needed
@pytest.mark.slow
def test_more_steps_than_tensorboard_shows_are_all_read(tmp_path):
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(tmp_path / "n100") as writer:
        for step in range(12_000):  # its pages keep 10,000
            writer.add_scalar("error", 1 + step, step)
    (run,) = read(str(tmp_path)).runs
    assert run.measured["error"] == tuple(map(float, range(1, 12_001)))


@needed
def test_a_scalar_that_was_written_as_a_tensor_is_read_too(tmp_path):
    """As tf.summary.scalar and Keras do; of the tensors TensorBoard keeps ten unless it is told."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.scalar.metadata import create_summary_metadata
    from tensorboard.summary.writer.event_file_writer import EventFileWriter
    from tensorboard.util.tensor_util import make_tensor_proto

    errors = tuple(0.5 + step for step in range(20))
    about = create_summary_metadata(display_name="", description="")
    writer = EventFileWriter(str(tmp_path / "n100"))
    for step, error in enumerate(errors):
        tensor = make_tensor_proto(np.float32(error))
        summary = Summary(value=[Summary.Value(tag="error", tensor=tensor, metadata=about)])
        writer.add_event(Event(wall_time=1.0, step=step, summary=summary))
    writer.close()
    (run,) = read(str(tmp_path)).runs
    assert run.measured == {"error": errors}


@needed
def test_a_resumed_run_goes_over_the_steps_that_it_repeats(tmp_path):
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    for suffix, steps in ((".1", {0: 0.5, 1: 0.75}), (".2", {1: 0.25, 2: 0.125})):
        writer = EventFileWriter(str(tmp_path), filename_suffix=suffix)
        for step, value in steps.items():
            summary = Summary(value=[Summary.Value(tag="error", simple_value=value)])
            writer.add_event(Event(wall_time=1.0, step=step, summary=summary))
        writer.close()
    (run,) = read(str(tmp_path)).runs
    assert run.measured == {"error": (0.5, 0.25, 0.125)}
    assert run.name == tmp_path.name


def test_a_run_below_another_keeps_its_own_values():
    logs = {PurePosixPath("."): log(loss=0.9), PurePosixPath("n100"): log({"n": "100"}, loss=0.5)}
    assert joined(logs) == logs


@needed
@pytest.mark.slow
def test_sizes_can_come_from_the_names_of_the_folders(folder):
    found, _ = named(read(str(folder)), "n{size}")
    assert [run.said["size"] for run in found.runs] == ["100", "200"]


def log(said=(), **measured):
    return Log(dict(said), {name: (value,) for name, value in measured.items()})


def test_hparams_above_hold_for_the_runs_below_as_keras_writes_them():
    found = joined(
        {
            PurePosixPath("a"): log({"n": "100"}),
            PurePosixPath("a/train"): log(loss=0.1),
            PurePosixPath("a/validation"): log(loss=0.2),
            PurePosixPath("b/train"): log(loss=0.3),
        }
    )
    assert found[PurePosixPath("a/train")].said == {"n": "100"}
    assert found[PurePosixPath("a/validation")] == Log({"n": "100"}, {"loss": (0.2,)})
    assert found[PurePosixPath("b/train")].said == {}


def test_one_writer_that_logged_many_hparams_made_many_runs():
    found = joined(
        {
            PurePosixPath("."): log(lr=0.1),
            PurePosixPath("1"): log({"n": "100"}, error=0.5),
            PurePosixPath("2"): log({"n": "200"}, error=0.4),
        }
    )
    assert {str(path): dict(run.said) for path, run in found.items()} == {
        ".": {},
        "1": {"n": "100"},
        "2": {"n": "200"},
    }


@needed
def test_a_file_that_only_bears_the_name_gives_no_run(tmp_path):
    (tmp_path / "events.out.tfevents.1.here").write_bytes(b"no events")
    assert read(str(tmp_path)).runs == ()


def test_a_folder_without_event_files_is_refused(tmp_path):
    with pytest.raises(AdoptError, match="there is no event file"):
        read(str(tmp_path))
