import pytest

from data.images import ImageSet
from engine.tasks.images import image_task
from tests.training.stripes import striped_set


@pytest.fixture(scope="module")
def source() -> ImageSet:
    return striped_set()


@pytest.fixture(scope="module")
def task(source):
    return image_task(source, "cpu")
