"""Networks by name, with random weights that a seed decides."""

from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from typing import TypeVar

import torch
from torch import nn

from core.errors import HNError
from training.models.deeplabv3 import RESNET_DEPTHS, DeepLabv3
from training.models.lraspp import LRASPP
from training.models.network import Network
from training.models.segnet import SegNet
from training.models.zoo import ZooNetwork

OWN_NETWORKS: dict[str, Callable[[int], Network]] = {
    "segnet-vgg16": SegNet,
    "segnet-tiny": partial(SegNet, widths=(16, 32, 64, 64), depths=(1, 1, 2, 2)),
    **{f"deeplabv3-resnetv2-{d}": partial(DeepLabv3, depth=d) for d in RESNET_DEPTHS},
    "lraspp-mobilenetv3": LRASPP,
}
"""By name, from the number of classes."""

N = TypeVar("N", bound=nn.Module)


def build_network(name: str, num_classes: int, seed: int) -> Network:
    """The network of that name; HNError if there is none or it cannot be built.

    A name is one of `OWN_NETWORKS`, or an architecture and an encoder of
    segmentation-models-pytorch, such as "unet+mobilenet_v2".
    """
    check_name(name)
    if name in OWN_NETWORKS:
        return seeded(seed, lambda: OWN_NETWORKS[name](num_classes))
    architecture, _, encoder = name.partition("+")
    return seeded(seed, lambda: ZooNetwork(architecture, encoder, num_classes))


def check_name(name: str) -> None:
    """HNError, with the nearest names, if no network has that name."""
    if name in OWN_NETWORKS:
        return
    architecture, plus, encoder = name.partition("+")
    if not plus:
        raise HNError(
            f"there is no network {name!r}{_nearest(name, list(OWN_NETWORKS))}; there "
            f"are {', '.join(OWN_NETWORKS)}, and ARCHITECTURE+ENCODER of "
            "segmentation-models-pytorch, such as unet+mobilenet_v2"
        )
    architectures, encoders = _zoo()
    if architecture not in architectures:
        raise HNError(
            f"{name!r} has no known architecture before the plus"
            f"{_nearest(architecture, architectures)}; they are "
            f"{', '.join(architectures)}"
        )
    if encoder not in encoders:
        raise HNError(
            f"{name!r} has no known encoder after the plus"
            f"{_nearest(encoder, encoders)}; they are those of "
            "segmentation-models-pytorch, and tu- before any model of timm"
        )


def seeded(seed: int, build: Callable[[], N]) -> N:
    """`build()` with weights that the seed decides, as the paper's "from scratch".

    torch's global generator stays as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        network = build()
        network.apply(_initialise)
        return network


def _initialise(module: nn.Module) -> None:
    """MSRA initialisation of convolutions (He et al., ICCV 2015), section 4."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _zoo() -> tuple[list[str], list[str]]:
    """The names of the architectures and of the encoders."""
    import segmentation_models_pytorch as smp  # takes seconds, as timm does
    import timm

    timm_encoders = [f"tu-{model}" for model in timm.list_models()]
    encoders = [*smp.encoders.get_encoder_names(), *timm_encoders]
    return list(smp.MODEL_ARCHITECTURES_MAPPING), encoders


def _nearest(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, n=3)
    return f" (did you mean {' or '.join(near)}?)" if near else ""
