from functools import cache

import numpy as np
import pytest
import segmentation_models_pytorch as smp
import torch
from network_laws import (
    gradients_reach_every_weight,
    images,
    stages_changed_by_a_step,
)
from torch import Tensor, nn

from core.errors import HNError
from training.models.padding import pad_to_multiple
from training.models.zoo import ZooNetwork

# With a small encoder that it takes.
EVERY_ARCHITECTURE = {
    name: "tu-vit_tiny_patch16_224" if name == "dpt" else "mobilenet_v2"
    for name in smp.MODEL_ARCHITECTURES_MAPPING
}


@cache
def built(architecture: str, encoder: str = "mobilenet_v2") -> ZooNetwork:
    """For tests that leave it as it is."""
    return ZooNetwork(architecture, encoder, 5).eval()


@pytest.mark.parametrize("architecture", ["unet", "fpn", "deeplabv3plus", "pan"])
def test_any_image_size_comes_back(architecture: str) -> None:
    network = built(architecture)
    with torch.inference_mode():
        assert network(torch.zeros(2, 3, 37, 70)).shape == (2, 5, 37, 70)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", EVERY_ARCHITECTURE)
def test_the_papers_image_size_comes_back(architecture: str) -> None:
    network = built(architecture, EVERY_ARCHITECTURE[architecture])
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 424, 560)).shape == (1, 5, 424, 560)


@pytest.mark.parametrize("size", [(64, 96), (53, 75)])
def test_logits_are_those_of_the_library_on_the_padded_image(
    size: tuple[int, int],
) -> None:
    ours = built("fpn")
    theirs = smp.FPN("mobilenet_v2", encoder_weights=None, classes=5).eval()
    theirs.encoder.load_state_dict(ours.encoder.state_dict())
    theirs.decoder.load_state_dict(ours.decoder.state_dict())
    theirs.segmentation_head.load_state_dict(ours.classifier.state_dict())
    batch = images(1, 3, *size)
    below, right = 64 - size[0], 96 - size[1]
    padded = np.pad(batch, ((0, 0), (0, 0), (0, below), (0, right)), mode="edge")
    with torch.inference_mode():
        expected = theirs(torch.from_numpy(padded))[..., : size[0], : size[1]]
        assert torch.equal(ours(batch), expected)


@pytest.mark.parametrize(
    ("size", "multiple", "smallest", "padded"),
    [
        ((5, 9), 4, 0, (8, 12)),
        ((8, 9), 4, 0, (8, 12)),
        ((5, 12), 4, 16, (16, 16)),
        ((1, 2), 32, 0, (32, 32)),
        ((8, 12), 4, 0, (8, 12)),
    ],
)
def test_padding_repeats_the_last_row_and_column(
    size: tuple[int, int], multiple: int, smallest: int, padded: tuple[int, int]
) -> None:
    batch = images(2, 3, *size)
    after = [(0, 0), (0, 0), *((0, p - s) for p, s in zip(padded, size, strict=True))]
    expected = np.pad(batch, after, mode="edge")
    assert np.array_equal(pad_to_multiple(batch, multiple, smallest), expected)


def weights(*modules: nn.Module) -> set[nn.Parameter]:
    return {p for module in modules for p in module.parameters()}


def test_a_resnets_stages_are_its_layers() -> None:
    network = built("unet", "resnet18")
    e = network.encoder
    assert {name: weights(stage) for name, stage in network.stages.items()} == {
        "stage1": weights(e.conv1, e.bn1),
        "stage2": weights(e.layer1),
        "stage3": weights(e.layer2),
        "stage4": weights(e.layer3),
        "stage5": weights(e.layer4),
    }


def test_blocks_that_start_as_identities_do_not_end_a_stage() -> None:
    network = built("unet", "tu-resnet18")
    model = network.encoder.model
    assert not model.layer1[0].bn2.weight.any()
    assert weights(network.stages["stage2"]) == weights(model.layer1)


def test_a_vision_transformers_stages_hold_their_embedding_and_norm() -> None:
    network = built("segformer", "mit_b0")
    e = network.encoder
    assert weights(network.stages["stage2"]) == weights(
        e.patch_embed2, e.block2, e.norm2
    )


@pytest.mark.parametrize(
    ("architecture", "encoder"),
    [
        ("unet", "mobilenet_v2"),
        ("segformer", "mit_b0"),
        ("deeplabv3plus", "tu-mobilenetv3_small_050"),
    ],
)
def test_every_trained_weight_of_the_encoder_is_in_one_stage(
    architecture: str, encoder: str
) -> None:
    network = built(architecture, encoder)
    held = [p for stage in network.stages.values() for p in stage.parameters()]
    assert len(held) == len(set(held))
    assert {p for p in held if p.requires_grad} == {
        p for p in network.encoder.parameters() if p.requires_grad
    }


@pytest.mark.parametrize(
    ("architecture", "encoder"), [("unet", "mobilenet_v2"), ("segformer", "mit_b0")]
)
def test_the_features_of_another_image_give_its_logits(
    architecture: str, encoder: str
) -> None:
    network = built(architecture, encoder)
    one, other = images(1, 3, 40, 70), images(1, 3, 40, 70, seed=1)
    lent: list[Tensor] = []

    def lend(stage: int, features: Tensor) -> Tensor:
        assert stage == len(lent)
        lent.append(features.clone())
        return features

    with torch.inference_mode():
        expected = network(other, lend)
        assert torch.equal(network(one, lambda k, features: lent[k]), expected)
        assert torch.equal(network(other), expected)
        # Nothing of it stays behind.
        assert not torch.equal(network(one), expected)


def test_what_becomes_of_a_stages_features_reaches_the_next_stage() -> None:
    network = built("unet")
    features: list[Tensor] = []

    def nothing_after_the_second(stage: int, tensor: Tensor) -> Tensor:
        features.append(tensor)
        return 0 * tensor if stage == 1 else tensor

    with torch.inference_mode():
        for seed in (1, 2):
            network.encode(images(1, 3, 64, 96, seed=seed), nothing_after_the_second)
    assert [f.shape[-1] for f in features[:5]] == [48, 24, 12, 6, 3]
    assert not torch.equal(features[1], features[6])
    assert all(map(torch.equal, features[2:5], features[7:]))


def test_frozen_stages_keep_weights_and_statistics() -> None:
    network = ZooNetwork("unet", "resnet18", 5)
    network.freeze(2)
    changed = stages_changed_by_a_step(network, images(2, 3, 32, 64))
    assert changed == ["stage3", "stage4", "stage5"]


def test_an_encoder_without_stages_says_so() -> None:
    network = ZooNetwork("fpn", "dpn68", 5)
    assert list(network.stages) == ["encoder"]
    with pytest.raises(HNError, match=r"fpn\+dpn68 does not fall into stages, so only"):
        network.freeze(2)
    with pytest.raises(HNError, match="stages, so nothing can be stitched"):
        network(images(1, 3, 32, 32), lambda stage, features: features)
    network.freeze(1)
    assert not any(p.requires_grad for p in network.encoder.parameters())
    assert all(p.requires_grad for p in network.decoder.parameters())


@pytest.mark.parametrize("architecture", ["unet", "pspnet", "deeplabv3plus", "pan"])
def test_gradients_reach_every_weight_that_is_to_be_trained(architecture: str) -> None:
    network = ZooNetwork(architecture, "mobilenet_v2", 5)
    assert gradients_reach_every_weight(network, images(2, 3, 64, 128))
    untrained = {p for p in network.parameters() if not p.requires_grad}
    # PSPNet's decoder is given the first three stages, to features.6.
    late = weights(network.encoder.features[7:]) if architecture == "pspnet" else set()
    assert untrained == late


@pytest.mark.parametrize(
    ("architecture", "smallest"),
    [("fpn", 1), ("pspnet", 1), ("deeplabv3plus", 2), ("pan", 2), ("upernet", 2)],
)
def test_the_smallest_batch_is_the_smallest_that_trains(
    architecture: str, smallest: int
) -> None:
    network = ZooNetwork(architecture, "mobilenet_v2", 5).train()
    assert network.smallest_training_batch == smallest
    if smallest == 2:
        with pytest.raises(ValueError, match="more than 1 value per channel"):
            network(images(1, 3, 64, 96))
    network(images(smallest, 3, 64, 96))


@pytest.mark.parametrize(
    ("architecture", "encoder"),
    [
        ("linknet", "mit_b0"),  # refused by the library
        ("dpt", "mobilenet_v2"),  # not a vision transformer
        ("unet", "tu-vit_tiny_patch16_224"),  # a KeyError or an odd set of strides
        ("fpn", "tu-swinv2_cr_tiny_ns_224"),  # images of one size only
    ],
)
def test_what_cannot_be_built_is_said_in_one_sentence(
    architecture: str, encoder: str
) -> None:
    with pytest.raises(HNError, match=r"cannot be built .*; choose another") as caught:
        ZooNetwork(architecture, encoder, 5)
    assert str(caught.value).startswith(f"{architecture}+{encoder}")
    assert "\n" not in str(caught.value)


def test_a_deprecated_encoder_is_built_without_a_word(
    capfd: pytest.CaptureFixture[str],
) -> None:
    network = ZooNetwork("fpn", "timm-efficientnet-b0", 5)
    assert network.stages["stage1"]
    printed = capfd.readouterr()
    assert printed.out == printed.err == ""
