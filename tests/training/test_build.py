import random

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import HNError
from training.models.build import OWN_NETWORKS, build_network, check_name, seeded
from training.models.deeplabv3 import DeepLabv3
from training.models.network import num_parameters
from training.models.segnet import SegNet
from training.models.zoo import ZooNetwork
from training.presets import PRESETS, Preset


def test_the_papers_networks_and_two_small_ones_have_names() -> None:
    assert list(OWN_NETWORKS) == [
        "segnet-vgg16",
        "segnet-tiny",
        "deeplabv3-resnetv2-18",
        "deeplabv3-resnetv2-34",
        "deeplabv3-resnetv2-50",
        "deeplabv3-resnetv2-101",
        "lraspp-mobilenetv3",
    ]


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_every_preset_names_a_network_and_crops_its_images(preset: Preset) -> None:
    assert PRESETS[preset.name] is preset
    check_name(preset.network)
    for crop, image in zip(preset.crop_size, preset.image_size, strict=True):
        assert 0.7 * image < crop <= image


def test_a_name_builds_the_network_it_names() -> None:
    segnet = build_network("segnet-vgg16", 7, 0)
    assert isinstance(segnet, SegNet)
    assert num_parameters(segnet) / 1e6 == pytest.approx(29.44, abs=0.02)
    tiny = build_network("segnet-tiny", 20, 0)
    assert isinstance(tiny, SegNet)
    assert num_parameters(tiny) / 1e6 == pytest.approx(0.27, abs=0.005)
    deeplab = build_network("deeplabv3-resnetv2-34", 7, 0)
    assert isinstance(deeplab, DeepLabv3)
    # timm's model card of resnetv2_34d, whose deep stem has 0.02 M more: 21.8 M.
    backbone = num_parameters(deeplab.backbone) / 1e6
    assert backbone == pytest.approx(21.8 - 0.51, abs=0.06)
    zoo = build_network("unet+mobilenet_v2", 7, 0)
    assert isinstance(zoo, ZooNetwork)
    # torchvision's MobileNetV2 has 3,504,872, of which 1,281,000 classify.
    assert num_parameters(zoo.encoder) == 3_504_872 - 1_281_000


@pytest.mark.parametrize(
    "name", ["segnet-tiny", "deeplabv3-resnetv2-18", "unet+tu-mobilenetv3_small_050"]
)
def test_a_seed_decides_the_weights_and_leaves_the_others_alone(name: str) -> None:
    torch.manual_seed(11)
    np.random.seed(11)
    random.seed(11)
    before = torch.random.get_rng_state(), np.random.get_state()[1], random.getstate()
    first, again, other = (build_network(name, 5, seed) for seed in (7, 7, 8))
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])
    assert random.getstate() == before[2]
    for (key, one), two in zip(
        first.state_dict().items(), again.state_dict().values(), strict=True
    ):
        assert torch.equal(one, two), key
    last = first.classifier.state_dict(), other.classifier.state_dict()
    assert not any(torch.equal(last[0][k], last[1][k]) for k in last[0] if "w" in k)
    assert all(not last[0][k].any() for k in last[0] if "bias" in k)


@pytest.mark.parametrize(
    "name", ["segnet-tiny", "deeplabv3-resnetv2-18", "unet+mobilenet_v2"]
)
def test_convolutions_start_with_msra_deviation(name: str) -> None:
    convolutions = [
        module
        for module in build_network(name, 20, 3).modules()
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 4000
    ]
    assert len(convolutions) > 4
    for convolution in convolutions:
        per_output = convolution.weight[0].numel()
        expected = pytest.approx((2 / per_output) ** 0.5, rel=0.06)
        assert convolution.weight.std().item() == expected


def test_a_seeded_network_of_ones_own_is_built_under_the_seed() -> None:
    first, second = (seeded(5, lambda: SegNet(4, (3, 6), (1, 1))) for _ in range(2))
    assert torch.equal(first.encoder[1][0].weight, second.encoder[1][0].weight)


@pytest.mark.parametrize(
    "name",
    [*OWN_NETWORKS, "unet+mobilenet_v2", "deeplabv3plus+tu-mobilenetv3_large_100"],
)
def test_a_known_name_passes(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("segnet_vgg16", r"no network 'segnet_vgg16' \(did you mean segnet-vgg16"),
        ("resnet", "such as unet[+]mobilenet_v2"),
        ("", "there is no network ''"),
        ("unet++resnet18", r"did you mean (.* or )?resnet18"),
        ("deeplab3+resnet18", r"no known architecture.*did you mean deeplabv3"),
        ("unet+mobilenetv2", r"no known encoder.*did you mean mobilenet_v2"),
        ("unet+tu-resnet5O", r"no known encoder.*tu-resnet50"),
        ("unet+", "no known encoder after the plus"),
        ("unet+tu-hf-hub:someone/something", "no known encoder after the plus"),
    ],
)
def test_an_unknown_name_is_met_with_the_nearest(name: str, sentence: str) -> None:
    with pytest.raises(HNError, match=sentence) as caught:
        build_network(name, 5, 0)
    assert "\n" not in str(caught.value)
