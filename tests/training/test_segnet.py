import pytest
import torch
from torch.nn import functional

from training.models.segnet import (
    VGG16_DEPTHS,
    VGG16_WIDTHS,
    SegNet,
    num_parameters,
    seeded,
)
from training.models.unpooling import masked_max_pool, masked_max_unpool
from training.presets import PRESETS
from training.transfer import copy_all_but_last

TINY = ((4, 6, 8), (1, 1, 2))


def test_the_encoder_has_the_13_convolutions_of_vgg16() -> None:
    encoder = SegNet(20, VGG16_WIDTHS, VGG16_DEPTHS).encoder
    weights = [p for p in encoder.parameters() if p.ndim == 4]
    assert len(weights) == 13
    # VGG16's published 14,714,688 less its 4,224 biases, which batch norm replaces.
    assert sum(w.numel() for w in weights) == 14_714_688 - 4_224


def test_segnet_has_the_published_number_of_parameters() -> None:
    network = SegNet(20, VGG16_WIDTHS, VGG16_DEPTHS)
    assert num_parameters(network) / 1e6 == pytest.approx(29.4, abs=0.05)


def test_the_small_presets_share_one_tiny_network() -> None:
    for name in ("smoke", "laptop"):
        preset = PRESETS[name]
        network = SegNet(20, preset.widths, preset.depths)
        assert num_parameters(network) / 1e6 == pytest.approx(0.27, abs=0.005)


@pytest.mark.parametrize("size", [(32, 40), (33, 47), (9, 8), (8, 61)])
def test_any_image_size_comes_back(size: tuple[int, int]) -> None:
    network = SegNet(5, *TINY).eval()
    with torch.inference_mode():
        assert network(torch.zeros(2, 3, *size)).shape == (2, 5, *size)


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


def test_the_exportable_forward_gives_the_same_logits() -> None:
    network = SegNet(5, *TINY).eval()
    images = torch.randn(2, 3, 37, 54, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        assert torch.equal(network(images), network.forward_masked(images))


def test_weights_start_with_msra_deviation() -> None:
    weight = SegNet(20, (64, 128), (2, 2)).encoder[1][0].weight
    assert weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.02)


def test_a_seed_decides_the_weights_and_leaves_the_others_alone() -> None:
    torch.manual_seed(11)
    before = torch.random.get_rng_state()
    first, second = (seeded(7, lambda: SegNet(5, *TINY)) for _ in range(2))
    other = seeded(8, lambda: SegNet(5, *TINY))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(first.classifier.weight, second.classifier.weight)
    assert not torch.equal(first.classifier.weight, other.classifier.weight)


def test_transfer_copies_every_layer_but_the_last() -> None:
    source, target = SegNet(20, *TINY), SegNet(5, *TINY)
    # Batch norm's statistics are part of a layer.
    source(torch.randn(2, 3, 16, 16))
    last = target.classifier.weight.clone()
    copied = copy_all_but_last(source, target)
    for name, tensor in source.state_dict().items():
        if name.startswith("classifier."):
            assert name not in copied
        else:
            assert torch.equal(target.state_dict()[name], tensor), name
    assert torch.equal(target.classifier.weight, last)
    assert target.encoder[0][1].running_mean.abs().max() > 0


def test_transfer_between_different_networks_says_so() -> None:
    from core.errors import CheckpointError

    with pytest.raises(CheckpointError, match="built differently"):
        copy_all_but_last(SegNet(5, (4, 6), (1, 1)), SegNet(5, (4, 8), (1, 1)))
