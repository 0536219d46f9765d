from pathlib import Path

import pytest
import torch

from core.errors import CheckpointError
from training.checkpoint import save_checkpoint
from training.models.build import build_network, seeded
from training.models.network import Network
from training.models.segnet import SegNet
from training.transfer import copy_all_but_last, copy_encoder, load_hn_network

WIDTHS, DEPTHS = (4, 6), (2, 1)


def segnet(
    seed: int,
    num_classes: int = 5,
    widths: tuple[int, ...] = WIDTHS,
    depths: tuple[int, ...] = DEPTHS,
) -> SegNet:
    network = seeded(seed, lambda: SegNet(num_classes, widths, depths))
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.fill_(seed + 0.25)
    return network


def all_but(network: Network, prefix: str) -> dict[str, torch.Tensor]:
    state = network.state_dict()
    return {k: t.clone() for k, t in state.items() if not k.startswith(prefix)}


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        torch.equal(one[k], other[k]) for k in one
    )


def test_all_layers_but_the_last_are_copied_with_their_statistics() -> None:
    source, target = segnet(1, num_classes=20), segnet(2, num_classes=3)
    last = target.classifier.weight.clone()
    copy_all_but_last(source, target)
    assert equal(all_but(target, "classifier."), all_but(source, "classifier."))
    assert torch.equal(target.classifier.weight, last)
    assert target.encoder[0][1].running_mean[0] == 1.25
    assert target.classifier.weight.requires_grad


def test_a_copy_is_no_longer_tied_to_its_source() -> None:
    source, target = segnet(1), segnet(2)
    copy_all_but_last(source, target)
    with torch.no_grad():
        target.encoder[0][0].weight.add_(1.0)
    assert not torch.equal(target.encoder[0][0].weight, source.encoder[0][0].weight)


def test_an_encoder_is_copied_and_nothing_else() -> None:
    source, target = segnet(1, num_classes=20), segnet(2)
    others = all_but(target, "encoder.")
    copy_encoder(source, target)
    assert equal(all_but(target, "encoder."), others)
    assert equal(source.encoder.state_dict(), target.encoder.state_dict())


def test_the_final_norm_belongs_to_the_encoder_of_deeplab() -> None:
    source = build_network("deeplabv3-resnetv2-18", 3, seed=1)
    target = build_network("deeplabv3-resnetv2-18", 4, seed=2)
    with torch.no_grad():
        source.backbone.norm.bias.fill_(0.5)
    copy_encoder(source, target)
    assert equal(source.backbone.state_dict(), target.backbone.state_dict())


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (
            {"widths": (4, 7)},
            r"encoder\.1\.0\.weight is \(6, 4, 3, 3\) there and \(7, 4, 3, 3\)",
        ),
        (
            {"depths": (2, 2)},
            r"encoder\.1\.3\.weight is missing there and \(6, 6,",
        ),
        (
            {"depths": (1, 1)},
            r"encoder\.0\.3\.weight is .* there and missing here; use the same --net",
        ),
        (
            {"widths": (4,), "depths": (2,)},
            r"decoder\.0\.0\.weight is \(4, 6, 3, 3\) there and \(4, 4, 3, 3\)",
        ),
    ],
)
def test_the_first_difference_between_networks_is_named(
    other: dict[str, tuple[int, ...]], sentence: str
) -> None:
    with pytest.raises(CheckpointError, match=sentence):
        copy_all_but_last(segnet(1), segnet(2, **other))


def test_a_stage_too_many_is_named_and_nothing_is_copied() -> None:
    target = segnet(2)
    before = all_but(target, "nothing")
    with pytest.raises(
        CheckpointError, match=r"conv3\.0\.weight is \(3, 6, 3, 3\) there"
    ):
        copy_encoder(segnet(1, widths=(4, 6, 3), depths=(2, 1, 1)), target)
    assert equal(all_but(target, "nothing"), before)


def save(path: Path, network: Network, state: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(path, network, {"step": 7, **state})


HN_STATE: dict[str, object] = {
    "network": "segnet-tiny",
    "classes": ["low", "high", "wall"],
}


def test_an_hn_network_comes_from_the_best_checkpoint_of_a_run(tmp_path: Path) -> None:
    best, last = (build_network("segnet-tiny", 3, seed) for seed in (1, 2))
    folder = tmp_path / "checkpoints"
    save(folder / "pretrain-last.safetensors", last, HN_STATE)
    _, found = load_hn_network(tmp_path)
    assert found.file.name == "pretrain-last.safetensors"
    save(folder / "pretrain-best.safetensors", best, HN_STATE)
    network, found = load_hn_network(tmp_path)
    assert found.file == folder / "pretrain-best.safetensors"
    assert (found.network, found.class_names) == (
        "segnet-tiny",
        ("low", "high", "wall"),
    )
    assert equal(network.state_dict(), best.state_dict())


def test_one_checkpoint_file_is_enough(tmp_path: Path) -> None:
    network = build_network("segnet-tiny", 3, seed=4)
    save(tmp_path / "copied.safetensors", network, HN_STATE)
    loaded, _ = load_hn_network(tmp_path / "copied.safetensors")
    assert equal(loaded.state_dict(), network.state_dict())


def test_what_is_no_hn_network_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="has no checkpoints/pretrain-best"):
        load_hn_network(tmp_path)
    with pytest.raises(CheckpointError, match="nowhere has no checkpoints/pretrain"):
        load_hn_network(tmp_path / "nowhere")
    file = tmp_path / "x.safetensors"
    file.write_bytes(b"not a checkpoint")
    with pytest.raises(CheckpointError, match=r"x\.safetensors is not a checkpoint"):
        load_hn_network(file)
    network = build_network("segnet-tiny", 3, seed=4)
    save(file, network, {"classes": ["low", "high", "wall"]})
    with pytest.raises(CheckpointError, match="does not say 'network'"):
        load_hn_network(file)
    save(file, network, HN_STATE | {"classes": ["low", "high"]})
    with pytest.raises(CheckpointError, match="says that it holds segnet-tiny"):
        load_hn_network(file)
