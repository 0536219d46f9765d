import pickle
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import safetensors.torch
import timm
import torch
import torchvision
from torch import Tensor, nn

from core.errors import CheckpointError
from training.evaluation import to_tensor
from training.models.build import build_network
from training.models.deeplabv3 import DeepLabv3
from training.models.network import Network
from training.pretrained.imagenet import load_imagenet

SMALL = "linknet+tu-mobilenetv3_small_050"


def randomise(module: nn.Module, seed: int = 0) -> nn.Module:
    """Weights and statistics that differ from channel to channel, all plausible."""
    generator = torch.Generator().manual_seed(seed)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            for tensor, low, high in (
                (part.weight.data, 0.6, 1.4),
                (part.bias.data, -0.4, 0.4),
                (part.running_mean, -0.5, 0.5),
                (part.running_var, 0.5, 2.0),
            ):
                tensor.uniform_(low, high, generator=generator)
        elif isinstance(part, nn.Conv2d) and part.bias is not None:
            part.bias.data.uniform_(-0.5, 0.5, generator=generator)
    return module.eval()


def photo(height: int = 70, width: int = 101) -> np.ndarray:
    image = np.random.default_rng(0).integers(0, 256, (1, height, width, 3))
    return image.astype(np.uint8)


def normalised(image: np.ndarray, mean: float, std: float) -> Tensor:
    values = (image.transpose(0, 3, 1, 2) / 255 - mean) / std
    return torch.from_numpy(values.astype(np.float32))


class VGG(nn.Module):
    """torchvision's VGG16, but for a classifier that is not 124 M weights large."""

    def __init__(self, batch_norm: bool) -> None:
        super().__init__()
        layers = torchvision.models.vgg.cfgs["D"]
        self.features = torchvision.models.vgg.make_layers(layers, batch_norm)
        self.classifier = nn.Sequential(nn.Linear(2, 3))


@pytest.fixture(scope="module")
def segnet() -> Network:
    return build_network("segnet-vgg16", 5, seed=0).eval()


def save(path: Path, state: dict[str, Tensor]) -> Path:
    if path.suffix == ".safetensors":
        safetensors.torch.save_file(state, path)
    else:
        torch.save(state, path)
    return path


@pytest.mark.parametrize(
    ("batch_norm", "suffix"), [(True, ".pth"), (True, ".safetensors"), (False, ".pt")]
)
@torch.inference_mode()
def test_segnets_encoder_computes_what_vgg16_computes(
    segnet: Network, tmp_path: Path, batch_norm: bool, suffix: str
) -> None:
    vgg = randomise(VGG(batch_norm))
    file = save(tmp_path / f"vgg{suffix}", vgg.state_dict())
    assert load_imagenet(segnet, "segnet-vgg16", file) == f"ImageNet weights of {file}"
    image = to_tensor(photo())
    expected = vgg.features(image)
    assert expected.std() > 1e-3
    assert torch.allclose(segnet.encode(image), expected, rtol=1e-3, atol=1e-4)


def test_only_the_encoder_is_replaced(segnet: Network, tmp_path: Path) -> None:
    before = {k: t.clone() for k, t in segnet.state_dict().items()}
    file = save(tmp_path / "vgg.pth", randomise(VGG(True), seed=3).state_dict())
    load_imagenet(segnet, "segnet-vgg16", file)
    for name, tensor in segnet.state_dict().items():
        is_kept = torch.equal(before[name], tensor)
        is_encoder = name.startswith("encoder.") and "num_batches" not in name
        assert is_kept != is_encoder, name


@pytest.mark.parametrize("depth", [18, 50])
@torch.inference_mode()
def test_deeplabs_backbone_computes_what_timms_network_computes(
    depth: int, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    theirs = randomise(timm.create_model(f"resnetv2_{depth}", output_stride=16))
    name = f"deeplabv3-resnetv2-{depth}"
    ours = build_network(name, 4, seed=1).eval()
    assert isinstance(ours, DeepLabv3)
    load_imagenet(ours, name, save(tmp_path / "x.safetensors", theirs.state_dict()))
    image = photo(150, 170)
    expected = theirs.stem(normalised(image, 0.5, 0.5))
    stem = ours.backbone.stem(to_tensor(image))
    difference = (stem - expected)[..., 3:-3, 3:-3]  # the border's padding differs
    assert torch.allclose(difference, difference[..., :1, :1], atol=1e-4)
    assert difference.abs().max() > 0.01
    if depth == 18:
        return  # its shortcuts carry the difference on
    expected = theirs.stages[0](expected)[..., 9:-9, 9:-9]
    stage1 = ours.backbone.stages[0](stem)[..., 9:-9, 9:-9]
    assert torch.allclose(stage1, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("form", ["whole network", "timm"])
def test_encoders_of_the_zoo_take_their_weights_by_name(
    tmp_path: Path, form: str
) -> None:
    name = SMALL
    source, target = (build_network(name, 3, seed) for seed in (1, 2))
    state = randomise(source).encoder.state_dict()
    if form == "whole network":
        state = {f"encoder.{k}": t for k, t in state.items()}
        state["decoder.blocks.0.block.0.0.weight"] = torch.zeros(1)
    if form == "timm":
        state = {k.removeprefix("model."): t for k, t in state.items()}
        state = {k: t for k, t in state.items() if "num_batches" not in k}
        state |= {"classifier.bias": torch.zeros(9), "conv_head.bias": torch.zeros(5)}
    decoder = target.decoder.state_dict()
    before = {k: t.clone() for k, t in decoder.items()}
    load_imagenet(target, name, save(tmp_path / "x.pth", state))
    for key, tensor in source.encoder.state_dict().items():
        assert torch.equal(target.encoder.state_dict()[key], tensor), key
    assert all(torch.equal(before[k], t) for k, t in decoder.items())


def test_weights_of_timm_fit_where_stages_are_named_otherwise(tmp_path: Path) -> None:
    name = "linknet+tu-resnetv2_18"
    state = randomise(timm.create_model("resnetv2_18")).state_dict()
    network = build_network(name, 3, seed=0)
    load_imagenet(network, name, save(tmp_path / "x.pth", state))
    found = network.encoder.state_dict()["model.stages_2.blocks.1.conv2.weight"]
    assert torch.equal(found, state["stages.2.blocks.1.conv2.weight"])
    first = network.encoder.state_dict()["model.stem_conv.weight"]
    # Our green is (0.456 + 0.224 n), theirs 0.5 + 0.5 n.
    assert torch.allclose(first[:, 1], state["stem.conv.weight"][:, 1] * 0.448)


@pytest.mark.parametrize(
    ("name", "mean", "std"),
    [
        ("unet+xception", 0.5, 0.5),  # a batch norm after the convolution
        ("dpt+tu-vit_tiny_patch16_224", 0.5, 0.5),  # a convolution with a bias
    ],
)
def test_encoders_for_other_colours_compute_the_same_of_ours(
    name: str, mean: float, std: float, tmp_path: Path
) -> None:
    theirs, ours = (build_network(name, 3, seed).eval() for seed in (1, 2))
    state = randomise(theirs).encoder.state_dict()
    file = save(tmp_path / "x.pth", state)
    assert load_imagenet(ours, name, file) == f"ImageNet weights of {file}"
    image = photo(128, 160)
    found, expected = (
        first_features(network, images)[..., 2:-2, 2:-2]  # the border's padding differs
        for network, images in (
            (ours, to_tensor(image)),
            (theirs, normalised(image, mean, std)),
        )
    )
    assert expected.std() > 1e-3
    assert torch.allclose(found, expected, rtol=1e-3, atol=1e-3)


def first_features(network: Network, images: Tensor) -> Tensor:
    """What the encoder's first batch norm or patches make of the images."""
    seen: list[Tensor] = []
    parts = list(network.encoder.modules())
    norms = [part for part in parts if isinstance(part, nn.BatchNorm2d)]
    convs = [part for part in parts if isinstance(part, nn.Conv2d)]
    handle = (norms or convs)[0].register_forward_hook(
        lambda module, inputs, output: seen.append(output.clone())
    )
    with torch.no_grad():
        network.encode(images)
    handle.remove()
    return seen[0]


def test_colours_that_cannot_be_taken_up_are_told(tmp_path: Path) -> None:
    # A shortcut passes the first batch norm by.
    name = "linknet+tu-resnetv2_18"
    state = randomise(timm.create_model("resnetv2_18")).state_dict()
    told = load_imagenet(
        build_network(name, 3, seed=0), name, save(tmp_path / "x.pth", state)
    )
    assert told.endswith(
        "; their input normalisation differs and could not be taken up"
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("less", r"do not fit the encoder: model\.conv_stem\.weight is missing there"),
        ("shape", r"model\.bn1\.bias is \(3,\) there and \(16,\) here"),
        ("more", r"the encoder, which has no blocks\.0\.1\.conv_dw\.weight; name"),
    ],
)
def test_the_first_odd_weight_is_named_and_nothing_is_changed(
    tmp_path: Path, change: str, sentence: str
) -> None:
    name = SMALL
    network = build_network(name, 3, seed=1)
    before = {k: t.clone() for k, t in network.state_dict().items()}
    state = {
        k.removeprefix("model."): torch.ones_like(t)
        for k, t in network.encoder.state_dict().items()
    }
    if change == "less":
        del state["conv_stem.weight"]
    elif change == "shape":
        state["bn1.bias"] = torch.zeros(3)
    else:
        state["blocks.0.1.conv_dw.weight"] = torch.zeros(3)
    with pytest.raises(CheckpointError, match=sentence):
        load_imagenet(network, name, save(tmp_path / "x.safetensors", state))
    assert all(torch.equal(before[k], t) for k, t in network.state_dict().items())


def test_only_vgg16_has_weights_for_segnet() -> None:
    network = build_network("segnet-tiny", 3, seed=1)
    with pytest.raises(
        CheckpointError, match="for segnet-tiny; use --network segnet-v"
    ):
        load_imagenet(network, "segnet-tiny", None)


class Executed:
    """What leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def test_files_that_are_not_weights_are_told_and_not_executed(
    segnet: Network, tmp_path: Path
) -> None:
    touched = tmp_path / "touched"
    (tmp_path / "code.pth").write_bytes(pickle.dumps({"a": Executed(touched)}))
    torch.save({"a": Executed(touched)}, tmp_path / "code.pt")
    torch.save({"state_dict": {"a": torch.zeros(1)}}, tmp_path / "nested.pth")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{")
    (tmp_path / "x.h5").write_bytes(b"")
    for file, sentence in (
        ("code.pth", "is damaged, or holds more than weights, which is not read"),
        ("code.pt", "is damaged, or holds more than weights, which is not read"),
        ("nested.pth", "holds something else than weights by name"),
        ("cut.safetensors", "is not a safetensors file or is damaged"),
        ("x.h5", "is no file of weights that can be read"),
        ("nowhere.pth", "there is no file of weights"),
    ):
        with pytest.raises(CheckpointError, match=sentence):
            load_imagenet(segnet, "segnet-vgg16", tmp_path / file)
    assert not touched.exists()


@pytest.mark.parametrize(
    ("name", "whose"),
    [
        ("segnet-vgg16", "torchvision's vgg16_bn"),
        ("deeplabv3-resnetv2-18", "timm's resnetv2_18"),
        ("lraspp-mobilenetv3", "timm's mobilenetv3_large_100"),
        (SMALL, "timm's mobilenetv3_small_050"),
        ("unet+mobilenet_v2", "segmentation-models-pytorch's mobilenet_v2"),
    ],
)
def test_without_a_connection_it_says_how_to_give_a_file(
    name: str, whose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setattr("torch.hub.download_url_to_file", fail)
    monkeypatch.setattr("timm.models._hub.hf_hub_download", fail)
    monkeypatch.setattr("segmentation_models_pytorch.encoders.hf_hub_download", fail)
    monkeypatch.setenv("TORCH_HOME", "/nonexistent")
    network = Network()  # is not looked at
    with pytest.raises(CheckpointError, match=f"{whose} could not be had .*--weights"):
        load_imagenet(network, name, None)


def test_the_librarys_own_weights_need_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    library = randomise(VGG(True), seed=5)
    monkeypatch.setattr(
        "torchvision.models._api.load_state_dict_from_url",
        lambda url, **options: library.state_dict() if "vgg16_bn" in url else {},
    )
    network = build_network("segnet-vgg16", 3, seed=0)
    told = load_imagenet(network, "segnet-vgg16", None)
    assert told == "ImageNet weights of torchvision's vgg16_bn"
    assert torch.equal(network.encoder[0][0].weight, library.features[0].weight)
