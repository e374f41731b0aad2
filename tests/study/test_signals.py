import signal

import pytest

from engine.study.signals import signal_name


@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (15, "SIGTERM")])
def test_a_signal_has_its_name(number, name):
    assert signal_name(number) == name


def test_a_signal_without_a_name_is_told_by_its_number():
    number = int(signal.SIGRTMIN) + 1
    assert signal_name(number) == f"signal {number}"
