from functools import cache

import pytest
import torch
import torch.nn.functional as F

from engine.models.capacity import parameters
from engine.models.images import FAMILIES, build

SHAPE = (1, 32, 32)
CLASSES = 20


def test_an_mlps_parameters_are_those_counted_by_hand():
    width = 7
    by_hand = (1024 * width + width) + (width * width + width) + (CLASSES * width + CLASSES)
    assert parameters(FAMILIES["mlp"](width, SHAPE, CLASSES)) == by_hand


def test_a_cnns_parameters_are_those_counted_by_hand():
    width = 3
    convolutions = 9 * (1 * width + width * 2 * width + 2 * width * 4 * width)
    norms = 2 * (width + 2 * width + 4 * width)
    head = 4 * width * 4 * CLASSES + CLASSES
    assert parameters(FAMILIES["cnn"](width, SHAPE, CLASSES)) == convolutions + norms + head


def test_a_cnn_of_large_images_has_a_fourth_convolution_counted_by_hand():
    width, channels = 3, 3
    convolutions = 9 * (
        channels * width + width * width + width * 2 * width + 2 * width * 4 * width
    )
    norms = 2 * (width + width + 2 * width + 4 * width)
    head = 4 * width * 4 * CLASSES + CLASSES  # 64 pixels halved four times: 4 x 4, 2 x 2 means
    model = FAMILIES["cnn"](width, (channels, 64, 64), CLASSES)
    assert parameters(model) == convolutions + norms + head


@pytest.mark.parametrize("side", [32, 64])
def test_a_resnets_parameters_are_those_counted_by_hand(side):
    """One block a stage; all but the first stage's block project their input."""
    width, channels = 5, 3
    norm = 2 * width
    stem = 9 * channels * width + norm
    first = 2 * (9 * width * width + norm)
    second = 9 * (2 + 4) * width**2 + 2 * width**2 + 3 * 2 * norm  # two 3x3, one 1x1, three norms
    third = 9 * (8 + 16) * width**2 + 8 * width**2 + 3 * 4 * norm
    head = 4 * width * 4 * CLASSES + CLASSES
    model = FAMILIES["resnet"](width, (channels, side, side), CLASSES)
    assert parameters(model) == stem + first + second + third + head


@pytest.mark.parametrize(
    ("family", "count"), [("mlp", 39_391), ("cnn", 37_512), ("resnet", 38_350)]
)
def test_models_of_32_pixels_are_those_of_the_curves_recorded_before(family, count):
    assert parameters(build(family, 40_000, SHAPE, 207)) == count


@pytest.mark.parametrize(
    ("family", "side", "seen"),
    [
        ("cnn", 32, 4), ("cnn", 48, 6), ("cnn", 49, 4), ("cnn", 64, 4),
        ("resnet", 32, 4), ("resnet", 64, 8),
    ],
)  # fmt: skip
def test_a_cnn_halves_images_above_48_pixels_four_times_a_resnet_three_times(family, side, seen):
    *layers, _, _, _ = build(family, 20_000, (1, side, side), CLASSES)
    maps = torch.nn.Sequential(*layers)(torch.zeros(2, 1, side, side))
    assert maps.shape[2:] == (seen, seen)


@cache
def counts(family: str) -> list[int]:
    """Parameters at every width that might be the nearest."""
    with torch.device("meta"):  # shapes only
        return [parameters(FAMILIES[family](width, SHAPE, CLASSES)) for width in range(1, 90)]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("capacity", [20_000, 100_000, 1_000_000])
def test_the_width_taken_is_the_one_nearest_to_the_capacity(family, capacity):
    got = parameters(build(family, capacity, SHAPE, CLASSES))
    assert abs(got - capacity) == min(abs(other - capacity) for other in [*counts(family), got])


def test_a_resnet_grows_in_depth_as_well_as_in_channels():
    def convolutions(width: int) -> int:
        modules = FAMILIES["resnet"](width, SHAPE, CLASSES).modules()
        return sum(isinstance(module, torch.nn.Conv2d) for module in modules)

    assert convolutions(8) < convolutions(16) < convolutions(48)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "shape", [(1, 32, 32), (3, 32, 32), (1, 28, 28), (3, 17, 40), (3, 64, 64), (3, 49, 90)]
)
def test_any_image_of_sixteen_pixels_or_more_goes_in(family, shape):
    logits = build(family, 50_000, shape, CLASSES)(torch.zeros(2, *shape))
    assert logits.shape == (2, CLASSES)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_can_overfit_a_handful_of_images(family):
    torch.manual_seed(0)
    images, labels = torch.randn(12, *SHAPE), torch.arange(12)
    model = build(family, 50_000, SHAPE, CLASSES)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.0)
    for _ in range(60):
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05
    assert (model(images).argmax(dim=1) == labels).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_seed_gives_the_same_weights(family):
    def weights() -> torch.Tensor:
        torch.manual_seed(3)
        model = build(family, 30_000, SHAPE, CLASSES)
        return torch.cat([p.flatten() for p in model.parameters()])

    assert torch.equal(weights(), weights())
