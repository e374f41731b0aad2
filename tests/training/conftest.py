import pytest

from data.images import ImageSet
from engine.tasks.images import image_task
from tests.training.stripes import striped_images


@pytest.fixture(scope="module")
def source() -> ImageSet:
    return ImageSet(
        name="stripes",
        title="stripes",
        classes=("a", "b", "c", "d"),
        train=striped_images(200, 1),
        validation=striped_images(80, 2),
        test=striped_images(80, 3),
        hash="0" * 16,
        unit="images",
        credit="made by the test",
    )


@pytest.fixture(scope="module")
def task(source):
    return image_task(source, "cpu")
