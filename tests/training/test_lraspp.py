from pathlib import Path

import pytest
import timm
import torch
import torchvision
from network_laws import (
    gradients_reach_every_weight,
    images,
    stages_changed_by_a_step,
    train_a_step,
)
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from training.models.build import build_network, seeded
from training.models.lraspp import LRASPP
from training.models.network import num_parameters
from training.pretrained.imagenet import load_imagenet


def trained_looking() -> LRASPP:
    """Batch norms that neither centre nor scale as new ones do."""
    network = seeded(3, lambda: LRASPP(5))
    generator = torch.Generator().manual_seed(4)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.bias.data.normal_(std=0.3, generator=generator)
            module.running_mean.normal_(std=0.3, generator=generator)
    return network.eval()


@pytest.fixture(scope="module")
def network() -> LRASPP:
    return trained_looking()


@pytest.mark.parametrize("num_classes", [5, 21])
def test_it_has_as_many_parameters_as_torchvisions(num_classes: int) -> None:
    theirs = torchvision.models.segmentation.lraspp_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=num_classes
    )
    assert num_parameters(LRASPP(num_classes)) == num_parameters(theirs)


def test_its_stages_make_the_features_of_the_whole_encoder(network: LRASPP) -> None:
    seen = []

    def look(stage: int, features: Tensor) -> Tensor:
        seen.append(features)
        return features

    batch = images(2, 3, 75, 101)
    with torch.inference_mode():
        last = network.encode(batch, look)
        expected = network.encoder(batch)
    assert all(map(torch.equal, seen, expected))
    assert torch.equal(last, expected[-1])
    shapes = [tuple(features.shape[1:]) for features in seen]
    assert shapes == [
        (16, 38, 51),
        (24, 19, 26),
        (40, 10, 13),
        (112, 5, 7),
        (960, 5, 7),
    ]
    in_stages = {p for stage in network.stages.values() for p in stage.parameters()}
    assert in_stages == set(network.encoder.parameters())


def test_the_head_computes_what_the_paper_draws(network: LRASPP) -> None:
    batch = images(1, 3, 64, 96)
    with torch.inference_mode():
        features = network.encoder(batch)
        fine, last = features[2], features[-1]
        gate = network.whole[1](last.mean(dim=(2, 3), keepdim=True)).sigmoid()
        gated = network.local(last) * gate
        # Figure 10 resizes first and convolves then.
        finer = functional.interpolate(gated, fine.shape[2:], mode="bilinear")
        classifier = network.classifier
        summed = classifier.coarse(finer) + classifier.fine(fine)
        expected = functional.interpolate(summed, (64, 96), mode="bilinear")
        assert torch.allclose(network(batch), expected, rtol=1e-4, atol=1e-4)
    assert expected.std() > 0.1


@pytest.mark.parametrize("size", [(32, 40), (53, 71), (9, 8), (2, 61)])
def test_any_image_size_comes_back(network: LRASPP, size: tuple[int, int]) -> None:
    with torch.inference_mode():
        assert network(images(2, 3, *size)).shape == (2, 5, *size)


def test_the_image_as_a_whole_reaches_every_pixel(network: LRASPP) -> None:
    def brightened(stage: int, features: Tensor) -> Tensor:
        if stage < 4:
            return features
        features = features.clone()
        features[..., -1] += 10
        return features

    batch = images(1, 3, 64, 640)
    with torch.inference_mode():
        difference = network(batch, brightened) - network(batch)
    assert difference[..., :16].abs().amax(dim=1).min() > 0


def test_what_is_made_of_fine_features_reaches_the_logits_twice(
    network: LRASPP,
) -> None:
    """Through the later stages, and past them."""
    batch = images(1, 3, 64, 96)
    kept: list[Tensor] = []

    def keep_last(stage: int, features: Tensor) -> Tensor:
        kept.append(features)
        return features

    def only_past(stage: int, features: Tensor) -> Tensor:
        return 0 * features if stage == 2 else kept[4] if stage == 4 else features

    def only_through(stage: int, features: Tensor) -> Tensor:
        return 0 * features if stage == 3 else features

    with torch.inference_mode():
        whole = network(batch, keep_last)
        assert not torch.allclose(network(batch, only_past), whole)
        assert not torch.allclose(network(batch, only_through), whole)


def test_gradients_reach_every_weight() -> None:
    assert gradients_reach_every_weight(LRASPP(5), images(2, 3, 49, 64))


def test_frozen_stages_keep_weights_and_statistics() -> None:
    network = LRASPP(5)
    network.freeze(3)
    changed = stages_changed_by_a_step(network, images(2, 3, 48, 64))
    assert changed == ["stage4", "stage5"]


def test_it_trains_on_a_single_image() -> None:
    network = seeded(0, lambda: LRASPP(5))
    assert network.smallest_training_batch == 1
    before = network.classifier.fine.weight.clone()
    train_a_step(network, images(1, 3, 48, 64))
    assert not torch.equal(network.classifier.fine.weight, before)


def test_its_encoder_takes_the_weights_of_timms_whole_network(tmp_path: Path) -> None:
    theirs = timm.create_model("mobilenetv3_large_100", pretrained=False)
    file = tmp_path / "weights.safetensors"
    save_file(theirs.state_dict(), file)
    ours = LRASPP(5)
    told = load_imagenet(ours, "lraspp-mobilenetv3", file)
    assert told == f"ImageNet weights of {file}"
    mine, weights = ours.encoder.state_dict(), theirs.state_dict()
    assert all(torch.equal(mine[name], weights[name]) for name in mine)
    left_out = {name.partition(".")[0] for name in weights.keys() - mine.keys()}
    assert left_out == {"conv_head", "classifier"}


def test_only_its_classifier_depends_on_the_classes() -> None:
    few, many = (build_network("lraspp-mobilenetv3", n, 0).state_dict() for n in (3, 8))
    differing = {name for name in few if few[name].shape != many[name].shape}
    assert differing == {
        f"classifier.{part}.{kind}"
        for part in ("coarse", "fine")
        for kind in ("weight", "bias")
    }
