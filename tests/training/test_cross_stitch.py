import copy
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from core.errors import CheckpointError, HNError
from core.prediction import ModelInfo
from training.checkpoint import load_checkpoint, save_checkpoint
from training.evaluation import RGB_MEAN, RGB_STD
from training.export import export_model
from training.models.build import build_network, seeded
from training.models.cross_stitch import CrossStitch
from training.models.network import AfterStage, Network, num_parameters, unchanged
from training.models.segnet import SegNet
from training.models.unpooling import masked_max_pool

WIDTHS, DEPTHS = (3, 4, 5, 6, 7), (1, 2, 1, 1, 1)


def segnet(seed: int, num_classes: int, widths: tuple[int, ...] = WIDTHS) -> SegNet:
    depths = DEPTHS[: len(widths)]
    return seeded(seed, lambda: SegNet(num_classes, widths, depths))


def stitched(seed: int = 1) -> CrossStitch:
    return CrossStitch(segnet(seed, num_classes=5), segnet(seed + 1, num_classes=3))


def images(num: int = 2, height: int = 37, width: int = 66) -> Tensor:
    return torch.randn(
        num, 3, height, width, generator=torch.Generator().manual_seed(0)
    )


def clones(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


class Toy(Network):
    """Four stages that multiply by a factor, without poolings; 1 x 1 classifier."""

    def __init__(self, factors: tuple[float, ...]) -> None:
        super().__init__()
        self.factors = nn.ModuleList(
            nn.Conv2d(3, 3, 1, groups=3, bias=False) for _ in factors
        )
        for layer, factor in zip(self.factors, factors, strict=True):
            nn.init.constant_(layer.weight, factor)
        self.classifier = nn.Conv2d(3, 1, 1, bias=False)
        nn.init.constant_(self.classifier.weight, 1.0)

    @property
    def stages(self) -> Mapping[str, nn.Module]:
        return {f"conv{k}": layer for k, layer in enumerate(self.factors, start=1)}

    def encode(self, images: Tensor, after_stage: AfterStage = unchanged) -> Tensor:
        for k, layer in enumerate(self.factors):
            images = after_stage(k, layer(images))
        return images

    def forward(self, images: Tensor, after_stage: AfterStage = unchanged) -> Tensor:
        return self.classifier(self.encode(images, after_stage))


def test_features_are_mixed_as_computed_by_hand() -> None:
    network = CrossStitch(Toy((2, 1, 1, 3, 5)), Toy((7, 10, 1, 1, 100)))
    with torch.no_grad():
        for k, (own, lent) in enumerate(((0.5, 1), (1, 0.25), (1, 0), (2, -1))):
            network.units[k].semantic.fill_(own)
            network.units[k].hn.fill_(lent)
        network.units[1].hn[2] = 0.0  # of one channel alone
    # The HN stream of a 1: 7, 70, 70, 70. The semantic one:
    # 2/2 + 7 = 8; 8 + 70/4 = 25.5 (third channel 8); the same; 2*3*25.5 - 70 = 83
    # (third channel 2*3*8 - 70 = -22); times 5 without a unit: 415, 415, -110.
    assert network(torch.ones(1, 3, 1, 2)).tolist() == [[[[720.0, 720.0]]]]
    assert network.encode(torch.ones(1, 3, 1, 1)).flatten().tolist() == [415, 415, -110]


def test_units_begin_with_a_convex_sum_in_every_channel() -> None:
    units = stitched().units
    assert [len(unit.semantic) for unit in units] == [3, 4, 5, 6]
    for unit in units:
        assert torch.equal(unit.semantic, torch.full_like(unit.hn, 0.9))
        assert torch.allclose(unit.hn, torch.full_like(unit.hn, 0.1))


def test_without_the_other_share_it_is_the_semantic_network() -> None:
    network = stitched().eval()
    assert not torch.equal(network(images()), network.semantic(images()))
    with torch.no_grad():
        for unit in network.units:
            unit.semantic.fill_(1.0)
            unit.hn.fill_(0.0)
    assert torch.equal(network(images()), network.semantic(images()))


def test_gradients_reach_the_semantic_network_and_the_units_alone() -> None:
    network = stitched()
    network(images()).square().sum().backward()
    for name, parameter in network.named_parameters():
        if name.startswith("hn."):
            assert not parameter.requires_grad and parameter.grad is None
        else:
            assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
    own = num_parameters(network.semantic) + 2 * (3 + 4 + 5 + 6)
    assert num_parameters(network) == own


def test_training_leaves_the_hn_network_bit_equal_with_its_statistics() -> None:
    network = stitched()
    before, semantic = clones(network.hn), clones(network.semantic)
    trained = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=0.01, weight_decay=0.1)
    for _ in range(3):
        network.train()
        optimizer.zero_grad()
        network(images()).square().mean().backward()
        optimizer.step()
    assert not network.hn.training and network.semantic.training
    after = network.hn.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    changed = network.semantic.state_dict()
    assert not any(torch.equal(semantic[name], changed[name]) for name in semantic)
    assert all((unit.hn != 0.1).all() for unit in network.units)


def test_stages_can_be_frozen_beside_the_hn_network() -> None:
    network = stitched()
    network.freeze(2)
    before = clones(network.semantic.encoder[1])
    network.train()
    network(images()).sum().backward()
    assert network.semantic.encoder[0][0].weight.grad is None
    assert network.semantic.encoder[2][0].weight.grad is not None
    after = network.semantic.encoder[1].state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize(
    "name", ["segnet-tiny", "deeplabv3-resnetv2-18", "unet+mobilenet_v2"]
)
def test_of_the_hn_network_only_the_encoder_is_kept(name: str) -> None:
    hn = build_network(name, 3, seed=2)
    whole = clones(hn)
    encoder = {id(p) for stage in hn.stages.values() for p in stage.parameters()}
    network = CrossStitch(build_network(name, 4, seed=1), hn)
    assert {id(p) for p in network.hn.parameters()} == encoder
    assert clones(hn).keys() == whole.keys()  # the one that was given stays whole


def test_a_checkpoint_holds_all_it_takes_to_run(tmp_path: Path) -> None:
    network, other = stitched(1).eval(), stitched(5).eval()
    with torch.no_grad():
        network.units[0].hn.fill_(0.7)
    save_checkpoint(tmp_path / "x.safetensors", network, {})
    load_checkpoint(tmp_path / "x.safetensors", other)
    assert torch.equal(network(images()), other(images()))


def test_the_exported_form_gives_the_same_logits_and_shares_the_weights() -> None:
    network = stitched().eval()
    exported = network.for_export()
    assert exported.semantic._pool is exported.hn._pool is masked_max_pool
    assert network.semantic._pool is not masked_max_pool
    with torch.no_grad():
        network.units[2].hn.add_(0.3)
        assert torch.equal(exported(images()), network(images()))
    assert not exported.training


@pytest.mark.slow
@pytest.mark.parametrize("name", ["segnet-tiny", "linknet+tu-mobilenetv3_small_050"])
def test_both_networks_are_in_one_model_file(name: str, tmp_path: Path) -> None:
    network = CrossStitch(build_network(name, 4, 1), build_network(name, 3, 2))
    info = ModelInfo("semantic", tuple("abcd"), 37, 66, RGB_MEAN, RGB_STD, None, {})
    difference = export_model(network, info, tmp_path / "x.onnx", images(num=1))
    assert difference < 1e-4
    assert (tmp_path / "x.onnx").stat().st_size > 4 * num_parameters(network)


def test_what_comes_after_a_stage_sees_the_mixed_features() -> None:
    network = stitched().eval()
    seen: list[tuple[int, int]] = []

    def halve(stage: int, features: Tensor) -> Tensor:
        seen.append((stage, features.shape[1]))
        return features / 2

    assert not torch.equal(network(images(), halve), network(images()))
    assert seen == list(enumerate(WIDTHS))


@pytest.mark.parametrize("name", ["deeplabv3-resnetv2-18", "unet+mobilenet_v2"])
def test_other_networks_can_be_stitched(name: str) -> None:
    semantic, hn = build_network(name, 4, seed=1), build_network(name, 3, seed=2)
    alone = copy.deepcopy(semantic).eval()
    network = CrossStitch(semantic, hn)
    before = clones(hn)
    logits = network(images(height=40, width=70))
    assert logits.shape == (2, 4, 40, 70)
    logits.sum().backward()
    assert all(unit.hn.grad is not None for unit in network.units)
    assert all(torch.equal(before[k], t) for k, t in hn.state_dict().items())
    network.eval()
    exported = network.for_export()
    with torch.no_grad():
        assert torch.equal(exported(images()), network(images()))
        for unit in network.units:
            unit.semantic.fill_(1.0)
            unit.hn.fill_(0.0)
        network.semantic.load_state_dict(alone.state_dict())
        assert torch.equal(network(images()), alone(images()))


def test_networks_that_cannot_be_stitched_are_told_in_a_sentence() -> None:
    with pytest.raises(
        HNError, match=r"after the first 4 stages .* this encoder has 3;"
    ):
        CrossStitch(segnet(1, 5, (3, 4, 5)), segnet(2, 3, (3, 4, 5)))
    with pytest.raises(CheckpointError, match=r"conv2\.0\.weight is \(8, 3, 3, 3\)"):
        CrossStitch(segnet(1, 5), segnet(2, 3, (3, 8, 5, 6, 7)))
