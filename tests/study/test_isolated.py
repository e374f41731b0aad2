"""A process apart gives what it made, or how it ended; its driver goes on either way."""

import os
import signal
import sys
from types import ModuleType

import pytest

from data.errors import DataError
from engine.study.isolated import Died, each
from tests.drivers import forked


def counted(last):
    yield os.getpid()
    last()
    yield 2


def well():
    pass


def killed():
    os.kill(os.getpid(), signal.SIGKILL)


def left():
    os._exit(3)


def wrong():
    raise DataError("the data are not ready")


def gone():
    raise FileNotFoundError(2, "no such file")


@pytest.fixture(autouse=True)
def _no_main_script_is_run_anew(monkeypatch):
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


@forked
@pytest.mark.slow
def test_what_is_made_comes_one_by_one_from_another_process():
    process, two = each("cpu", counted, well)
    assert process != os.getpid()
    assert two == 2


@forked
@pytest.mark.slow
@pytest.mark.parametrize(("last", "how"), [(killed, "SIGKILL"), (left, "exit code 3")])
def test_a_death_is_told_after_what_was_made_before_it(last, how):
    made = each("cpu", counted, last)
    assert next(made) != os.getpid()
    with pytest.raises(Died, match=how):
        next(made)


@forked
@pytest.mark.slow
@pytest.mark.parametrize(("last", "error"), [(wrong, DataError), (gone, FileNotFoundError)])
def test_what_the_work_raises_is_raised_here_with_where_it_came_from(last, error):
    with pytest.raises(error) as raised:
        list(each("cpu", counted, last))
    assert f"in {last.__name__}" in raised.value.__notes__[0]


@forked
@pytest.mark.slow
def test_who_listens_no_longer_ends_the_process():
    made = each("cpu", counted, signal.pause)
    process = next(made)
    made.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_where_it_would_have_to_be_spawned_there_is_no_other_process():
    assert list(each("cuda", counted, well)) == [os.getpid(), 2]
