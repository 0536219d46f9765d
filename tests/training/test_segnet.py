import pytest
import torch
from network_laws import (
    gradients_reach_every_weight,
    images,
    stages_changed_by_a_step,
)
from torch import Tensor
from torch.nn import functional

from training.models.network import num_parameters
from training.models.segnet import SegNet
from training.models.unpooling import masked_max_pool, masked_max_unpool

TINY = ((4, 6, 8), (1, 1, 2))


def test_the_encoder_has_the_13_convolutions_of_vgg16() -> None:
    weights = [p for p in SegNet(20).encoder.parameters() if p.ndim == 4]
    assert len(weights) == 13
    # VGG16's published 14,714,688 less its 4,224 biases, which batch norm replaces.
    assert sum(w.numel() for w in weights) == 14_714_688 - 4_224


@pytest.mark.parametrize("num_classes", [20, 21, 37, 40])
def test_segnet_has_the_published_number_of_parameters(num_classes: int) -> None:
    # 29.44 M in table 2 of PMC12440891; a class more is 577 parameters more.
    published = pytest.approx(29.44, abs=0.02)
    assert num_parameters(SegNet(num_classes)) / 1e6 == published


@pytest.mark.parametrize("size", [(32, 40), (33, 47), (9, 8), (8, 61), (1, 3), (7, 40)])
def test_any_image_size_comes_back(size: tuple[int, int]) -> None:
    network = SegNet(5, *TINY).eval()
    with torch.inference_mode():
        assert network(torch.zeros(2, 3, *size)).shape == (2, 5, *size)
        assert network.encode(torch.zeros(2, 3, *size)).shape[:2] == (2, 8)


@pytest.mark.parametrize("size", [(8, 12), (7, 12), (8, 13), (9, 11), (2, 2)])
@pytest.mark.parametrize("values", ["distinct", "ties", "zeros"])
def test_masked_unpooling_equals_torchs(size: tuple[int, int], values: str) -> None:
    generator = torch.Generator().manual_seed(3)
    features = torch.randn(2, 3, *size, generator=generator)
    if values == "ties":
        features = features.round()
    elif values == "zeros":
        features = torch.relu(features - 1)
    pooled, indices = functional.max_pool2d(features, (2, 2), return_indices=True)
    maxima, corners = masked_max_pool(features)
    assert torch.equal(maxima, pooled)
    others = torch.randn(pooled.shape, generator=generator)
    expected = functional.max_unpool2d(others, indices, (2, 2), output_size=size)
    assert torch.equal(masked_max_unpool(others, corners, size), expected)


def doubled_second(stage: int, features: Tensor) -> Tensor:
    return 2 * features if stage == 1 else features


def test_the_exportable_form_gives_the_same_logits() -> None:
    network = SegNet(5, *TINY).eval()
    batch = images(2, 3, 37, 54)
    exportable = network.for_export()
    with torch.inference_mode():
        plain, stitched = network(batch), network(batch, doubled_second)
        assert torch.equal(exportable(batch), plain)
        assert torch.equal(exportable(batch, doubled_second), stitched)
    assert not torch.equal(plain, stitched)


def test_the_exportable_form_has_the_networks_own_weights() -> None:
    network = SegNet(5, *TINY)
    assert list(map(id, network.for_export().parameters())) == list(
        map(id, network.parameters())
    )


def test_the_features_after_a_stage_are_pooled() -> None:
    seen = []

    def look(stage: int, features: Tensor) -> Tensor:
        seen.append((stage, *features.shape))
        return features

    network = SegNet(5, *TINY).eval()
    network(images(2, 3, 37, 54), look)
    assert seen == [(0, 2, 4, 18, 27), (1, 2, 6, 9, 13), (2, 2, 8, 4, 6)]
    assert network.encode(images(2, 3, 37, 54)).shape == (2, 8, 4, 6)


def test_what_is_made_of_the_last_stages_features_is_all_that_flows_on() -> None:
    network = SegNet(5, *TINY).eval()

    def nothing(stage: int, features: Tensor) -> Tensor:
        return 0 * features if stage == 2 else features

    first, second = (network(images(1, 3, 24, 32, seed=s), nothing) for s in (1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, network(images(1, 3, 24, 32, seed=1)))


def test_its_stages_are_named_as_in_the_paper() -> None:
    network = SegNet(20)
    assert list(network.stages) == ["conv1", "conv2", "conv3", "conv4", "conv5"]
    widths = [stage[0].out_channels for stage in network.stages.values()]
    assert widths == [64, 128, 256, 512, 512]


def test_gradients_reach_every_weight() -> None:
    assert gradients_reach_every_weight(SegNet(5, *TINY), images(2, 3, 17, 24))


def test_frozen_stages_keep_weights_and_statistics() -> None:
    network = SegNet(5, *TINY)
    network.freeze(2)
    assert stages_changed_by_a_step(network, images(2, 3, 16, 24)) == ["conv3"]
    assert num_parameters(network) < num_parameters(SegNet(5, *TINY))
