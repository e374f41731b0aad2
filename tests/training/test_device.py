import pytest
import torch

from engine.training.device import DeviceError, choose


def test_the_automatic_choice_says_what_it_is_and_why():
    device = choose("auto")
    expected = "cuda" if torch.cuda.is_available() else "mps" if _has_mps() else "cpu"
    assert device.kind == expected
    assert device.reason


def test_a_device_asked_for_by_name_is_taken():
    assert choose("cpu").kind == "cpu"
    assert choose("cpu").reason == "asked for"


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_device_that_is_not_here_is_refused_with_those_that_are():
    with pytest.raises(DeviceError, match=r"cuda: not on this machine, which has .*cpu"):
        choose("cuda")


def _has_mps() -> bool:
    return torch.backends.mps.is_available()
