import pytest
import timm
import torch
import torchvision
from network_laws import (
    gradients_reach_every_weight,
    images,
    stages_changed_by_a_step,
)
from torch import Tensor, nn

from training.models import deeplabv3
from training.models.deeplabv3 import DeepLabv3
from training.models.network import num_parameters


@pytest.fixture(scope="module")
def small() -> DeepLabv3:
    return DeepLabv3(5, 18).eval()


def test_the_backbone_has_the_published_number_of_parameters() -> None:
    backbone = DeepLabv3(20, 50).backbone
    # timm's model card of resnetv2_50: 25.5 M with a classifier of 1000 classes.
    assert num_parameters(backbone) / 1e6 == pytest.approx(25.5 - 2.049, abs=0.06)


def test_the_head_is_torchvisions_without_its_extra_convolution() -> None:
    theirs = torchvision.models.segmentation.deeplabv3_resnet50(
        weights=None, weights_backbone=None, num_classes=21
    ).classifier
    ours = DeepLabv3(21, 50)
    extra = 256 * 256 * 9 + 2 * 256  # and its batch norm; the paper has none
    difference = num_parameters(theirs) - num_parameters(ours.aspp) - extra
    assert difference == num_parameters(ours.classifier) == 21 * 257


@pytest.mark.parametrize("depth", [18, 50])
def test_features_are_those_of_timms_whole_network_with_its_final_norm(
    depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = timm.create_model(f"resnetv2_{depth}", pretrained=False).eval()
    for module in theirs.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.bias.data.normal_(generator=torch.Generator().manual_seed(2))
    monkeypatch.setattr(deeplabv3, "OUTPUT_STRIDE", 32)
    ours = DeepLabv3(5, depth).eval()
    weights = theirs.state_dict()
    wanting = ours.backbone.load_state_dict(weights, strict=False)
    assert wanting.missing_keys == []
    assert wanting.unexpected_keys == ["head.fc.weight", "head.fc.bias"]
    batch = images(1, 3, 75, 98)
    with torch.inference_mode():
        assert torch.equal(ours.encode(batch), theirs.forward_features(batch))


def test_dilation_keeps_features_of_stride_16_and_the_first_stages(
    small: DeepLabv3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deeplabv3, "OUTPUT_STRIDE", 32)
    strided = DeepLabv3(5, 18).eval()
    strided.backbone.load_state_dict(small.backbone.state_dict())
    seen: dict[DeepLabv3, list[Tensor]] = {small: [], strided: []}
    for network, features in seen.items():

        def keep(stage: int, tensor: Tensor, into: list[Tensor] = features) -> Tensor:
            into.append(tensor)
            return tensor

        network.encode(images(1, 3, 96, 160), keep)
    assert all(map(torch.equal, seen[small][:4], seen[strided][:4]))
    assert seen[strided][4].shape == (1, 512, 3, 5)
    assert seen[small][4].shape == (1, 512, 6, 10)


@pytest.mark.parametrize("size", [(32, 40), (53, 71), (8, 9)])
def test_any_image_size_comes_back(small: DeepLabv3, size: tuple[int, int]) -> None:
    with torch.inference_mode():
        assert small(images(2, 3, *size)).shape == (2, 5, *size)


def test_the_pooled_image_reaches_every_pixel(small: DeepLabv3) -> None:
    features = torch.zeros(1, 512, 4, 60)  # wider than any of the convolutions
    bright_end = features.clone()
    bright_end[..., -1] = 10
    with torch.inference_mode():
        difference = small.aspp(bright_end) - small.aspp(features)
    assert difference[..., 0].abs().max() > 0


def test_its_stages_begin_with_the_pooled_stem(small: DeepLabv3) -> None:
    shapes = {}

    def look(stage: int, features: Tensor) -> Tensor:
        shapes[list(small.stages)[stage]] = tuple(features.shape[1:])
        return features

    small.encode(images(1, 3, 64, 96), look)
    assert shapes == {
        "conv1": (64, 16, 24),
        "stage1": (64, 16, 24),
        "stage2": (128, 8, 12),
        "stage3": (256, 4, 6),
        "stage4": (512, 4, 6),
    }
    in_stages = {p for stage in small.stages.values() for p in stage.parameters()}
    assert in_stages == set(small.backbone.parameters())


def test_another_images_features_give_its_logits(small: DeepLabv3) -> None:
    one, other = images(1, 3, 40, 56), images(1, 3, 40, 56, seed=1)
    with torch.inference_mode():
        lent = small.encode(other)
        logits = small(one, lambda k, features: lent if k == 4 else features)
        assert torch.equal(logits, small(other))


def test_gradients_reach_every_weight() -> None:
    assert gradients_reach_every_weight(DeepLabv3(5, 18), images(2, 3, 33, 48))


def test_frozen_stages_keep_weights_and_statistics() -> None:
    network = DeepLabv3(5, 18)
    network.freeze(3)
    changed = stages_changed_by_a_step(network, images(2, 3, 32, 48))
    assert changed == ["stage3", "stage4"]


def test_the_final_norm_is_frozen_with_the_last_stage() -> None:
    network = DeepLabv3(5, 18)
    network.freeze(5)
    assert stages_changed_by_a_step(network, images(2, 3, 32, 48)) == []
    assert not any(p.requires_grad for p in network.backbone.parameters())


def test_one_image_is_not_enough_to_train_on() -> None:
    network = DeepLabv3(5, 18)
    assert network.smallest_training_batch == 2
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        network.train()(images(1, 3, 32, 48))
